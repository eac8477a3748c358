from __future__ import annotations

import errno
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edge_inspector.domain.errors import JournalWriteError
from edge_inspector.journal import SegmentReader, SegmentWriter, list_segments
from tests.journal.fake_file import FakeFile

RESERVE = 4096


def payloads(path: Path) -> list[bytes]:
    return [payload for _, payload in SegmentReader(path).read()]


def fake_writer(folder: Path, file: FakeFile) -> SegmentWriter:
    return SegmentWriter.create_next(folder, preallocate_bytes=RESERVE, opener=file.open)


def append_for_ever(writer: SegmentWriter, written: list[bytes]) -> None:
    while True:
        writer.append(b"x" * 1000)
        written.append(b"x" * 1000)


def test_what_was_appended_is_read_back_at_the_offsets_returned(tmp_path: Path) -> None:
    writer = SegmentWriter.create_next(tmp_path / "ledger", preallocate_bytes=RESERVE)
    offsets = [writer.append(bytes([i]) * (i + 1)) for i in range(100)]
    writer.close()
    assert SegmentReader(writer.path).read() == [(offset, bytes([i]) * (i + 1)) for i, offset in enumerate(offsets)]
    assert writer.fault is None


def test_a_record_can_be_read_before_the_writer_closes(tmp_path: Path) -> None:
    writer = SegmentWriter.create_next(tmp_path)
    reader = SegmentReader(writer.path)
    assert reader.read() == []
    writer.append(b"one")
    assert [payload for _, payload in reader.read()] == [b"one"]
    writer.append(b"two")
    assert [payload for _, payload in reader.read()] == [b"two"]
    assert reader.read() == []
    writer.close()


def test_each_segment_has_the_number_after_the_largest(tmp_path: Path) -> None:
    (tmp_path / "0000000041.seg").touch()
    (tmp_path / "notes.txt").touch()
    writers = [SegmentWriter.create_next(tmp_path) for _ in range(2)]
    assert [writer.number for writer in writers] == [42, 43]
    assert [number for number, _ in list_segments(tmp_path)] == [41, 42, 43]
    for writer in writers:
        writer.close()


