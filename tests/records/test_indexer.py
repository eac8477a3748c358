from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.domain.errors import DatabaseError
from edge_inspector.domain.records import LotRecord, OutcomeRecord, VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.journal import SegmentWriter, encode_record
from edge_inspector.records import indexer as indexer_module
from edge_inspector.records.database import FILE_NAME, Database, read_only
from edge_inspector.records.follower import Follower
from edge_inspector.records.indexer import Batch, Indexer
from edge_inspector.records.measures import Measures
from edge_inspector.records.queries import list_parts, show_part
from edge_inspector.records.rows import apply_journal_record, apply_ledger_record, update_latencies
from tests.records import history as made
from tests.records.history import History, dump


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    found = History(tmp_path)
    yield found
    found.close()


def index_all(indexer: Indexer) -> None:
    while indexer.turn().has_more:
        pass


def names(state_dir: Path) -> list[str]:
    with read_only(state_dir) as connection:
        return [part.part for part in list_parts(connection)]


def rebuilt(state_dir: Path) -> dict[str, list[tuple[object, ...]]]:
    (state_dir / FILE_NAME).unlink()
    for suffix in ("-wal", "-shm"):
        (state_dir / (FILE_NAME + suffix)).unlink(missing_ok=True)
    indexer = Indexer(state_dir)
    index_all(indexer)
    indexer.close()
    return dump(state_dir / FILE_NAME)


def test_a_part_is_in_the_database_with_all_that_was_said_of_it(history: History) -> None:
    history.write(made.run_started(), made.journal_started(), made.alarm(), LotRecord("L-7", "kim", 1, made.UTC))
    history.write_parts(1, 2)
    history.write(made.run_ended())
    indexer = Indexer(history.state_dir)
    assert indexer.turn().fault is None
    indexer.close()
    with read_only(history.state_dir) as connection:
        good, bad = show_part(connection, "1-1"), show_part(connection, "1-2")
    assert (good.summary.verdict, good.summary.outcome) == ("REJECT", "ejected")
    assert good.findings[0].length_mm == 3.4
    assert good.judgements[0].region_count == 1
    assert good.summary.stages.total_ms == 155.0
    assert (bad.summary.verdict, bad.missing_views[0].reason) == ("UNINSPECTED", "no_frame")


def test_a_part_on_a_surface_keeps_its_measures_and_the_place_of_each_finding(history: History) -> None:
    history.write(made.arrival(1), made.rod_verdict(1))
    indexer = Indexer(history.state_dir)
    assert indexer.turn().fault is None
    indexer.close()
    with read_only(history.state_dir) as connection:
        part = show_part(connection, "1-1")
    assert part.measures == Measures(60.1, 8.02, 0.3, 0.1, 0.2, 0.998)
    crack, stain = part.findings
    assert (crack.width_mm, crack.along_mm, crack.angle_deg) == (0.21, 41.2, 132.0)
    assert (stain.width_mm, stain.along_extent_mm, stain.angle_extent_deg) == (1.1, 1.4, 15.8)


def test_a_surface_from_before_its_lead_was_recorded_is_read_as_it_was_written(history: History) -> None:
    content = msgspec.to_builtins(made.rod_verdict(1), builtin_types=(bytes,))
    del content["surface"]["lead_correction_mm"]
    history.journal.append(msgspec.msgpack.encode(content))
    indexer = Indexer(history.state_dir)
    assert indexer.turn().fault is None
    indexer.close()
    with read_only(history.state_dir) as connection:
        assert show_part(connection, "1-1").measures == Measures(60.1, 8.02, 0.3, 0.1, 0.2, 0.998)


def test_what_the_directions_of_the_views_did_not_tell_is_not_measured(history: History) -> None:
    record = made.rod_verdict(1)
    assert record.surface is not None
    unknown = msgspec.structs.replace(record.surface, bow_mm=None, oval_mm=None)
    history.write(made.arrival(1), msgspec.structs.replace(record, surface=unknown))
    indexer = Indexer(history.state_dir)
    assert indexer.turn().fault is None
    indexer.close()
    with read_only(history.state_dir) as connection:
        assert show_part(connection, "1-1").measures == Measures(60.1, 8.02, None, 0.1, None, 0.998)


