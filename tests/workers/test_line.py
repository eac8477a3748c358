"""The line worker's loop on a disk that fails: what the ledger does not hold never opens the gate, and the belt stops."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_inspector.domain.clock import now_ns
from tests.journal.fake_file import FakeFile
from tests.workers.line_rig import Neighbours


@pytest.fixture
def file() -> FakeFile:
    return FakeFile()


@pytest.fixture
def neighbours(file: FakeFile) -> Iterator[Neighbours]:
    folder = Path(tempfile.mkdtemp(prefix="ei-"))  # short: ipc paths have 107 bytes
    neighbours = Neighbours(folder, file)
    neighbours.until(lambda: neighbours.outputs.feed_enable)
    yield neighbours
    neighbours.close()
    shutil.rmtree(folder)


def test_on_a_good_disk_the_gate_opens_for_an_accepted_part(neighbours: Neighbours) -> None:
    neighbours.bring_part()
    neighbours.until(lambda: neighbours.opened)
    assert len(neighbours.accepted) == 1
    assert neighbours.alarms == "[]"


@pytest.mark.parametrize("fault", ["fail_write", "fail_sync"])
def test_a_ledger_that_can_not_be_written_stops_the_belt_and_no_accept_opens_the_gate(
    neighbours: Neighbours, file: FakeFile, fault: str
) -> None:
    setattr(file, fault, errno.EIO)
    over_ns = neighbours.bring_part()
    neighbours.until(lambda: "ledger_fault" in neighbours.alarms)
    neighbours.until(lambda: not neighbours.outputs.run_permit)
    assert not neighbours.outputs.feed_enable
    neighbours.until(lambda: now_ns() > over_ns)
    assert len(neighbours.accepted) == 1
    assert neighbours.opened == []
    assert not neighbours.outputs.run_permit
