import os
import signal

import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.simulation.belt_process import lock_belt
from edge_inspector.simulation.playthrough import end_belt, play_through, start_belt
from edge_inspector.simulation.station_recording import load_station_recording
from edge_inspector.station.document import load_document
from edge_inspector.station.station import Station
from tests.simulation.fake_line import write_station


def test_a_daemon_that_refuses_to_start_is_quoted_and_the_belt_is_ended(tmp_path):
    path = write_station(tmp_path, [100])  # its recipe is not there
    station = load_document(path, Station)
    with pytest.raises(ConfigurationError, match=r"(?s)the daemon ended with code 1; .*recipe\.yaml is not there"):
        list(play_through(station, path, load_station_recording(station, path), tmp_path / "state"))
    lock_belt(tmp_path / "state")  # free: no belt runs any more


def test_a_belt_that_refuses_to_start_is_quoted(tmp_path):
    path = write_station(tmp_path, [100])
    path.write_text(path.read_text().replace("path: recording", "path: elsewhere"))
    with pytest.raises(ConfigurationError, match=r"(?s)the belt ended with code 1; .*elsewhere: no such folder"):
        start_belt(path, tmp_path / "state")


def test_a_play_that_is_given_up_ends_belt_and_daemon(tmp_path):
    path = write_station(tmp_path, [100])
    station = load_document(path, Station)
    playing = play_through(station, path, load_station_recording(station, path), tmp_path / "state")
    next(playing)
    assert (tmp_path / "state/belt.json").exists()
    playing.close()  # what an exception or Ctrl-C at the reader's does
    assert not (tmp_path / "state/belt.json").exists()
    os.close(lock_belt(tmp_path / "state"))  # raises while a belt holds it


def test_a_stopped_belt_is_ended_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("edge_inspector.simulation.playthrough.AFTER_SECOND_SIGNAL_S", 0.2)
    belt = start_belt(write_station(tmp_path, [100]), tmp_path / "state")
    belt._process.send_signal(signal.SIGSTOP)
    end_belt(belt)
    with pytest.raises(ConfigurationError, match="the belt ended with code -9"):
        belt.check_alive()
    end_belt(start_belt(tmp_path / "station.yaml", tmp_path / "state"))  # its successor, which tidies up after it
