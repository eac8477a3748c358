"""Messages that have no business on a channel: noise, damaged ones, and words about parts that are over or never were.

They are built from what a running station has written down. A message that only a holder of the sockets' folder (0700)
could make is not among them: a command to the belt that is still valid, a person's wish to stop, and any word that carries
the nonce and the recipe of a part under way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq
from hypothesis import strategies as st

from edge_inspector.bus.endpoints import BeltEndpoints, Endpoints
from edge_inspector.bus.framing import Buffer, Decoder, encode
from edge_inspector.domain.belt import BeltTick, Edge, FeedOne, OpenGate, Outputs, Sensor
from edge_inspector.domain.clock import NS_PER_S, now_ns
from edge_inspector.domain.control import AckRequest, ControlReply, StatusRequest, StopRequest, TriggerRequest
from edge_inspector.domain.errors import MessageRefusedError
from edge_inspector.domain.health import QueueDepth, SupervisorBeat, WorkerBeat, WorkerState
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Judged, Judgement, NotJudged, NotJudgedReason, Region
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import JudgementRecord, OutcomeRecord, PartKeyRecord, VerdictRecord
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind
from edge_inspector.domain.view import MissingReason, Picture, View, ViewMissing
from edge_inspector.station.session import Session
from tests.daemon.rig import Rig

FOREIGN_SENDER = "0123456789ab"
FAR_FUTURE_NS = 2**63 - 1
Frames = list[Buffer]


@dataclass(frozen=True)
class Message:
    """One message with what travels beside it."""

    content: msgspec.Struct
    buffers: tuple[bytes, ...] = ()

    def frames(self, sender: str = FOREIGN_SENDER) -> Frames:
        """What goes over the wire."""
        return encode(self.content, sender, self.buffers)


@dataclass(frozen=True)
class Channel:
    """One bound socket of the running station, and messages as they are spoken there, none of them meant for now."""

    name: str
    endpoint: str
    spoken: tuple[Message, ...]
    is_request: bool = False
    is_forged: Callable[[Sequence[Buffer]], bool] = lambda frames: False


def wire_key(key: PartKeyRecord) -> PartKey:
    """The key as messages carry it."""
    return PartKey(key.run, key.seq, key.nonce, key.recipe)


def verdict_of(record: VerdictRecord, kind: VerdictKind) -> Verdict:
    """The verdict on a part as it went over the wire, or another one."""
    return Verdict(wire_key(record.key), kind, record.reasons, record.decided_ns, record.trigger_ns, 0)


def arrival_of(record: VerdictRecord) -> Arrival:
    """The arrival that led to a verdict."""
    return Arrival(wire_key(record.key), record.trigger_ns, record.verdict_by_ns, record.trigger_ns)


def judgement_of(record: VerdictRecord, said: JudgementRecord) -> Judgement:
    """One engine's word as it went over the wire."""
    regions = tuple(Region(r.x_px, r.y_px, r.width_px, r.height_px, r.probability) for r in said.regions)
    result = NotJudged(NotJudgedReason.TOO_LATE, "") if said.score is None else Judged(said.score, said.t_low, regions)
    return Judgement(view_of(record, said), said.engine, result, said.received_ns, said.started_ns, said.ended_ns, now_ns())


def view_of(record: VerdictRecord, said: JudgementRecord) -> View:
    """The header of a view as it went over the wire."""
    return View(
        key=wire_key(record.key),
        camera=said.camera,
        frame_number=said.frame_number,
        stamp_ns=said.stamp_ns,
        frame_ns=said.frame_ns,
        skew_ms=said.skew_ms,
        height_px=max(1, said.height_px),
        width_px=max(1, said.width_px),
        seen_height_px=max(1, said.height_px),
        seen_width_px=max(1, said.width_px),
        chosen_ns=said.chosen_ns,
        sent_ns=said.view_sent_ns,
        verdict_by_ns=record.verdict_by_ns,
    )


