"""The first training file for a set of labelled pictures: commented, and as good as the pictures alone can tell."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.imaging.overlay import COLOURS
from edge_inspector.station.engine_manifest import ScaleRange
from edge_inspector.station.yaml_writing import as_scalar, path_from
from edge_inspector.training import starter_texts as texts
from edge_inspector.training.datasets.defect_colours import defect_colours
from edge_inspector.training.datasets.inspection import DefectCounts, SizeCount, count_defect, count_sizes
from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.datasets.looking import MARKED_FROM, SeenPicture, UnreadPicture
from edge_inspector.training.datasets.registry import READERS, SetRequest
from edge_inspector.training.datasets.wording import counted, listed
from edge_inspector.training.defect_set import ViewFit
from edge_inspector.training.split import LEAST_FOLDS, VALIDATION_SHARE, given_folds, needed_parts

LEAST_STD = 0.001  # of a band: a quarter of a grey level
MOST_CROP_PX = 256  # side of what is learned from at once

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")  # of an engine and of its defect


class Level(NamedTuple):
    """Of the values of one band in all pictures, 0..1."""

    mean: float
    std: float


@dataclass(frozen=True, slots=True)
class Start:
    """What the file is made from. Of the defects in `left_out` no engine can be made, each with the reason."""

    path: Path  # where it goes
    request: SetRequest  # with the reader's name
    pictures: int
    parts: int
    unread: int
    faint: int  # masks that mark no pixel for sure
    oddities: int
    sizes: tuple[SizeCount, ...]
    defects: tuple[DefectCounts, ...]
    left_out: dict[str, str]
    mm_per_px: ScaleRange
    bands: tuple[Level, ...] = ()  # of multispectral pictures
    folds: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by name the defects that it can be measured on

    @property
    def view(self) -> ViewFit:
        """Pictures of one size as they are; others padded to the largest sides, which keeps their millimetres."""
        width_px, height_px = max(each.width_px for each in self.sizes), max(each.height_px for each in self.sizes)
        return ViewFit("exact" if len(self.sizes) == 1 else "pad", width_px, height_px)

    @property
    def held_back(self) -> str:
        """The last of the set's folds that with the next one serves every defect, or else the last; empty without folds."""
        names = list(self.folds)
        wanted = {each.defect for each in self.defects}
        serving = [
            name for name, after in zip(names, names[1:] + names[:1], strict=True) if wanted <= self._served(name, after)
        ]
        return (serving or names or [""])[-1]

    def _served(self, *folds: str) -> frozenset[str]:
        return frozenset.intersection(*(self.folds[name] for name in folds))

    @property
    def options(self) -> list[str]:
        """With which `train` makes the engines."""
        return ["--all", *(["--hold-back", self.held_back] if self.folds else [])]


def start_from(
    path: Path,
    request: SetRequest,
    labelled: LabelledSet,
    looked_at: Sequence[SeenPicture | UnreadPicture],
    mm_per_px: ScaleRange,
) -> Start:
    """Count what a set holds of each defect. `looked_at` are its pictures.

    Raises TrainingDataError if no engine can come of it.
    """
    seen = [each for each in looked_at if isinstance(each, SeenPicture)]
    unread = [each for each in looked_at if isinstance(each, UnreadPicture)]
    if not looked_at:
        raise TrainingDataError(f"{request.folder}: has no picture; name the folder that holds the set")
    if not seen:
        raise TrainingDataError(f"{unread[0].why}. No other picture of {request.folder} can be used either")
    if not labelled.defects:
        raise TrainingDataError(
            f"{request.folder}: read as {labelled.source}, names no defect; label one, or name another set"
        )
    counts = [count_defect(seen, defect) for defect in labelled.defects]
    faint = {each.defect: _count_faint(seen, each.defect) for each in counts}
    left_out = {each.defect: why for each in counts if (why := _why_not(each, faint[each.defect]))}
    if len(left_out) == len(counts):
        reasons = "; ".join(f"{defect!r}: {why}" for defect, why in left_out.items())
        raise TrainingDataError(f"{request.folder}: no engine can be trained from it: {reasons}")
    return Start(
        path=path,
        request=replace(request, reader=labelled.source),
        pictures=len(looked_at),
        parts=len({each.picture.part for each in looked_at}),
        unread=len(unread),
        faint=sum(count for defect, count in faint.items() if defect not in left_out),
        oddities=len(labelled.oddities),
        sizes=count_sizes([each for each in seen if any(label is not None for label in each.labels.values())]),
        defects=tuple(each for each in counts if each.defect not in left_out),
        left_out=left_out,
        mm_per_px=mm_per_px,
        bands=_bands_of(seen, request.folder),
        folds=_folds_of(labelled, seen),
    )


