"""Copies are found however they are turned, coded or scaled; what merely lies in the same light is not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from edge_inspector.training.datasets import near_duplicates
from edge_inspector.training.datasets.near_duplicates import ALIKE, SIDE_PX, Pairs, find_alike, structure_of
from tests.training.datasets.surfaces import Picture, coded, surface


def stacked(*pictures: Picture) -> NDArray[np.float32]:
    found = [structure_of(picture) for picture in pictures]
    assert all(each is not None for each in found)
    return np.stack([each for each in found if each is not None])


def slow_alike(structures: NDArray[np.float32], at_least: float) -> list[tuple[int, int, bool]]:
    """Every pair, every way to mirror and turn, pixel by pixel."""
    side = structures.shape[1]
    last = side - 1
    ways: list[Callable[[int, int], tuple[int, int]]] = [
        lambda y, x: (y, x),
        lambda y, x: (y, last - x),
        lambda y, x: (last - y, x),
        lambda y, x: (last - y, last - x),
        lambda y, x: (x, y),
        lambda y, x: (x, last - y),
        lambda y, x: (last - x, y),
        lambda y, x: (last - x, last - y),
    ]
    found = []
    for first in range(len(structures)):
        for second in range(first + 1, len(structures)):
            likeness = [
                sum(
                    float(structures[first][way(y, x)]) * float(structures[second][y, x])
                    for y in range(side)
                    for x in range(side)
                )
                for way in ways
            ]
            if max(likeness) >= at_least:
                found.append((first, second, likeness[0] < at_least))
    return found


def unit(each: NDArray[np.float64]) -> NDArray[np.float32]:
    even = each - each.mean()
    return (even / np.linalg.norm(even)).astype(np.float32)


def random_structures(seed: int, count: int) -> NDArray[np.float32]:
    """Small ones, of which some are turned and roughened copies of others."""
    rng = np.random.default_rng(seed)
    found: list[NDArray[np.float64]] = []
    for _ in range(count):
        fresh = rng.normal(size=(5, 5))
        if found and rng.random() < 0.6:
            copied = found[int(rng.integers(len(found)))]
            copied = np.rot90(copied[:, :: int(rng.choice([1, -1]))], int(rng.integers(4)))
            fresh = copied + 0.3 * rng.random() * fresh
        found.append(fresh)
    return np.stack([unit(each) for each in found])


@given(st.integers(0, 10_000), st.integers(1, 9))
def test_the_pairs_are_those_of_a_slow_comparison(seed: int, count: int) -> None:
    structures = random_structures(seed, count)
    found = find_alike(structures, at_least=0.9)
    assert found.is_all
    assert [(pair.first, pair.second, pair.is_turned) for pair in found.found] == slow_alike(structures, 0.9)


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_how_many_are_compared_at_once_changes_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    structures = random_structures(3, 7)
    at_once = find_alike(structures, at_least=0.9).found
    assert len(at_once) > 1
    monkeypatch.setattr(near_duplicates, "_BLOCK", block)
    apart = find_alike(structures, at_least=0.9).found
    assert [(pair.first, pair.second) for pair in apart] == [(pair.first, pair.second) for pair in at_once]
    assert np.allclose([pair.likeness for pair in apart], [pair.likeness for pair in at_once], atol=1e-6)


def test_a_set_in_which_all_are_alike_ends_at_a_bound_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "MOST_PAIRS", 4)
    same = np.stack([random_structures(1, 1)[0]] * 5)
    found = find_alike(same)
    assert (len(found.found), found.is_all) == (4, False)
    assert find_alike(same[:3]).is_all


def test_nothing_is_alike_in_a_set_of_none_or_one() -> None:
    for count in (0, 1):
        assert find_alike(np.zeros((count, SIDE_PX, SIDE_PX), np.float32)) == Pairs((), is_all=True)


COPIES: dict[str, Callable[[Picture], Picture]] = {
    "coded anew": lambda picture: coded(picture, 60),
    "scaled": lambda picture: np.asarray(cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), np.uint8),
    "brightened": lambda picture: np.clip(0.8 * picture.astype(float) + 30, 0, 255).astype(np.uint8),
    "mirrored": lambda picture: picture[:, ::-1],
    "turned by 90°": lambda picture: np.rot90(picture),
    "turned by 180° and coded": lambda picture: coded(np.ascontiguousarray(np.rot90(picture, 2)), 80),
    "mirrored, turned by 270° and coded": lambda picture: coded(np.ascontiguousarray(np.rot90(picture[::-1], 3)), 80),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_found(how: str) -> None:
    picture = surface(1)
    (pair,) = find_alike(stacked(picture, surface(2), np.ascontiguousarray(COPIES[how](picture)))).found
    assert (pair.first, pair.second) == (0, 2)
    assert pair.is_turned == ("turned" in how or "mirrored" in how)
    assert ALIKE <= pair.likeness <= 1.0


def test_surfaces_in_the_same_light_are_not_alike() -> None:
    assert find_alike(stacked(*(surface(seed) for seed in range(20))), at_least=0.4).found == ()


def test_different_parts_with_the_same_outline_are_not_alike() -> None:
    parts = []
    for seed in range(12):
        picture = np.full((150, 210, 3), 20, np.uint8)
        picture[40:110, 20:190] = surface(seed, 70, 170)
        parts.append(picture)
    assert find_alike(stacked(*parts)).found == ()


def test_a_structure_is_what_its_definition_says() -> None:
    picture = surface(4, 2 * SIDE_PX, 3 * SIDE_PX)
    grey = picture[..., 0].astype(float).reshape(SIDE_PX, 2, SIDE_PX, 3).mean((1, 3))
    beyond = np.arange(1, 9)
    for _ in range(2):  # first beyond the left and the right, then above and below
        before, after = 2 * grey[:, :1] - grey[:, beyond[::-1]], 2 * grey[:, -1:] - grey[:, -1 - beyond]
        grey = np.concatenate((before, grey, after), axis=1).T
    fine = (grey - gaussian_filter(grey, 2.0))[8:-8, 8:-8]
    even = fine / np.sqrt(gaussian_filter(fine**2, 4.0, mode="reflect") + 2.0**2)
    assert np.allclose(structure_of(picture), unit(even), atol=1e-4)


def test_the_structure_of_a_turned_picture_is_the_turned_structure() -> None:
    picture = surface(5, 96, 144)
    upright, turned = stacked(picture, np.ascontiguousarray(np.rot90(picture)))
    assert np.allclose(np.rot90(upright), turned, atol=1e-4)


def test_a_picture_without_structure_has_none() -> None:
    assert structure_of(np.full((60, 80, 3), 99, np.uint8)) is None


def test_the_light_on_a_smooth_surface_is_no_structure() -> None:
    y, x = np.mgrid[-1:1:240j, -1:1:320j]
    light = 120 + 60 * x - 30 * x**2 - 25 * y**2
    smooth = np.rint(light).astype(np.uint8)  # each level is some pixels wide
    assert structure_of(np.repeat(smooth[..., None], 3, axis=2)) is None
