"""What a training did with every picture: learned from it, chose the cut on it, or held it back. `parts.csv` of its run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import get_args

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.imaging.fit import Fit
from edge_inspector.training.datasets.index_file import read_table

PARTS_FILE = "parts.csv"
_COLUMNS = ("picture", "part", "view", "fit", "use", "shows")
_FITS: tuple[Fit, ...] = get_args(Fit)


class Use(StrEnum):
    """What a picture served for."""

    TRAINING = "training"
    VALIDATION = "validation"  # calibration and cut
    HELD_BACK = "held_back"  # only measured


@dataclass(frozen=True, slots=True)
class DealtPicture:
    """One picture that is labelled for an engine's defect: how it became a view, and whether it shows the defect."""

    picture: Path
    part: str
    view: str
    fit: Fit
    use: Use
    is_defective: bool


@dataclass(frozen=True, slots=True)
class KnownPicture:
    """One picture that all trainings held back. `shown`: the engines whose defect it shows; None: not all of them know."""

    picture: Path
    part: str
    view: str
    shown: tuple[str, ...] | None


def write_dealt(folder: Path, pictures: Iterable[DealtPicture]) -> None:
    """Write `folder`/parts.csv, whole or not at all."""
    partial = folder / f"{PARTS_FILE}.partial"
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for each in pictures:
            shows = "defect" if each.is_defective else "clean"
            writer.writerow([each.picture.resolve(), each.part, each.view, each.fit, each.use.value, shows])
    partial.replace(folder / PARTS_FILE)


def read_dealt(folder: Path) -> list[DealtPicture]:
    """Read `folder`/parts.csv. Raises TrainingDataError naming the file, and the line if it is one that is at fault.

    Pictures are named with their whole path: of a set that lies elsewhere now the first one is told as missing.
    """
    found = []
    for row in read_table(folder / PARTS_FILE, _COLUMNS):
        use, shows = row.texts["use"], row.texts["shows"]
        fit = next((each for each in _FITS if each == row.texts["fit"]), None)
        if fit is None or use not in set(Use) or shows not in ("defect", "clean"):
            raise TrainingDataError(
                f"{row.where}: fit is {row.texts['fit']!r}, use {use!r} and shows {shows!r}; the command that trained, "
                "given again, writes the file anew"
            )
        picture = Path(row.texts["picture"])
        if not picture.is_file():
            raise TrainingDataError(
                f"{row.where}: {picture} is missing; put the set back, or give the command that trained again, with --set "
                "where it lies now: what is trained stays, and this file is written anew"
            )
        found.append(DealtPicture(picture, row.name("part"), row.texts["view"], fit, Use(use), shows == "defect"))
    return found


def held_back_by_all(dealt: Mapping[str, Sequence[DealtPicture]]) -> list[KnownPicture]:
    """Of the pictures dealt for each engine those of parts that none learned from or chose its cut on, in the tables' order.

    A picture that one engine's training held back and another's does not know may show the other's defect.
    """
    used = {each.part for pictures in dealt.values() for each in pictures if each.use is not Use.HELD_BACK}
    found: dict[Path, DealtPicture] = {}
    shows: dict[Path, dict[str, bool]] = {}
    for engine, pictures in dealt.items():
        for each in pictures:
            if each.part not in used:
                found.setdefault(each.picture, each)
                shows.setdefault(each.picture, {})[engine] = each.is_defective
    return [KnownPicture(path, each.part, each.view, _shown(shows[path], len(dealt))) for path, each in found.items()]


def _shown(shows: Mapping[str, bool], engines: int) -> tuple[str, ...] | None:
    shown = tuple(engine for engine, is_defective in shows.items() if is_defective)
    return shown if shown or len(shows) == engines else None
