"""Pictures and masks for `training`, taken from generated straws as six running cameras would take them.

They are a little harder than the straws that engines are measured on: more, shorter and thinner fibres, a grain that flows
farther, cracks fainter than the floor that results are stated for, and cameras farther out of focus. Networks that learned
on straws like the measured ones kept no margin between good and defective (docs/results.md).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from edge_inspector.recordings import PartKind
from edge_inspector.synthesis.body import Body, draw_body
from edge_inspector.synthesis.defects import RANGES, Defect, DefectKind, choose_defect
from edge_inspector.synthesis.drawing_pool import drawing_pool
from edge_inspector.synthesis.exposure import Picture
from edge_inspector.synthesis.grain import HARDER
from edge_inspector.synthesis.part import Part, draw_straw, draw_wrong
from edge_inspector.synthesis.projection import HEIGHT, WIDTH
from edge_inspector.synthesis.ring_pictures import RingPicture, take_pictures

KINDS = tuple(DefectKind)
DEFOCUS_PX = (0.5, 1.3)
CRACK_CONTRAST = (0.18, RANGES[DefectKind.CRACK].contrast[1])


@dataclass(frozen=True, slots=True)
class DefectMix:
    """How many defects a defective straw has, each from, to: of any kind, as chance has it, and cracks besides."""

    any_kind: tuple[int, int]
    cracks: tuple[int, int] = (0, 0)


EVEN = DefectMix((1, 4))
CRACKED = DefectMix((0, 2), (2, 8))  # one crack in hundreds lies along a dark line, or in a highlight: it takes many


def training_set(
    path: Path,
    seed: int,
    count: int,
    defect_share: float = 0.8,
    odd_share: float = 0.03,
    mix: DefectMix = EVEN,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Write `count` straws, six pictures each: `images/SEED-PART-CAMERA.jpg`, of the same stem `masks/KIND/` (PNG, 255 on
    the defect) for every kind of defect, and `ignore/` (255 where the surface is seen too flat to be judged).

    Each straw is one straw of a new station: its own light, lenses, gains, backgrounds and place. `odd_share` of them are
    pieces and tilted straws, without defects; `defect_share` of the others have those of `mix`. The folder appears only when
    it is whole.
    """
    partial_path = path.with_name(path.name + ".partial")
    shutil.rmtree(partial_path, ignore_errors=True)
    try:
        for folder in ("images", "ignore", *(f"masks/{kind.value}" for kind in DefectKind)):
            (partial_path / folder).mkdir(parents=True)
        write = partial(_write_part, partial_path, seed, defect_share, odd_share, mix)
        with drawing_pool() as pool:
            for done, _ in enumerate(pool.map(write, range(count), chunksize=4), 1):
                progress(done)
        partial_path.rename(path)
    finally:
        shutil.rmtree(partial_path, ignore_errors=True)


def draw_training_part(
    seed: int, number: int, defect_share: float, odd_share: float, mix: DefectMix = EVEN
) -> tuple[Part, tuple[RingPicture, ...]]:
    """One straw before six cameras of a station of its own, with its pictures."""
    rng = np.random.default_rng((seed, number))
    if rng.random() < odd_share:
        part = draw_wrong(rng, PartKind.HALF if rng.random() < 0.5 else PartKind.TILTED, HARDER)
    elif rng.random() < defect_share:
        part = _draw_defective(rng, mix)
    else:
        part = draw_straw(rng, grain=HARDER)
    return part, take_pictures(rng, part.pieces, vibrating=False, defocus_px=DEFOCUS_PX)


def _draw_defective(rng: np.random.Generator, mix: DefectMix) -> Part:
    """One straw with the mix's defects, of all sizes and contrasts."""
    body = draw_body(rng)
    wanted = []
    for _ in range(int(rng.integers(*mix.any_kind, endpoint=True))):
        wanted.append(_choose(rng, KINDS[int(rng.integers(len(KINDS)))], body))
    for _ in range(int(rng.integers(*mix.cracks, endpoint=True))):
        wanted.append(_choose(rng, DefectKind.CRACK, body))
    return draw_straw(rng, tuple(wanted), body, HARDER)


def _choose(rng: np.random.Generator, kind: DefectKind, body: Body) -> Defect:
    return choose_defect(rng, kind, body.length_mm, contrast=CRACK_CONTRAST if kind is DefectKind.CRACK else None)


def _write_part(path: Path, seed: int, defect_share: float, odd_share: float, mix: DefectMix, number: int) -> None:
    _, pictures = draw_training_part(seed, number, defect_share, odd_share, mix)
    clean = np.zeros((HEIGHT, WIDTH), np.uint8)
    for k, picture in enumerate(pictures, 1):
        stem = f"{seed}-{number:05d}-c{k}"
        (path / "images" / f"{stem}.jpg").write_bytes(picture.jpeg)
        _write_png(path / "ignore" / f"{stem}.png", np.where(picture.exposure.flat, 255, 0).astype(np.uint8))
        for kind in DefectKind:
            _write_png(path / "masks" / kind.value / f"{stem}.png", picture.exposure.masks.get(kind, clean))


def _write_png(path: Path, picture: Picture) -> None:
    if not cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 1)):
        raise OSError(f"{path} could not be written")
