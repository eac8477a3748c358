"""The real supervisor with real processes, signals, locks and sockets; only the workers' work is fake."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from edge_inspector.domain.control import AckRequest, StopRequest
from edge_inspector.supervisor.client import NotRunning, ask, find_daemon
from tests.supervisor.conftest import FakeStation, wait_until


def test_workers_are_replaced_when_killed_or_stopped_and_the_daemon_drains_in_order(fake_station: FakeStation) -> None:
    fake_station.place_belt()
    daemon = fake_station.start()
    status = fake_station.wait_until_ready()
    pids = {worker.name: worker.pid for worker in status.workers}
    assert set(pids) == {"line", "decision", "capture-c1", "inference", "recorder"}
    assert (status.line_state, [alarm.remedy for alarm in status.alarms]) == ("armed", ["clear it"])
    wait_until(lambda: fake_station.session().t0_ns is not None, "t0")
    t0_ns = fake_station.session().t0_ns
    wait_until(lambda: fake_station.worker("line").facts["ready"] is True, "the line worker hears that all are ready")
    assert os.getpriority(os.PRIO_PROCESS, pids["inference"] or 0) == os.getpriority(os.PRIO_PROCESS, 0) + 5

    os.kill(pids["decision"] or 0, signal.SIGKILL)
    os.kill(pids["inference"] or 0, signal.SIGSTOP)
    os.kill(pids["line"] or 0, signal.SIGSTOP)
    for name in ("decision", "inference", "line"):
        fake_station.wait_for_new_life(name, pids[name])
        assert fake_station.worker(name).restarts == 1
    fake_station.wait_until_ready()
    assert fake_station.worker("capture-c1").pid == pids["capture-c1"]
    assert fake_station.session().t0_ns == t0_ns

    second = fake_station.start()
    assert second.wait(20) == 3
    assert f"the daemon with pid {daemon.pid} runs on this state folder already" in log_of(fake_station)
    fake_station.daemons.remove(second)

    session = fake_station.session()
    assert ask(session, AckRequest("a person", ("belt_stopped",), 2**62)).text == "1 alarm(s) acknowledged"
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(20) == 0
    assert fake_station.ends()[0] == "line drain"
    assert set(fake_station.ends()[1:4]) == {"decision SIGTERM", "capture-c1 SIGTERM", "inference SIGTERM"}
    assert fake_station.ends()[4:] == ["recorder SIGTERM"]
    assert not Path(session.runtime_dir).exists()
    assert isinstance(find_daemon(fake_station.state_dir), NotRunning)


def test_a_daemon_after_a_killed_one_waits_for_the_line_worker_that_is_left_and_continues_the_recording(
    fake_station: FakeStation,
) -> None:
    (fake_station.state_dir / "line.deaf").touch()
    fake_station.place_belt()
    first = fake_station.start()
    orphan = next(worker.pid for worker in fake_station.wait_until_ready().workers if worker.name == "line")
    wait_until(lambda: fake_station.session().t0_ns is not None, "t0")
    before = fake_station.session()
    first.kill()
    first.wait()
    assert isinstance(find_daemon(fake_station.state_dir), NotRunning)
    (fake_station.state_dir / "line.deaf").unlink()

    fake_station.start()  # the deaf orphan does not drain: it is killed at the bound of 0.1 s travel + 3 s
    fake_station.wait_until_ready()
    after = fake_station.session()
    assert orphan is not None
    assert not Path(f"/proc/{orphan}/exe").exists()  # gone, or a zombie that its new parent has not reaped
    assert fake_station.worker("line").restarts == 0
    assert (after.t0_ns, after.incarnation == before.incarnation) == (before.t0_ns, False)
    assert not Path(before.runtime_dir).exists()


def test_a_worker_given_up_is_shown_keeps_the_line_from_being_ready_and_makes_the_end_a_failure(
    fake_station: FakeStation,
) -> None:
    fake_station.place_belt()
    for name in ("decision.crash", "recorder.crash", "line.mute"):
        (fake_station.state_dir / name).touch()
    daemon = fake_station.start(restarts=1)
    wait_until(
        lambda: (
            (status := fake_station.status()) is not None
            and {worker.name for worker in status.workers if worker.phase == "failed"} == {"decision", "recorder"}
            and len(status.waiting_for) == 1
        ),
        "decision and recorder given up, the others ready",
    )

    status = fake_station.status()
    assert status is not None
    assert status.waiting_for[0].startswith("decision: failed (ended again after 1 restarts in 300 s; last: exit code 7")
    assert (status.all_ready, fake_station.session().t0_ns) == (False, None)
    assert fake_station.worker("line").facts["ready"] is False

    reply = ask(fake_station.session(), AckRequest("a person", ("belt_stopped",), 2**62))
    assert (reply.ok, reply.text.split(";")[0]) == (False, "the line worker did not answer in time")
    assert fake_station.status() is not None  # and the loop went on meanwhile

    assert ask(fake_station.session(), StopRequest("a person")).ok
    assert daemon.wait(20) == 1


def test_without_a_belt_no_worker_is_started_and_the_status_says_what_to_run(fake_station: FakeStation) -> None:
    daemon = fake_station.start()
    wait_until(lambda: fake_station.status() is not None, "an answer")
    status = fake_station.status()
    assert status is not None
    assert (status.phase, status.workers, status.line_state) == ("waiting_for_belt", (), "off")
    assert "edge-inspector belt /station.yaml" in status.waiting_for[0]

    daemon.send_signal(signal.SIGINT)
    assert daemon.wait(20) == 0


def test_a_second_ctrl_c_ends_everything_at_once(fake_station: FakeStation) -> None:
    fake_station.place_belt()
    (fake_station.state_dir / "line.deaf").touch()
    daemon = fake_station.start()
    fake_station.wait_until_ready()

    daemon.send_signal(signal.SIGINT)
    wait_until(lambda: (status := fake_station.status()) is not None and status.phase == "draining", "draining")
    daemon.send_signal(signal.SIGINT)
    assert daemon.wait(4) == 1  # the deaf line worker alone would have had 8 s
    assert not (fake_station.state_dir / "ends.txt").exists()


def log_of(station: FakeStation) -> str:
    return (station.state_dir / "log.txt").read_text()