def refuse_existing(path: Path) -> None:
    """Raise ConfigurationError when the file is there already."""
    if path.exists():
        raise ConfigurationError(f"{path}: is there already, and nothing is overwritten; name another file with --out")


def write_training_file(start: Start) -> None:
    """Write the file, exclusively. Raises ConfigurationError if it is there already, or can not be written."""
    refuse_existing(start.path)
    text = training_text(start)
    try:
        start.path.parent.mkdir(parents=True, exist_ok=True)
        with start.path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{start.path}: can not be written ({error}); name another file with --out") from error


def training_text(start: Start) -> str:
    """Return the training file. Raises ConfigurationError if a path in it is no text."""
    view = start.view
    is_placeless = any(each.placeless for each in start.defects)
    colours = defect_colours([each.defect for each in start.defects])
    return texts.TRAINING.format(
        pictures=counted(start.pictures, "picture"),
        parts=counted(start.parts, "part"),
        name=as_scalar(start.path.name),
        options=" ".join(start.options),
        split=texts.DEALT
        if not start.folds
        else texts.GIVEN.format(
            count=len(start.folds), names=listed(list(start.folds)), held_back=as_scalar(start.held_back)
        ),
        set="\n".join(_set_lines(start)),
        height_px=view.height_px,
        width_px=view.width_px,
        fit=view.how,
        fit_words=texts.EXACT if view.how == "exact" else texts.PAD.format(sizes=_sizes_words(start.sizes)),
        least_mm=np.format_float_positional(start.mm_per_px.min, trim="-"),
        bands="".join(_band_lines(start)),
        most_mm=np.format_float_positional(start.mm_per_px.max, trim="-"),
        colours=", ".join(COLOURS),
        engines="\n".join(
            texts.ENGINE.format(name=as_scalar(each.defect), colour=colours[each.defect], counts=parts_words(each))
            for each in start.defects
        ),
        crop_height_px=view.height_px if is_placeless else min(view.height_px, MOST_CROP_PX),
        crop_width_px=view.width_px if is_placeless else min(view.width_px, MOST_CROP_PX),
        crop_words=texts.WHOLE_CROPS if is_placeless else texts.CROPS,
    )


def parts_words(counts: DefectCounts) -> str:
    """How many parts are known to show the defect, and not to."""
    return f"{counts.parts_defective} defective and {counted(counts.parts_clean, 'good part')}"


def still_to_do(start: Start) -> list[str]:
    """What a person has to see to before training, in sentences."""
    needed = needed_parts(VALIDATION_SHARE)
    lines = []
    if start.unread:
        lines.append(
            f"{counted(start.unread, 'picture')} can not be used, and training refuses them; remove or replace them"
        )
    if start.faint:
        lines.append(
            f"{counted(start.faint, 'mask')} without a sure pixel (from {MARKED_FROM} of 255 on), and training refuses "
            "them; export them with 255 for the defect"
        )
    if start.oddities:
        look = shlex.join(["edge-inspector", "dataset", "inspect", *start.request.words()])
        lines.append(f"{counted(start.oddities, 'thing')} about the labels looked odd; see them: {look}")
    if len(start.sizes) > 1:
        view = start.view
        lines.append(
            f"pictures have {_sizes_words(start.sizes)}: all are padded to {view.width_px} × {view.height_px} px; cutting "
            "them alike is better"
        )
    lines += [f"{defect!r} is left out: {why}" for defect, why in start.left_out.items()]
    few = [each.defect for each in start.defects if min(each.parts_defective, each.parts_clean) < needed]
    if few and not start.folds:
        lines.append(
            f"too few parts for {', '.join(few)}; {needed} defective and {needed} good ones are needed: add pictures, raise "
            "the shares of split, or comment the engine out with #"
        )
    for name, measured in start.folds.items():
        lacking = [each.defect for each in start.defects if each.defect not in measured]
        if lacking:
            lines.append(
                f"{', '.join(lacking)}: fold {name} has not both good and defective parts, so it can neither be the test "
                "nor choose the cut of an engine; hold another one back, add pictures, or comment the engine out with #"
            )
    return lines


