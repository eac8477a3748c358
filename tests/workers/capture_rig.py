"""A capture worker as a process of its own; the test stands in for line, inference, decision, recorder and supervisor."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq

from edge_inspector.bus import Endpoints, Receiver, Sender
from edge_inspector.domain.clock import boot_id, now_ns
from edge_inspector.domain.health import WorkerBeat, WorkerState
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.view import MissingReason, Picture, View, ViewMissing
from edge_inspector.recordings import SessionWriter
from edge_inspector.recordings.session_schema import CameraEntry, SessionEntry
from edge_inspector.station.session import Session, recipe_dir, write_session
from edge_inspector.station.station import (
    Camera,
    Ejector,
    Line,
    PartLength,
    PlainFolder,
    Recording,
    ReplayFaults,
    Roi,
    Station,
)
from tests.capture.pictures import HEIGHT, MM_PER_PX, WIDTH, jpeg, recipe

MS = 1_000_000
SEEN_WIDTH = WIDTH - 12  # the rest of a view is padding
PERIOD_MS, LATENCY_MS, OFFSET_MS = 33.0, 30.0, 100.0
DIGEST = "ab" * 32
WORKER = "import sys; from pathlib import Path; from edge_inspector.workers.capture import main; "
WORKER += "sys.exit(main(Path(sys.argv[1]), 'c1'))"


def write_recording(path: Path, shown: Mapping[int, bytes | str], count: int) -> None:
    """One camera; frame i shows `shown[i]` (bytes, or the name of another frame's file) or one of four empty belts."""
    entry = SessionEntry(
        format=1,
        kind="generated",
        speed_mm_s=100.0,
        mm_per_px=MM_PER_PX,
        loop=False,
        lead_in_ms=300.0,
        duration_ms=count * PERIOD_MS + 100,
        cameras={"c1": CameraEntry(period_ms=PERIOD_MS, latency_ms=LATENCY_MS, width=WIDTH, height=HEIGHT)},
    )
    with SessionWriter(path, entry) as writer:
        for i in range(4):
            writer.write_picture("c1", f"empty-{i}.jpg", jpeg(seed=1000 + i))
        for i in range(count):
            picture = shown.get(i, f"empty-{i % 4}.jpg")
            name = picture if isinstance(picture, str) else f"{i}.jpg"
            if isinstance(picture, bytes):
                writer.write_picture("c1", name, picture)
            writer.add_frame("c1", frame_stamp_ns(i), name)
        writer.finish([])


def padded_camera(faults: ReplayFaults | None) -> Camera:
    """A camera whose cut is a little narrower than the recipe's view."""
    return Camera(
        driver="replay",
        period_ms=PERIOD_MS,
        latency_ms=LATENCY_MS,
        offset_ms=OFFSET_MS,
        roi=Roi(width_px=SEEN_WIDTH, height_px=HEIGHT),
        fit="pad",
        faults=faults,
    )


def frame_stamp_ns(i: int) -> int:
    return round((i * PERIOD_MS + LATENCY_MS) * MS)


@dataclass
class SeenView:
    """A view as inference receives it."""

    view: View
    pixels: bytes


class CaptureRig:
    """Starts the worker; `pump` collects what it says."""

    def __init__(
        self,
        recording: Path,
        *,
        plain: PlainFolder | None = None,
        faults: ReplayFaults | None = None,
        has_inference: bool = True,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cap", dir="/tmp"))
        self.state_dir = self.folder / "state"
        station = Station(
            format=1,
            station="bars",
            simulation=True,
            recipe="recipe.yaml",
            state_dir="state",
            recording=Recording(path=str(recording), plain=plain),
            cameras={"c1": padded_camera(faults)},
            line=Line(
                speed_mm_s=100.0,
                part_length_mm=PartLength(min=30.0, max=50.0),
                min_spacing_mm=60.0,
                stop_distance_mm=10.0,
                ejectors=[Ejector(name="good", verdicts=["ACCEPT"], at_mm=300.0)],
            ),
        )
        recipe_dir(self.state_dir, DIGEST).mkdir(parents=True)
        (recipe_dir(self.state_dir, DIGEST) / "recipe.json").write_text(recipe().model_dump_json())
        self.session = Session(
            incarnation="0123456789ab",
            supervisor_pid=1,
            runtime_dir=str(self.folder),
            boot_id=boot_id(),
            started_utc="",
            station_path=str(self.folder / "station.yaml"),
            station_json=station.model_dump_json(),
            recipe_digest=DIGEST,
        )
        write_session(self.state_dir, self.session)
        endpoints = Endpoints(str(self.folder), self.session.incarnation)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._status = Receiver(self._context, endpoints.status, [WorkerBeat])
        self._views = Receiver(self._context, endpoints.views, [View]) if has_inference else None
        self._judgements = Receiver(self._context, endpoints.judgements, [ViewMissing])
        self._pictures = Receiver(self._context, endpoints.pictures, [Picture])
        self._arrivals = Sender(self._context, endpoints.arrivals("c1"), "ba9876543210")
        self.beat: WorkerBeat | None = None
        self.states: list[WorkerState] = []
        self.views: dict[int, SeenView] = {}
        self.missing: list[ViewMissing] = []
        self.pictures: dict[int, bytes] = {}
        self.t0_ns = 0
        self._to_announce: list[Arrival] = []
        self._process = subprocess.Popen([sys.executable, "-c", WORKER, str(self.state_dir)], stderr=subprocess.DEVNULL)

    def begin(self) -> None:
        """Wait until the camera is proven, then start the recording."""
        self.wait_until(lambda: self.beat is not None and self.beat.state is WorkerState.READY)
        self.t0_ns = now_ns() + 300 * MS
        write_session(self.state_dir, msgspec.structs.replace(self.session, t0_ns=self.t0_ns))

    def announce(
        self, seq: int, frame: int, *, off_ms: float = 2.0, verdict_by_ms: float = 20_000.0, digest: str = DIGEST
    ) -> None:
        """Announce a part that is in view `off_ms` after the middle of a frame's exposure."""
        due_ns = frame_stamp_ns(frame) - round((LATENCY_MS - off_ms) * MS)
        self.announce_due(seq, due_ns, verdict_by_ms=verdict_by_ms, digest=digest)

    def announce_due(self, seq: int, due_ns: int, *, verdict_by_ms: float = 20_000.0, digest: str = DIGEST) -> None:
        """Announce a part that is in view at `due_ns` of the recording's time."""
        due_ns += self.t0_ns
        key = PartKey(run=1, seq=seq, nonce=seq, recipe=digest)
        trigger_ns = due_ns - round(OFFSET_MS * MS)
        arrival = Arrival(key, trigger_ns, trigger_ns + round(verdict_by_ms * MS), now_ns())
        self._to_announce.append(arrival)  # the line worker announces a part once it was at the sensor, never before

    def reasons(self, seq: int) -> list[MissingReason]:
        return [missing.reason for missing in self.missing if missing.key.seq == seq]

    def answered(self, seqs: Sequence[int]) -> bool:
        return all(seq in self.views or self.reasons(seq) for seq in seqs)

    def wait_until(self, is_so: Callable[[], bool], timeout_s: float = 20.0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not is_so():
            assert time.monotonic() < deadline_s, f"waited in vain; last beat {self.beat}; missing {self.missing}"
            assert self._process.poll() is None, "the worker has died"
            self._status.socket.poll(10)
            self.pump()

    def pump(self) -> None:
        due = [arrival for arrival in self._to_announce if arrival.trigger_ns <= now_ns()]
        self._to_announce = [
            arrival for arrival in self._to_announce if arrival not in due or not self._arrivals.send(arrival)
        ]
        while (beat := self._status.receive()) is not None:
            self.beat = beat.message
            if self.states[-1:] != [beat.message.state]:
                self.states.append(beat.message.state)
        while self._views is not None and (seen := self._views.receive()) is not None:
            assert len(seen.buffers) == 1
            self.views[seen.message.key.seq] = SeenView(seen.message, bytes(seen.buffers[0]))
        while (missing := self._judgements.receive()) is not None:
            self.missing.append(missing.message)
        while (picture := self._pictures.receive()) is not None:
            self.pictures[picture.message.key.seq] = bytes(picture.buffers[0])

    def stop(self) -> int:
        """Ask the worker to stop and return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=10)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._context.destroy(linger=0)
        shutil.rmtree(self.folder)
