"""`edge-inspector dataset readers`: the layouts that can be read, and what to say for each."""

from __future__ import annotations

import typer

from edge_inspector.cli.parts_options import JsonOption, as_json_text


def dataset_readers(as_json: JsonOption = False) -> None:
    """List the layouts that can be read: what FOLDER holds, what --labels names, and which options each takes."""
    from edge_inspector.training.datasets.registry import READERS

    if as_json:
        typer.echo(
            as_json_text(
                {
                    name: {"folder": each.folder, "labels": each.labels, "subsets": each.subsets, "options": each.takes}
                    for name, each in READERS.items()
                }
            )
        )
        return
    for name, each in READERS.items():
        typer.echo(f"{name:<14} FOLDER holds {each.folder}")
        if each.labels:
            typer.echo(f"{'':<14} --labels names {each.labels}")
        rest = [f"--{option}" for option in each.takes if option not in ("labels", "subset")]
        if each.subsets:
            rest.insert(0, f"--subset {'|'.join(each.subsets)} (must be given)")
        if rest:
            typer.echo(f"{'':<14} takes {', '.join(rest)}")
