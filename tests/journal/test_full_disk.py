from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_inspector.domain.errors import JournalWriteError
from edge_inspector.journal import SegmentReader, SegmentWriter


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


def append_for_ever(writer: SegmentWriter, records: list[bytes]) -> None:
    while True:
        writer.append(b"x" * 5000)
        records.append(b"x" * 5000)


def test_on_a_full_disk_the_ledger_still_writes_its_last_words(small_disk: Path) -> None:
    writer = SegmentWriter.create_next(small_disk / "ledger", preallocate_bytes=1 << 18)
    writer.append(b"first")
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        fill(filler)
    records = [b"first"]
    while not writer.reserve_is_low:
        records.append(b"part" * 100)
        writer.append(records[-1])
    for _ in range(200):
        records.append(b"last words")
        writer.append(records[-1])
    assert [payload for _, payload in SegmentReader(writer.path).read()] == records
    with pytest.raises(JournalWriteError, match="No space left"):
        append_for_ever(writer, records)
    filler.unlink()
    with pytest.raises(JournalWriteError, match="nothing more is written"):
        writer.append(b"after")
    assert [payload for _, payload in SegmentReader(writer.path).read()] == records
    writer.close()
