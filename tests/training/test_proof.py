"""A mark counts only where the label is, and shares are said with what they can show."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.domain.records import FindingRecord, PartKeyRecord, VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.training.proof import grey_range, interval_words, is_marked, rejecting_engines


def finding(engine: str, x_px: int, y_px: int, *, rejects: bool = True, camera: str = "c1") -> FindingRecord:
    """A finding of 10 x 10 px."""
    return FindingRecord(engine, "crack", 0.9, 1.0, 1.0, (camera,), x_px, y_px, 10, 10, rejects)


def verdict_with(*findings: FindingRecord) -> VerdictRecord:
    return VerdictRecord(
        key=PartKeyRecord(1, 2, 3, "recipe"),
        verdict=VerdictKind.REJECT,
        reasons=(),
        findings=findings,
        judgements=(),
        missing=(),
        trigger_ns=0,
        arrival_ns=0,
        decided_ns=0,
        verdict_by_ns=0,
        at_utc="",
    )


@pytest.fixture
def mask() -> NDArray[np.uint8]:
    """Labelled: one pixel, at x 29, y 19."""
    mask = np.zeros((40, 60), np.uint8)
    mask[19, 29] = 255
    return mask


def test_a_box_that_holds_a_labelled_pixel_marks_it(mask: NDArray[np.uint8]) -> None:
    assert is_marked(verdict_with(finding("tile_crack", 20, 10)), "c1", mask, "tile_crack")


@pytest.mark.parametrize(
    "other",
    [
        finding("tile_crack", 19, 10),  # ends one pixel before it
        finding("tile_crack", 20, 20),  # begins one pixel below it
        finding("tile_crack", 20, 10, rejects=False),
        finding("tile_crack", 20, 10, camera="c2"),
        finding("tile_break", 20, 10),
    ],
)
def test_a_box_beside_the_label_or_of_another_camera_or_engine_does_not(
    mask: NDArray[np.uint8], other: FindingRecord
) -> None:
    assert not is_marked(verdict_with(other), "c1", mask, "tile_crack")


def test_only_findings_that_reject_name_their_engine() -> None:
    verdict = verdict_with(finding("tile_crack", 0, 0), finding("tile_fray", 0, 0, rejects=False))
    assert rejecting_engines(verdict) == {"tile_crack"}


def test_the_grey_range_spans_grey_and_coloured_pictures() -> None:
    striped = np.zeros((8, 8), np.uint8)
    striped[::2] = 80
    blue = np.full((8, 8, 3), (0, 0, 200), np.uint8)
    grey = grey_range([striped, blue])
    assert grey.most_mean == pytest.approx(40)
    assert grey.least_mean == pytest.approx(0.114 * 200, abs=1)
    assert grey.least_deviation == 0


def test_nothing_counted_says_how_little_that_shows() -> None:
    assert interval_words(0, 15) == "0 of 15, 0.0 % (0.0 to 18.1 %)"
    assert interval_words(0, 0) == "0 of 0"
