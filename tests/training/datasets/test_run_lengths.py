"""Run lengths, there and back, against pixels counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.run_lengths import (
    decode_counts,
    decode_runs,
    encode_counts,
    encode_runs,
    pack_counts,
    unpack_counts,
)

masks = array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(lambda shape: arrays(np.bool_, shape))
EXAMPLE = np.zeros((3, 4), bool)
EXAMPLE[[1, 2, 0], [0, 0, 1]] = True


def test_the_published_example_reads_down_the_columns_from_one() -> None:
    assert np.array_equal(decode_runs("2 3", 3, 4), EXAMPLE)
    assert encode_runs(EXAMPLE) == "2 3"
    assert encode_counts(EXAMPLE) == [1, 3, 8]
    assert pack_counts([1, 3, 8]) == "138"


@given(masks)
def test_runs_name_exactly_the_pixels_of_the_mask(mask: np.ndarray) -> None:
    height, width = mask.shape
    numbers = list(map(int, encode_runs(mask).split()))
    named = {p for start, length in zip(numbers[::2], numbers[1::2], strict=True) for p in range(start, start + length)}
    assert named == {c * height + r + 1 for r in range(height) for c in range(width) if mask[r, c]}


@given(masks)
def test_every_mask_comes_back_from_each_form(mask: np.ndarray) -> None:
    assert np.array_equal(decode_runs(encode_runs(mask), *mask.shape), mask)
    assert np.array_equal(decode_counts(encode_counts(mask), *mask.shape), mask)
    assert np.array_equal(decode_counts(pack_counts(encode_counts(mask)), *mask.shape), mask)


@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_packed_counts_come_back_however_large_and_however_they_jump(counts: list[int]) -> None:
    assert unpack_counts(pack_counts(counts)) == counts


def test_no_runs_are_an_empty_mask() -> None:
    assert not decode_runs("", 5, 7).any()
    assert encode_runs(np.zeros((5, 7), bool)) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 2 3", "3 numbers, allowed are pairs"),
        ("1 x", "hold more than whole numbers"),
        ("1 -2", "hold more than whole numbers"),
        (f"1 {'9' * 5000}", "hold more than whole numbers of pixels"),
        ("0 2", "run 0 2 is off the picture, allowed is 1 to 12"),
        ("11 3", "run 11 3 is off the picture"),
        ("3 0", "run 3 0 is off the picture"),
        ("4 2 5 1", "run 5 1 begins before the one before it ends"),
        ("8 1 2 1", "run 2 1 begins before the one before it ends"),
    ],
)
def test_runs_that_can_not_be_meant_are_refused(text: str, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        decode_runs(text, 3, 4)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([1, 3, 7], "add up to 11 px, allowed is the picture's 12"),
        ([-1, 13], "add up to 12 px"),
        ([10**4200], "counts of 1 runs add up to more than any picture has, allowed is the picture's 12"),
        ("o" * 9000 + "0", "counts of 1 runs add up to more than any picture has"),
        ("13\x7f", "hold"),
        ("1P", "cut off"),
    ],
)
def test_counts_that_can_not_be_meant_are_refused(counts: list[int] | str, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        decode_counts(counts, 3, 4)
