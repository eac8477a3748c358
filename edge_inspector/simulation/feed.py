"""When the recording's parts have their turn to be placed on the belt."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_inspector.recordings import RecordedTrigger


@dataclass(frozen=True, slots=True)
class Slot:
    """The instant at which one part may be placed with its leading edge at the sensor."""

    part: str
    t_ns: int
    length_mm: float


def recorded_slots(triggers: Sequence[RecordedTrigger], t0_ns: int, loop_ns: int | None) -> Iterator[Slot]:
    """Yield the turns in order of time; with `loop_ns` (the recording's duration) for ever.

    >>> slots = recorded_slots([RecordedTrigger("p1", 5, 60.0)], 1000, 100)
    >>> [(slot.part, slot.t_ns) for slot in itertools.islice(slots, 2)]
    [('p1', 1005), ('p1#2', 1105)]
    """
    for turn in itertools.count():
        for trigger in triggers:
            name = trigger.part if turn == 0 else f"{trigger.part}#{turn + 1}"
            yield Slot(name, t0_ns + turn * (loop_ns or 0) + trigger.t_ns, trigger.length_mm)
        if loop_ns is None or not triggers:
            return


def recorded_name(part: str) -> str:
    """Return the name of a part in the recording: without the number of its turn.

    >>> recorded_name("p003#2")
    'p003'
    """
    name, _, turn = part.rpartition("#")
    return name if name and turn.isdigit() else part
