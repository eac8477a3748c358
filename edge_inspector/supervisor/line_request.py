"""One request to the line worker that never blocks the supervisor's loop: it is polled until answered or too late."""

from __future__ import annotations

import zmq

from edge_inspector.bus.framing import Decoder, encode
from edge_inspector.domain.control import ControlReply, ControlRequest
from edge_inspector.domain.errors import MessageRefusedError


class LineRequest:
    """A request under way, on a socket of its own: a REQ that missed its answer can not be used again."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        incarnation: str,
        request: ControlRequest,
        deadline_ns: int,
    ) -> None:
        self._deadline_ns = deadline_ns
        self._frames = encode(request, incarnation)
        self._is_sent = False
        self._decoder = Decoder((ControlReply,))
        self._socket = context.socket(zmq.REQ)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IMMEDIATE, 1)
        self._socket.connect(endpoint)

    def poll(self, now_ns: int) -> ControlReply | None:
        """Return the answer, or a failure once the deadline is over, or None: ask again later."""
        try:
            if not self._is_sent:
                self._socket.send_multipart(self._frames, zmq.NOBLOCK)
                self._is_sent = True
            return self._decoder.decode(self._socket.recv_multipart(zmq.NOBLOCK)).message
        except zmq.Again:
            if now_ns < self._deadline_ns:
                return None
            return ControlReply(ok=False, text="the line worker did not answer in time; see `edge-inspector status`")
        except MessageRefusedError as refusal:
            return ControlReply(ok=False, text=f"the line worker's answer was refused: {refusal}")

    def close(self) -> None:
        """Close the socket; a late answer is gone."""
        self._socket.close()
