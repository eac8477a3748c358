"""How much of a view's silhouette lies on the fitted rod. A fit that leaves out what does not suit it must say how much.

Edge points lose their weight one by one, and whoever measures a silhouette leaves out columns that are not clear. A node or
a fibre is rightly ignored so; a kink, a step in the diameter or a frayed end would be too, and the rod would claim a straw
that is not there. Hence a place counts as held only where an edge point lies on the rod.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# In 900 views of generated good straws an edge point lay at most 0.10 mm off; two stretches were longer than 0.12 of the
# length, none longer than 0.125, and none at an end longer than 0.05. A natural node of 0.4 mm takes two columns.
MOST_OFF_MM = 0.25  # an edge point farther from the rod does not lie on it
MOST_OFF_SHARE = 0.12  # of a view's edge points
MOST_UNHELD_SHARE = 0.14  # of the length: two of capture's 25 columns may be missing side by side, three may not
MOST_UNHELD_END_SHARE = 0.09  # and but one at an end, which nothing holds from the other side: a kinked tip swings out


@dataclass(frozen=True, slots=True)
class EdgeAgreement:
    """How one view's edge points lie against the rod, once the view is laid over it.

    `off_share`: of its edge points, those farther from the rod than `MOST_OFF_MM`. `unheld_mm`: [from, to] along, the
    stretch of one edge without a point on the rod that is longest against its limit, `unheld_limit_mm`. `unheld_is_blank`:
    the view shows no edge point there at all, none beside the rod either.
    """

    off_share: float
    unheld_mm: tuple[float, float]
    unheld_limit_mm: float
    unheld_is_blank: bool

    @classmethod
    def of(cls, along_mm: Floats, off_mm: Floats, lower: NDArray[np.bool_], length_mm: float) -> EdgeAgreement:
        """Judge a view's points, each array of length n: where along the rod, how far from it, and at which edge."""
        is_on = np.abs(off_mm) <= MOST_OFF_MM  # not where it is no number
        stretches = [_least_held(along_mm[is_on & edge], length_mm) for edge in (lower, ~lower)]
        (start, end), limit = max(stretches, key=lambda each: (each[0][1] - each[0][0]) / each[1])
        off_share = 1 - float(np.mean(is_on)) if is_on.size else 1.0
        is_blank = not np.any(~is_on & (along_mm >= start) & (along_mm <= end))
        return cls(off_share, (start, end), limit, is_blank)

    @property
    def only_lacks_edges(self) -> bool:
        """Whether nothing but a blank stretch speaks against the rod, which other views may hold there."""
        return self.unheld_is_blank and self.off_share <= MOST_OFF_SHARE

    @property
    def complaint(self) -> str:
        """What speaks against the rod, with numbers and limits; empty where the view agrees with it."""
        (start, end), faults = self.unheld_mm, []
        if not end - start <= self.unheld_limit_mm:
            faults.append(
                f"no edge of the part lies on the rod that all views give together from {start:.1f} to {end:.1f} mm "
                f"(limit {self.unheld_limit_mm:.1f} mm)"
            )
        if not self.off_share <= MOST_OFF_SHARE:
            faults.append(
                f"{100 * self.off_share:.1f} % of its edge points lie more than {MOST_OFF_MM:g} mm beside "
                f"{'it' if faults else 'the rod that all views give together'} (limit {100 * MOST_OFF_SHARE:.1f} %)"
            )
        return " and ".join(faults)


def _least_held(along_mm: Floats, length_mm: float) -> tuple[tuple[float, float], float]:
    """Return the stretch [from, to] without any of these places that is longest against its limit, and that limit."""
    stops = np.concatenate([[0.0], np.sort(along_mm), [length_mm]])
    limits = np.full(stops.size - 1, MOST_UNHELD_SHARE * length_mm)
    limits[[0, -1]] = MOST_UNHELD_END_SHARE * length_mm
    worst = int(np.argmax(np.diff(stops) / limits))
    return (float(stops[worst]), float(stops[worst + 1])), float(limits[worst])
