"""What a daemon does with a ledger whose last record was torn by a kill, or that a bad disk has damaged in the middle."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge_inspector.domain.clock import now_ns
from edge_inspector.domain.errors import JournalCorruptError
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import AlarmRecord, ArrivalRecord, LedgerRecord, OutcomeRecord, PartKeyRecord
from edge_inspector.journal import SegmentReader, decode_ledger_record, list_segments
from edge_inspector.journal.segment import HEADER, frame
from edge_inspector.line.states import AlarmCode
from edge_inspector.recordings import load_recording
from edge_inspector.simulation.reconcile import reconcile, violations
from edge_inspector.supervisor.status_report import Alarm
from tests.daemon.judging import unhurry, wait_until_one_passes
from tests.daemon.rig import Rig, station_rig


def kill_daemon(rig: Rig) -> None:
    """SIGKILL for line worker and supervisor at once, so that neither sees the other die; the rest dies with its parent."""
    line, supervisor = rig.pid_of("line"), rig.pid_of("supervisor")
    os.kill(supervisor, signal.SIGSTOP)
    os.kill(line, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    assert rig.daemon is not None
    rig.daemon.wait(10)


def last_segment(rig: Rig) -> Path:
    return list_segments(rig.state_dir / "ledger")[-1][1]


def tear_tail(segment: Path) -> None:
    """Half a record behind the last one, as a process leaves it that is killed within its write."""
    reader = SegmentReader(segment)
    reader.read()
    record = frame(b"half of this is never written" * 4)
    with segment.open("r+b") as file:
        file.seek(reader.offset)
        file.write(record[: len(record) // 2])


def amid_open_parts(segment: Path) -> int | None:
    """Where a record begins that others follow and before which a part has arrived whose outcome comes later."""
    records = [(offset, decode_ledger_record(payload)) for offset, payload in SegmentReader(segment).read()]
    places = [
        offset
        for number, (offset, _) in enumerate(records[:-1])
        if open_arrivals([record for _, record in records[:number]])
    ]
    return places[0] if places else None


def damage(segment: Path, offset: int) -> None:
    """Turn one bit of the record at `offset`."""
    with segment.open("r+b") as file:
        file.seek(offset + HEADER.size + 3)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0x10]))


def readable(segment: Path) -> list[LedgerRecord]:
    """The records of a segment up to its damage."""
    try:
        records: Sequence[tuple[int, bytes]] = SegmentReader(segment).read()
    except JournalCorruptError as error:
        records = error.records_before
    return [decode_ledger_record(payload) for _, payload in records]


def open_arrivals(records: Sequence[LedgerRecord]) -> set[PartKeyRecord]:
    closed = {record.key for record in records if isinstance(record, OutcomeRecord)}
    return {record.key for record in records if isinstance(record, ArrivalRecord)} - closed


def lost_parts(records: Sequence[LedgerRecord]) -> set[PartKeyRecord]:
    return {record.key for record in records if isinstance(record, OutcomeRecord) and record.outcome is Outcome.LOST}


def alarm(rig: Rig, code: AlarmCode) -> Alarm | None:
    status = rig.status()
    return next((alarm for alarm in status.alarms if alarm.code == code), None) if status else None


@pytest.mark.proof
def test_a_torn_tail_is_silent_and_damage_in_the_middle_is_an_alarm_and_both_lose_open_parts(
    unhurried_recording: Path,
) -> None:
    with station_rig(unhurried_recording) as rig:
        rig.change_station(unhurry)
        rig.start_belt()
        rig.start_daemon()
        rig.wait_until_armed()
        rig.wait_for("a part under way", lambda: bool(open_arrivals(readable(last_segment(rig)))))
        kill_daemon(rig)
        first = last_segment(rig)
        tear_tail(first)

        rig.start_daemon()
        rig.wait_until_armed_again()
        second = last_segment(rig)
        assert lost_parts(readable(second)) == open_arrivals(readable(first)) != set()
        raised = {record.code for record in readable(second) if isinstance(record, AlarmRecord)}
        assert raised == {AlarmCode.LINE_WORKER_DIED}
        rig.wait_for("records amid open parts", lambda: amid_open_parts(second) is not None)
        kill_daemon(rig)
        damaged_at = amid_open_parts(second)
        assert damaged_at is not None
        damage(second, damaged_at)

        third_life_ns = now_ns()
        rig.start_daemon()
        rig.wait_for("the alarm", lambda: alarm(rig, AlarmCode.LEDGER_DAMAGED) is not None)
        found = alarm(rig, AlarmCode.LEDGER_DAMAGED)
        assert found is not None
        assert f"{second}: damaged at byte {damaged_at}: " in found.text
        rig.wait_for("all workers", lambda: (status := rig.status()) is not None and status.all_ready)
        status = rig.status()
        assert status is not None
        assert status.line_state == "stopped"

        rig.wait_until_armed_again()
        wait_until_one_passes(rig)
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        assert lost_parts(readable(last_segment(rig))) == open_arrivals(readable(second)) != set()
        check_bins(rig, unhurried_recording, third_life_ns)


def check_bins(rig: Rig, recording: Path, third_life_ns: int) -> None:
    """No escape in any life; one outcome for every arrival that can be read; no contradiction where nothing was damaged."""
    ledger = [record for _, path in list_segments(rig.state_dir / "ledger") for record in readable(path)]
    rows = reconcile(rig.bins(), ledger, load_recording(recording, []).truth)
    assert [row for row in rows if row.is_escape] == []
    assert set(Counter(record.key for record in ledger if isinstance(record, OutcomeRecord)).values()) == {1}
    assert open_arrivals(ledger) == set()
    undamaged = [row for row in rows if row.arrival.startswith("1-") or (row.fed_ns or 0) > third_life_ns]
    assert violations(undamaged) == []
