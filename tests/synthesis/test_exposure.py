"""Masks are where the defects are: on the surface, in every view, and in the words of the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.recordings import PartKind
from edge_inspector.synthesis.body import draw_body
from edge_inspector.synthesis.defects import MASK_LEVEL, RANGES, DefectKind, choose_defect
from edge_inspector.synthesis.exposure import FLAT_INCIDENCE_DEG, VIBRATION_PX, Sensor, draw_look, encode_jpeg, expose
from edge_inspector.synthesis.part import WRONG_KINDS, Part, draw_straw, draw_wrong
from edge_inspector.synthesis.projection import Camera, cast
from edge_inspector.synthesis.surface import MM_PER_COLUMN, ROWS

LEAD_MM = 100.0


def straw_with(kind: DefectKind, seed: int, size_mm: float = 3.0) -> Part:
    rng = np.random.default_rng(seed)
    body = draw_body(rng)
    return draw_straw(rng, (choose_defect(rng, kind, body.length_mm, (size_mm, size_mm), width_mm=(0.25, 0.25)),), body)


@pytest.mark.parametrize("kind", list(DefectKind))
def test_every_cell_of_a_defect_is_in_the_mask_of_a_view_that_faces_it_and_nothing_else_is(kind: DefectKind) -> None:
    part = straw_with(kind, 7)
    (piece,) = part.pieces
    profile = piece.profiles[kind]
    is_defect = profile >= MASK_LEVEL
    found = np.zeros_like(is_defect)
    rng = np.random.default_rng(0)
    sensor = Sensor(rng)
    for angle_deg in range(0, 360, 30):
        camera = Camera(float(angle_deg))
        hits, exposure = (
            cast(piece.surface.body, camera, LEAD_MM),
            expose(rng, sensor, draw_look(rng, camera), part.pieces, LEAD_MM),
        )
        marked = exposure.masks[kind] > 0
        row = np.rint(hits.angle_rad[marked] * ROWS / (2 * math.pi)).astype(int) % ROWS
        column = np.clip(np.rint(hits.along_mm[marked] / MM_PER_COLUMN - 0.5).astype(int), 0, profile.shape[1] - 1)
        near = np.max([np.roll(profile, shift, axis) for axis in (0, 1) for shift in (-1, 0, 1)], axis=0)
        assert (near[row, column] >= MASK_LEVEL - 0.01).all()
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                found[(row + down) % ROWS, np.clip(column + right, 0, profile.shape[1] - 1)] = True
    assert found[is_defect].mean() > 0.98


@pytest.mark.parametrize("kind", list(DefectKind))
def test_a_defect_is_as_long_as_the_truth_says(kind: DefectKind) -> None:
    sizes = []
    for seed in range(8):
        part = straw_with(kind, seed, 6.0 if kind is not DefectKind.HOLE else 3.0)
        profile = part.pieces[0].profiles[kind]
        columns = np.flatnonzero((profile >= MASK_LEVEL).any(axis=0))
        sizes.append((columns[-1] - columns[0] + 1) * MM_PER_COLUMN / part.defects[0].size_mm)
        assert (columns[0] + columns[-1]) / 2 * MM_PER_COLUMN == pytest.approx(part.defects[0].along_mm, abs=0.6)
    assert 0.85 < np.mean(sizes) < 1.1
    assert min(sizes) > 0.75


@pytest.mark.parametrize("kind", list(DefectKind))
def test_a_defect_is_darker_than_what_is_around_it(kind: DefectKind) -> None:
    for seed in range(4):
        part = straw_with(kind, seed)
        clean = draw_straw(np.random.default_rng(99), body=part.pieces[0].surface.body)
        rng, angle = np.random.default_rng(1), part.defects[0].angle_deg
        look = draw_look(rng, Camera(angle))
        sensor = Sensor(rng)
        marked = expose(rng, sensor, look, part.pieces, LEAD_MM)
        plain = expose(rng, sensor, look, clean.pieces, LEAD_MM)
        inside = marked.masks[kind] > 0
        assert inside.sum() > 20
        assert marked.rgb[inside].mean() < plain.rgb[inside].mean()


def test_no_mask_lies_outside_the_straw() -> None:
    for seed in range(4):
        part = straw_with(DefectKind.STAIN, seed, 8.0)
        rng = np.random.default_rng(seed)
        camera = Camera(part.defects[0].angle_deg + 70)
        exposure = expose(rng, Sensor(rng), draw_look(rng, camera), part.pieces, LEAD_MM)
        assert not (
            exposure.masks[DefectKind.STAIN].astype(bool)
            & (cast(part.pieces[0].surface.body, camera, LEAD_MM).coverage < 0.5)
        ).any()


def test_flat_surface_lies_along_both_outlines_alone() -> None:
    part = draw_straw(np.random.default_rng(2))
    camera = Camera(10.0)
    exposure = expose(
        np.random.default_rng(3),
        Sensor(np.random.default_rng(3)),
        draw_look(np.random.default_rng(3), camera),
        part.pieces,
        LEAD_MM,
    )
    hits = cast(part.pieces[0].surface.body, camera, LEAD_MM)
    seen = hits.coverage >= 0.5
    assert (exposure.flat == (seen & (hits.facing < math.cos(math.radians(FLAT_INCIDENCE_DEG))))).all()
    assert 0.05 < exposure.flat.sum() / seen.sum() < 0.25


@pytest.mark.parametrize("kind", WRONG_KINDS)
def test_wrong_parts_look_unlike_a_straw_in_some_view(kind: PartKind) -> None:
    rng = np.random.default_rng(5)
    part, sensor = draw_wrong(rng, kind), Sensor(rng)
    assert part.kind is kind
    assert part.words
    widths, lengths = [], []
    for angle_deg in range(0, 360, 60):
        look = draw_look(rng, Camera(float(angle_deg)))
        bright = expose(rng, sensor, look, part.pieces, LEAD_MM).rgb.mean(2) > 55
        widths.append(int(bright.any(axis=1).sum()))
        lengths.append(int(bright.sum(axis=0).astype(bool).sum()))
    match kind:
        case PartKind.EMPTY:
            assert max(widths) == 0
        case PartKind.HALF:
            assert max(lengths) < 0.75 * 60 / 0.056
        case _:
            assert max(widths) > 130


def test_nearer_straws_hide_farther_ones() -> None:
    rng = np.random.default_rng(8)
    part = draw_wrong(rng, PartKind.TWO)
    areas = []
    for angle_deg in range(0, 360, 20):
        hits = [cast(piece.surface.body, Camera(float(angle_deg)), LEAD_MM) for piece in part.pieces]
        areas.append(int(((hits[0].coverage > 0) | (hits[1].coverage > 0)).sum()))
    assert min(areas) < 0.75 * max(areas)


def test_the_same_seed_takes_the_same_picture() -> None:
    pictures = []
    for _ in range(2):
        rng = np.random.default_rng(11)
        part = draw_straw(rng)
        look, sensor = draw_look(rng, Camera(0.0)), Sensor(rng)
        pictures.append(encode_jpeg(expose(rng, sensor, look, part.pieces, LEAD_MM).rgb, look.jpeg_quality))
    assert pictures[0] == pictures[1]


def test_defects_are_drawn_within_their_ranges() -> None:
    rng = np.random.default_rng(0)
    for kind in DefectKind:
        for _ in range(50):
            defect = choose_defect(rng, kind, 60.0)
            assert RANGES[kind].size_mm[0] <= defect.size_mm <= RANGES[kind].size_mm[1]
            assert RANGES[kind].contrast[0] <= defect.contrast <= RANGES[kind].contrast[1]
            assert defect.size_mm / 2 + 1.0 <= defect.along_mm <= 60.0 - defect.size_mm / 2 - 1.0


def test_vibration_moves_the_picture_by_a_pixel_at_most() -> None:
    rng = np.random.default_rng(3)
    look = draw_look(rng, Camera(60.0))
    moved = np.array([look.shaken(rng).camera.centre_px for _ in range(200)]) - look.camera.centre_px
    assert 0.9 < np.abs(moved).max() <= VIBRATION_PX
    assert np.abs(moved.mean(0)).max() < 0.2
    assert look.shaken(rng).camera.angle_deg == 60.0
