"""Requests of people are answered, or said to have failed, within a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec
import pytest
import zmq

from edge_inspector.bus import ControlClient, ControlServer, decode, encode
from edge_inspector.domain.control import (
    AckRequest,
    ControlReply,
    ControlRequest,
    LotRequest,
    RecipeRequest,
    StatusRequest,
    StopRequest,
    TriggerRequest,
)
from edge_inspector.domain.errors import ChannelError
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.domain.verdict import DecisionBeat

WAIT_MS = 5000


def serve(server: ControlServer, answer: Callable[[ControlRequest], ControlReply], count: int = 1) -> threading.Thread:
    """Answer `count` good requests in a thread of its own."""

    def work() -> None:
        answered = 0
        while answered < count and server.socket.poll(WAIT_MS):
            request = server.receive()
            if request is not None:
                server.reply(answer(request))
                answered += 1

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "request_",
    [
        AckRequest("anna", ("belt_stopped",), 7),
        TriggerRequest("anna"),
        LotRequest("anna", "2026-17 nass", 7),
        RecipeRequest("anna", "/etc/straw.yaml"),
        StatusRequest(),
        StopRequest("anna"),
    ],
)
def test_each_request_is_answered(context: zmq.Context[zmq.Socket[bytes]], endpoint: str, request_: ControlRequest) -> None:
    server = ControlServer(context, endpoint, new_incarnation())
    seen: list[ControlRequest] = []

    def answer(request: ControlRequest) -> ControlReply:
        seen.append(request)
        return ControlReply(ok=True, text="done", body=b"{}")

    thread = serve(server, answer)
    client = ControlClient(context, endpoint, new_incarnation())
    assert client.request(request_, WAIT_MS) == ControlReply(ok=True, text="done", body=b"{}")
    thread.join()
    assert seen == [request_]


def test_nobody_there_is_said_within_the_deadline(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    client = ControlClient(context, endpoint, new_incarnation())
    started_s = time.monotonic()
    with pytest.raises(ChannelError, match=r"nobody is there \(waited 50 ms\)"):
        client.request(StatusRequest(), 50)
    assert time.monotonic() - started_s < 2


def test_a_server_that_never_answers_is_said_within_the_deadline(
    context: zmq.Context[zmq.Socket[bytes]], endpoint: str
) -> None:
    server = ControlServer(context, endpoint, new_incarnation())
    client = ControlClient(context, endpoint, new_incarnation())
    with pytest.raises(ChannelError, match="no answer within 100 ms"):
        client.request(StatusRequest(), 100)
    server.close()


def test_a_client_that_missed_an_answer_can_ask_again(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    server = ControlServer(context, endpoint, new_incarnation())
    client = ControlClient(context, endpoint, new_incarnation())
    with pytest.raises(ChannelError):
        client.request(AckRequest("early", (), 7), 50)
    thread = serve(server, lambda request: ControlReply(ok=True, text=repr(request)), count=2)
    assert client.request(AckRequest("late", (), 7), WAIT_MS).text == "AckRequest(who='late', codes=(), valid_until_ns=7)"
    thread.join()


@pytest.mark.parametrize(
    "frames",
    [
        [b""],
        [b"hello"],
        [b"ei1 ack 0123456789ab"],
        [b"ei1 ack 0123456789ab", b"\x00"],
        [b"ei1 ack 0123456789ab", msgspec.msgpack.encode({"who": "anna", "force": True})],
        [b"ei2 ack 0123456789ab", msgspec.msgpack.encode({"who": "anna"})],
        [bytes(frame) for frame in encode(DecisionBeat(1), "0123456789ab")],
    ],
)
def test_a_foreign_or_damaged_request_is_refused_and_the_next_one_answered(
    context: zmq.Context[zmq.Socket[bytes]], endpoint: str, frames: list[bytes]
) -> None:
    server = ControlServer(context, endpoint, new_incarnation())
    thread = serve(server, lambda _request: ControlReply(ok=True, text="done"))
    raw = context.socket(zmq.REQ)
    raw.connect(endpoint)
    raw.send_multipart(frames)
    assert raw.poll(WAIT_MS)
    refusal = decode(raw.recv_multipart(), [ControlReply]).message
    assert not refusal.ok
    assert refusal.text.startswith("request refused: ")
    raw.close(linger=0)
    assert ControlClient(context, endpoint, new_incarnation()).request(StatusRequest(), WAIT_MS).ok
    thread.join()


def test_a_foreign_answer_is_an_error(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    raw = context.socket(zmq.REP)
    raw.bind(endpoint)

    def answer() -> None:
        raw.recv_multipart()
        raw.send(b"hello")

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(ChannelError, match="expected a header and a payload"):
        ControlClient(context, endpoint, new_incarnation()).request(StatusRequest(), WAIT_MS)
    thread.join()


def test_an_asker_that_is_gone_is_no_error(context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
    server = ControlServer(context, endpoint, new_incarnation())
    raw = context.socket(zmq.REQ)
    raw.connect(endpoint)
    raw.send_multipart(encode(StatusRequest(), "0123456789ab"))
    assert server.socket.poll(WAIT_MS)
    assert server.receive() == StatusRequest()
    raw.close(linger=0)
    server.reply(ControlReply(ok=True, text="too late"))
    assert server.receive() is None
