from __future__ import annotations

from pathlib import Path

from edge_inspector.records.damage import list_damage
from edge_inspector.records.database import read_only
from edge_inspector.records.indexer import Indexer
from edge_inspector.records.queries import show_part
from tests.records import history as made
from tests.records.history import History, write_damaged_journal


def test_whole_records_have_no_damage(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.write_parts(1, 3)
    history.close()
    Indexer(tmp_path).turn()
    with read_only(tmp_path) as connection:
        assert list_damage(connection) == ()


def test_damage_names_its_file_and_place_and_what_is_missing_for_it(tmp_path: Path) -> None:
    write_damaged_journal(tmp_path)
    with read_only(tmp_path) as connection:
        (damage,) = list_damage(connection)
    assert (damage.folder, damage.segment) == ("journal", 1)
    assert str(damage).startswith("verdicts and findings are missing here, those that this file holds from the damage on: ")
    assert f"{tmp_path}/journal/0000000001.seg: damaged at byte" in str(damage)


def test_damage_of_the_ledger_is_said_to_cost_outcomes_and_alarms(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.write_parts(1, 3)
    history.close()
    made.damage_record(history.ledger.path, 2)
    Indexer(tmp_path).turn()
    with read_only(tmp_path) as connection:
        assert str(list_damage(connection)[0]).startswith("outcomes and alarms are missing here")


def test_a_part_knows_of_the_damage_that_may_have_cost_its_verdict(tmp_path: Path) -> None:
    write_damaged_journal(tmp_path)
    with read_only(tmp_path) as connection:
        whole, lost = show_part(connection, "1-1"), show_part(connection, "1-2")
        assert whole.damage == lost.damage == list_damage(connection)
    assert (whole.journal_verdict, lost.journal_verdict) == ("ACCEPT", None)
