"""The belt as a real program, with a fake line worker at the other end of its sockets."""

import signal
from pathlib import Path

import pytest

from edge_inspector.domain.belt import Sensor
from edge_inspector.simulation.bin_events import Bin, Ended, Fed, FellInto, GateRefused, Latched, Started
from edge_inspector.station.belt_file import read_belt_file
from tests.simulation.fake_line import FakeLine

EXIT_ALREADY_RUNNING = 3


def test_parts_are_fed_at_the_recordings_instants_and_every_edge_is_numbered():
    with FakeLine(triggers_ms=[200, 400]) as line:
        line.join()
        line.begin()
        line.wait_for(lambda: line.hold() and len(line.of(Fed)) == 1)
        line.open_gate()  # open for three seconds, for both
        line.wait_for(lambda: line.hold() and len(line.edges) == 6)
        assert [edge.number for edge in line.edges] == [1, 2, 3, 4, 5, 6]
        leading = [edge.t_ns - line.t0_ns for edge in line.edges if edge.sensor is Sensor.ARRIVAL_LEADING]
        assert leading == [200_000_000, 400_000_000]
        assert [edge.sensor for edge in line.edges].count(Sensor.CONFIRM) == 2
        assert [(fell.part, fell.bin) for fell in line.of(FellInto)] == [("p1", Bin.GOOD), ("p2", Bin.GOOD)]


def test_a_lost_edge_is_numbered_and_told_in_the_tick_but_never_sent():
    with FakeLine(triggers_ms=[100], arguments=("--lose-edge", "1")) as line:
        line.join()
        line.begin()
        line.wait_for(lambda: line.hold() and line.of(FellInto) and line.tick.last_edge == 2)
        assert [edge.number for edge in line.edges] == [2]


def test_a_late_gate_command_is_refused_and_the_part_is_a_reject():
    with FakeLine(triggers_ms=[100]) as line:
        line.join()
        line.begin()
        line.wait_for(lambda: line.hold() and line.of(Fed))
        line.open_gate(valid_ms=-1)
        line.wait_for(lambda: line.hold() and line.of(FellInto))
        assert [fell.bin for fell in line.of(FellInto)] == [Bin.REJECT]
        assert len(line.of(GateRefused)) == 1


def test_a_lost_heartbeat_latches_until_a_reset_that_was_never_seen():
    with FakeLine() as line:
        line.join()
        line.wait_for(lambda: line.hold(valid_ms=300))
        line.wait_for(lambda: line.tick.is_latched)  # nothing is sent any more
        assert len(line.of(Latched)) == 1
        seen_ns = line.tick.t_ns
        line.wait_for(lambda: line.hold(reset=1) and line.tick.t_ns > seen_ns + 300_000_000)
        assert line.tick.is_latched
        assert not line.tick.is_running
        line.wait_for(lambda: line.hold(reset=2) and line.tick.is_running)
        assert not line.tick.is_latched


def test_a_terminated_belt_says_what_lies_on_it_and_leaves_nothing_behind():
    with FakeLine(triggers_ms=[100]) as line:
        line.join()
        line.begin()
        line.wait_for(lambda: line.hold() and line.of(Fed))
        line.wait_for(lambda: line.hold(run=False) and not line.tick.is_running)
        line.process.send_signal(signal.SIGTERM)
        assert line.process.wait(10) == 0
        line.take()
        assert line.of(Ended)[0].on_belt == ("p1",)
        assert not (line.state_dir / "belt.json").exists()
        assert not Path(line.belt.folder).exists()


def test_a_second_belt_on_the_same_state_folder_is_refused():
    with FakeLine() as line:
        second = line.spawn()
        _, said = second.communicate(timeout=20)
        assert second.returncode == EXIT_ALREADY_RUNNING
        assert b"another belt" in said
        line.take()
        assert len(line.of(Started)) == 1


def test_a_belt_tidies_up_after_one_that_was_killed():
    with FakeLine() as line:
        line.process.kill()
        line.process.wait(10)
        assert Path(line.belt.folder).exists()
        successor = line.spawn()
        line.wait_for(lambda: read_belt_file(line.state_dir) != line.belt)
        assert not Path(line.belt.folder).exists()
        successor.send_signal(signal.SIGTERM)
        successor.communicate(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGINT, None])
def test_a_belt_ends_on_ctrl_c_and_when_its_state_folder_is_taken_away(number):
    with FakeLine() as line:
        if number is None:
            (line.state_dir / "belt.json").unlink()
        else:
            line.process.send_signal(number)
        assert line.process.wait(10) == 0
