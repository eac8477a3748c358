"""Deals parts to places so that each place has its share of every kind of part, however kinds meet in one part.

A part is of several kinds at once, as with a crack and without a stain. Of many defects few parts are alike in all; their
shares would be rounded away one by one. So kinds are dealt, the scarcest first, after Sechidis, Tsoumakas and Vlahavas, On
the Stratification of Multi-Label Data (ECML PKDD 2011). There a part goes to the place that is owed most of its scarcest
kind; here all its kinds count, each the more the fewer parts of it are left, which comes nearer to the shares of all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

Kind = tuple[int, bool | None]  # number of a defect, and whether a part shows it; None: nobody knows


def deal_kinds(parts: Mapping[str, Collection[Kind]], rooms: Sequence[int]) -> list[list[str]]:
    """Return the parts of each place, as many as it has room for; the rooms of all are for all parts.

    `parts` come with their kinds, one at least, in the order in which ties are decided: the same are dealt the same way.

    >>> deal_kinds({"a": [(0, False)], "b": [(0, False)], "c": [(0, True)], "d": [(0, True)]}, [2, 2])
    [['a', 'c'], ['b', 'd']]
    """
    dealing = _Dealing(parts, rooms)
    of_kind = defaultdict[Kind, list[str]](list)
    for part, kinds in parts.items():
        for kind in kinds:
            of_kind[kind].append(part)
    undealt = set(parts)
    while undealt:
        scarcest = min((kind for kind, left in dealing.left.items() if left), key=lambda kind: dealing.left[kind])
        for part in of_kind[scarcest]:
            if part in undealt:
                dealing.deal(part)
                undealt.remove(part)
    return dealing.dealt


class _Dealing:
    """What is still owed and still left, in the midst of dealing."""

    def __init__(self, parts: Mapping[str, Collection[Kind]], rooms: Sequence[int]) -> None:
        self._parts = parts
        self._shares = [room / max(len(parts), 1) for room in rooms]
        self._rooms = list(rooms)
        self.left = Counter(kind for kinds in parts.values() for kind in kinds)
        self._owed = [{kind: share * count for kind, count in self.left.items()} for share in self._shares]
        self.dealt: list[list[str]] = [[] for _ in rooms]

    def deal(self, part: str) -> None:
        """Give a part to the place that needs it most, else to the one with most room, else to the first."""
        kinds = self._parts[part]
        is_open = (place for place, room in enumerate(self._rooms) if room)
        chosen = max(is_open, key=lambda place: (round(self._need(place, kinds), 9), self._rooms[place], -place))
        self.dealt[chosen].append(part)
        self._rooms[chosen] -= 1
        for kind in kinds:
            self._owed[chosen][kind] -= 1
            self.left[kind] -= 1

    def _need(self, place: int, kinds: Collection[Kind]) -> float:
        """How much a place is owed of these kinds, by its share, and by what is left of each.

        Half a part less, as in Webster's rounding: else each place would get its first part before any gets a second, be its
        share small or large.
        """
        return sum((self._owed[place][kind] - 0.5) / self.left[kind] for kind in kinds) / self._shares[place]