def _folds_of(labelled: LabelledSet, seen: Sequence[SeenPicture]) -> dict[str, frozenset[str]]:
    """Of every fold that the set gives the defects that some of its parts show, and some do not; none if they are no use."""
    try:
        names = list(given_folds(labelled))
    except TrainingDataError:
        return {}
    found = {}
    for name in names if len(names) >= LEAST_FOLDS else ():
        pictures = [each for each in seen if each.picture.fold == name]
        counts = [count_defect(pictures, defect) for defect in labelled.defects]
        found[name] = frozenset(each.defect for each in counts if min(each.parts_defective, each.parts_clean) > 0)
    return found


def _sizes_words(sizes: Sequence[SizeCount]) -> str:
    """How many sizes, and from where to where.

    >>> _sizes_words([SizeCount(96, 64, 40), SizeCount(90, 70, 3)])
    '2 sizes, 90 to 96 × 64 to 70 px'
    """
    widths, heights = [each.width_px for each in sizes], [each.height_px for each in sizes]
    return f"{len(sizes)} sizes, {min(widths)} to {max(widths)} × {min(heights)} to {max(heights)} px"


def _bands_of(seen: Sequence[SeenPicture], folder: Path) -> tuple[Level, ...]:
    """Mean and spread of every band, each picture counting as much. Raises TrainingDataError if pictures differ in them."""
    counts = {len(each.bands): each for each in seen}
    if len(counts) > 1:
        (fewer, one), (more, other) = sorted(counts.items())[:2]
        said = f"{one.picture.picture} has {fewer or 'colours'}, {other.picture.picture} {more} bands"
        raise TrainingDataError(f"{folder}: pictures differ in their bands ({said}); keep pictures of one kind")
    levels = []
    for band in zip(*(each.bands for each in seen), strict=True):
        mean = fmean(level.mean for level in band)
        levels.append(Level(mean, math.sqrt(max(fmean(level.mean_square for level in band) - mean**2, 0.0))))
    return tuple(levels)


def _band_lines(start: Start) -> Iterator[str]:
    if not start.bands:
        return
    yield texts.BANDS
    for number, level in enumerate(start.bands, 1):
        yield texts.BAND.format(number=number, mean=level.mean, std=max(level.std, LEAST_STD))


def _set_lines(start: Start) -> Iterator[str]:
    request, beside = start.request, start.path.parent
    yield f"  folder: {as_scalar(path_from(beside, request.folder))}"
    yield f"  reader: {request.reader}"
    if request.labels is not None:
        yield f"  labels: {as_scalar(path_from(beside, request.labels))}"
    for key, value in (("subset", request.subset), ("defect", request.defect), ("attribute", request.attribute)):
        if value:
            yield f"  {key}: {as_scalar(value)}"
    if "complete" in READERS[request.reader].takes:
        yield texts.COMPLETE if request.complete else texts.NOT_COMPLETE


def _count_faint(seen: Sequence[SeenPicture], defect: str) -> int:
    return sum(label.is_faint for each in seen if (label := each.labels.get(defect)) is not None)


def _why_not(counts: DefectCounts, faint: int) -> str:
    if not _NAME.fullmatch(counts.defect):
        return (
            "is no name for an engine, which is 1 to 32 of A-Z a-z 0-9 _ . -; `edge-inspector dataset convert` the set, and "
            "rename its folder of masks"
        )
    if counts.areas is None and faint:
        return f"has {counted(faint, 'mask')} without a sure pixel (from {MARKED_FROM} of 255 on); export them with 255"
    if counts.areas is None:
        return "is not drawn in any picture"
    return ""