def test_two_creators_at_once_never_share_a_segment(tmp_path: Path) -> None:
    writers: list[SegmentWriter] = []
    threads = [
        threading.Thread(target=lambda: writers.append(SegmentWriter.create_next(tmp_path, preallocate_bytes=RESERVE)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(writer.number for writer in writers) == list(range(1, 9))
    for writer in writers:
        writer.close()


def test_records_survive_a_process_that_is_killed_right_after_the_append(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib\n"
        "from edge_inspector.journal.writer import SegmentWriter\n"
        "writer = SegmentWriter.create_next(pathlib.Path(sys.argv[1]))\n"
        "writer.append(b'last words')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == -9
    assert payloads(tmp_path / "0000000001.seg") == [b"last words"]
    assert (tmp_path / "0000000001.seg").stat().st_size == 4 << 20  # a tail of zeros is no damage


def test_a_short_write_is_carried_on(tmp_path: Path) -> None:
    file = FakeFile()
    file.most_per_write = 3
    writer = fake_writer(tmp_path, file)
    writer.append(b"ten bytes!")
    writer.append(b"more")
    writer.close()
    writer.path.write_bytes(file.content)
    assert payloads(writer.path) == [b"ten bytes!", b"more"]


def test_a_full_disk_is_said_while_records_still_fit_into_the_reserve(tmp_path: Path) -> None:
    file = FakeFile()
    file.capacity = RESERVE
    writer = fake_writer(tmp_path, file)
    assert not writer.reserve_is_low
    written = 0
    while not writer.reserve_is_low:
        writer.append(b"x" * 100)
        written += 1
    for _ in range(10):
        writer.append(b"y" * 100)
    assert writer.fault is None
    writer.path.write_bytes(file.content)
    assert payloads(writer.path) == [b"x" * 100] * written + [b"y" * 100] * 10
    writer.close()


def test_the_reserve_is_no_longer_low_once_the_disk_has_room_again(tmp_path: Path) -> None:
    file = FakeFile()
    file.capacity = RESERVE
    writer = fake_writer(tmp_path, file)
    while not writer.reserve_is_low:
        writer.append(b"x" * 100)
    file.capacity = None
    writer.append(b"x")
    assert not writer.reserve_is_low
    writer.close()


def test_a_writer_that_failed_refuses_every_later_record_and_leaves_only_whole_ones(tmp_path: Path) -> None:
    file = FakeFile()
    file.capacity = RESERVE
    writer = fake_writer(tmp_path, file)
    written: list[bytes] = []
    with pytest.raises(JournalWriteError, match="write failed at byte"):
        append_for_ever(writer, written)
    file.capacity = None
    with pytest.raises(JournalWriteError, match="nothing more is written"):
        writer.append(b"late")
    writer.path.write_bytes(file.content)
    assert payloads(writer.path) == written
    assert len(written) >= 3
    writer.close()
    assert file.is_closed


def test_an_io_error_names_the_file_and_what_to_do(tmp_path: Path) -> None:
    file = FakeFile()
    writer = fake_writer(tmp_path, file)
    file.fail_write = errno.EIO
    with pytest.raises(JournalWriteError, match=r"0000000001\.seg: write failed at byte 0 .*check the disk"):
        writer.append(b"x")
    writer.close()


def test_a_record_written_beyond_a_spent_reserve_is_never_zeroed_by_a_later_one(tmp_path: Path) -> None:
    file = FakeFile()
    file.capacity = RESERVE + 1500
    writer = fake_writer(tmp_path, file)
    for _ in range(5):
        writer.append(b"x" * 1000)  # the fifth does not fit into the reserve, but into the disk
    file.capacity = None
    writer.append(b"y")  # reserves again; the fake refuses to zero records
    writer.path.write_bytes(file.content)
    assert payloads(writer.path) == [b"x" * 1000] * 5 + [b"y"]
    writer.close()


def test_a_sync_that_fails_surfaces_at_the_next_append(tmp_path: Path) -> None:
    file = FakeFile()
    file.fail_sync = errno.EIO
    writer = fake_writer(tmp_path, file)
    writer.append(b"x")
    assert file.synced.wait(5)
    writer.close()  # joins the thread: the failure has been noted
    assert "sync failed" in (writer.fault or "")
    with pytest.raises(JournalWriteError, match="sync failed"):
        writer.append(b"y")


def test_what_was_appended_is_synced_soon_and_many_records_share_a_sync(tmp_path: Path) -> None:
    file = FakeFile()
    writer = fake_writer(tmp_path, file)
    for _ in range(20):
        writer.append(b"x")
    assert file.synced.wait(5)
    writer.close()
    assert file.sync_count <= 3


def test_a_closed_segment_holds_its_records_and_no_tail(tmp_path: Path) -> None:
    writer = SegmentWriter.create_next(tmp_path)
    reader = SegmentReader(writer.path)
    writer.append(b"one")
    assert len(reader.read()) == 1
    writer.append(b"two")
    assert writer.path.stat().st_size == 4 << 20
    writer.close()
    assert writer.path.stat().st_size == 2 * (8 + 3)
    assert [payload for _, payload in reader.read()] == [b"two"]
    assert reader.read() == []
    assert payloads(writer.path) == [b"one", b"two"]


def test_a_segment_closed_without_a_record_is_empty_and_has_none(tmp_path: Path) -> None:
    writer = SegmentWriter.create_next(tmp_path)
    reader = SegmentReader(writer.path)
    assert reader.read() == []
    writer.close()
    assert writer.path.stat().st_size == 0
    assert reader.read() == []


def test_a_segment_with_a_fault_keeps_every_byte(tmp_path: Path) -> None:
    file = FakeFile()
    writer = fake_writer(tmp_path, file)
    writer.append(b"whole")
    file.fail_write = errno.EIO
    with pytest.raises(JournalWriteError):
        writer.append(b"half")
    writer.close()
    assert len(file.content) == RESERVE
    assert file.is_closed


def test_a_reserve_that_can_not_be_given_back_is_no_fault(tmp_path: Path) -> None:
    file = FakeFile()
    file.fail_truncate = errno.EIO
    writer = fake_writer(tmp_path, file)
    writer.append(b"x")
    writer.close()
    assert (writer.fault, file.is_closed) == (None, True)
    writer.path.write_bytes(file.content)
    assert payloads(writer.path) == [b"x"]


def test_nothing_can_be_appended_after_close(tmp_path: Path) -> None:
    writer = SegmentWriter.create_next(tmp_path)
    writer.close()
    with pytest.raises(JournalWriteError, match="closed"):
        writer.append(b"x")


def test_an_empty_record_is_refused_and_the_writer_goes_on(tmp_path: Path) -> None:
    writer = SegmentWriter.create_next(tmp_path)
    with pytest.raises(JournalWriteError, match="0 bytes"):
        writer.append(b"")
    writer.append(b"x")
    writer.close()
    assert payloads(writer.path) == [b"x"]


def test_a_disk_without_room_for_the_reserve_is_said_at_creation(tmp_path: Path) -> None:
    file = FakeFile()
    file.capacity = 10
    with pytest.raises(JournalWriteError, match="no room for 4096 bytes"):
        fake_writer(tmp_path, file)


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("in the way")
    with pytest.raises(JournalWriteError, match="no segment can be created"):
        SegmentWriter.create_next(tmp_path / "ledger")
