from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.domain.errors import AlreadyRunningError
from edge_inspector.supervisor.locks import LINE_LOCK, DaemonLock, LineSuccession

WAIT_NS = 3 * NS_PER_S


def test_a_second_daemon_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with DaemonLock(tmp_path), pytest.raises(AlreadyRunningError, match=rf"pid {os.getpid()} runs on this state folder"):
        DaemonLock(tmp_path).__enter__()


def test_the_lock_is_free_again_after_its_holder(tmp_path: Path) -> None:
    with DaemonLock(tmp_path):
        pass
    with DaemonLock(tmp_path):
        assert (tmp_path / "daemon.lock").read_text().strip() == str(os.getpid())


def test_without_a_line_worker_before_the_next_may_start_at_once(tmp_path: Path) -> None:
    assert LineSuccession(tmp_path, WAIT_NS).is_free(0)
    assert LineSuccession(tmp_path, WAIT_NS).is_free(0)  # and asking does not hold the lock


HOLDER = """
import fcntl, os, sys, time
lock = open(sys.argv[1], "a+")
fcntl.flock(lock, fcntl.LOCK_EX)
lock.truncate(0); lock.write(str(os.getpid())); lock.flush()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / LINE_LOCK)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_line_worker_that_is_left_is_given_its_time_then_killed(tmp_path: Path, holder: subprocess.Popen[bytes]) -> None:
    succession = LineSuccession(tmp_path, WAIT_NS)
    os.kill(holder.pid, signal.SIGSTOP)  # a stopped process can be killed too

    assert not succession.is_free(NS_PER_S)
    assert not succession.is_free(NS_PER_S + WAIT_NS)
    assert holder.poll() is None
    assert not succession.is_free(NS_PER_S + WAIT_NS + 1)
    assert holder.wait(10) == -signal.SIGKILL
    assert succession.is_free(NS_PER_S + WAIT_NS + 2)


def test_a_process_that_the_file_names_but_that_does_not_hold_it_is_never_killed(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander, (tmp_path / LINE_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for written in (str(bystander.pid), "99999999", "not a pid", "-1"):
            (tmp_path / LINE_LOCK).write_text(written)
            succession = LineSuccession(tmp_path, 0)
            assert not succession.is_free(0)
            assert not succession.is_free(1)
        with pytest.raises(subprocess.TimeoutExpired):
            bystander.wait(0.1)
        bystander.kill()


def test_the_lock_file_of_the_line_is_not_changed_by_asking(tmp_path: Path) -> None:
    (tmp_path / LINE_LOCK).write_text("4711")
    with (tmp_path / LINE_LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not LineSuccession(tmp_path, WAIT_NS).is_free(0)
    assert (tmp_path / LINE_LOCK).read_text() == "4711"
