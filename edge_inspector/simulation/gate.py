"""A gate of the simulated belt, and when its valve holds it open."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate, `at_mm` behind the sensor; the good lane's has the confirm sensor behind it."""

    name: str
    at_mm: float
    valve_delay_ns: int
    is_good: bool = False


@dataclass(slots=True)
class Valve:
    """What holds a gate open: fully so from `from_ns` until before `until_ns`."""

    gate: Gate
    from_ns: int = 0
    until_ns: int = 0

    def open(self, close_at_ns: int, now_ns: int) -> None:
        """Obey a command to open now and to shut at `close_at_ns`."""
        if now_ns < self.until_ns:  # it is under current already: it only stays so longer
            self.until_ns = max(self.until_ns, close_at_ns)
        else:
            self.from_ns = now_ns + self.gate.valve_delay_ns
            self.until_ns = close_at_ns

    def is_open(self, t_ns: int) -> bool:
        """Whether the gate is fully open."""
        return self.from_ns <= t_ns < self.until_ns

    def was_open(self, from_ns: int | None, until_ns: int) -> bool:
        """Whether the gate was fully open all the time; `from_ns` None: never.

        The last interval is enough to know: an earlier one was shut again before the last one began.
        """
        return from_ns is not None and self.from_ns <= from_ns and until_ns <= self.until_ns
