"""`edge-inspector dataset training-file FOLDER`: a first training file for a set of labelled pictures."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from edge_inspector.cli.dataset_options import (
    AttributeOption,
    CompleteOption,
    DefectNameOption,
    FolderArgument,
    LabelsOption,
    ReaderOption,
    SubsetOption,
)
from edge_inspector.cli.progress_bar import PATIENCE_S, ProgressBar
from edge_inspector.station.engine_manifest import ScaleRange
from edge_inspector.training.datasets.wording import counted

if TYPE_CHECKING:
    from edge_inspector.training.starter import Start

TOLERANCE = 0.05  # either side of one scale: cameras of a station differ a little, and it is measured again


def dataset_training_file(
    folder: FolderArgument,
    mm_per_px: Annotated[str, typer.Option(metavar="MM|MIN:MAX", help="millimetres per pixel; one value means ±5 %")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="the file to write; one that is there is not touched")] = Path(
        "training.yaml"
    ),
    reader: ReaderOption = "auto",
    labels: LabelsOption = None,
    subset: SubsetOption = "",
    defect: DefectNameOption = "",
    attribute: AttributeOption = "",
    complete: CompleteOption = False,
) -> None:
    """Write a commented training file for a set: the size of its pictures, and an engine for each defect that they show.

    `edge-inspector train` makes the engines of it.
    """
    scale = read_scale(mm_per_px)
    from edge_inspector.training.datasets.looking import look_at  # with it OpenCV, which a help does not need
    from edge_inspector.training.datasets.registry import SetRequest, open_set
    from edge_inspector.training.starter import refuse_existing, start_from, write_training_file

    refuse_existing(out)
    request = SetRequest(folder, reader, labels, subset, defect, attribute, complete)
    labelled = open_set(request)
    with ProgressBar(silent_s=PATIENCE_S) as bar:
        looked_at = []
        for done, picture in enumerate(labelled.pictures, 1):
            looked_at.append(look_at(picture))
            bar.show("looking at pictures", done, len(labelled.pictures))
    start = start_from(out, request, labelled, looked_at, scale)
    write_training_file(start)
    typer.echo("\n".join(_words(start)))


def read_scale(text: str) -> ScaleRange:
    """Read `MM` or `MIN:MAX`. Raises typer.BadParameter.

    >>> read_scale("0.1")
    ScaleRange(min=0.095, max=0.105)
    """
    try:
        low, *high = (float(word) for word in text.split(":"))
        limits = (low, *high) if high else (round(low * (1 - TOLERANCE), 6), round(low * (1 + TOLERANCE), 6))
        scale = ScaleRange(min=limits[0], max=limits[1]) if len(limits) == 2 else None
    except (ValueError, ValidationError):  # a ValidationError is one, too
        scale = None
    if scale is None or scale.min > scale.max:
        raise typer.BadParameter(f"--mm-per-px {text!r}: allowed is MM or MIN:MAX above 0, such as 0.05 or 0.048:0.052")
    return scale


def _words(start: Start) -> list[str]:
    from edge_inspector.training.starter import parts_words, still_to_do

    view = start.view
    return [
        f"{start.path}: written",
        f"  {counted(start.pictures, 'picture')} of {counted(start.parts, 'part')}, read as {start.request.reader}",
        f"  views of {view.width_px} × {view.height_px} px (width × height), fit {view.how}",
        *(f"  {each.defect}: {parts_words(each)}" for each in start.defects),
        "still to do:",
        *(f"  - {line}" for line in still_to_do(start)),
        f"  - train: {shlex.join(['edge-inspector', 'train', str(start.path), *start.options])}",
    ]
