"""Disks that fill up while parts flow: real file systems under ledger, journal, and pictures with the database."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.journal import SegmentReader, list_segments
from edge_inspector.recordings import PartKind, load_recording
from edge_inspector.records.database import read_only
from edge_inspector.records.queries import list_parts
from edge_inspector.simulation.bin_events import Bin
from tests.daemon.disturbance import name_of
from tests.daemon.judging import (
    breaches,
    fed_parts,
    good_parts_passed,
    rows_of,
    settled_rows,
    unhurry,
    wait_until_one_passes,
)
from tests.daemon.rig import Rig, station_rig

# A few parts use these reserves up; the daemon's own, 4 MiB, last for thousands.
SMALL_RESERVES = """
from edge_inspector.journal.writer import SegmentWriter
create_next = SegmentWriter.create_next
SegmentWriter.create_next = lambda folder: create_next(
    folder, preallocate_bytes={"ledger": 8 << 10, "journal": 48 << 10}[folder.name]
)
"""


class SmallDisk:
    """A file system of its own, mounted on a folder."""

    def __init__(self, folder: Path, size_kib: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._filler = folder / "filler"
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a small file system needs root")

    def fill(self) -> None:
        """Leave no room for anything that has none reserved."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    def free(self) -> None:
        """Make room again."""
        self._filler.unlink()

    def unmount(self) -> None:
        """Take the file system away."""
        subprocess.run(["umount", "-l", str(self._folder)], check=True)


@contextlib.contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[SmallDisk]:
    """A small disk on a folder, until the end."""
    disk = SmallDisk(folder, size_kib)
    try:
        yield disk
    finally:
        disk.unmount()


def reserve_little(rig: Rig) -> None:
    """Have ledger and journal reserve little, by a start-up file of Python that all processes of this rig read."""
    folder = rig.folder / "python"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SMALL_RESERVES, encoding="utf-8")
    rig.environment["PYTHONPATH"] = str(folder)


def check_evidence_and_journal(rig: Rig, evidence: SmallDisk, journal: SmallDisk, recording: Path) -> None:
    """Nothing waits for pictures and database; but a verdict that can not be written is never an ACCEPT.

    Parts go on being judged until the journal's reserve is nearly used up; then the feed stops, until there is room.
    """
    recorder = rig.pid_of("recorder")
    rig.wait_for("the recorder to notice", lambda: (w := rig.worker("recorder")) is not None and "parts.db" in w.detail)
    rig.wait_for("the end of the reserve", lambda: (w := rig.worker("decision")) is not None and w.state == "not_ready", 60)
    rig.wait_for("the feed to be off", lambda: (status := rig.status()) is not None and status.line_state != "armed")
    rows = settled_rows(rig, recording)
    assert breaches(rows) == []
    assert good_parts_passed(rows) > 0
    assert {row.arrival for row in rows if row.bin is Bin.GOOD} <= accepted_in_journal(rig)
    evidence.free()

    def knows_all() -> bool:
        with read_only(rig.state_dir) as connection:
            known = {part.part for part in list_parts(connection) if part.outcome is not None}
        return {row.arrival for row in rows} <= known

    rig.wait_for("the recorder to catch up", knows_all)
    assert rig.pid_of("recorder") == recorder
    journal.free()
    rig.wait_until_armed_again()


def check_ledger(rig: Rig, disk: SmallDisk, recording: Path) -> None:
    """The reserve holds the outcomes of all parts under way; without a ledger no line worker begins a run."""
    disk.fill()
    rig.wait_for("the alarm", lambda: (s := rig.status()) is not None and "ledger_low" in {a.code for a in s.alarms})
    assert breaches(settled_rows(rig, recording)) == []
    assert not rig.is_armed()
    os.kill(rig.pid_of("line"), signal.SIGKILL)
    rig.wait_for("the next line workers to give up", lambda: (w := rig.worker("line")) is not None and w.restarts >= 2)
    assert not rig.is_armed()
    disk.free()
    rig.wait_until_armed_again()
    wait_until_one_passes(rig)


def check_failing_journal(rig: Rig, recording: Path) -> None:
    """Where a write fails outright, reserve or not, nothing is accepted until a restart: here from a good part on."""
    truth = load_recording(recording, []).truth or {}

    def has_fed_a_new_good_part() -> bool:
        *before, name = [name_of(part) for part in fed_parts(rig)]
        return name not in before and truth[name].kind is PartKind.GOOD

    rig.wait_for("a good part that no camera has seen yet", has_fed_a_new_good_part)
    reader = SegmentReader(list_segments(rig.state_dir / "journal")[-1][1])
    reader.read()
    resource.prlimit(rig.pid_of("decision"), resource.RLIMIT_FSIZE, (reader.offset, resource.RLIM_INFINITY))

    def has_failed() -> bool:
        worker = rig.worker("decision")
        return worker is not None and worker.detail.startswith("nothing can be accepted: ")

    rig.wait_for("the journal to fail", has_failed)
    rig.wait_for("the feed to be off", lambda: (status := rig.status()) is not None and status.line_state != "armed")
    rows = settled_rows(rig, recording)
    assert breaches(rows) == []
    assert {row.arrival for row in rows if row.bin is Bin.GOOD} <= accepted_in_journal(rig)


def accepted_in_journal(rig: Rig) -> set[str]:
    return {record.key.name for record in rig.verdicts() if record.verdict is VerdictKind.ACCEPT}


@pytest.mark.proof
def test_nothing_passes_uninspected_while_disks_fill_up(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig, contextlib.ExitStack() as stack:
        rig.change_station(unhurry)
        rig.change_station(lambda station: station.update(records={"keep_free_mb": 0}))
        reserve_little(rig)
        ledger = stack.enter_context(small_disk(rig.state_dir / "ledger", 1024))
        journal = stack.enter_context(small_disk(rig.state_dir / "journal", 1024))
        evidence = stack.enter_context(small_disk(rig.state_dir / "pictures", 16384))
        (rig.state_dir / "parts.db").symlink_to(rig.state_dir / "pictures/parts.db")
        stack.callback(rig.end)  # before the disks go
        rig.start_belt()
        rig.start_daemon()
        rig.wait_until_armed()
        evidence.fill()
        journal.fill()
        check_evidence_and_journal(rig, evidence, journal, unhurried_recording)
        check_ledger(rig, ledger, unhurried_recording)
        check_failing_journal(rig, unhurried_recording)
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        assert breaches(rows_of(rig, unhurried_recording)) == []
