from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_inspector.cli.parts import app
from edge_inspector.domain.errors import ConfigurationError, DatabaseError
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records.database import FILE_NAME, read_only
from edge_inspector.records.indexer import Indexer
from edge_inspector.records.latency import STAGE_NAMES, percentiles
from edge_inspector.records.part_filter import PartFilter
from edge_inspector.records.queries import list_parts, show_part
from tests.records import history as made
from tests.records.history import History


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    history = History(tmp_path)
    history.write_parts(1, 12)
    history.write(made.arrival(13), made.verdict(14, VerdictKind.UNINSPECTED))
    indexer = Indexer(tmp_path)
    indexer.turn()
    indexer.close()
    yield tmp_path
    history.close()


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_the_last_parts_come_in_the_order_of_their_arrival(state_dir: Path) -> None:
    with read_only(state_dir) as connection:
        assert [part.part for part in list_parts(connection, PartFilter(last=3))] == ["1-12", "1-13", "1-14"]
        assert len(list_parts(connection)) == 14


def test_parts_of_one_verdict_can_be_asked_for_before_their_outcome_too(state_dir: Path) -> None:
    with read_only(state_dir) as connection:
        found = list_parts(connection, PartFilter(verdicts=(VerdictKind.UNINSPECTED,)))
    assert [part.part for part in found] == ["1-2", "1-5", "1-8", "1-11", "1-14"]
    assert found[-1].outcome is None


def test_a_part_that_only_arrived_has_no_verdict(state_dir: Path) -> None:
    with read_only(state_dir) as connection:
        part = show_part(connection, "1-13")
    assert (part.summary.verdict, part.summary.outcome, part.summary.reason) == (None, None, "")


def test_the_percentiles_of_every_stage_are_of_the_parts_that_have_it(state_dir: Path) -> None:
    with read_only(state_dir) as connection:
        listed = list_parts(connection)
    measured = {name: percentiles(getattr(part.stages, name) for part in listed) for name in STAGE_NAMES}
    found = {name: value for name, value in measured.items() if value is not None}
    assert set(found) == set(STAGE_NAMES)
    assert (found["total_ms"].count, found["total_ms"].p99) == (12, 155.0)
    assert found["decision_ms"].count == 13


@pytest.mark.parametrize("name", ["", "17", "1-1-1", "x-1", "1-1; drop"])
def test_what_is_no_name_of_a_part_is_said(state_dir: Path, name: str) -> None:
    with read_only(state_dir) as connection, pytest.raises(ConfigurationError, match="not a part's name"):
        show_part(connection, name)


@pytest.mark.parametrize(
    ("name", "there_are"),
    [("1-99", "run 1 has 14 parts, 1-1 to 1-14"), ("7-1", "no part of run 7 is; there are 1-1 to 1-14")],
)
def test_a_part_that_nobody_knows_is_said_with_those_that_there_are(state_dir: Path, name: str, there_are: str) -> None:
    with read_only(state_dir) as connection, pytest.raises(ConfigurationError, match=f"part {name} is not in .*{there_are}"):
        show_part(connection, name)


def test_records_without_a_part_say_so(tmp_path: Path) -> None:
    Indexer(tmp_path).turn()
    with read_only(tmp_path) as connection, pytest.raises(ConfigurationError, match="there is no part yet"):
        show_part(connection, "1-1")


def test_a_folder_without_a_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"parts\.db: not there; no part was recorded"), read_only(tmp_path):
        pass
    assert not (tmp_path / FILE_NAME).exists()


def test_a_state_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere: there is no such folder"), read_only(tmp_path / "nowhere"):
        pass


def test_a_database_that_somebody_deleted_is_rebuilt_by_the_daemon(tmp_path: Path) -> None:
    History(tmp_path).close()
    why = r"parts\.db: not there, but the ledger beside it is; start the daemon and it is rebuilt"
    with pytest.raises(ConfigurationError, match=why), read_only(tmp_path):
        pass


def test_an_empty_database_is_said_to_be_empty_and_not_of_another_version(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    with (
        pytest.raises(ConfigurationError, match="it holds no records, it is empty or damaged; delete it"),
        read_only(tmp_path),
    ):
        pass


def test_a_database_of_another_version_is_said(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as old:
        old.execute("PRAGMA user_version = 2")
    old.close()
    with pytest.raises(ConfigurationError, match="version 2, this program reads"), read_only(tmp_path):
        pass


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database " * 400)
    with pytest.raises(DatabaseError, match="delete it: it is rebuilt"), read_only(tmp_path):
        pass


def test_questions_can_be_asked_while_the_recorder_writes(state_dir: Path) -> None:
    history = History(state_dir)
    indexer = Indexer(state_dir)
    with read_only(state_dir) as connection:
        before = len(list_parts(connection))
        history.write_parts(1, 1, run=2)
        assert indexer.turn().fault is None
        assert len(list_parts(connection)) == before  # one picture of the records for one question
    with read_only(state_dir) as connection:
        assert len(list_parts(connection)) == before + 1
    indexer.close()
    history.close()


def test_the_command_lists_parts_as_a_table_and_as_json(state_dir: Path) -> None:
    code, text = run("list", "--state", state_dir, "--verdict", "reject", "--last", "2")
    assert code == 0
    assert "1-10" in text
    assert "crack 3.4 mm long (limit 2.0)" in text
    assert "1-9" not in text
    code, text = run("list", "--state", state_dir, "--json")
    assert [part["verdict"] for part in json.loads(text)][:3] == ["REJECT", "UNINSPECTED", "ACCEPT"]
