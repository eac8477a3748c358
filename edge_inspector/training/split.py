"""Deals parts to training, validation and test, or to folds: by chance, repeatably, stratified, and none to two of them.
Or takes the folds that a set itself gives.

Every defect's parts are shared out evenly: those that show it, those that do not, and those of which nothing is known.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.defect_set import DefectSet
from edge_inspector.training.part_scores import Counted
from edge_inspector.training.stratification import Kind, deal_kinds

VALIDATION_SHARE = 0.2  # of the parts for the cut, and as many for the test
LEAST_PARTS = 3  # of each kind in validation and in test; the manifest's intervals say how little so few can show
LEAST_FOLDS = 3  # one is held back, one chooses the cuts, one trains
FOLD_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")  # a folder of runs/ is called by it

FoldParts = Mapping[str, tuple[str, ...]]  # the parts of every fold, by its name, in the order in which they take turns


@dataclass(frozen=True, slots=True)
class Split:
    """Names of parts: `training` learns, `validation` chooses calibration and cut, `test` is only measured.

    In dealing order, so that the first ones of each are of all kinds. Raises TrainingDataError if two share a part.
    """

    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        refuse_straddling({"training": self.training, "validation": self.validation, "test": self.test})


def dealing_key(name: str) -> str:
    """Order in which names are dealt: by their SHA-256, which is chance, but the same everywhere.

    >>> sorted(["p1", "p2", "p3"], key=dealing_key)
    ['p2', 'p3', 'p1']
    """
    return hashlib.sha256(name.encode()).hexdigest()


def deal(sets: Sequence[DefectSet], validation_share: float, test_share: float) -> Split:
    """Deal the parts of sets that are labelled for one defect each: validation and test have their shares of every kind.

    Where one gets fewer than LEAST_PARTS of a kind though there are enough, training gives up what is lacking; where there
    are not, `refuse_few` says so. Raises TrainingDataError for shares that leave nothing to learn from.
    """
    if not (validation_share > 0.0 and test_share > 0.0 and validation_share + test_share < 1.0):
        raise TrainingDataError(
            f"shares of {validation_share:g} for validation and {test_share:g} for test: allowed is above 0 each, below 1 "
            f"together; {VALIDATION_SHARE:g} each is usual"
        )
    kinds = kinds_of_parts(sets)
    rooms = [math.floor(share * len(kinds) + 1e-9) for share in (validation_share, test_share)]
    dealt = deal_kinds(kinds, [len(kinds) - sum(rooms), *rooms])
    _top_up(dealt, kinds, needed_parts(min(validation_share, test_share)))
    return Split(*(tuple(sorted(each, key=dealing_key)) for each in dealt))


def refuse_few(each: DefectSet, split: Split, share: float, counted: Counted = "parts") -> None:
    """Raise TrainingDataError if validation or test, of which the smaller one's is the `share`, got too few of a kind.

    That is of good or of defective parts; or of pictures, if these are `counted`.
    """
    got = {"validation": each.of_parts(split.validation).kinds(counted), "test": each.of_parts(split.test).kinds(counted)}
    if min(count for counts in got.values() for count in counts) >= LEAST_PARTS:
        return
    good, defective = each.kinds(counted)
    made, of_parts = (f"{len(each.samples)} pictures make ", "") if counted == "parts" else ("", ", of several parts")
    have = ", ".join(f"{name} got {counts[0]} good and {counts[1]} defective" for name, counts in got.items())
    by_picture = "" if good or counted == "pictures" else "Where no part is good, say judged: pictures. "
    raise TrainingDataError(
        f"{each.source}: {made}{good} good and {defective} defective {counted} for {each.defect}, but {needed_parts(share)} "
        f"of each are needed{of_parts}: {have}, and each needs at least {LEAST_PARTS} good and {LEAST_PARTS} defective. Add "
        f"pictures, or raise the share. {by_picture}In a plain folder the name up to its last hyphen is the part (p7-c1 and "
        "p7-c2 are two views of p7): write scan_001, not scan-001, for parts of one view"
    )


def folds(sets: Sequence[DefectSet], count: int) -> FoldParts:
    """Deal all parts to so many folds, 0, 1, …, each with its share of every kind.

    Their sizes differ by one. Raises TrainingDataError if there are fewer parts than folds, or fewer folds than LEAST_FOLDS.
    """
    kinds = kinds_of_parts(sets)
    if not LEAST_FOLDS <= count <= len(kinds):
        raise TrainingDataError(f"{count} folds of {len(kinds)} parts: allowed are {LEAST_FOLDS} to {len(kinds)}")
    dealt = deal_kinds(kinds, [(len(kinds) + count - 1 - number) // count for number in range(count)])
    return {f"{number}": tuple(sorted(each, key=dealing_key)) for number, each in enumerate(dealt)}


def given_folds(labelled: LabelledSet) -> FoldParts:
    """The folds that a set itself gives, shorter names first, so that 10 comes after 9.

    Raises TrainingDataError for a set without any, a picture without one, a name that no folder can have, and a part in two.
    """
    if not any(each.fold for each in labelled.pictures):
        folder = os.path.commonpath([each.picture.parent for each in labelled.pictures])
        raise TrainingDataError(
            f"{folder}: the set gives its pictures no folds; let parts be dealt by chance, as with split: {{folds: 5}}"
        )
    parts: dict[str, set[str]] = defaultdict(set)
    for each in labelled.pictures:
        if not FOLD_NAME.fullmatch(each.fold):
            raise TrainingDataError(
                f"{each.picture}: its fold is {each.fold!r}, needed are 1 to 32 of A-Z a-z 0-9 _ . -, as of every other "
                "picture of the set"
            )
        parts[each.fold].add(each.part)
    refuse_straddling({f"fold {name}": each for name, each in parts.items()})
    ordered = sorted(parts, key=lambda name: (len(name), name))
    return {name: tuple(sorted(parts[name], key=dealing_key)) for name in ordered}


def split_of_folds(dealt: FoldParts, held_back: str, *, has_cut_fold: bool = True) -> Split:
    """Fold `held_back` is the test, the one after it chooses calibration and cuts, or none if not `has_cut_fold`; the others
    train.

    Raises TrainingDataError if there is no such fold, there are fewer than LEAST_FOLDS, or two share a part.
    """
    names = list(dealt)
    if held_back not in names or len(names) < LEAST_FOLDS:
        raise TrainingDataError(
            f"fold {held_back} can not be held back: the folds are {', '.join(names)}, and {LEAST_FOLDS} are needed at least"
        )
    choosing = names[(names.index(held_back) + 1) % len(names)]
    apart = (held_back, choosing) if has_cut_fold else (held_back,)
    training = [part for name in names if name not in apart for part in dealt[name]]
    validation = dealt[choosing] if has_cut_fold else ()
    ordered = (tuple(sorted(each, key=dealing_key)) for each in (training, validation, dealt[held_back]))
    return Split(*ordered)


def split_of_two(sets: Sequence[DefectSet], dealt: FoldParts, held_back: str) -> Split:
    """A published split of two: `held_back` is the test, and a share of every kind of the other chooses the cuts.

    Raises TrainingDataError if there is no such fold, or two share a part.
    """
    if held_back not in dealt:
        raise TrainingDataError(f"fold {held_back} can not be held back: the folds are {', '.join(dealt)}")
    (learning,) = (set(parts) for name, parts in dealt.items() if name != held_back)
    kinds = {part: each for part, each in kinds_of_parts(sets).items() if part in learning}
    room = math.floor(VALIDATION_SHARE * len(kinds) + 1e-9)
    training, choosing = deal_kinds(kinds, [len(kinds) - room, room])
    return Split(*(tuple(sorted(each, key=dealing_key)) for each in (training, choosing, dealt[held_back])))


def refuse_straddling(named: Mapping[str, Collection[str]]) -> None:
    """Raise TrainingDataError if two of these share a part: what is measured there would be memory."""
    place: dict[str, str] = {}
    for name, parts in named.items():
        for part in parts:
            if place.setdefault(part, name) != name:
                raise TrainingDataError(
                    f"part {part} is in {place[part]} and in {name}: its pictures look alike, so what is measured would be "
                    "memory; leave it in one of them"
                )


def kinds_of_parts(sets: Sequence[DefectSet]) -> dict[str, list[Kind]]:
    """Of each part, in dealing order, whether some picture of it is defective in each set; None: it is not in the set."""
    shown = [{part: part in defective for part in each.parts()} for each in sets for defective in [each.defective_parts()]]
    parts = sorted({part for each in shown for part in each}, key=dealing_key)
    return {part: [(number, each.get(part)) for number, each in enumerate(shown)] for part in parts}


def needed_parts(share: float) -> int:
    """How many parts of a kind there must be, so that such a share of them is enough for validation, or for the test.

    >>> needed_parts(0.2)
    15
    """
    return math.ceil(LEAST_PARTS / share - 1e-9)


def _top_up(dealt: Sequence[list[str]], kinds: Mapping[str, Collection[Kind]], needed: int) -> None:
    """Move parts from training to where LEAST_PARTS of a kind are lacking, if as many as `needed` are known of it."""
    training, *others = dealt
    total = Counter(kind for each in kinds.values() for kind in each)
    enough = [kind for kind, count in total.items() if kind[1] is not None and count >= needed]
    for kind, place in product(enough, others):
        lacking = max(LEAST_PARTS - sum(kind in kinds[part] for part in place), 0)
        for part in [part for part in training if kind in kinds[part]][:lacking]:
            training.remove(part)
            place.append(part)
