"""`edge-inspector dataset inspect FOLDER`: what a set of labelled pictures holds, and what is doubtful in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

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


def dataset_inspect(
    folder: FolderArgument,
    reader: ReaderOption = "auto",
    labels: LabelsOption = None,
    subset: SubsetOption = "",
    defect: DefectNameOption = "",
    attribute: AttributeOption = "",
    complete: CompleteOption = False,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE.png", help="draw some pictures with their masks into this file")
    ] = None,
    is_strict: Annotated[bool, typer.Option("--strict", help="exit code 1 where there is any warning")] = False,
    as_json: JsonOption = False,
) -> None:
    """Count pictures and labels, measure defects, find copies and what is odd in the labels. Nothing is changed."""
    from edge_inspector.cli.dataset_report import print_inspection  # with it OpenCV, which a help does not need
    from edge_inspector.training.datasets.contact_sheet import refuse_sheet_name, write_contact_sheet
    from edge_inspector.training.datasets.inspection import inspect_set, name_of
    from edge_inspector.training.datasets.looking import SeenPicture, look_at

    if sheet is not None:
        refuse_sheet_name(sheet)
    labelled = read_set(folder, reader, labels, subset, defect, attribute, complete)
    with ProgressBar(silent_s=PATIENCE_S) as bar:
        looked_at = []
        for done, picture in enumerate(labelled.pictures, 1):
            looked_at.append(look_at(picture))
            bar.show("looking at pictures", done, len(labelled.pictures))
        found = inspect_set(labelled, looked_at, folder, lambda share: bar.show("comparing pictures", share, 1.0))
    seen = [each for each in looked_at if isinstance(each, SeenPicture)]
    if sheet is not None:
        names = [name_of(each.picture.picture, folder) for each in seen]
        title = f"{folder.resolve().name}: {counted(found.pictures, 'picture')} of {counted(found.parts, 'part')}"
        write_contact_sheet(sheet, title, labelled.defects, seen, names)
    if as_json:
        typer.echo(as_json_text(found))
    else:
        print_inspection(Console(soft_wrap=True, highlight=False), found)
        if sheet is not None:
            typer.echo(f"sheet {sheet}")
    if is_strict and found.warnings:
        raise typer.Exit(1)
