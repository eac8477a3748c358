"""A line worker that does what the test says, and a tiny recording for the belt to carry."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zmq

from edge_inspector.bus import Receiver, Sender
from edge_inspector.bus.endpoints import BeltEndpoints
from edge_inspector.domain.belt import BeltTick, Edge, OpenGate, Outputs
from edge_inspector.domain.clock import NS_PER_MS, boot_id, now_ns
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.recordings import RecordedTrigger, SessionWriter
from edge_inspector.recordings.session_schema import CameraEntry, SessionEntry
from edge_inspector.simulation.bins import BinsReader
from edge_inspector.station.belt_file import read_belt_file
from edge_inspector.station.session import Session, write_session

STATION = """\
format: 1
station: test
simulation: true
recipe: recipe.yaml
state_dir: state
recording: {path: recording}
cameras:
  c1: {driver: replay, latency_ms: 0, offset_ms: 10}
line:
  speed_mm_s: 1000
  part_length_mm: {min: 10, max: 60}
  gate_to_confirm_mm: 60
  ejectors: [{name: good, for: [ACCEPT], at_mm: 600}]
  min_spacing_mm: 80
  stop_distance_mm: 5
"""


def write_station(folder: Path, triggers_ms, length_mm=40.0) -> Path:
    """A station file with a recording of parts at these instants."""
    entry = SessionEntry(
        format=1,
        kind="recorded",
        speed_mm_s=1000.0,
        mm_per_px=0.1,
        loop=False,
        lead_in_ms=0.0,
        duration_ms=max(triggers_ms, default=0) + 1000.0,
        cameras={"c1": CameraEntry(period_ms=1000.0, latency_ms=0.0, width=8, height=8)},
    )
    with SessionWriter(folder / "recording", entry) as writer:
        writer.write_picture("c1", "a.jpg", b"not looked at by the belt")
        writer.add_frame("c1", 0, "a.jpg")
        writer.finish([(RecordedTrigger(f"p{i}", t * NS_PER_MS, length_mm), None) for i, t in enumerate(triggers_ms, 1)])
    (folder / "station.yaml").write_text(STATION)
    return folder / "station.yaml"


class FakeLine:
    """Starts a real belt and talks to it; everything received is kept."""

    def __init__(self, triggers_ms=(), arguments=()):
        self.folder = Path(tempfile.mkdtemp(prefix="ei-t-", dir="/tmp"))
        self.state_dir = self.folder / "state"
        self.station = write_station(self.folder, triggers_ms)
        self.process = self.spawn(*arguments)
        self.wait_for(lambda: read_belt_file(self.state_dir))
        self.belt = read_belt_file(self.state_dir)
        self.context = zmq.Context()
        endpoints = BeltEndpoints(Path(self.belt.folder))
        self.receiver = Receiver(self.context, endpoints.edges, (Edge, BeltTick))
        self.sender = Sender(self.context, endpoints.outputs, new_incarnation())
        self.edges, self.tick = [], None
        self.bins_reader, self.bins = BinsReader(self.state_dir / "bins.jsonl"), []

    def spawn(self, *arguments):
        command = [sys.executable, "-m", "edge_inspector.cli.main", "belt", str(self.station), *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def begin(self, in_ms=300):
        """Tell the belt when the recording begins."""
        self.t0_ns = now_ns() + in_ms * NS_PER_MS
        session = Session(
            incarnation=new_incarnation(),
            supervisor_pid=os.getpid(),
            runtime_dir="/tmp",
            boot_id=boot_id(),
            started_utc="",
            station_path=str(self.station),
            station_json="{}",
            recipe_digest="0" * 64,
            belt_dir=self.belt.folder,
            belt_incarnation=self.belt.incarnation,
            t0_ns=self.t0_ns,
        )
        write_session(self.state_dir, session)

    def join(self):
        """Wait until both channels stand and the belt runs."""
        self.wait_for(lambda: self.hold() and self.tick is not None and self.tick.is_running)

    def hold(self, *, feed=True, run=True, reset=1, valid_ms=3000):
        return self.sender.send(Outputs(feed, run, reset, now_ns() + valid_ms * NS_PER_MS))

    def open_gate(self, *, for_ms=3000, valid_ms=1000):
        now = now_ns()
        return self.sender.send(OpenGate("good", now + for_ms * NS_PER_MS, max(0, now + valid_ms * NS_PER_MS)))

    def take(self):
        while (received := self.receiver.receive()) is not None:
            if isinstance(received.message, Edge):
                self.edges.append(received.message)
            else:
                self.tick = received.message
        self.bins += self.bins_reader.read()

    def wait_for(self, condition, timeout_s=15.0):
        """Wait until the condition holds; the bound is only for a belt that is broken."""
        give_up_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < give_up_s, "the belt did not do it"
            if hasattr(self, "receiver"):
                self.take()
            time.sleep(0.005)

    def of(self, kind):
        return [event for event in self.bins if isinstance(event, kind)]

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)
        self.process.communicate()
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)
