"""What line and belt say to each other: sensor edges up, outputs down. Real hardware is mapped to the same words."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from edge_inspector.domain.identity import Count, TimeNs

GateName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,32}\Z")]


class Sensor(StrEnum):
    """Where an edge comes from."""

    ARRIVAL_LEADING = "arrival_leading"
    ARRIVAL_TRAILING = "arrival_trailing"
    CONFIRM = "confirm"  # the good lane's sensor, behind its gate


class Edge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="edge"):
    """belt → line: one sensor edge. `number` counts all edges of this belt without a gap: a gap is a lost edge."""

    number: Count
    sensor: Sensor
    t_ns: TimeNs


class BeltTick(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="belt_tick"):
    """belt → line every 20 ms: what the belt does. `last_edge` lets the line notice a lost edge without the next one."""

    t_ns: TimeNs
    last_edge: Count
    is_running: bool  # at full, steady speed
    is_latched: bool  # stopped by a lost heartbeat; stays so until `Outputs.reset` changes
    position_mm: Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]  # way of the belt since it was switched on
    gate_open: bool  # the good lane's


class Outputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="outputs"):
    """line → belt every 20 ms: the heartbeat of both outputs. Each is off again at `valid_until_ns`."""

    feed_enable: bool
    run_permit: bool
    reset: Count  # a new value at each start of a purge; the belt leaves its latch only for a value it has not seen
    valid_until_ns: TimeNs


class OpenGate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="open_gate"):
    """line → belt: open this gate now; it closes by itself at `close_at_ns`.

    Received after `valid_until_ns`: never opened.
    """

    gate: GateName
    close_at_ns: TimeNs
    valid_until_ns: TimeNs


class FeedOne(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="feed_one"):
    """line → belt (trigger driver `software`): place the next part."""

    valid_until_ns: TimeNs
