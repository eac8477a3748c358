"""Channels over real sockets: what is foreign or damaged is dropped and counted, and what follows is still received."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.bus import Received, Receiver, Sender, encode
from edge_inspector.domain.errors import ChannelError
from edge_inspector.domain.identity import PartKey, new_incarnation
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind

KEY = PartKey(run=3, seq=17, nonce=2**62, recipe="0" * 64)
WAIT_MS = 5000


def verdict(number: int) -> Verdict:
    return Verdict(KEY, VerdictKind.ACCEPT, ("good",), decided_ns=number, last_frame_ns=1, inference_busy_ns=1)


def send_until_taken(sender: Sender, message: msgspec.Struct, *buffers: bytes) -> None:
    """A connection takes a moment to be made; until then nobody takes a message."""
    deadline_s = time.monotonic() + WAIT_MS / 1000
    while not sender.send(message, *buffers):
        assert time.monotonic() < deadline_s, "nobody took the message"
        time.sleep(0.005)


def test_where_one_incarnation_alone_may_speak_another_is_refused(
    context: zmq.Context[zmq.Socket[bytes]], endpoint: str
) -> None:
    mine, other = new_incarnation(), new_incarnation()
    receiver = Receiver(context, endpoint, (DecisionBeat,), only_from=mine)
    raw = context.socket(zmq.PUSH)
    raw.connect(endpoint)
    for sender, number in ((other, 1), (mine, 2), (other, 3), (mine, 4)):
        raw.send_multipart(encode(DecisionBeat(number), sender))
    heard = [receiver.wait(WAIT_MS), receiver.wait(WAIT_MS)]
    assert [(word.sender, word.message.sent_ns) for word in heard if word is not None] == [(mine, 2), (mine, 4)]
    assert receiver.refused_count == 2
    raw.close()
    receiver.close()


class Wire:
    """A receiver on a real socket, with a raw peer that can send anything and a good sender behind it."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
        self.receiver: Receiver[DecisionBeat | Verdict] = Receiver(context, endpoint, (DecisionBeat, Verdict))
        self.raw = context.socket(zmq.PUSH)
        self.raw.setsockopt(zmq.LINGER, 0)
        self.raw.connect(endpoint)
        self._number = 0

    def next_good(self) -> Received[DecisionBeat | Verdict] | None:
        """Send one good message on the same connection, behind all that was sent, and return what is received."""
        self._number += 1
        self.raw.send_multipart(encode(verdict(self._number), "0123456789ab"))
        return self.receiver.wait(WAIT_MS)

    @property
    def expected(self) -> Verdict:
        return verdict(self._number)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    folder = Path(f"/tmp/ei-wire-{os.getpid()}")
    folder.mkdir()
    try:
        yield Wire(context, f"ipc://{folder}/x")
    finally:
        context.destroy(linger=0)
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


GOOD_FRAMES = [bytes(frame) for frame in encode(verdict(0), "0123456789ab")]


@settings(max_examples=100, deadline=None)
@given(frames=st.lists(st.binary(max_size=70), min_size=1, max_size=4))
def test_foreign_frames_are_dropped_and_the_next_good_message_is_received(wire: Wire, frames: list[bytes]) -> None:
    refused = wire.receiver.refused_count
    wire.raw.send_multipart(frames)
    received = wire.next_good()
    assert received is not None
    assert received.message == wire.expected
    assert wire.receiver.refused_count == refused + 1


@settings(max_examples=100, deadline=None)
@given(frame=st.integers(0, 1), where=st.integers(0), change=st.integers(1, 255))
def test_a_changed_byte_never_stops_the_channel(wire: Wire, frame: int, where: int, change: int) -> None:
    frames = [bytearray(part) for part in GOOD_FRAMES]
    frames[frame][where % len(frames[frame])] ^= change
    wire.raw.send_multipart([bytes(part) for part in frames])
    received = wire.next_good()
    if received is not None and received.message != wire.expected:  # the changed one was whole and within every bound
        assert type(received.message) in (Verdict, DecisionBeat)
        received = wire.receiver.wait(WAIT_MS)
    assert received is not None
    assert received.message == wire.expected


@settings(max_examples=50, deadline=None)
@given(cut=st.integers(0), frame=st.integers(0, 1))
def test_a_truncated_message_is_refused(wire: Wire, cut: int, frame: int) -> None:
    refused = wire.receiver.refused_count
    frames = list(GOOD_FRAMES)
    frames[frame] = frames[frame][: cut % len(frames[frame])]
    wire.raw.send_multipart(frames)
    received = wire.next_good()
    assert received is not None
    assert received.message == wire.expected
    assert wire.receiver.refused_count == refused + 1


