"""What the simulated belt writes down: what it carried, what fell into which bin, and why something was not fed."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Bin(StrEnum):
    """Where a part can end: behind an open gate, or behind the last of them all, at the end of the belt."""

    GOOD = "good"  # the lane of the ejector for ACCEPT
    ASIDE = "aside"  # the lane of any other
    REJECT = "reject"


class Started(msgspec.Struct, frozen=True, tag_field="event", tag="started"):
    """First line of one life of the belt."""

    incarnation: str
    t_ns: int
    at_utc: str


class Fed(msgspec.Struct, frozen=True, tag_field="event", tag="fed"):
    """The part lies with its leading edge at the sensor at `t_ns`."""

    part: str
    t_ns: int
    length_mm: float


class NotFed(msgspec.Struct, frozen=True, tag_field="event", tag="not_fed"):
    """The part's turn came and it could not be placed."""

    part: str
    t_ns: int
    why: str


class FellInto(msgspec.Struct, frozen=True, tag_field="event", tag="bin"):
    """The part's trailing edge left the gate of `lane` (empty: the belt)."""

    part: str
    bin: Bin
    t_ns: int
    lane: str = ""


class Latched(msgspec.Struct, frozen=True, tag_field="event", tag="latched"):
    """The belt stopped by itself and waits for a new reset."""

    t_ns: int
    why: str


class GateRefused(msgspec.Struct, frozen=True, tag_field="event", tag="gate_refused"):
    """A command to open came after its validity, or for a gate that is not here, and was not obeyed."""

    t_ns: int
    valid_until_ns: int
    gate: str = ""


class Ended(msgspec.Struct, frozen=True, tag_field="event", tag="ended"):
    """Last line of one life of the belt, with the parts that still lay on it."""

    t_ns: int
    on_belt: tuple[str, ...]


BinEvent = Started | Fed | NotFed | FellInto | Latched | GateRefused | Ended
