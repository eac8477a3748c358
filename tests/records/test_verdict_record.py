from __future__ import annotations

from pathlib import Path

import msgspec

from edge_inspector.domain.records import VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.journal import encode_record
from edge_inspector.journal.segment import segment_path
from edge_inspector.records.database import FILE_NAME, read_only
from edge_inspector.records.indexer import Indexer
from edge_inspector.records.queries import PartDetails, show_part
from edge_inspector.records.verdict_record import read_verdict
from tests.records import history as made
from tests.records.history import History, damage_record, write_damaged_journal


def details_of(state_dir: Path, part: str) -> PartDetails:
    with read_only(state_dir) as connection:
        return show_part(connection, part)


def why_none(state_dir: Path, part: str) -> str:
    record, why = read_verdict(state_dir, details_of(state_dir, part))
    assert record is None
    return why


def indexed(state_dir: Path, *records: VerdictRecord, decided: VerdictKind | None = VerdictKind.ACCEPT) -> History:
    """Two parts with their outcomes, and these records in the journal."""
    history = History(state_dir)
    history.write(*records)
    for seq in (1, 2):
        history.write(made.arrival(seq), msgspec.structs.replace(made.outcome(seq), decided=decided))
    history.close()
    Indexer(state_dir).turn()
    return history


def test_a_verdict_is_read_where_the_journal_holds_it(tmp_path: Path) -> None:
    indexed(tmp_path, made.verdict(1), made.verdict(2))
    assert read_verdict(tmp_path, details_of(tmp_path, "1-2")) == (made.verdict(2), "")


def test_a_part_that_nobody_decided_has_no_verdict_and_nothing_is_wrong(tmp_path: Path) -> None:
    indexed(tmp_path, made.verdict(1), decided=None)
    assert why_none(tmp_path, "1-2") == ""


def test_a_record_that_is_damaged_since_is_said_with_its_place(tmp_path: Path) -> None:
    history = indexed(tmp_path, made.verdict(1), made.verdict(2))
    damage_record(history.journal.path, 1)
    why = why_none(tmp_path, "1-1")
    assert why.startswith(f"the record of the verdict can not be read: {history.journal.path}: damaged at byte 0")
    assert read_verdict(tmp_path, details_of(tmp_path, "1-2"))[0] is not None


def test_a_journal_that_somebody_replaced_is_said(tmp_path: Path) -> None:
    history = indexed(tmp_path, made.verdict(1))
    path = history.journal.path
    path.unlink()
    other = History(tmp_path)
    other.journal.append(encode_record(made.verdict(9)))
    other.close()
    assert other.journal.path == path
    assert why_none(tmp_path, "1-1") == f"the record of the verdict is gone: {path} holds none of this part at byte 0"


def test_a_verdict_that_reached_the_line_and_is_in_no_journal_is_said_to_be_lost(tmp_path: Path) -> None:
    history = indexed(tmp_path, made.verdict(1), made.verdict(2))
    history.journal.path.unlink()
    (tmp_path / FILE_NAME).unlink()
    Indexer(tmp_path).turn()
    assert why_none(tmp_path, "1-1") == (
        "the journal holds no verdict of this part, although ACCEPT reached the line: somebody removed the file that held it"
    )


def test_after_a_rebuild_from_a_damaged_journal_the_damage_is_what_is_said(tmp_path: Path) -> None:
    write_damaged_journal(tmp_path)
    path = segment_path(tmp_path / "journal", 1)
    lost = "the journal holds no verdict of this part, although REJECT reached the line: "
    assert why_none(tmp_path, "1-2").startswith(f"{lost}{path}: damaged at byte")
    assert why_none(tmp_path, "1-3").startswith(lost)


def test_a_part_without_a_verdict_beside_a_damaged_journal_may_have_lost_it(tmp_path: Path) -> None:
    history = indexed(tmp_path, made.verdict(2), made.verdict(3), decided=None)
    damage_record(history.journal.path, 1)
    (tmp_path / FILE_NAME).unlink()
    Indexer(tmp_path).turn()
    why = why_none(tmp_path, "1-1")
    assert why.startswith(f"the journal holds no verdict of this part, and one may be lost: {history.journal.path}: damaged")
