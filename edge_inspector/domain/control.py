"""Requests of people: cli → supervisor → line, answered within a deadline or said to have failed."""

from __future__ import annotations

import msgspec


class AckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ack"):
    """Clear the latched alarms. It never clears a part."""

    who: str


class TriggerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="trigger"):
    """Ask for one part (trigger driver `software`)."""

    who: str


class StatusRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="status"):
    """Ask for the station's state."""


class StopRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="stop"):
    """Drain and stop the daemon."""

    who: str


class ControlReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="reply"):
    """The answer. `body` is JSON where there is more to say than a sentence."""

    ok: bool
    text: str
    body: bytes = b""


ControlRequest = AckRequest | TriggerRequest | StatusRequest | StopRequest
