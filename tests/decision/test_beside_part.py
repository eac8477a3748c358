"""Where a view shows the part, against a reference that casts a ray through each pixel."""

from __future__ import annotations

import pytest

from edge_inspector.decision.beside_part import ASIDE_PX, count_beside, part_in_view
from edge_inspector.decision.regions import ViewScale
from edge_inspector.domain.judgement import Region
from tests.decision import ring
from tests.decision import slow_surface_fusion as slow

BENT = slow.SlowRod(20.0, (0.2, 0.5, 0.4), (-0.1, 0.2, 0.2), (3.0, 0.15), (0.1, 0.0))
SCALE = ViewScale(ring.HEIGHT_PX, ring.WIDTH_PX, ring.HEIGHT_PX, ring.WIDTH_PX, ring.MM_PER_PX, 0.25, smallest_defect_px=9)
CUT = 0.5


@pytest.mark.parametrize("camera", ["c1", "c3", "c5"])
def test_the_part_is_what_its_skin_is_seen_in_and_three_pixels_more(camera: str) -> None:
    part = part_in_view(ring.package_rod(BENT), ring.layout(BENT).views[camera])
    view = next(view for view in ring.slow_views() if view.name == camera)
    skin = [(x, y) for x in range(view.width) for y in range(view.height) if view.hit(BENT, x, y) is not None]
    assert all(part[y, x] for x, y in skin)
    near = {(x + over, y + aside) for x, y in skin for over in range(-5, 6) for aside in range(-5, 6)}
    assert all((x, y) in near for y, x in zip(*part.nonzero(), strict=True))
    top, bottom = (pick(y for x, y in skin if x == 60) for pick in (min, max))
    column = part[:, 60].nonzero()[0]
    assert column[0] == pytest.approx(top - ASIDE_PX, abs=1)
    assert column[-1] == pytest.approx(bottom + ASIDE_PX, abs=1)
    left, right = (pick(x for x, y in skin if y == 20) for pick in (min, max))
    row = part[20].nonzero()[0]
    assert row[0] == pytest.approx(left - ASIDE_PX, abs=2)  # the rod ends between two pixels
    assert row[-1] == pytest.approx(right + ASIDE_PX, abs=2)


def count(*boxes: tuple[int, int, int, int], level: int = 255) -> int:
    """How many boxes (x, y, width, height) of one brightness lie beside a part that fills the columns 20..99."""
    part = part_in_view(ring.package_rod(ring.STRAIGHT), ring.layout(ring.STRAIGHT).views["c1"])
    part[:], part[:, 20:100] = False, True
    return count_beside([Region(*box, bytes([level]) * (box[2] * box[3])) for box in boxes], CUT, SCALE, part)


def test_a_region_is_beside_the_part_with_as_many_pixels_as_the_smallest_defect() -> None:
    assert count((80, 10, 23, 3)) == 1
    assert count((80, 10, 22, 3)) == 0  # six of nine


def test_a_region_that_lies_beside_the_part_for_the_most_needs_no_more_than_its_score() -> None:
    assert count((99, 10, 3, 3)) == 1
    assert count((98, 10, 3, 3)) == 0


def test_each_region_beside_the_part_counts_and_those_below_the_cut_do_not() -> None:
    assert count((2, 10, 5, 5), (104, 10, 5, 5), (50, 10, 5, 5)) == 2
    assert count((2, 10, 5, 5), level=100) == 0
