"""One message as frames: every message comes back as it was sent, and nothing else is taken for one."""

from __future__ import annotations

import contextlib
import importlib
import math
import pkgutil
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import edge_inspector.domain
from edge_inspector.bus import decode, encode
from edge_inspector.bus.framing import MAX_PAYLOAD_BYTES, tag_of
from edge_inspector.domain.belt import BeltTick, Edge, FeedOne, OpenGate, Outputs
from edge_inspector.domain.control import (
    AckRequest,
    ControlReply,
    LotRequest,
    RecipeRequest,
    StatusRequest,
    StopRequest,
    TriggerRequest,
)
from edge_inspector.domain.errors import MessageRefusedError
from edge_inspector.domain.health import SupervisorBeat, WorkerBeat, WorkerState
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Judged, Judgement, NotJudged, Region
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind
from edge_inspector.domain.view import Picture, View, ViewMissing

SENDER = "0123456789ab"
# every struct that travels; the test below fails when one is added and not listed
MESSAGES: tuple[type[msgspec.Struct], ...] = (
    AckRequest,
    Arrival,
    BeltTick,
    ControlReply,
    DecisionBeat,
    Edge,
    FeedOne,
    Judgement,
    LotRequest,
    OpenGate,
    Outputs,
    Picture,
    RecipeRequest,
    StatusRequest,
    StopRequest,
    SupervisorBeat,
    TriggerRequest,
    Verdict,
    View,
    ViewMissing,
    WorkerBeat,
)


def anything_of(kind: msgspec.inspect.Type) -> st.SearchStrategy[object]:
    """Any value that the wire allows for a type, within its bounds."""
    match kind:
        case msgspec.inspect.IntType():
            return st.integers(-(2**63) if kind.ge is None else kind.ge, 2**63 - 1 if kind.le is None else kind.le)
        case msgspec.inspect.FloatType():
            return st.floats(kind.ge, kind.le, allow_nan=False)
        case msgspec.inspect.StrType(pattern=None):
            return st.text(max_size=20)
        case msgspec.inspect.StrType():
            assert kind.pattern is not None
            return st.from_regex(kind.pattern)
        case msgspec.inspect.BytesType():
            return st.binary(max_size=20)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.EnumType():
            return st.sampled_from(list(kind.cls))
        case msgspec.inspect.VarTupleType():
            return st.lists(anything_of(kind.item_type), max_size=3).map(tuple)
        case msgspec.inspect.DictType():
            return st.dictionaries(anything_of(kind.key_type), anything_of(kind.value_type), max_size=3)
        case msgspec.inspect.UnionType():
            return st.one_of([anything_of(one) for one in kind.types])
        case msgspec.inspect.StructType():
            return st.builds(kind.cls, **{field.name: anything_of(field.type) for field in kind.fields})
    raise TypeError(f"no strategy for {kind}: add one")


ANY_MESSAGE = st.sampled_from(MESSAGES).flatmap(lambda kind: anything_of(msgspec.inspect.type_info(kind)))
KEY = PartKey(run=3, seq=17, nonce=2**62, recipe="0" * 64)
VIEW = View(
    key=KEY,
    camera="c1",
    frame_number=9,
    stamp_ns=1,
    frame_ns=1,
    skew_ms=-0.5,
    height_px=256,
    width_px=1248,
    seen_height_px=256,
    seen_width_px=1240,
    chosen_ns=2,
    sent_ns=3,
    verdict_by_ns=4,
)
JUDGEMENT = Judgement(
    view=VIEW,
    engine="crack",
    result=Judged(
        score=0.25, t_low=0.1, regions=(Region(x_px=1, y_px=2, width_px=2, height_px=1, probability=b"\x80\xff"),)
    ),
    received_ns=1,
    started_ns=2,
    ended_ns=3,
    sent_ns=4,
)


def frames_of(content: object, tag: str = "judgement") -> list[bytes]:
    return [f"ei1 {tag} {SENDER}".encode(), msgspec.msgpack.encode(content)]


def content_of(message: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.msgpack.decode(msgspec.msgpack.encode(message))
    return plain


def test_every_message_type_is_known_to_this_test() -> None:
    """A struct with a tag that forbids unknown fields travels between processes."""
    on_the_wire = set()
    for module in pkgutil.iter_modules(edge_inspector.domain.__path__):
        for kind in vars(importlib.import_module(f"edge_inspector.domain.{module.name}")).values():
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                config = kind.__struct_config__
                if config.tag is not None and config.forbid_unknown_fields:
                    on_the_wire.add(kind)
    assert on_the_wire - {Judged, NotJudged} == set(MESSAGES)


def test_no_two_messages_share_a_tag() -> None:
    assert len({tag_of(kind) for kind in MESSAGES}) == len(MESSAGES)


@settings(max_examples=200, deadline=None)
@given(message=ANY_MESSAGE, buffers=st.lists(st.binary(max_size=50), max_size=3))
def test_every_message_comes_back_as_it_was_sent(message: msgspec.Struct, buffers: list[bytes]) -> None:
    received = decode(encode(message, SENDER, buffers), MESSAGES)
    assert received.message == message
    assert type(received.message) is type(message)
    assert received.sender == SENDER
    assert [bytes(buffer) for buffer in received.buffers] == buffers


@settings(max_examples=200, deadline=None)
@given(
    where=st.integers(0, 500),
    change=st.integers(1, 255),
    cut=st.integers(0, 500),
    message=st.sampled_from([VIEW, JUDGEMENT]),
)
def test_damaged_bytes_are_refused_or_still_a_whole_message(
    where: int, change: int, cut: int, message: msgspec.Struct
) -> None:
    header, payload = (bytes(frame) for frame in encode(message, SENDER))
    spoilt = bytearray(payload)
    spoilt[where % len(payload)] ^= change
    with contextlib.suppress(MessageRefusedError):
        received = decode([header, bytes(spoilt)], [type(message)])
        msgspec.msgpack.decode(msgspec.msgpack.encode(received.message), type=type(message))  # every bound holds
    with pytest.raises(MessageRefusedError):
        decode([header, payload[: cut % len(payload)]], [type(message)])


@settings(max_examples=200, deadline=None)
@given(frames=st.lists(st.binary(max_size=60), max_size=4))
def test_foreign_frames_are_refused(frames: list[bytes]) -> None:
    with pytest.raises(MessageRefusedError):
        decode(frames, MESSAGES)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"ei1",
        b"ei2 view 0123456789ab",
        b"ei1 view 0123456789AB",
        b"ei1 view 0123456789ab\n",
        b"ei1 view 0123456789abc",
        b"ei1 View 0123456789ab",
        b"ei1  view 0123456789ab",
        b" ei1 view 0123456789ab",
        b"ei1 view 0123456789ab" + b" " * 60,
    ],
)
def test_another_protocol_is_refused(header: bytes) -> None:
    with pytest.raises(MessageRefusedError, match="no header of protocol ei1"):
        decode([header, msgspec.msgpack.encode(VIEW)], [View])