def channels_of(rig: Rig, session: Session) -> list[Channel]:
    """Every bound socket of the station, with messages about parts that are over by now, and about parts of dead lives."""
    closed = {record.key for record in rig.ledger() if isinstance(record, OutcomeRecord)}
    over = [record for record in rig.verdicts() if record.key in closed]
    judged = [(record, said) for record in over for said in record.judgements]
    lives = [life for record in over[:3] for life in _lives(record)]
    judged = [*judged[:3], *((life, said) for life in lives for said in life.judgements[:1])]
    records = [*over[:3], *lives]
    cameras = list(session.station.cameras)
    arrivals = [arrival_of(record) for record in records]
    arrivals += [msgspec.structs.replace(arrivals[-1], trigger_ns=FAR_FUTURE_NS, verdict_by_ns=FAR_FUTURE_NS)]
    views = [view_of(record, said) for record, said in judged]
    pixels = [bytes(views[0].height_px * views[0].width_px * 3), b"short"]
    missing = [ViewMissing(a.key, camera, MissingReason.STALE, "", 1) for a in arrivals for camera in cameras]
    judgements = [judgement_of(record, said) for record, said in judged]
    verdicts: list[msgspec.Struct] = [verdict_of(record, kind) for record in records for kind in VerdictKind]
    beats = [DecisionBeat(1), DecisionBeat(now_ns()), DecisionBeat(FAR_FUTURE_NS)]
    pictures = [Message(Picture(a.key, "c1", 1), (jpeg,)) for a in arrivals for jpeg in (b"", b"\xff\xd8\xff no JPEG")]
    endpoints, belt = Endpoints(session.runtime_dir, session.incarnation), BeltEndpoints(Path(session.belt_dir))
    wishes = _messages(
        [
            AckRequest("nobody", ("belt_stopped",), 1),
            TriggerRequest("nobody"),
            StatusRequest(),
            ControlReply(True, "so be it"),
        ]
    )
    return [
        Channel("arrivals of decision", endpoints.arrivals("decision"), _messages(arrivals)),
        *(Channel(f"arrivals of {name}", endpoints.arrivals(name), _messages(arrivals)) for name in cameras),
        Channel("views", endpoints.views, tuple(Message(view, (pixel,)) for view in views for pixel in pixels)),
        Channel("judgements", endpoints.judgements, _messages([*judgements, *missing])),
        Channel("verdicts", endpoints.verdicts, _messages([*verdicts, *beats])),
        Channel("pictures", endpoints.pictures, tuple(pictures)),
        Channel("status", endpoints.status, _messages(_worker_beats(session))),
        Channel("supervisor's beat", endpoints.supervisor_beat, _messages(_supervisor_beats())),
        Channel("line's control", endpoints.line_control, wishes, True, _is_wish_to_stop),
        Channel("control", endpoints.control, wishes, True, _is_wish_to_stop),
        Channel("belt's outputs", belt.outputs, _messages(_expired_commands()), is_forged=_is_valid_command),
        Channel("belt's edges", belt.edges, _messages(_edges())),
    ]


def foreign_frames(channel: Channel, channels: Sequence[Channel]) -> st.SearchStrategy[Frames]:
    """One message for a channel: noise, a damaged one, one spoken before, or one that belongs elsewhere."""
    spoken = st.sampled_from([message.frames() for message in channel.spoken])
    elsewhere = st.sampled_from([message.frames() for other in channels for message in other.spoken])
    noise: st.SearchStrategy[Frames] = st.lists(st.binary(max_size=80), min_size=1, max_size=4)
    header_and_noise = st.builds(lambda frames, payload: [frames[0], payload], spoken, st.binary(max_size=200))
    any_of = st.one_of(noise, header_and_noise, spoken, spoken.flatmap(_damaged), spoken.flatmap(_cut), elsewhere)
    return any_of.filter(lambda frames: not channel.is_forged(frames))


def connect(context: zmq.Context[zmq.Socket[bytes]], channel: Channel) -> zmq.Socket[bytes]:
    """A socket that speaks into the channel."""
    socket = context.socket(zmq.DEALER if channel.is_request else zmq.PUSH)
    socket.setsockopt(zmq.SNDTIMEO, 5000)
    socket.setsockopt(zmq.LINGER, 2000)
    socket.connect(channel.endpoint)
    return socket


