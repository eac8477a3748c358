"""What a belt with its sensors, feed, permit and gates must offer; real hardware is mapped to the same words."""

from __future__ import annotations

from typing import Protocol

import zmq

from edge_inspector.domain.belt import BeltTick, Edge


class BeltDriver(Protocol):
    """One belt. Nothing here blocks."""

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """What becomes readable when the belt says something."""

    def receive(self) -> Edge | BeltTick | None:
        """Return the next word of the belt, or None."""

    def hold_outputs(self, *, feed_enable: bool, run_permit: bool, reset: int, valid_until_ns: int) -> bool:
        """Send the heartbeat of both outputs; they drop by themselves at `valid_until_ns`. False: nobody took it."""

    def open_gate(self, gate: str, *, close_at_ns: int, valid_until_ns: int) -> bool:
        """Open this gate now; it closes by itself."""

    def feed_one(self, *, valid_until_ns: int) -> bool:
        """Ask for one part (trigger driver `software`)."""

    def close(self) -> None:
        """Let go of the belt; its outputs drop by their time-out."""