def test_a_good_message_on_the_wrong_channel_is_refused() -> None:
    with pytest.raises(MessageRefusedError, match="message type 'view' does not belong on this channel"):
        decode(encode(VIEW, SENDER), [Judgement])


def test_a_payload_under_another_messages_name_is_refused() -> None:
    with pytest.raises(MessageRefusedError):
        decode(frames_of(content_of(VIEW), tag="view_missing"), [View, ViewMissing])


def test_a_payload_without_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(MessageRefusedError, match="over the bound"):
        decode([f"ei1 view {SENDER}".encode(), bytes(MAX_PAYLOAD_BYTES + 1)], [View])


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(MessageRefusedError):
        decode([f"ei1 view {SENDER}".encode(), b"\x91" * 100_000], [View])


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, -0.01, 1.01, None, "0.5", True, [0.5]])
def test_a_score_that_is_no_number_between_0_and_1_is_refused(score: object) -> None:
    content = content_of(JUDGEMENT)
    content["result"]["score"] = score
    with pytest.raises(MessageRefusedError, match=r"payload of 'judgement': "):
        decode(frames_of(content), [Judgement])


def test_a_missing_score_is_refused() -> None:
    content = content_of(JUDGEMENT)
    del content["result"]["score"]
    with pytest.raises(MessageRefusedError, match="missing required field `score`"):
        decode(frames_of(content), [Judgement])


@pytest.mark.parametrize("path", [(), ("result",), ("view",), ("view", "key"), ("result", "regions", 0)])
def test_an_unknown_field_is_refused_at_every_depth(path: tuple[Any, ...]) -> None:
    content = content_of(JUDGEMENT)
    place: Any = content
    for step in path:
        place = place[step]
    place["accept"] = True
    with pytest.raises(MessageRefusedError, match="unknown field `accept`"):
        decode(frames_of(content), [Judgement])


@settings(max_examples=150, deadline=None)
@given(message=ANY_MESSAGE, choice=st.integers(0))
def test_no_field_may_be_missing_but_those_with_a_default(message: msgspec.Struct, choice: int) -> None:
    needed = [field.encode_name for field in msgspec.structs.fields(message) if field.required]
    assume(needed)
    content = content_of(message)
    del content[needed[choice % len(needed)]]
    with pytest.raises(MessageRefusedError, match="missing required field"):
        decode(frames_of(content, tag_of(type(message))), [type(message)])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("skew_ms", math.nan),
        ("skew_ms", 1e7),
        ("height_px", 0),
        ("height_px", 16385),
        ("height_px", 256.5),
        ("sent_ns", -1),
        ("sent_ns", 2**63),
        ("camera", "../c1"),
        ("camera", ""),
        ("camera", "c1\n"),
        ("frame_number", -1),
        ("key", {"run": 0, "seq": 1, "nonce": 1, "recipe": "0" * 64}),
        ("key", {"run": 1, "seq": 1, "nonce": 1, "recipe": "0" * 63}),
        ("key", {"run": 1, "seq": 1, "nonce": -1, "recipe": "0" * 64}),
    ],
)
def test_a_value_out_of_its_range_is_refused(field: str, value: object) -> None:
    content = content_of(VIEW)
    content[field] = value
    with pytest.raises(MessageRefusedError):
        decode(frames_of(content, "view"), [View])


def test_a_verdict_of_an_unknown_kind_is_refused() -> None:
    verdict = Verdict(key=KEY, kind=VerdictKind.ACCEPT, reasons=(), decided_ns=1, last_frame_ns=1, inference_busy_ns=1)
    for kind in ("accept", "OK", "", None, 0, True):
        with pytest.raises(MessageRefusedError):
            decode(frames_of(content_of(verdict) | {"kind": kind}, "verdict"), [Verdict])


def test_a_beat_whose_pending_age_is_no_number_is_refused() -> None:
    beat = WorkerBeat("line", 1, WorkerState.READY, "", 0, 0.0, 1, {}, {})
    with pytest.raises(MessageRefusedError):
        decode(frames_of(content_of(beat) | {"oldest_pending_ms": math.nan}, "worker_beat"), [WorkerBeat])
