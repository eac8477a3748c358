"""One direction between processes.

The consumer binds a PULL, each producer connects a PUSH of its own (IMMEDIATE, non-blocking, LINGER 0, high-water marks
set before): a default PUSH queues messages for a dead peer and feeds them all to the reborn one, and one PUSH to several
PULLs deals them out like cards (design.md §6). Messages can be lost here; the rule is that no ACCEPT survives a loss.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec
import structlog
import zmq

from edge_inspector.bus.framing import Buffer, Decoder, Received, encode
from edge_inspector.domain.errors import ChannelError, MessageRefusedError
from edge_inspector.domain.health import QueueDepth

M = TypeVar("M", bound=msgspec.Struct)
_log = structlog.get_logger()
_LOG_INTERVAL_S = 1.0
_COPY_THRESHOLD_BYTES = 1 << 16


class Receiver(Generic[M]):
    """The consumer's end. Foreign and damaged messages are counted, logged at most once a second, and dropped.

    `only_from` names the one incarnation that may speak here, where the consumer knows it; None: any may.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        accepts: Sequence[type[M]],
        *,
        high_water_mark: int = 256,
        only_from: str | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.refused_count = 0
        self.received_count = 0
        self._decoder = Decoder(accepts)
        self._only_from = only_from
        self._last_log_s = 0.0
        self.socket = context.socket(zmq.PULL)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVHWM, high_water_mark)
        try:
            self.socket.bind(endpoint)
        except zmq.ZMQError as error:
            self.socket.close()
            raise ChannelError(
                f"{endpoint}: can not be bound ({error}); is the runtime folder there and writable?"
            ) from error

    def receive(self) -> Received[M] | None:
        """Return the next good message, or None when there is none now.

        Raises:
            ChannelError: the socket is broken.
        """
        while True:
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return None
            except zmq.ZMQError as error:
                raise ChannelError(f"{self.endpoint}: {error}") from error
            try:
                received = self._decoder.decode([frame.buffer for frame in frames])
                if self._only_from not in (None, received.sender):
                    raise MessageRefusedError(f"it is from {received.sender}, and only {self._only_from} may speak here")
            except MessageRefusedError as refusal:
                self.refused_count += 1
                self._log_refusal(refusal)
                continue
            self.received_count += 1
            return received

    def wait(self, timeout_ms: float) -> Received[M] | None:
        """Like `receive`, but waits up to `timeout_ms` for a message."""
        received = self.receive()
        if received is None and self.socket.poll(max(0, round(timeout_ms))):
            received = self.receive()
        return received

    def _log_refusal(self, refusal: MessageRefusedError) -> None:
        now_s = time.monotonic()
        if now_s - self._last_log_s >= _LOG_INTERVAL_S:
            self._last_log_s = now_s
            _log.warning("message_refused", endpoint=self.endpoint, why=str(refusal), refused=self.refused_count)

    def close(self) -> None:
        """Close the socket; what is queued is gone."""
        self.socket.close()


class Sender:
    """A producer's end. `send` never blocks and never queues for a peer that is not there."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, incarnation: str, *, high_water_mark: int = 256
    ) -> None:
        self.endpoint = endpoint
        self.dropped_count = 0
        self.sent_count = 0
        self._incarnation = incarnation
        self._socket = context.socket(zmq.PUSH)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IMMEDIATE, 1)
        self._socket.setsockopt(zmq.SNDHWM, high_water_mark)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 200)
        try:
            self._socket.connect(endpoint)
        except zmq.ZMQError as error:
            self._socket.close()
            raise ChannelError(f"{endpoint}: can not be connected ({error})") from error

    def send(self, message: msgspec.Struct, *buffers: Buffer) -> bool:
        """Hand the message over; False when nobody takes it (full, late or gone), which is counted.

        Buffers are not copied: the caller must not write to them again.
        """
        frames = encode(message, self._incarnation, buffers)
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK, copy=sum(map(len, buffers)) < _COPY_THRESHOLD_BYTES)
        except zmq.Again:
            self.dropped_count += 1
            return False
        except zmq.ZMQError as error:
            raise ChannelError(f"{self.endpoint}: {error}") from error
        self.sent_count += 1
        return True

    @property
    def depth(self) -> QueueDepth:
        """What this end knows of its queue: the drops."""
        return QueueDepth(depth=0, peak=0, dropped=self.dropped_count)

    def close(self) -> None:
        """Close the socket; what nobody took is gone."""
        self._socket.close()
