"""Pictures that occur more than once in a set, pixel for pixel or nearly, and what is wrong with that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edge_inspector.training.datasets.looking import SeenPicture, State
from edge_inspector.training.datasets.near_duplicates import MOST_PAIRS, Pair, Pairs, find_alike
from edge_inspector.training.datasets.set_warning import About, SetWarning
from edge_inspector.training.datasets.wording import listed


@dataclass(frozen=True, slots=True)
class Copies:
    """Pictures that show the same, by name, and the parts that they belong to.

    `is_equal`: pixel for pixel. `likeness` is the least that was found between two of them; `is_turned`: some are mirrored
    or turned against others.
    """

    pictures: tuple[str, ...]
    parts: tuple[str, ...]
    is_equal: bool
    likeness: float = 1.0
    is_turned: bool = False


@dataclass(frozen=True, slots=True)
class FoundCopies:
    """Groups of pictures that are equal pixel for pixel, and groups that nearly are; a picture may be in one of each."""

    equal: tuple[Copies, ...]
    alike: tuple[Copies, ...]
    warnings: tuple[SetWarning, ...]


def find_copies(
    seen: Sequence[SeenPicture], names: Sequence[str], progress: Callable[[float], None] = lambda share: None
) -> FoundCopies:
    """Compare every picture with every other; `names` are what people know them by, in the order of `seen`."""
    equal = _equal(seen)
    compared = [group for group in equal if seen[group[0]].structure is not None]  # the first stands for its group
    structures = [each for group in compared if (each := seen[group[0]].structure) is not None]
    pairs = find_alike(np.stack(structures), progress=progress) if structures else Pairs((), is_all=True)
    equal_found = tuple(_copies(seen, names, group) for group in equal if len(group) > 1)
    alike_found = tuple(
        replace(
            _copies(seen, names, sorted(position for each in joined for position in compared[each])),
            is_equal=False,
            likeness=likeness,
            is_turned=is_turned,
        )
        for joined, likeness, is_turned in _joined(pairs.found, len(compared))
    )
    warnings = [
        *(_across_parts(group) for group in (*equal_found, *alike_found) if len(group.parts) > 1),
        *(warning for group in equal for warning in _differently_labelled(seen, names, group)),
    ]
    if pairs.is_all:
        warnings += [warning for pair in pairs.found for warning in _clean_and_not(seen, names, compared, pair)]
    else:
        warnings.append(SetWarning(About.ALL_ALIKE, f"more than {MOST_PAIRS} pairs of pictures look alike"))
    return FoundCopies(equal_found, alike_found, tuple(warnings))


def _equal(seen: Sequence[SeenPicture]) -> list[list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for position, each in enumerate(seen):
        groups[each.digest].append(position)
    return list(groups.values())


def _joined(pairs: Sequence[Pair], count: int) -> Iterator[tuple[list[int], float, bool]]:
    """Yield groups of those that pairs join, each with its least likeness and whether any pair of it is turned."""
    if not pairs:
        return
    first, second = np.array([(pair.first, pair.second) for pair in pairs]).T
    _, group_of = connected_components(
        coo_array((np.ones(len(pairs), np.int8), (first, second)), shape=(count, count)), directed=False
    )
    members: dict[int, set[int]] = defaultdict(set)
    likeness: dict[int, float] = defaultdict(lambda: 1.0)
    turned: set[int] = set()
    for pair in pairs:
        group = int(group_of[pair.first])
        members[group] |= {pair.first, pair.second}
        likeness[group] = min(likeness[group], pair.likeness)
        if pair.is_turned:
            turned.add(group)
    for group, positions in members.items():
        yield sorted(positions), likeness[group], group in turned


def _copies(seen: Sequence[SeenPicture], names: Sequence[str], group: Sequence[int]) -> Copies:
    parts = dict.fromkeys(seen[position].picture.part for position in group)
    return Copies(tuple(names[position] for position in group), tuple(parts), is_equal=True)


def _across_parts(group: Copies) -> SetWarning:
    how = "equal pixel for pixel" if group.is_equal else f"alike ({_likeness(group)})"
    return SetWarning(About.ACROSS_PARTS, f"{listed(group.pictures)}: {how}, of parts {listed(group.parts)}")


def _differently_labelled(seen: Sequence[SeenPicture], names: Sequence[str], group: Sequence[int]) -> Iterator[SetWarning]:
    """Warn of a group of equal pictures whose labels for one defect can not all be right."""
    for defect in seen[group[0]].labels:
        known = [(position, label) for position in group if (label := seen[position].labels.get(defect)) is not None]
        drawn = {label.digest for _, label in known if label.state is State.DEFECTIVE}
        clean = [position for position, label in known if label.state is State.CLEAN]
        if len(clean) in (0, len(known)) and len(drawn) < 2:
            continue
        how = "clean in some and not in others" if clean else "drawn in different places"
        pictures = listed([names[position] for position, _ in known])
        yield SetWarning(About.CONTRADICTION, f"{pictures}: equal pixel for pixel, but {defect} is {how}")


def _clean_and_not(
    seen: Sequence[SeenPicture], names: Sequence[str], compared: Sequence[Sequence[int]], pair: Pair
) -> Iterator[SetWarning]:
    """Warn of two pictures that look alike where a defect is in one and not in the other."""
    first, second = compared[pair.first][0], compared[pair.second][0]
    for defect, label in seen[first].labels.items():
        other = seen[second].labels.get(defect)
        if label is None or other is None or (label.state is State.CLEAN) == (other.state is State.CLEAN):
            continue
        shown, clean = (second, first) if label.state is State.CLEAN else (first, second)
        what = f"{names[shown]} shows {defect}, {names[clean]} is clean of it"
        yield SetWarning(About.CONTRADICTION, f"{what}: alike ({_likeness(pair)})")


def _likeness(found: Copies | Pair) -> str:
    return f"{found.likeness:.2f}{', mirrored or turned' if found.is_turned else ''}"
