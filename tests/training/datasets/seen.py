"""Pictures as they are after somebody looked at them, made up: for rules that open no file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_inspector.training.datasets.labelled_picture import LabelledPicture
from edge_inspector.training.datasets.looking import SeenLabel, SeenPicture, State
from edge_inspector.training.datasets.near_duplicates import SIDE_PX, Structure

CLEAN = SeenLabel(State.CLEAN, judged_px=5000)
PLACELESS = SeenLabel(State.PLACELESS)


def drawn(*areas_px: int, digest: str = "mask", contrast: float | None = None) -> SeenLabel:
    return SeenLabel(State.DEFECTIVE, areas_px, sum(areas_px), judged_px=5000, highest=255, contrast=contrast, digest=digest)


def structure(seed: int) -> Structure:
    """A structure by number; no two are alike."""
    one = np.random.default_rng(seed).normal(size=(SIDE_PX, SIDE_PX))
    return _unit(one - one.mean())


def structure_like(other: Structure, likeness: float, seed: int) -> Structure:
    """A structure that correlates with another one by so much."""
    own = structure(seed) - other * float((structure(seed) * other).sum())
    return _unit(likeness * other + (1 - likeness**2) ** 0.5 * _unit(own))


def _unit(values: NDArray[np.floating]) -> Structure:
    return (values / np.linalg.norm(values)).astype(np.float32)


def seen(
    name: str,
    labels: Mapping[str, SeenLabel | None],
    *,
    part: str = "",
    digest: str = "",
    structured: Structure | None = None,
    width_px: int = 100,
    height_px: int = 50,
    is_grey: bool = True,
) -> SeenPicture:
    """A picture of its own part and with pixels of its own, if nothing else is said."""
    labelled = LabelledPicture(Path("set") / f"{name}.png", part or name, "", dict.fromkeys(labels), "made up")
    return SeenPicture(labelled, width_px, height_px, is_grey, digest or f"pixels of {name}", structured, labels)
