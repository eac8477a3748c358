"""A line worker's loop with neighbours that are all well: belt, supervisor, a decision worker that accepts every part."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml
import zmq

from edge_inspector.bus import Endpoints, Receiver, Sender
from edge_inspector.bus.endpoints import BeltEndpoints
from edge_inspector.domain.belt import BeltTick, Edge, FeedOne, OpenGate, Outputs, Sensor
from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S, boot_id, now_ns, travel_ns, utc_now
from edge_inspector.domain.control import AckRequest, ControlReply, ControlRequest
from edge_inspector.domain.health import SupervisorBeat, WorkerBeat
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import LedgerRecord
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind
from edge_inspector.journal import SegmentReader, SegmentWriter, decode_ledger_record, list_segments
from edge_inspector.station.session import Session
from edge_inspector.station.station import Station
from edge_inspector.supervisor.line_request import LineRequest
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
    """What is around a line worker, whose ledger is in `file`, or on the disk where there is none."""

    def __init__(self, folder: Path, file: FakeFile | None = None) -> None:
        self.folder = folder
        self._file = file
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.station = patient_station()
        belt_incarnation = new_incarnation()
        self._session = session = Session(
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
        self._endpoints = endpoints
        self._outputs = Receiver[Outputs | OpenGate | FeedOne](self.context, belt.outputs, (Outputs, OpenGate, FeedOne))
        self._arrivals = Receiver(self.context, endpoints.arrivals("decision"), (Arrival,))
        self._beats = Receiver(self.context, endpoints.status, (WorkerBeat,))
        self.line = self._new_line()
        self._edges = Sender(self.context, belt.edges, belt_incarnation)
        self._verdicts = Sender(self.context, endpoints.verdicts, new_incarnation())
        self._supervisor = Sender(self.context, endpoints.supervisor_beat, session.incarnation)
        self._edge_count = 0
        self._way_mm = 0.0
        self.outputs = Outputs(False, False, 0, 0)
        self.opened: list[OpenGate] = []
        self.accepted: list[Arrival] = []
        self.beat: WorkerBeat | None = None

    def _new_line(self) -> LineLoop:
        worker = Worker(
            name="line",
            state_dir=self.folder,
            session=self._session,
            station=self.station,
            recipe=b.recipe(),
            endpoints=self._endpoints,
            incarnation=new_incarnation(),
            context=zmq.Context(),
        )
        if self._file is None:
            return LineLoop(worker)
        return LineLoop(worker, partial(SegmentWriter.create_next, opener=self._file.open))

    def replace_line(self) -> None:
        """Let the line worker die, and its successor arm again: somebody acknowledges."""
        self.line.close()
        self.line = self._new_line()
        self.beat = None
        self.until(lambda: self.beat is not None)
        assert self.ask(AckRequest("a person", ("line_worker_died",), now_ns() + 20 * NS_PER_S)).ok
        self.until(lambda: self.outputs.feed_enable)

    def fact(self, name: str) -> object:
        """What the line worker's newest beat says."""
        return self.beat.facts[name] if self.beat is not None else None

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

    def ask(self, request: ControlRequest) -> ControlReply:
        """Ask the line worker, as the supervisor does for a person."""
        asked = LineRequest(self.context, self._endpoints.line_control, new_incarnation(), request, now_ns() + 20 * NS_PER_S)
        replies: list[ControlReply] = []

        def is_answered() -> bool:
            reply = asked.poll(now_ns())
            replies.extend([reply] if reply is not None else [])
            return bool(replies)

        self.until(is_answered)
        asked.close()
        return replies[0]

    def ledger(self) -> list[LedgerRecord]:
        """What the line worker has written; not on a disk that fails."""
        segments = list_segments(self.folder / "ledger")
        return [decode_ledger_record(payload) for _, path in segments for _, payload in SegmentReader(path).read()]

    def close(self) -> None:
        self.line.close()
        self.context.destroy(linger=0)