def other_lives(key: PartKeyRecord) -> list[PartKeyRecord]:
    """The part as another life of the state folder, of the line worker or of the recipe would have named it."""
    return [
        msgspec.structs.replace(key, nonce=key.nonce ^ 1),
        msgspec.structs.replace(key, run=key.run + 7),
        msgspec.structs.replace(key, seq=key.seq + 1000),
        msgspec.structs.replace(key, recipe="f" * 64),
    ]


def _lives(record: VerdictRecord) -> list[VerdictRecord]:
    verdict_by_ns = now_ns() + 10 * NS_PER_S
    keys = other_lives(record.key)
    return [msgspec.structs.replace(record, key=key, verdict_by_ns=verdict_by_ns) for key in keys]


def _messages(contents: Sequence[msgspec.Struct]) -> tuple[Message, ...]:
    return tuple(Message(content) for content in contents)


def _worker_beats(session: Session) -> list[WorkerBeat]:
    """What workers of another daemon would say: the pid is this test's."""
    names = ["line", "inference", "decision", "recorder", *(f"capture-{name}" for name in session.station.cameras), "nobody"]
    queues = {"views": QueueDepth(1, 1, 1)}
    return [
        WorkerBeat(name, os.getpid(), state, "of another life", 1, 1e12, FAR_FUTURE_NS, queues, {"alarms": "[{}]"})
        for name in names
        for state in WorkerState
    ]


def _supervisor_beats() -> list[SupervisorBeat]:
    """What another daemon's supervisor would say."""
    return [
        SupervisorBeat(sent_ns, is_ready, () if is_ready else ("inference",), drain)
        for sent_ns in (1, now_ns(), FAR_FUTURE_NS)
        for is_ready in (True, False)
        for drain in (True, False)
    ]


def _expired_commands() -> list[msgspec.Struct]:
    """What a line worker that died long ago would say."""
    return [
        *(Outputs(feed, permit, reset, 1000) for feed in (True, False) for permit in (True, False) for reset in (0, 7)),
        OpenGate("good", FAR_FUTURE_NS, 1000),
        FeedOne(1000),
    ]


def _edges() -> list[msgspec.Struct]:
    """What another belt would say."""
    edges = [Edge(number, sensor, now_ns()) for number in (0, 1, 5000, FAR_FUTURE_NS) for sensor in Sensor]
    ticks = [
        BeltTick(now_ns(), last_edge, is_running, is_latched, position_mm, True)
        for last_edge in (0, 5000)
        for is_running in (True, False)
        for is_latched in (True, False)
        for position_mm in (0.0, 1e12)
    ]
    return [*edges, *ticks]


def _decodes(frames: Sequence[Buffer], kinds: Sequence[type[msgspec.Struct]]) -> msgspec.Struct | None:
    try:
        return Decoder(kinds).decode([frame for frame in frames if len(frame)]).message
    except MessageRefusedError:
        return None


def _is_wish_to_stop(frames: Sequence[Buffer]) -> bool:
    return _decodes(frames, (StopRequest,)) is not None


def _is_valid_command(frames: Sequence[Buffer]) -> bool:
    command = _decodes(frames, (Outputs, OpenGate, FeedOne))
    return isinstance(command, Outputs | OpenGate | FeedOne) and command.valid_until_ns > now_ns() // 2


@st.composite
def _damaged(draw: st.DrawFn, frames: Frames) -> Frames:
    """Some bytes of one frame are others."""
    which = draw(st.integers(0, min(1, len(frames) - 1)))
    content = bytearray(frames[which])
    for _ in range(draw(st.integers(1, 4))):
        if content:
            content[draw(st.integers(0, min(len(content), 400) - 1))] ^= draw(st.integers(1, 255))
    return [*frames[:which], bytes(content), *frames[which + 1 :]]


@st.composite
def _cut(draw: st.DrawFn, frames: Frames) -> Frames:
    """A frame is cut off, missing, or there twice."""
    which = draw(st.integers(0, len(frames) - 1))
    content = bytes(frames[which])
    cut = content[: draw(st.integers(0, min(len(content), 400)))]
    middle: Frames = draw(st.sampled_from([[cut], [], [content, content]]))
    return [*frames[:which], *middle, *frames[which + 1 :]] or [b""]
