"""`edge-inspector dataset …`: sets of labelled pictures, before engines learn of them."""

from __future__ import annotations

import typer

from edge_inspector.cli.dataset_convert import dataset_convert
from edge_inspector.cli.dataset_from_parts import dataset_from_parts
from edge_inspector.cli.dataset_inspect import dataset_inspect
from edge_inspector.cli.dataset_readers import dataset_readers
from edge_inspector.cli.dataset_training_file import dataset_training_file

app = typer.Typer(
    no_args_is_help=True,
    help="Sets of labelled pictures: look at one, convert it, begin a training with it, make one of recorded parts.",
)
app.command("inspect")(dataset_inspect)
app.command("convert")(dataset_convert)
app.command("training-file")(dataset_training_file)
app.command("from-parts")(dataset_from_parts)
app.command("readers")(dataset_readers)
