import pytest

from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S
from edge_inspector.simulation.motion import Motion

STANDING = Motion(0, 0.0, 0.0, 0.0, 0.0)


def test_a_belt_at_full_speed_coasts_exactly_its_stop_distance():
    running = STANDING.switched(True, 0, 200.0, 12.5)
    off_ns = 3 * NS_PER_S
    coasting = running.switched(False, off_ns, 200.0, 12.5)
    assert coasting.position_at(off_ns + 10 * NS_PER_S) - running.position_at(off_ns) == pytest.approx(12.5, abs=1e-9)
    assert coasting.speed_at(off_ns + 10 * NS_PER_S) == 0.0


def test_a_belt_reaches_its_speed_within_100_ms():
    running = STANDING.switched(True, 0, 200.0, 10.0)
    assert running.speed_at(99 * NS_PER_MS) < 200.0
    assert running.speed_at(100 * NS_PER_MS) == 200.0
    assert running.settled_ns == 100 * NS_PER_MS


def test_a_belt_without_stop_distance_stands_at_once():
    running = STANDING.switched(True, 0, 200.0, 0.0)
    stopped = running.switched(False, NS_PER_S, 200.0, 0.0)
    assert stopped.speed_at(NS_PER_S) == 0.0
    assert stopped.position_at(9 * NS_PER_S) == running.position_at(NS_PER_S)


def test_the_instant_of_a_place_is_the_inverse_of_the_place_at_an_instant():
    running = STANDING.switched(True, 0, 200.0, 10.0)
    coasting = running.switched(False, 60 * NS_PER_MS, 200.0, 10.0)
    for motion, t_ns in [(running, 33 * NS_PER_MS), (running, 777 * NS_PER_MS), (coasting, 75 * NS_PER_MS)]:
        found_ns = motion.time_at(motion.position_at(t_ns))
        assert found_ns is not None
        assert abs(found_ns - t_ns) <= 2


def test_a_place_behind_the_stop_is_never_reached():
    coasting = STANDING.switched(True, 0, 200.0, 10.0).switched(False, NS_PER_S, 200.0, 10.0)
    end_mm = coasting.position_at(9 * NS_PER_S)
    assert coasting.time_at(end_mm + 0.001) is None
    assert STANDING.time_at(0.001) is None
