"""The line worker's loop on a disk that fails: what the ledger does not hold never opens the gate, and the belt stops."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml
import zmq

from edge_inspector.bus import Endpoints, Receiver, Sender
from edge_inspector.bus.endpoints import BeltEndpoints
from edge_inspector.domain.belt import BeltTick, Edge, FeedOne, OpenGate, Outputs, Sensor
from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S, boot_id, now_ns, travel_ns, utc_now
from edge_inspector.domain.health import SupervisorBeat, WorkerBeat
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind
from edge_inspector.journal import SegmentWriter
from edge_inspector.station.session import Session
from edge_inspector.station.station import Station
from edge_inspector.workers.line import LineLoop
from edge_inspector.workers.process import Worker
from tests.decision import builders as b
from tests.journal.fake_file import FakeFile

EXAMPLE = Path(__file__).parents[2] / "docs/examples/straw/station.yaml"
PART_MM = 60.0
UNDER_WAY_NS = 2 * NS_PER_S  # a part is announced when it has been on its way so long: 1.1 s before the gate


def patient_station() -> Station:
    """The example, with a gate that may be late: a busy box decides nothing here."""
    content = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    good = {"name": "good", "for": ["ACCEPT"], "at_mm": 620.0, "tolerance_ms": 500.0}
    content["line"] |= {"ejectors": [good], "decision_timeout_ms": 5000.0, "supervisor_timeout_ms": 5000.0}
    return Station.model_validate(content)


class Neighbours:
    """Belt, supervisor and decision worker around a line worker; all of them well, and every part accepted."""

    def __init__(self, folder: Path, file: FakeFile) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.station = patient_station()
        belt_incarnation = new_incarnation()
        session = Session(
            incarnation=new_incarnation(),
            supervisor_pid=os.getpid(),
            runtime_dir=str(folder),
            boot_id=boot_id(),
            started_utc=utc_now(),
            station_path="station.yaml",
            station_json=self.station.model_dump_json(),
            recipe_digest=b.DIGEST,
            belt_dir=str(folder),
            belt_incarnation=belt_incarnation,
        )
        endpoints, belt = Endpoints(str(folder), session.incarnation), BeltEndpoints(folder)
        self._outputs = Receiver[Outputs | OpenGate | FeedOne](self.context, belt.outputs, (Outputs, OpenGate, FeedOne))
        self._arrivals = Receiver(self.context, endpoints.arrivals("decision"), (Arrival,))
        self._beats = Receiver(self.context, endpoints.status, (WorkerBeat,))
        worker = Worker(
            name="line",
            state_dir=folder,
            session=session,
            station=self.station,
            recipe=b.recipe(),
            endpoints=endpoints,
            incarnation=new_incarnation(),
            context=self.context,
        )
        self.line = LineLoop(worker, partial(SegmentWriter.create_next, opener=file.open))
        self._edges = Sender(self.context, belt.edges, belt_incarnation)
        self._verdicts = Sender(self.context, endpoints.verdicts, new_incarnation())
        self._supervisor = Sender(self.context, endpoints.supervisor_beat, session.incarnation)
        self._edge_count = 0
        self._way_mm = 0.0
        self.outputs = Outputs(False, False, 0, 0)
        self.opened: list[OpenGate] = []
        self.accepted: list[Arrival] = []
        self.beat: WorkerBeat | None = None

    @property
    def alarms(self) -> str:
        return str(self.beat.facts["alarms"]) if self.beat is not None else ""

    def turn(self) -> None:
        self._way_mm += 20.0 if self.outputs.run_permit else 0.0  # purges take no time here
        self._edges.send(BeltTick(now_ns(), self._edge_count, self.outputs.run_permit, False, self._way_mm, False))
        self._supervisor.send(SupervisorBeat(now_ns(), True, (), False))
        self._verdicts.send(DecisionBeat(now_ns()))
        self.line.turn()
        while (arrived := self._arrivals.receive()) is not None:
            self.accepted.append(arrived.message)
            self._verdicts.send(Verdict(arrived.message.key, VerdictKind.ACCEPT, (), now_ns(), 1, 0))
        while (said := self._outputs.receive()) is not None:
            if isinstance(said.message, Outputs):
                self.outputs = said.message
            elif isinstance(said.message, OpenGate):
                self.opened.append(said.message)
        while (beat := self._beats.receive()) is not None:
            self.beat = beat.message

    def until(self, is_so: Callable[[], object]) -> None:
        give_up_ns = now_ns() + 20 * NS_PER_S
        while not is_so():
            assert now_ns() < give_up_ns, f"waited in vain; {self.outputs}, {self.alarms}"
            self.turn()

    def bring_part(self) -> int:
        """Let one part arrive; return when its gate's moment is over."""
        line, t_ns = self.station.line, now_ns() - UNDER_WAY_NS
        for sensor, edge_ns in (
            (Sensor.ARRIVAL_LEADING, t_ns),
            (Sensor.ARRIVAL_TRAILING, t_ns + travel_ns(PART_MM, line.speed_mm_s)),
        ):
            self._edge_count += 1
            assert self._edges.send(Edge(self._edge_count, sensor, edge_ns))
        return t_ns + travel_ns(line.good.at_mm, line.speed_mm_s) + 600 * NS_PER_MS

    def close(self) -> None:
        self.line.close()
        self.context.destroy(linger=0)


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
