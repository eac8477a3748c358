"""The recorder as a process of its own; the test stands in for line, decision, capture and supervisor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq

from edge_inspector.bus import Endpoints, Received, Receiver, Sender
from edge_inspector.domain.clock import boot_id, utc_now
from edge_inspector.domain.errors import EdgeInspectorError
from edge_inspector.domain.health import WorkerBeat, WorkerState
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.domain.view import Picture
from edge_inspector.imaging.overlay import encode_jpeg
from edge_inspector.records.cameras_note import read_cameras
from edge_inspector.records.database import FILE_NAME, read_only
from edge_inspector.records.picture_store import list_pictures
from edge_inspector.records.queries import list_parts
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import Session, recipe_dir, write_session
from edge_inspector.station.station import Station
from edge_inspector.workers.recorder import Recorder
from tests.records import history as made
from tests.records.history import History, damage_record

WORKER = "import sys; from pathlib import Path; from edge_inspector.workers.recorder import main; "
WORKER += "sys.exit(main(Path(sys.argv[1])))"
JPEG = encode_jpeg(np.full((64, 96, 3), 40, np.uint8))
STATION = Station.model_validate(
    {
        "format": 1,
        "station": "s",
        "simulation": True,
        "recipe": "recipe.yaml",
        "state_dir": "state",
        "cameras": {"c1": {"driver": "replay", "latency_ms": 5, "offset_ms": 100}},
        "line": {
            "speed_mm_s": 100,
            "part_length_mm": {"min": 10, "max": 100},
            "min_spacing_mm": 150,
            "stop_distance_mm": 10,
            "ejectors": [{"name": "gate", "for": ["ACCEPT"], "at_mm": 100}],
        },
        "records": {"keep_free_mb": 0},
    }
)
RECIPE = Recipe.model_validate(
    {
        "format": 1,
        "product": "p",
        "view": {"height_px": 64, "width_px": 96},
        "mm_per_px": 0.1,
        "presence": {"kind": "full_frame", "mean_grey": (1, 254)},
        "engines": {"cracks": "engines/cracks"},
        "rules": [{"name": "r", "engine": "cracks", "min_score": 0.5}],
    }
)


class Rig:
    """The recorder's surroundings."""

    def __init__(self, folder: Path) -> None:
        self.state_dir = folder / "state"
        self.history = History(self.state_dir)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        session = Session(
            incarnation=new_incarnation(),
            supervisor_pid=os.getpid(),
            runtime_dir=str(folder),
            boot_id=boot_id(),
            started_utc=utc_now(),
            station_path="station.yaml",
            station_json=STATION.model_dump_json(),
            recipe_digest=made.RECIPE,
        )
        write_session(self.state_dir, session)
        recipe_dir(self.state_dir, made.RECIPE).mkdir(parents=True)
        (recipe_dir(self.state_dir, made.RECIPE) / "recipe.json").write_text(RECIPE.model_dump_json())
        endpoints = Endpoints(str(folder), session.incarnation)
        self.beats: Receiver[WorkerBeat] = Receiver(self.context, endpoints.status, (WorkerBeat,))
        self.pictures = Sender(self.context, endpoints.pictures, new_incarnation())
        self.last_beat: WorkerBeat | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", WORKER, str(self.state_dir)])
        self.until(lambda: self.last_beat is not None and self.last_beat.state is WorkerState.READY)

    def until(self, condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline_s, f"timed out; last beat {self.last_beat}"
            if (received := self.beats.wait(50)) is not None:
                self.last_beat = received.message

    def names(self) -> list[str]:
        try:
            with read_only(self.state_dir) as connection:
                return [part.part for part in list_parts(connection)]
        except EdgeInspectorError:
            return []

    def send_picture(self, seq: int) -> None:
        self.until(lambda: self.pictures.send(Picture(made.wire_key(seq), "c1", 1), JPEG))

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.history.close()
        self.context.destroy(linger=0)


@pytest.fixture
def rig() -> Iterator[Rig]:
    folder = Path(tempfile.mkdtemp(prefix="ei-", dir="/tmp"))
    found = Rig(folder)
    yield found
    found.close()
    shutil.rmtree(folder)


def test_parts_reach_the_database_and_the_pictures_of_a_rejected_one_the_disk(rig: Rig) -> None:
    rig.start()
    for seq in (1, 3):
        rig.send_picture(seq)
    rig.history.write_parts(1, 3)
    rig.until(lambda: rig.names() == ["1-1", "1-2", "1-3"])
    rig.until(lambda: rig.last_beat is not None and rig.last_beat.facts["pictures_written"] == 1)
    (picture,) = list_pictures(rig.state_dir, "1-1")
    assert picture.read_bytes() == JPEG
    assert read_cameras(picture.parent) == STATION.cameras
    assert list_pictures(rig.state_dir, "1-3") == []
    (rig.state_dir / FILE_NAME).unlink()
    rig.until(lambda: rig.names() == ["1-1", "1-2", "1-3"])
    rig.history.write_parts(4, 40)
    assert rig.stop() == 0
    assert len(rig.names()) == 40  # what was written before the stop is in


def test_a_database_that_can_not_be_opened_is_said_and_caught_up_later(rig: Rig) -> None:
    (rig.state_dir / FILE_NAME).mkdir()
    rig.history.write_parts(1, 3)
    rig.start()
    assert rig.last_beat is not None
    assert "can not be opened" in rig.last_beat.detail
    assert rig.last_beat.facts["fault"] == rig.last_beat.detail
    (rig.state_dir / FILE_NAME).rmdir()
    rig.until(lambda: rig.names() == ["1-1", "1-2", "1-3"])
    rig.until(lambda: rig.last_beat is not None and rig.last_beat.detail == "")
    assert rig.stop() == 0


def test_pictures_do_not_wait_for_a_database_that_can_not_be_written(tmp_path: Path) -> None:
    history = History(tmp_path)
    (tmp_path / FILE_NAME).mkdir()
    recorder = Recorder(tmp_path, STATION)
    recorder.take(Received(Picture(made.wire_key(1), "c1", 1), "abcdef012345", (memoryview(JPEG),)))
    history.write_parts(1, 1)
    recorder.turn()
    recorder.pictures.flush(0)
    assert "can not be opened" in recorder.detail
    assert ([path.name for path in list_pictures(tmp_path, "1-1")], recorder.record_count) == (["c1.jpg"], 0)
    (tmp_path / FILE_NAME).rmdir()
    recorder.turn()
    recorder.pictures.flush(0)
    assert (recorder.detail, recorder.record_count) == ("", 3)
    assert (recorder.pictures.written_count, recorder.pictures.dropped_count) == (1, 0)  # told twice, written once
    recorder.close()
    history.close()


def test_a_damaged_journal_is_said_as_long_as_it_is_there(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.write_parts(1, 3)
    damage_record(history.journal.path, 2)
    recorder = Recorder(tmp_path, STATION)
    for _ in range(2):
        recorder.turn()
        assert f"{history.journal.path}: damaged at byte" in recorder.detail
    recorder.close()
    history.close()


def test_a_picture_message_without_its_picture_is_ignored(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, STATION)
    recorder.take(Received(Picture(made.wire_key(1), "c1", 1), "abcdef012345", ()))
    recorder.take(Received(Picture(made.wire_key(2), "c1", 1), "abcdef012345", (memoryview(JPEG),)))
    for seq in (1, 2):
        recorder.pictures.note_outcome(made.outcome(seq, VerdictKind.UNINSPECTED))
    recorder.pictures.flush(0)
    assert recorder.pictures.written_count == 1
    recorder.close()
