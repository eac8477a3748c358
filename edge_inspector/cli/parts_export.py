"""`edge-inspector parts export`: parts or findings as CSV, to a file that appears whole or not at all, or to stdout."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from sqlalchemy.engine import Connection

from edge_inspector.cli.parts_damage import say_damage
from edge_inspector.cli.parts_options import (
    DefectOption,
    LotOption,
    OutcomeOption,
    RunOption,
    SinceOption,
    UntilOption,
    VerdictOption,
    wanted_parts,
)
from edge_inspector.cli.progress_bar import PATIENCE_S, ProgressBar
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.records.damage import list_damage
from edge_inspector.records.database import read_only
from edge_inspector.records.export import count_findings, write_findings, write_parts
from edge_inspector.records.part_filter import PartFilter, count_parts, why_none

STDOUT = "-"


def parts_export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="the CSV file to write, or - for stdout")],
    station: StationArgument = None,
    state: StateOption = None,
    as_findings: Annotated[bool, typer.Option("--findings", help="one row a finding instead of one a part")] = False,
    verdict: VerdictOption = None,
    outcome: OutcomeOption = None,
    defect: DefectOption = None,
    lot: LotOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    run: RunOption = None,
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="only the newest; default: all")] = None,
) -> None:
    """Write parts as CSV (RFC 4180, UTF-8), in the order of their arrival; a file of that name is replaced at the end."""
    wanted = wanted_parts(verdict, outcome, defect, lot, since, until, run, last)
    word = "findings" if as_findings else "parts"
    with read_only(state_folder(station, state)) as connection:
        if file == STDOUT:
            with _standard_output() as output:
                _write(connection, wanted, output, as_findings, lambda _rows: None)
        else:
            total = (count_findings if as_findings else count_parts)(connection, wanted)
            total = total if last is None or as_findings else min(total, last)
            with replaced_whole(Path(file)) as output, ProgressBar(silent_s=PATIENCE_S) as bar:
                rows = _write(connection, wanted, output, as_findings, lambda n: bar.show(f"{word} written", n, total))
        if not count_parts(connection, wanted):
            typer.echo(why_none(connection, wanted), err=True)
        damage = list_damage(connection)
    if file != STDOUT:
        typer.echo(f"{file}: {rows} {word if rows != 1 else word[:-1]}", err=True)
    say_damage(damage)


def _write(
    connection: Connection, wanted: PartFilter, output: TextIO, as_findings: bool, said: Callable[[int], None]
) -> int:
    return (write_findings if as_findings else write_parts)(connection, wanted, output, said)


@contextmanager
def replaced_whole(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when all went well; else nothing of it stays.

    Raises:
        ConfigurationError: it can not be written.
    """
    if path.exists() and not path.is_file():
        raise ConfigurationError(f"{path}: is no file, and is not replaced; name another, or - for stdout")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path}: there is no folder {path.parent}; make it, or name another file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: can not be written ({error.strerror}); name a file elsewhere") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Standard output as UTF-8 whatever the terminal's own, with line ends as they are written."""
    output = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=True)
    try:
        yield output
        output.flush()
    finally:
        output.detach()
