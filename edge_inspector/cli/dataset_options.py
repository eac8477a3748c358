"""How a person names a set of labelled pictures on the command line, for every command that reads one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edge_inspector.training.datasets.labelled_picture import LabelledSet

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="the folder of the set")]
ReaderOption = Annotated[
    str, typer.Option("--reader", metavar="NAME", help="its layout, one of `dataset readers`; auto: told by its files")
]
LabelsOption = Annotated[
    Path | None, typer.Option("--labels", metavar="PATH", help="file or folder of labels, where it is not found in FOLDER")
]
SubsetOption = Annotated[str, typer.Option("--subset", metavar="NAME", help="train, test or both, where FOLDER holds both")]
DefectNameOption = Annotated[
    str, typer.Option("--defect", metavar="NAME", help="what the only defect is called, where the layout does not say")
]
AttributeOption = Annotated[
    str, typer.Option("--attribute", metavar="NAME", help="which attribute of a VIA region names its defect")
]
CompleteOption = Annotated[
    bool, typer.Option("--complete", help="every picture was looked at: without a label it is clean, not unknown")
]


def read_set(
    folder: Path, reader: str, labels: Path | None, subset: str, defect: str, attribute: str, complete: bool
) -> LabelledSet:
    """Read the set that these options name.

    Raises:
        ConfigurationError: an option is wrong, missing or of no use.
        TrainingDataError: the set is.
    """
    from edge_inspector.training.datasets.registry import SetRequest, open_set  # OpenCV takes longer than to print a help

    return open_set(SetRequest(folder, reader, labels, subset, defect, attribute, complete))
