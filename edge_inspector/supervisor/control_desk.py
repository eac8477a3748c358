"""Answers people's requests: status here, acknowledgement, trigger and lot by the line worker, stop by draining."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import msgspec
import zmq

from edge_inspector.bus import ControlServer, Endpoints
from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.domain.control import (
    AckRequest,
    ControlReply,
    LotRequest,
    RecipeRequest,
    StatusRequest,
    StopRequest,
    TriggerRequest,
)
from edge_inspector.supervisor.line_request import LineRequest
from edge_inspector.supervisor.status_report import StationStatus

LINE_ANSWER_NS = NS_PER_S


class ControlDesk:
    """Takes one request at a time; while the line worker's answer is awaited, the loop goes on."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoints: Endpoints) -> None:
        self._context = context
        self._endpoints = endpoints
        self._server = ControlServer(context, endpoints.control, endpoints.incarnation)
        self._awaited: LineRequest | None = None

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """The socket to poll for requests."""
        return self._server.socket

    def turn(
        self, status: Callable[[], StationStatus], change_recipe: Callable[[RecipeRequest], ControlReply], now_ns: int
    ) -> StopRequest | None:
        """Answer what can be answered; return a request to stop, which is answered already."""
        if self._awaited is not None:
            reply = self._awaited.poll(now_ns)
            if reply is None:
                return None
            self._awaited.close()
            self._awaited = None
            self._server.reply(reply)
        request = self._server.receive()
        match request:
            case None:
                pass
            case StatusRequest():
                self._server.reply(ControlReply(ok=True, text="", body=msgspec.json.encode(status())))
            case AckRequest() | TriggerRequest() | LotRequest():
                self._awaited = LineRequest(
                    self._context,
                    self._endpoints.line_control,
                    self._endpoints.incarnation,
                    request,
                    now_ns + LINE_ANSWER_NS,
                )
            case RecipeRequest():
                self._server.reply(change_recipe(request))
            case StopRequest():
                self._server.reply(ControlReply(ok=True, text="draining: parts under way are finished, then all stops"))
                return request
            case _:
                assert_never(request)
        return None

    def close(self) -> None:
        """Close the sockets."""
        if self._awaited is not None:
            self._awaited.close()
        self._server.close()
