"""The simulated belt at the other end of an ipc pair: a program of its own, which believes nothing but valid commands."""

from __future__ import annotations

from pathlib import Path

import zmq

from edge_inspector.bus import Receiver, Sender
from edge_inspector.bus.endpoints import BeltEndpoints
from edge_inspector.domain.belt import BeltTick, Edge, FeedOne, OpenGate, Outputs


class SimulatedBelt:
    """The line worker's end: binds the edges, connects the outputs. Only the belt `belt_incarnation` is believed."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], folder: Path, incarnation: str, belt_incarnation: str
    ) -> None:
        endpoints = BeltEndpoints(folder)
        self._edges: Receiver[Edge | BeltTick] = Receiver(
            context, endpoints.edges, (Edge, BeltTick), high_water_mark=4096, only_from=belt_incarnation
        )
        self._outputs = Sender(context, endpoints.outputs, incarnation, high_water_mark=64)

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """Readable when an edge or a tick is there."""
        return self._edges.socket

    def receive(self) -> Edge | BeltTick | None:
        """Return the next edge or tick, or None."""
        received = self._edges.receive()
        return received.message if received is not None else None

    def hold_outputs(self, *, feed_enable: bool, run_permit: bool, reset: int, valid_until_ns: int) -> bool:
        """Send one heartbeat."""
        return self._outputs.send(Outputs(feed_enable, run_permit, reset, valid_until_ns))

    def open_gate(self, gate: str, *, close_at_ns: int, valid_until_ns: int) -> bool:
        """Open this gate now."""
        return self._outputs.send(OpenGate(gate, close_at_ns, valid_until_ns))

    def feed_one(self, *, valid_until_ns: int) -> bool:
        """Ask for the next part."""
        return self._outputs.send(FeedOne(valid_until_ns))

    def close(self) -> None:
        """Close both sockets."""
        self._edges.close()
        self._outputs.close()
