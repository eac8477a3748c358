"""A training set holds what its readers expect, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.synthesis import surface
from edge_inspector.synthesis.defects import RANGES, DefectKind
from edge_inspector.synthesis.exposure import DEFOCUS_PX
from edge_inspector.synthesis.grain import HARDER, NATURAL, draw_grain
from edge_inspector.synthesis.training_set import CRACKED, draw_training_part, training_set
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import defect_set


def test_every_picture_has_a_mask_of_each_kind_and_what_to_ignore(tmp_path: Path) -> None:
    training_set(tmp_path / "set", seed=5, count=3)
    for kind in DefectKind:
        folder = defect_set(read_plain(tmp_path / "set", is_complete=True), kind.value)
        assert len(folder.samples) == 18
        assert set(folder.parts()) == {"5-00000", "5-00001", "5-00002"}
        for sample in folder.samples:
            rgb, mask, judged = sample.read()
            assert rgb.shape == (256, 1248, 3)
            assert judged.shape == mask.shape == (256, 1248)
            assert set(np.unique(mask)) <= {0, 255}
            assert 0.9 < judged.mean() < 1


def test_the_masks_are_those_of_the_parts_that_the_seed_draws(tmp_path: Path) -> None:
    training_set(tmp_path / "set", seed=9, count=2, defect_share=1.0, odd_share=0.0)
    part, pictures = draw_training_part(9, 1, 1.0, 0.0)
    assert part.defects
    for kind in {defect.kind for defect in part.defects}:
        for k in range(6):
            written = cv2.imread(
                str(tmp_path / "set" / "masks" / kind.value / f"9-00001-c{k + 1}.png"), cv2.IMREAD_UNCHANGED
            )
            assert written is not None
            assert np.array_equal(written, pictures[k].exposure.masks[kind])
            assert (tmp_path / "set" / "images" / f"9-00001-c{k + 1}.jpg").read_bytes() == pictures[k].jpeg


def test_straws_of_the_cracked_mix_have_many_cracks_and_few_other_defects() -> None:
    for number in range(8):
        defects = draw_training_part(11, number, 1.0, 0.0, CRACKED)[0].defects
        cracks = sum(defect.kind is DefectKind.CRACK for defect in defects)
        assert 2 <= cracks <= 10
        assert len(defects) - cracks <= 2


def test_a_set_is_drawn_with_the_mix_that_is_asked_for(tmp_path: Path) -> None:
    training_set(tmp_path / "set", seed=9, count=1, defect_share=1.0, odd_share=0.0, mix=CRACKED)
    _, pictures = draw_training_part(9, 0, 1.0, 0.0, CRACKED)
    assert (tmp_path / "set" / "images" / "9-00000-c1.jpg").read_bytes() == pictures[0].jpeg


def test_what_is_learned_is_harder_than_what_is_measured() -> None:
    contrasts = [
        defect.contrast
        for number in range(12)
        for defect in draw_training_part(11, number, 1.0, 0.0)[0].defects
        if defect.kind is DefectKind.CRACK
    ]
    assert 0.18 <= min(contrasts) < RANGES[DefectKind.CRACK].contrast[0] < max(contrasts)
    blurs = [each.look.defocus_px for number in range(3) for each in draw_training_part(11, number, 1.0, 0.0)[1]]
    assert DEFOCUS_PX[0] <= min(blurs) < DEFOCUS_PX[1] < max(blurs)
    assert HARDER.fibre_length_mm[0] < NATURAL.fibre_length_mm[0]
    assert HARDER.fibre_sigma_mm < NATURAL.fibre_sigma_mm
    assert HARDER.fibres > NATURAL.fibres


def test_the_grain_of_training_is_the_harder_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def drawn(*arguments: object) -> np.ndarray:
        asked.append(arguments[-1])
        return draw_grain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(surface, "draw_grain", drawn)
    for odd_share in (0.0, 1.0):
        draw_training_part(11, 1, 0.5, odd_share)
    assert asked
    assert set(asked) == {HARDER}
