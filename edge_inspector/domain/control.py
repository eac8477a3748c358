"""Requests of people: cli → supervisor → line, answered within a deadline or said to have failed."""

from __future__ import annotations

import msgspec

from edge_inspector.domain.identity import LotName, TimeNs


class AckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ack"):
    """Clear the alarms that the person has read, and no other. It never clears a part.

    Read after `valid_until_ns` (CLOCK_MONOTONIC) it does nothing: a line worker that was stalled must not clear alarms long
    after the person was told that it did not answer.
    """

    who: str
    codes: tuple[str, ...]
    valid_until_ns: TimeNs


class TriggerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="trigger"):
    """Ask for one part (trigger driver `software`)."""

    who: str


class LotRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="lot"):
    """Parts that arrive from now on belong to this lot; empty: to none. Read after `valid_until_ns` it does nothing."""

    who: str
    lot: LotName
    valid_until_ns: TimeNs


class RecipeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="recipe"):
    """Inspect for this recipe, from some next part on: the file at an absolute path; empty: the one the station file names.

    The answer says that the files are good and all workers prepare, or what is wrong with them.
    """

    who: str
    path: str


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


ControlRequest = AckRequest | TriggerRequest | LotRequest | RecipeRequest | StatusRequest | StopRequest
