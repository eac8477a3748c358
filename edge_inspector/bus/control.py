"""Requests of people, each answered within a deadline or said to have failed: REQ and REP."""

from __future__ import annotations

from typing import cast

import msgspec
import zmq

from edge_inspector.bus.framing import Decoder, encode
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
from edge_inspector.domain.errors import ChannelError, MessageRefusedError

REQUEST_TYPES: tuple[type[ControlRequest], ...] = (
    AckRequest,
    TriggerRequest,
    LotRequest,
    RecipeRequest,
    StatusRequest,
    StopRequest,
)


class ControlServer:
    """Answers requests one by one; a foreign or damaged request is answered with a refusal."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, incarnation: str) -> None:
        self._incarnation = incarnation
        self._decoder: Decoder[msgspec.Struct] = Decoder(REQUEST_TYPES)
        self.socket = context.socket(zmq.REP)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.MAXMSGSIZE, 1 << 20)
        try:
            self.socket.bind(endpoint)
        except zmq.ZMQError as error:
            self.socket.close()
            raise ChannelError(f"{endpoint}: can not be bound ({error})") from error

    def receive(self) -> ControlRequest | None:
        """Return the next request, or None. Every request returned must be answered before the next call."""
        try:
            frames = self.socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        try:
            return cast(ControlRequest, self._decoder.decode(frames).message)
        except MessageRefusedError as refusal:
            self.reply(ControlReply(ok=False, text=f"request refused: {refusal}"))
            return None

    def reply(self, reply: ControlReply) -> None:
        """Answer the request that `receive` returned last; an asker that is gone is no error."""
        try:
            self.socket.send_multipart(encode(reply, self._incarnation), zmq.NOBLOCK)
        except zmq.Again:
            return

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class ControlClient:
    """Asks one server. Each request has a socket of its own: a REQ that missed its answer can not be used again."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, incarnation: str) -> None:
        self._context = context
        self._endpoint = endpoint
        self._incarnation = incarnation
        self._decoder = Decoder((ControlReply,))

    def request(self, request: ControlRequest, timeout_ms: float) -> ControlReply:
        """Return the answer.

        Raises:
            ChannelError: no answer, or no good one, within `timeout_ms`.
        """
        socket = self._context.socket(zmq.REQ)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IMMEDIATE, 1)
        try:
            socket.connect(self._endpoint)
            if not socket.poll(round(timeout_ms), zmq.POLLOUT):
                raise ChannelError(f"{self._endpoint}: nobody is there (waited {timeout_ms:g} ms)")
            socket.send_multipart(encode(request, self._incarnation))
            if not socket.poll(round(timeout_ms), zmq.POLLIN):
                raise ChannelError(f"{self._endpoint}: no answer within {timeout_ms:g} ms")
            return self._decoder.decode(socket.recv_multipart()).message
        except (zmq.ZMQError, MessageRefusedError) as error:
            raise ChannelError(f"{self._endpoint}: {error}") from error
        finally:
            socket.close()
