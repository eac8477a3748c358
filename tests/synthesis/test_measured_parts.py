"""Measured parts are what their stratum says, and the same for every inspector."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest

from edge_inspector.recordings import PartKind
from edge_inspector.synthesis import ring_pictures
from edge_inspector.synthesis.defects import RANGES, Defect, DefectKind
from edge_inspector.synthesis.measured_parts import MeasuredPart, Stratum, draw_measured_part
from edge_inspector.synthesis.part import Part
from edge_inspector.synthesis.ring_pictures import ANGLES_DEG

WRONG = (Stratum.EMPTY, Stratum.TWO, Stratum.HALF, Stratum.TILTED, Stratum.FOREIGN)
KINDS = tuple(DefectKind)


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture is taken: what is asked is which parts there are, and many of them."""
    monkeypatch.setattr(ring_pictures, "ANGLES_DEG", ())


def defects_of(what: Stratum, count: int) -> list[Defect]:
    parts: list[Part] = [draw_measured_part(1, number, what).part for number in range(count)]
    assert all(part.kind is PartKind.DEFECTIVE and len(part.defects) == 1 for part in parts)
    return [part.defects[0] for part in parts]


def same(one: MeasuredPart, other: MeasuredPart) -> bool:
    return one.part.words == other.part.words and [v.jpeg for v in one.views] == [v.jpeg for v in other.views]


def test_the_same_arguments_draw_the_same_pictures_and_others_draw_others() -> None:
    drawn = draw_measured_part(3, 4, Stratum.MUST_FIND)
    assert same(drawn, draw_measured_part(3, 4, Stratum.MUST_FIND))
    assert not same(drawn, draw_measured_part(3, 7, Stratum.MUST_FIND))  # a crack's turn again
    assert not same(drawn, draw_measured_part(4, 4, Stratum.MUST_FIND))
    assert not same(draw_measured_part(3, 0, Stratum.GOOD), draw_measured_part(3, 1, Stratum.GOOD))


def test_a_part_has_six_views_with_their_place_look_and_picture() -> None:
    measured = draw_measured_part(3, 0, Stratum.GOOD)
    assert [view.look.camera.angle_deg for view in measured.views] == list(ANGLES_DEG) == [0, 60, 120, 180, 240, 300]
    assert len({view.lead_mm for view in measured.views}) == 6
    assert len({view.look.camera.centre_px for view in measured.views}) == 6  # vibration
    for view in measured.views:
        assert abs(view.lead_mm - 100) <= 3.35
        decoded = cv2.imdecode(np.frombuffer(view.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None
        assert decoded.shape == view.exposure.rgb.shape == (256, 1248, 3)
        assert np.abs(decoded[..., ::-1].astype(int) - view.exposure.rgb).mean() < 4
        assert view.exposure.flat.any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_defect_that_must_be_found_is_in_the_mask_of_a_view_that_judges_it(kind: DefectKind) -> None:
    measured = draw_measured_part(3, KINDS.index(kind), Stratum.MUST_FIND)
    assert measured.part.defects[0].kind is kind
    judged = [np.count_nonzero((v.exposure.masks[kind] > 0) & ~v.exposure.flat) for v in measured.views]
    assert max(judged) > 60


@pytest.mark.usefixtures("unseen")
def test_defects_that_must_be_found_are_over_2_mm_of_every_kind_evenly_and_within_the_contrasts_drawn() -> None:
    defects = defects_of(Stratum.MUST_FIND, 60)
    assert Counter(defect.kind for defect in defects) == dict.fromkeys(KINDS, 20)
    for defect in defects:
        assert 2 < defect.size_mm <= RANGES[defect.kind].size_mm[1]
        assert RANGES[defect.kind].contrast[0] <= defect.contrast <= RANGES[defect.kind].contrast[1]
    widths = [defect.width_mm for defect in defects if defect.kind is DefectKind.CRACK]
    assert 0.16 <= min(widths) < 0.19
    assert 0.27 < max(widths) <= 0.3


@pytest.mark.usefixtures("unseen")
def test_small_defects_are_1_to_2_mm_and_their_cracks_not_thin_as_well() -> None:
    defects = defects_of(Stratum.SMALL, 30)
    assert Counter(defect.kind for defect in defects) == dict.fromkeys(KINDS, 10)
    assert all(1 <= defect.size_mm <= 2 for defect in defects)
    assert all(defect.width_mm >= 0.16 for defect in defects if defect.kind is DefectKind.CRACK)


@pytest.mark.usefixtures("unseen")
def test_thin_cracks_are_long_but_thin() -> None:
    defects = defects_of(Stratum.THIN, 20)
    assert {defect.kind for defect in defects} == {DefectKind.CRACK}
    assert all(defect.size_mm > 2 and 0.1 <= defect.width_mm <= 0.16 for defect in defects)


@pytest.mark.usefixtures("unseen")
def test_good_parts_have_no_defect_and_wrong_ones_are_of_their_kind() -> None:
    good = draw_measured_part(1, 0, Stratum.GOOD).part
    assert good.kind is PartKind.GOOD
    assert not good.defects
    for what in WRONG:
        assert draw_measured_part(1, 0, what).part.kind.value == what.value