def test_a_part_without_a_surface_keeps_the_length_and_diameter_of_its_silhouette(history: History) -> None:
    history.write(msgspec.structs.replace(made.verdict(1), length_mm=59.5, diameter_mm=7.9))
    indexer = Indexer(history.state_dir)
    assert indexer.turn().fault is None
    indexer.close()
    with read_only(history.state_dir) as connection:
        assert show_part(connection, "1-1").measures == Measures(59.5, 7.9)


def test_a_journal_from_before_surfaces_is_read_as_it_was_written(history: History) -> None:
    content = msgspec.to_builtins(made.verdict(1, VerdictKind.REJECT), builtin_types=(bytes,))
    for name in ("surface", "length_mm", "diameter_mm"):
        del content[name]
    for finding in content["findings"]:
        del finding["width_mm"], finding["place"]
    history.journal.append(msgspec.msgpack.encode(content))
    indexer = Indexer(history.state_dir)
    assert indexer.turn().fault is None
    indexer.close()
    with read_only(history.state_dir) as connection:
        part = show_part(connection, "1-1")
    assert part.measures == Measures()
    assert (part.findings[0].length_mm, part.findings[0].width_mm, part.findings[0].along_mm) == (3.4, None, None)


def test_indexing_step_by_step_gives_what_a_rebuild_gives(history: History) -> None:
    history.write(made.run_started(), made.journal_started())
    indexer = Indexer(history.state_dir)
    for first in range(1, 30, 3):
        history.write_parts(first, first + 2)
        indexer.turn()
    history.write(made.alarm(), made.run_ended())
    second = SegmentWriter.create_next(history.state_dir / "ledger", preallocate_bytes=4096)
    second.append(encode_record(made.run_started(2)))
    indexer.turn()
    indexer.turn()
    indexer.close()
    incremental = dump(history.state_dir / FILE_NAME)
    assert len(incremental["parts"]) == 30
    assert incremental == rebuilt(history.state_dir)
    second.close()


