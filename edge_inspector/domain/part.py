"""The arrival of one part, as the line worker announces it."""

from __future__ import annotations

import msgspec

from edge_inspector.domain.identity import PartKey, TimeNs


class Arrival(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="arrival"):
    """line → decision, then line → each capture worker. The part is guilty from here on.

    `trigger_ns` is the kernel time of the sensor's leading edge; `verdict_by_ns` is the only deadline there is, and
    nobody else computes one: a verdict that reaches the line worker later is only counted. `flagged` is empty, or says why
    the line worker will let nothing but an ejection happen (the part is still looked at, for the record).
    """

    key: PartKey
    trigger_ns: TimeNs
    verdict_by_ns: TimeNs
    sent_ns: TimeNs
    flagged: str = ""
