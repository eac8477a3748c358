"""Which pictures of a set stand on its contact sheet: by the set alone, the same at every run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edge_inspector.training.datasets.looking import SeenPicture, State
from edge_inspector.training.datasets.wording import counted


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture by its position in the set; `area_px` of the piece that it is shown for, None where there is none."""

    position: int
    area_px: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A row of the sheet: pictures of one `defect`, or, where that is empty, of another kind."""

    title: str
    note: str
    defect: str
    shown: tuple[Shown, ...]


def choose_sections(defects: Sequence[str], seen: Sequence[SeenPicture], names: Sequence[str], count: int) -> list[Section]:
    """Return what is shown, at most `count` pictures of each kind; a kind of which there is none has no section.

    Of each defect the smallest, the middling and the largest pieces, each from another picture, in the order of their size.
    """
    sections = [_pieces_of(defect, seen, names, count) for defect in defects]
    states = [{None if label is None else label.state for label in each.labels.values()} for each in seen]
    kinds: Iterable[tuple[str, Callable[[set[State | None]], bool]]] = (
        ("labelled, but not where", lambda said: State.PLACELESS in said),
        ("clean", lambda said: said == {State.CLEAN}),
        ("clean of what is known, not labelled for every defect", lambda said: said == {State.CLEAN, None}),
        ("not labelled", lambda said: said <= {None}),
    )
    for title, is_meant in kinds:
        meant = sorted((each.digest, position) for position, each in enumerate(seen) if is_meant(states[position]))
        sections.append(Section(title, counted(len(meant), "picture"), "", tuple(Shown(k) for _, k in meant[:count])))
    return [section for section in sections if section.shown]


def _pieces_of(defect: str, seen: Sequence[SeenPicture], names: Sequence[str], count: int) -> Section:
    pieces = sorted(
        (area_px, names[position], position)
        for position, each in enumerate(seen)
        if (label := each.labels.get(defect)) is not None
        for area_px in label.areas_px
    )
    if not pieces:
        return Section(defect, "", defect, ())
    middle = len(pieces) // 2
    from_middle = sorted(range(len(pieces)), key=lambda rank: abs(rank - middle))
    chosen: dict[int, int] = {}  # position of a picture: rank of the piece that it is shown for
    for ranks, share in ((range(len(pieces)), 1 / 3), (range(len(pieces) - 1, -1, -1), 2 / 3), (from_middle, 1.0)):
        for rank in ranks:
            if len(chosen) >= math.ceil(share * count):
                break
            chosen.setdefault(pieces[rank][2], rank)
    pictures = len({position for _, _, position in pieces})
    areas = f"{pieces[0][0]} to {pieces[-1][0]} px, median {pieces[middle][0]} px"
    return Section(
        title=defect,
        note=f"{counted(len(pieces), 'piece')} in {counted(pictures, 'picture')}, {areas}",
        defect=defect,
        shown=tuple(Shown(pieces[rank][2], pieces[rank][0]) for rank in sorted(chosen.values())),
    )