def test_a_small_batch_a_turn_gives_the_same_rows(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.write_parts(1, 20)
    expected = Indexer(history.state_dir)
    index_all(expected)
    expected.close()
    whole = dump(history.state_dir / FILE_NAME)
    monkeypatch.setattr(indexer_module, "BATCH_BYTES", 300)
    assert rebuilt(history.state_dir) == whole


def test_an_indexer_that_starts_again_goes_on_where_the_last_one_stood(history: History) -> None:
    history.write_parts(1, 3)
    first = Indexer(history.state_dir)
    first.turn()
    first.close()
    history.write_parts(4, 4)
    second = Indexer(history.state_dir)
    batch = second.turn()
    assert [type(record).__name__ for record in batch.ledger] == ["ArrivalRecord", "OutcomeRecord"]
    second.close()
    assert names(history.state_dir) == ["1-1", "1-2", "1-3", "1-4"]


def test_a_database_deleted_while_it_is_in_use_is_rebuilt(history: History) -> None:
    history.write_parts(1, 5)
    indexer = Indexer(history.state_dir)
    indexer.turn()
    before = dump(history.state_dir / FILE_NAME)
    (history.state_dir / FILE_NAME).unlink()
    assert indexer.turn().fault is None
    indexer.close()
    assert dump(history.state_dir / FILE_NAME) == before


def test_a_file_that_is_no_database_is_replaced(history: History) -> None:
    history.write_parts(1, 2)
    (history.state_dir / FILE_NAME).write_bytes(os.urandom(8192))
    indexer = Indexer(history.state_dir)
    index_all(indexer)
    indexer.close()
    assert names(history.state_dir) == ["1-1", "1-2"]


def test_a_database_of_another_version_is_rebuilt(history: History) -> None:
    history.write_parts(1, 2)
    with sqlite3.connect(history.state_dir / FILE_NAME) as old:
        old.execute("CREATE TABLE parts (run INTEGER)")
        old.execute("PRAGMA user_version = 99")
    old.close()
    indexer = Indexer(history.state_dir)
    index_all(indexer)
    indexer.close()
    assert names(history.state_dir) == ["1-1", "1-2"]


def test_a_database_damaged_while_it_is_in_use_is_rebuilt(history: History) -> None:
    history.write_parts(1, 5)
    indexer = Indexer(history.state_dir)
    indexer.turn()
    indexer.close()
    path = history.state_dir / FILE_NAME
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    history.write_parts(6, 6)
    indexer = Indexer(history.state_dir)
    for _ in range(3):
        indexer.turn()
    indexer.close()
    assert names(history.state_dir) == [f"1-{seq}" for seq in range(1, 7)]


class FailingDatabase(Database):
    """A database whose disk is full while `is_full`."""

    is_full = False

    def transaction(self):  # type: ignore[no-untyped-def]
        if type(self).is_full:
            raise DatabaseError("parts.db: database or disk is full; tried again")
        return super().transaction()


def test_a_database_that_can_not_be_written_is_said_and_caught_up_later(history: History) -> None:
    class Failing(FailingDatabase):
        pass

    history.write_parts(1, 2)
    indexer = Indexer(history.state_dir, Failing)
    indexer.turn()
    Failing.is_full = True
    history.write_parts(3, 4)
    batch = indexer.turn()
    assert "disk is full" in (batch.fault or "")
    assert batch.waiting_count == 6
    assert "disk is full" in (indexer.turn().fault or "")
    Failing.is_full = False
    batch = indexer.turn()
    assert (batch.fault, batch.waiting_count) == (None, 0)
    assert len(batch.ledger) == 4
    indexer.close()
    assert names(history.state_dir) == ["1-1", "1-2", "1-3", "1-4"]


def told(batch: Batch) -> tuple[list[int], list[int]]:
    outcomes = [record.key.seq for record in batch.ledger if isinstance(record, OutcomeRecord)]
    return outcomes, [record.key.seq for record in batch.journal if isinstance(record, VerdictRecord)]


def test_while_the_database_can_not_be_written_new_records_are_told_once_and_then_once_more(history: History) -> None:
    class Failing(FailingDatabase):
        pass

    history.write_parts(1, 2)
    indexer = Indexer(history.state_dir, Failing)
    indexer.turn()
    Failing.is_full = True
    history.write_parts(3, 3)
    assert told(indexer.turn()) == ([3], [3])
    assert told(indexer.turn()) == ([], [])
    later = History(history.state_dir)  # line and decision began anew
    later.write_parts(4, 5, run=2)
    later.close()
    assert told(indexer.turn()) == ([4, 5], [4, 5])
    Failing.is_full = False
    batch = indexer.turn()
    assert (batch.fault, told(batch)) == (None, ([3, 4, 5], [3, 4, 5]))
    assert told(indexer.turn()) == ([], [])
    indexer.close()
    assert names(history.state_dir) == ["1-1", "1-2", "1-3", "2-4", "2-5"]


def test_a_database_that_was_never_there_leaves_the_records_of_the_last_segments(history: History) -> None:
    history.write_parts(1, 1)
    later = History(history.state_dir)
    later.write_parts(2, 2, run=2)
    later.close()
    (history.state_dir / FILE_NAME).mkdir()
    batch = Indexer(history.state_dir).turn()
    assert "can not be opened" in (batch.fault or "")
    assert told(batch) == ([2], [2])


def test_without_a_database_too_what_is_damaged_or_of_a_later_version_is_left_out(history: History) -> None:
    history.write_parts(1, 1)
    history.ledger.append(b"\x81\xa4type\xa6future")
    history.write_parts(2, 3)
    with history.ledger.path.open("r+b") as file:
        content = file.read()
        file.seek(content.rindex(b"length_mm"))  # of the last outcome
        file.write(b"L")
        file.seek(len(content) - 1)
        file.write(b"x")  # so that it is no torn tail
    follower = Follower(history.state_dir, {})
    ledger, journal = follower.turn()
    assert len(journal) == 3
    assert [record.key.seq for record in ledger if isinstance(record, OutcomeRecord)] == [1, 2]
    assert follower.turn() == ([], [])


def test_a_lock_held_by_somebody_else_is_only_a_delay(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_inspector.records.database.BUSY_TIMEOUT_S", 0.01)
    history.write_parts(1, 1)
    indexer = Indexer(history.state_dir)
    indexer.turn()
    other = sqlite3.connect(history.state_dir / FILE_NAME)
    other.execute("BEGIN IMMEDIATE")
    history.write_parts(2, 2)
    assert "locked" in (indexer.turn().fault or "")
    other.rollback()
    other.close()
    index_all(indexer)
    indexer.close()
    assert names(history.state_dir) == ["1-1", "1-2"]


def test_a_damaged_segment_is_said_once_and_the_rest_goes_on(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    history.write_parts(1, 3)
    damaged = history.ledger.path
    history.ledger.close()
    content = bytearray(damaged.read_bytes())
    content[len(encode_record(made.arrival(1))) + 20] ^= 0xFF  # in the second record
    damaged.write_bytes(content)
    history.ledger = SegmentWriter.create_next(history.state_dir / "ledger", preallocate_bytes=4096)
    history.write_parts(1, 1, run=2)
    indexer = Indexer(history.state_dir)
    for _ in range(3):
        assert indexer.turn().fault is None
    indexer.close()
    assert capsys.readouterr().out.count("segment_damaged") == 1
    with read_only(history.state_dir) as connection:
        assert show_part(connection, "1-1").summary.outcome is None  # lies behind the damage
        assert show_part(connection, "1-3").summary.verdict == "ACCEPT"  # the journal is whole
        assert show_part(connection, "2-1").summary.outcome == "ejected"


def test_every_turn_tells_of_the_damage_that_was_found_in_this_life_or_before(history: History) -> None:
    history.write_parts(1, 3)
    made.damage_record(history.journal.path, 2)
    for _ in range(2):
        indexer = Indexer(history.state_dir)
        for _ in range(2):
            (damage,) = indexer.turn().damage
            assert f"{history.journal.path}: damaged at byte" in damage
        indexer.close()


def test_a_record_of_a_later_version_is_passed_over(history: History) -> None:
    history.ledger.append(b"\x82\xa4type\xa6future\xa1x\x01")
    history.write_parts(1, 1)
    indexer = Indexer(history.state_dir)
    assert indexer.turn().fault is None
    indexer.close()
    assert names(history.state_dir) == ["1-1"]


def test_segments_that_are_finished_are_not_read_again(history: History) -> None:
    history.write_parts(1, 2)
    history.close()
    finished = [history.ledger.path, history.journal.path]
    indexer = Indexer(history.state_dir)
    indexer.turn()
    successor = History(history.state_dir)
    indexer.turn()
    for path in finished:
        path.write_bytes(b"\xff" * 100)  # would be damage if anybody looked
    successor.write_parts(1, 1, run=2)
    batch = indexer.turn()
    indexer.close()
    successor.close()
    assert batch.fault is None
    assert all(row[4] is None for row in dump(history.state_dir / FILE_NAME)["tails"])
    assert names(history.state_dir) == ["1-1", "1-2", "2-1"]


def test_a_worse_verdict_replaces_the_first_and_a_better_one_never_does(history: History) -> None:
    history.write(made.arrival(1), made.verdict(1, VerdictKind.ACCEPT), made.verdict(1, VerdictKind.REJECT))
    history.write(made.verdict(1, VerdictKind.UNINSPECTED))
    indexer = Indexer(history.state_dir)
    indexer.turn()
    indexer.close()
    with read_only(history.state_dir) as connection:
        part = show_part(connection, "1-1")
    assert part.journal_verdict == "REJECT"
    assert len(part.findings) == 1


def test_a_journal_of_another_ledger_says_nothing_of_a_part_with_the_same_name(history: History) -> None:
    foreign = made.verdict(1, VerdictKind.REJECT)
    history.write(foreign)
    indexer = Indexer(history.state_dir)
    indexer.turn()
    key = made.PartKeyRecord(1, 1, 5, made.RECIPE)
    history.ledger.append(encode_record(made.ArrivalRecord(key, 1, 2, made.UTC)))
    history.write(foreign)
    indexer.turn()
    indexer.close()
    with read_only(history.state_dir) as connection:
        part = show_part(connection, "1-1")
    assert (part.journal_verdict, part.findings) == (None, ())


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 2**32))
def test_records_in_any_order_and_any_number_of_times_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    records = [(0, i, r) for i, r in enumerate([made.run_started(), made.alarm(), made.run_ended()])]
    for seq in (1, 2):
        kind = made.kind_of(seq)
        records += [(0, 10 * seq, made.arrival(seq)), (0, 10 * seq + 1, made.outcome(seq, kind))]
        records += [(1, 10 * seq, made.verdict(seq, VerdictKind.ACCEPT)), (1, 10 * seq + 1, made.verdict(seq, kind))]
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("order")
    contents = []
    for run, order in enumerate((records, chance.sample(records + records[3:], 2 * len(records) - 3))):
        database = Database(folder / f"{run}.db")
        with database.transaction() as connection:
            for which, offset, record in order:
                apply = apply_journal_record if which else apply_ledger_record
                name = apply(connection, 1, offset, record)  # type: ignore[operator]
                if name is not None:
                    update_latencies(connection, [name])
        database.close()
        contents.append(dump(folder / f"{run}.db"))
    assert contents[0] == contents[1]
