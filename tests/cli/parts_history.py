"""Records as the daemon writes them, and the commands of `parts` run over them."""

from __future__ import annotations

from pathlib import Path

import msgspec
from click.testing import Result
from typer.testing import CliRunner

from edge_inspector.cli.parts import app
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import AlarmRecord, FindingRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records.indexer import Indexer
from tests.records import history as made
from tests.records.history import History

REJECT, UNINSPECTED = VerdictKind.REJECT, VerdictKind.UNINSPECTED
QUOTED = 'stain "ä", 3 mm²\r\nand more'


def write_history(state_dir: Path) -> None:
    """Run 1: nine parts of 7 o'clock in turn ACCEPT, REJECT, UNINSPECTED from the third; 10 under way. Run 2: a stain."""
    history = History(state_dir)
    history.write_parts(1, 9)
    history.write(made.verdict(10, UNINSPECTED))
    history.close()
    later = History(state_dir)
    at_utc = "2024-05-07T10:00:00.000+00:00"
    crack = FindingRecord("cracks", "crack", 0.95, 9.0, 1.0, ("c2",), 1, 2, 3, 4, False)
    stain = FindingRecord("stains", "stain", 0.8, 5.0, 2.5, ("c1", "c2"), 5, 6, 7, 8, True)
    later.write(
        msgspec.structs.replace(made.arrival(1, run=2), at_utc=at_utc, lot="L-7"),
        msgspec.structs.replace(made.verdict(1, REJECT, run=2, reasons=(QUOTED, "second")), findings=(crack, stain)),
        msgspec.structs.replace(
            made.outcome(1, REJECT, run=2), outcome=Outcome.EJECTION_FAILED, reason=QUOTED, lane="rejects"
        ),
        AlarmRecord("ejection_failed", "part 2-1 is in the good lane", True, 5, at_utc),
        AlarmRecord("uninspected_limit", "5 in a row", True, 6, at_utc),
        AlarmRecord("ejection_failed", "part 2-1 is in the good lane", False, 7, "2024-05-07T10:05:00.000+00:00", "kim"),
        AlarmRecord("from_the_future", "flux low", True, 8, "2024-05-08T00:00:00.000+00:00"),
    )
    later.close()
    indexer = Indexer(state_dir)
    while indexer.turn().has_more:
        pass
    indexer.turn()
    indexer.close()


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "300"}).invoke(app, [str(argument) for argument in arguments])
