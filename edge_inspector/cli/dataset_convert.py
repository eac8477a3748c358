"""`edge-inspector dataset convert FOLDER OUT`: a set of any layout as images/, masks/DEFECT/ and ignore/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_inspector.cli.dataset_options import (
    AttributeOption,
    CompleteOption,
    DefectNameOption,
    FolderArgument,
    LabelsOption,
    ReaderOption,
    SubsetOption,
    read_set,
)
from edge_inspector.cli.parts_options import JsonOption, as_json_text
from edge_inspector.cli.progress_bar import PATIENCE_S, ProgressBar
from edge_inspector.training.datasets.wording import counted

if TYPE_CHECKING:
    from edge_inspector.training.datasets.conversion import Conversion


def dataset_convert(
    folder: FolderArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="the folder to make; one that is there is not touched")],
    reader: ReaderOption = "auto",
    labels: LabelsOption = None,
    subset: SubsetOption = "",
    defect: DefectNameOption = "",
    attribute: AttributeOption = "",
    complete: CompleteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a set in the plain layout, which `train` and every paint program can work with.

    Pictures keep their bytes. A mask is written only where something is known; unknown stays unknown.
    """
    from edge_inspector.training.datasets.conversion import convert_set  # with it OpenCV, which a help does not need

    labelled = read_set(folder, reader, labels, subset, defect, attribute, complete)
    with ProgressBar(silent_s=PATIENCE_S) as bar:
        done = convert_set(labelled, out, lambda share: bar.show("writing pictures and masks", share, 1.0))
    typer.echo(as_json_text(done) if as_json else "\n".join(_words(done, labelled.source)))


def _words(done: Conversion, source: str) -> list[str]:
    lines = [f"{done.folder}: {counted(done.pictures, 'picture')} of {counted(done.parts, 'part')}, read as {source}"]
    if done.coded_anew:
        pictures = counted(done.coded_anew, "picture")
        lines.append(f"  {pictures} neither JPEG nor PNG: written as PNG, with the same pixels")
    lines += [f"  masks/{name}: {counted(count, 'mask')}" for name, count in done.masks.items()]
    if done.ignored:
        lines.append(f"  ignore: {counted(done.ignored, 'mask')}")
    for name, count in done.placeless.items():
        lines.append(f"  placeless.csv: {counted(count, 'picture')} of {name}, of which nobody said where it is")
    lines += [f"  {was!r} is called {name} here: a folder can not have its name" for was, name in done.renamed.items()]
    lines += [f"  {name}: nothing is known of it in any picture, so nothing of it was written" for name in done.unknown]
    lines += [f"  found while reading: {oddity}" for oddity in done.oddities]
    return lines