def test_a_lone_frame_is_refused(wire: Wire) -> None:
    refused = wire.receiver.refused_count
    wire.raw.send(GOOD_FRAMES[0])
    assert wire.next_good() is not None
    assert wire.receiver.refused_count == refused + 1


def test_extra_frames_are_buffers_and_change_nothing(wire: Wire) -> None:
    wire.raw.send_multipart([*GOOD_FRAMES, b"pixels", b""])
    received = wire.receiver.wait(WAIT_MS)
    assert received is not None
    assert received.message == verdict(0)
    assert [bytes(buffer) for buffer in received.buffers] == [b"pixels", b""]


def test_buffers_arrive_whole_and_read_only(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    receiver = Receiver(context, endpoint, (DecisionBeat,))
    sender = Sender(context, endpoint, new_incarnation())
    pixels = os.urandom(1 << 20)
    send_until_taken(sender, DecisionBeat(1), pixels)
    received = receiver.wait(WAIT_MS)
    assert received is not None
    assert received.buffers[0] == pixels
    assert received.buffers[0].readonly


def test_nothing_yet_is_none(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    receiver = Receiver(context, endpoint, (DecisionBeat,))
    assert receiver.receive() is None
    assert receiver.wait(5) is None


def test_a_message_to_nobody_is_refused_at_once_and_counted(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    sender = Sender(context, endpoint, new_incarnation())
    assert sender.send(DecisionBeat(1)) is False
    assert sender.send(DecisionBeat(2)) is False
    assert (sender.dropped_count, sender.sent_count, sender.depth.dropped) == (2, 0, 2)


def test_what_was_sent_to_nobody_never_arrives(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    sender = Sender(context, endpoint, new_incarnation())
    assert not sender.send(DecisionBeat(1))
    receiver = Receiver(context, endpoint, (DecisionBeat,))
    send_until_taken(sender, DecisionBeat(2))
    received = receiver.wait(WAIT_MS)
    assert received is not None
    assert received.message == DecisionBeat(2)


def test_a_full_queue_drops_and_counts_and_never_blocks(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    receiver = Receiver(context, endpoint, (DecisionBeat,), high_water_mark=4)
    sender = Sender(context, endpoint, new_incarnation(), high_water_mark=4)
    send_until_taken(sender, DecisionBeat(0))
    taken = sum(sender.send(DecisionBeat(i), bytes(1 << 18)) for i in range(200))  # larger than the kernel's buffers
    assert taken < 200
    assert sender.dropped_count >= 200 - taken
    assert receiver.wait(WAIT_MS) is not None


def test_several_producers_each_keep_their_order(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    receiver = Receiver(context, endpoint, (DecisionBeat,))
    senders = [Sender(context, endpoint, new_incarnation()) for _ in range(3)]
    for number in range(20):
        for sender in senders:
            send_until_taken(sender, DecisionBeat(number))
    seen: dict[str, list[int]] = {}
    for _ in range(60):
        received = receiver.wait(WAIT_MS)
        assert received is not None
        seen.setdefault(received.sender, []).append(received.message.sent_ns)
    assert sorted(seen.values()) == [list(range(20))] * 3


def test_an_endpoint_without_a_folder_is_an_error_that_says_what_to_check(
    context: zmq.Context[zmq.Socket[bytes]], runtime_dir: Path
) -> None:
    with pytest.raises(ChannelError, match=r"can not be bound .*; is the runtime folder there and writable"):
        Receiver(context, f"ipc://{runtime_dir}/nowhere/x", (DecisionBeat,))


CONSUMER = """
import sys, zmq
from edge_inspector.bus import Receiver
from edge_inspector.domain.verdict import DecisionBeat
receiver = Receiver(zmq.Context(), sys.argv[1], (DecisionBeat,), high_water_mark=8)
received = receiver.wait(10_000)
print("got", received.message.sent_ns, flush=True)
sys.stdin.read()
"""


def test_a_killed_consumers_successor_gets_nothing_old(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    """The consumer stops reading, messages pile up towards it, it dies by SIGKILL; its successor sees new ones only."""
    sender = Sender(context, endpoint, new_incarnation(), high_water_mark=8)
    consumer = subprocess.Popen(
        [sys.executable, "-c", CONSUMER, endpoint], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert consumer.stdout is not None
    send_until_taken(sender, DecisionBeat(1))
    assert consumer.stdout.readline() == "got 1\n"
    consumer.send_signal(signal.SIGSTOP)
    for number in range(2, 40):
        sender.send(DecisionBeat(number), bytes(1 << 18))
    consumer.kill()
    consumer.wait()
    receiver = Receiver(context, endpoint, (DecisionBeat,))
    send_until_taken(sender, DecisionBeat(1000))
    seen = []
    while (received := receiver.wait(300)) is not None:
        seen.append(received.message.sent_ns)
    assert seen == [1000]
