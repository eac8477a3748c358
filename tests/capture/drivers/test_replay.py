from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.capture.drivers.protocol import CameraDriver
from edge_inspector.capture.drivers.replay import CACHED_PICTURES, ReplayCamera
from edge_inspector.domain.errors import CameraError, RecordingError
from edge_inspector.station.station import ReplayFaults
from tests.capture.pictures import MS, recording

NOW = 50_000 * MS


class FakeSession:
    """Answers the question for t0 and counts it."""

    def __init__(self) -> None:
        self.t0_ns: int | None = None
        self.asked = 0

    def read(self) -> int | None:
        self.asked += 1
        return self.t0_ns


def write(folder: Path, count: int) -> None:
    for i in range(count):
        (folder / f"{i}.jpg").write_bytes(b"picture %d " % i * 10)


def camera(folder: Path, session: FakeSession, count: int = 40, faults: ReplayFaults | None = None) -> ReplayCamera:
    write(folder, count)
    return ReplayCamera(recording([33 * i for i in range(count)], folder=folder), "c1", session.read, faults)


def test_a_frame_carries_the_bytes_of_its_file(tmp_path: Path) -> None:
    driver: CameraDriver = camera(tmp_path, FakeSession())
    driver.start(NOW)
    assert driver.poll(NOW) == []
    [frame] = driver.poll(NOW + 33 * MS)
    assert (frame.number, frame.stamp_ns) == (0, NOW + 33 * MS)
    assert frame.jpeg == (tmp_path / "0.jpg").read_bytes()


def test_the_start_of_the_recording_is_asked_for_at_most_every_50_ms(tmp_path: Path) -> None:
    session = FakeSession()
    driver = camera(tmp_path, session)
    driver.start(NOW)
    for ms in range(0, 1000, 5):
        driver.poll(NOW + ms * MS)
    assert session.asked == 20


def test_the_facts_say_that_the_recording_began_and_ended(tmp_path: Path) -> None:
    session = FakeSession()
    driver = camera(tmp_path, session)
    driver.start(NOW)
    driver.poll(NOW + 33 * MS)
    assert (driver.facts["began"], driver.facts["ended"]) == (False, False)
    session.t0_ns = NOW
    driver.poll(NOW + 100 * MS)
    assert (driver.facts["began"], driver.facts["ended"]) == (True, False)
    driver.poll(NOW + 5000 * MS)
    assert driver.facts["ended"] is True


def test_a_damaged_frame_is_the_beginning_of_its_file(tmp_path: Path) -> None:
    session = FakeSession()
    session.t0_ns = NOW
    driver = camera(tmp_path, session, faults=ReplayFaults(damage_share=1.0))
    driver.start(NOW)
    [frame] = driver.poll(NOW + 33 * MS)
    whole = (tmp_path / "1.jpg").read_bytes()
    assert whole.startswith(frame.jpeg)
    assert 0 < len(frame.jpeg) < len(whole)


def test_a_picture_that_can_not_be_read_is_a_lost_camera(tmp_path: Path) -> None:
    driver = camera(tmp_path, FakeSession())
    driver.start(NOW)
    (tmp_path / "0.jpg").unlink()
    with pytest.raises(CameraError, match=r"camera c1: .*0\.jpg: can not be read .* copy the recording again"):
        driver.poll(NOW + 33 * MS)


def test_pictures_are_kept_in_memory_only_within_a_bound(tmp_path: Path) -> None:
    session = FakeSession()
    session.t0_ns = NOW
    driver = camera(tmp_path, session)
    driver.start(NOW)
    for i in range(1, 40):
        assert len(driver.poll(NOW + 33 * i * MS)) == 1
    assert len(driver._cache) == CACHED_PICTURES


def test_a_camera_that_the_recording_lacks_is_refused() -> None:
    with pytest.raises(RecordingError, match="has no camera c9, only c1"):
        ReplayCamera(recording([0]), "c9", FakeSession().read)
