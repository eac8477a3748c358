"""How the belt moves: constant acceleration up to its speed or down to a stop, solved exactly, never stepped."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_inspector.domain.clock import NS_PER_S

START_UP_S = 0.1  # from standstill to full speed


@dataclass(frozen=True, slots=True)
class Motion:
    """The belt's way since its drive last changed: `acceleration_mm_s2` until `target_mm_s` is reached, steady after that.

    `acceleration_mm_s2` is 0 when the target is reached already, else its sign leads towards the target.
    """

    start_ns: int
    start_mm: float
    start_mm_s: float
    acceleration_mm_s2: float
    target_mm_s: float

    @property
    def settled_ns(self) -> int:
        """When the target speed is reached."""
        return self.start_ns + math.ceil(self._ramp_s * NS_PER_S)

    @property
    def _ramp_s(self) -> float:
        if self.acceleration_mm_s2 == 0.0:
            return 0.0
        return (self.target_mm_s - self.start_mm_s) / self.acceleration_mm_s2

    @property
    def _ramp_mm(self) -> float:
        return 0.5 * (self.start_mm_s + self.target_mm_s) * self._ramp_s

    def speed_at(self, t_ns: int) -> float:
        """Speed in mm/s at `t_ns`, which must not lie before the motion's start."""
        if t_ns >= self.settled_ns:
            return self.target_mm_s
        return self.start_mm_s + self.acceleration_mm_s2 * (t_ns - self.start_ns) / NS_PER_S

    def position_at(self, t_ns: int) -> float:
        """Way of the belt in mm at `t_ns`, which must not lie before the motion's start."""
        t_s = (t_ns - self.start_ns) / NS_PER_S
        ramp_s = self._ramp_s
        if t_s >= ramp_s:
            return self.start_mm + self._ramp_mm + self.target_mm_s * (t_s - ramp_s)
        return self.start_mm + self.start_mm_s * t_s + 0.5 * self.acceleration_mm_s2 * t_s * t_s

    def time_at(self, position_mm: float) -> int | None:
        """When the belt has come `position_mm` far; the start if it was there already, None if it stops before."""
        way_mm = position_mm - self.start_mm
        if way_mm <= 0.0:
            return self.start_ns
        ramp_mm = self._ramp_mm
        if way_mm <= ramp_mm:
            # the root of v t + a t²/2 = s that does not cancel, for either sign of a
            root = math.sqrt(max(0.0, self.start_mm_s**2 + 2.0 * self.acceleration_mm_s2 * way_mm))
            return self.start_ns + round(2.0 * way_mm / (self.start_mm_s + root) * NS_PER_S)
        if self.target_mm_s == 0.0:
            return None
        return self.start_ns + round((self._ramp_s + (way_mm - ramp_mm) / self.target_mm_s) * NS_PER_S)

    def switched(self, on: bool, t_ns: int, speed_mm_s: float, stop_distance_mm: float) -> Motion:
        """The motion after the drive is switched at `t_ns`.

        From `speed_mm_s` the belt coasts exactly `stop_distance_mm`; from less, with the same deceleration, less far.
        """
        position_mm, now_mm_s = self.position_at(t_ns), self.speed_at(t_ns)
        if on:
            acceleration, target_mm_s = speed_mm_s / START_UP_S, speed_mm_s
        elif stop_distance_mm > 0.0:
            acceleration, target_mm_s = -(speed_mm_s**2) / (2.0 * stop_distance_mm), 0.0
        else:
            return Motion(t_ns, position_mm, 0.0, 0.0, 0.0)
        return Motion(t_ns, position_mm, now_mm_s, acceleration if now_mm_s != target_mm_s else 0.0, target_mm_s)
