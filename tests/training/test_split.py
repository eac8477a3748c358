"""No part is in two sets, every kind is in each, and the same names are dealt the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, LabelledPicture, LabelledSet, Runs
from edge_inspector.training.defect_set import DefectSet, Sample, defect_set
from edge_inspector.training.split import (
    Split,
    deal,
    folds,
    given_folds,
    refuse_few,
    refuse_straddling,
    split_of_folds,
    split_of_two,
)
from tests.training.labelled import labelled_set

SHOWS = Runs(("1 9",))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> LabelledSet:
    """Forty parts of two views: 20 with a crack, in one view; of every other one it is known whether it has a stain."""
    labels = {}
    for part in range(40):
        for view in range(2):
            crack = SHOWS if part < 20 and view == 1 else CLEAN
            stain = None if part % 2 else SHOWS if part % 4 == 0 else CLEAN
            labels[f"p{part}-c{view}"] = {"crack": crack, "stain": stain}
    return labelled_set(tmp_path_factory.mktemp("set"), labels)


@pytest.fixture(scope="module")
def cracks(labelled: LabelledSet) -> DefectSet:
    return defect_set(labelled, "crack")


@pytest.fixture(scope="module")
def stains(labelled: LabelledSet) -> DefectSet:
    return defect_set(labelled, "stain")


def alike(sets: Sequence[DefectSet]) -> dict[tuple[bool | None, ...], set[str]]:
    """Parts that are alike in all that is known of them; None: not in the set."""
    found: dict[tuple[bool | None, ...], set[str]] = defaultdict(set)
    for part in {part for each in sets for part in each.parts()}:
        known = ((part in each.defective_parts()) if part in each.parts() else None for each in sets)
        found[tuple(known)].add(part)
    return dict(found)


def test_every_part_is_in_one_set_with_all_its_views(cracks: DefectSet) -> None:
    split = deal([cracks], 0.2, 0.2)
    assert sorted((*split.training, *split.validation, *split.test)) == sorted(cracks.parts())
    assert (len(split.validation), len(split.test)) == (8, 8)
    chosen = [cracks.of_parts(names) for names in (split.training, split.validation, split.test)]
    assert all(len(views) == 2 for each in chosen for views in each.parts().values())


def test_validation_and_test_have_their_share_of_parts_alike_in_all_defects(cracks: DefectSet, stains: DefectSet) -> None:
    split = deal([cracks, stains], 0.44, 0.4)
    kinds = alike([cracks, stains])
    assert {kind: len(parts) for kind, parts in kinds.items()} == {
        (False, False): 5, (False, True): 5, (True, False): 5, (True, True): 5, (False, None): 10, (True, None): 10,
    }  # fmt: skip
    assert (len(split.validation), len(split.test)) == (17, 16)
    for names, share in ((split.validation, 0.44), (split.test, 0.4)):
        for parts in kinds.values():
            assert abs(len(parts & set(names)) - share * len(parts)) < 1


def test_the_split_does_not_depend_on_the_order_of_the_pictures(cracks: DefectSet) -> None:
    assert deal([replace(cracks, samples=cracks.samples[::-1])], 0.2, 0.2) == deal([cracks], 0.2, 0.2)


def test_the_first_pictures_of_a_set_are_of_both_kinds(cracks: DefectSet) -> None:
    assert set(cracks.of_parts(deal([cracks], 0.2, 0.2).training).defective[:12]) == {True, False}


@pytest.mark.parametrize("shares", [(0.0, 0.2), (0.2, 0.0), (0.6, 0.4), (float("nan"), 0.2)])
def test_shares_that_leave_nothing_are_refused(cracks: DefectSet, shares: tuple[float, float]) -> None:
    with pytest.raises(TrainingDataError, match="above 0 each, below 1 together"):
        deal([cracks], *shares)


def test_too_few_parts_of_a_kind_are_refused_with_what_is_needed(cracks: DefectSet, stains: DefectSet) -> None:
    with pytest.raises(TrainingDataError, match="40 pictures make 10 good and 10 defective parts for stain, but 30 of each"):
        refuse_few(stains, deal([stains, cracks], 0.1, 0.1), 0.1)


Known = Sequence[bool | None]  # of each part, whether it shows a defect; None: nobody knows


def known_set(number: int, known: Known) -> DefectSet:
    """A set of parts of one picture each, as if it had been looked at."""
    shown = {f"p{part}": shows for part, shows in enumerate(known) if shows is not None}
    pictures = (Sample(Path(f"{part}.png"), part, CLEAN, None, None, shows, 0, 1, "", "") for part, shows in shown.items())
    return DefectSet("made up", f"d{number}", tuple(pictures))


@st.composite
def enough_of_each(draw: st.DrawFn) -> list[DefectSet]:
    """Of every defect as many good and defective parts as shares of a fifth need, or few more, meeting in any way."""
    spare = draw(st.integers(0, 12))
    sets = []
    for number in range(draw(st.integers(1, 6))):
        defective, unknown = draw(st.integers(0, spare)), draw(st.integers(0, spare))
        kinds: list[bool | None] = [*[True] * (15 + defective), *[None] * min(unknown, spare - defective)]
        kinds += [False] * (30 + spare - len(kinds))
        draw(st.randoms(use_true_random=False)).shuffle(kinds)
        sets.append(known_set(number, kinds))
    return sets


@settings(max_examples=200)
@given(enough_of_each())
def test_what_has_enough_parts_of_each_kind_is_never_refused(sets: list[DefectSet]) -> None:
    split = deal(sets, 0.2, 0.2)
    assert {*split.training, *split.validation, *split.test} == {part for each in sets for part in each.parts()}
    for each in sets:
        refuse_few(each, split, 0.2)
        assert min(*each.of_parts(split.validation).kinds("parts"), *each.of_parts(split.test).kinds("parts")) >= 3


def random_sets(seed: int, defects: int) -> list[DefectSet]:
    """60 to 150 parts, of which each defect is on a quarter to six tenths."""
    rng = np.random.default_rng(seed)
    parts = int(rng.integers(60, 151))
    shows = [rng.permutation(parts) < share * parts for share in rng.uniform(0.25, 0.6, defects)]
    return [known_set(number, [bool(each) for each in known]) for number, known in enumerate(shows)]


@pytest.mark.parametrize("seed", range(12))
def test_every_fold_and_test_has_its_share_of_each_of_five_defects(seed: int) -> None:
    sets = random_sets(seed, 5)
    split, dealt = deal(sets, 0.2, 0.2), folds(sets, 5)
    for each in sets:
        defective = each.defective_parts()
        for names in (split.validation, split.test):
            assert abs(len(defective & set(names)) - 0.2 * len(defective)) < 2
        counts = [len(defective & set(names)) for names in dealt.values()]
        assert max(counts) - min(counts) <= 2


def test_pictures_of_too_few_parts_are_refused_with_what_validation_and_test_got() -> None:
    pictures = [
        Sample(Path(f"p{part}-{view}.png"), f"p{part}", CLEAN, None, None, part > 0, 0, 1, "", "")
        for part in range(20)
        for view in range(15)
    ]
    said = (
        "15 good and 285 defective pictures for crack, but 15 of each are needed, of several parts: validation got "
        r"\d+ good and \d+ defective, test got \d+ good and \d+ defective, and each needs at least 3 good and 3 defective"
    )
    each = DefectSet("made up", "crack", tuple(pictures))
    with pytest.raises(TrainingDataError, match=said):
        refuse_few(each, deal([each], 0.2, 0.2), 0.2, "pictures")


@given(st.integers(3, 9))
def test_folds_hold_every_part_once_and_differ_by_one(cracks: DefectSet, stains: DefectSet, count: int) -> None:
    dealt = folds([cracks, stains], count)
    assert list(dealt) == [str(number) for number in range(count)]
    assert sorted(part for each in dealt.values() for part in each) == sorted(cracks.parts())
    sizes = [len(each) for each in dealt.values()]
    assert max(sizes) - min(sizes) <= 1
    with_crack = {part for part, views in cracks.parts().items() if any(cracks.defective[i] for i in views)}
    counts = [len(with_crack & set(each)) for each in dealt.values()]
    assert max(counts) - min(counts) <= 3  # of three strata, each of which may be one out


@given(st.integers(3, 6), st.integers(0, 5))
def test_a_fold_is_held_back_and_the_next_one_chooses(cracks: DefectSet, count: int, held_back: int) -> None:
    dealt = folds([cracks], count)
    if held_back >= count:
        with pytest.raises(TrainingDataError, match=f"fold {held_back} can not be held back: the folds are 0, 1, 2"):
            split_of_folds(dealt, f"{held_back}")
        return
    split = split_of_folds(dealt, f"{held_back}")
    assert set(split.test) == set(dealt[f"{held_back}"])
    assert set(split.validation) == set(dealt[f"{(held_back + 1) % count}"])
    assert len(split.training) == 40 - len(split.test) - len(split.validation)


def test_where_no_fold_chooses_all_others_learn(cracks: DefectSet) -> None:
    dealt = folds([cracks], 4)
    split = split_of_folds(dealt, "2", has_cut_fold=False)
    assert (set(split.test), split.validation) == (set(dealt["2"]), ())
    assert set(split.training) == {part for name, parts in dealt.items() if name != "2" for part in parts}


def test_of_a_published_split_of_two_a_share_of_the_half_that_learns_chooses_the_cuts(cracks: DefectSet) -> None:
    parts = sorted(cracks.parts())
    halves = {"train": tuple(parts[:30]), "test": tuple(parts[30:])}
    split = split_of_two([cracks], halves, "test")
    assert set(split.test) == set(halves["test"])
    assert set(split.training) | set(split.validation) == set(halves["train"])
    defective = cracks.defective_parts()
    for kind in (defective, set(parts) - defective):
        learning = kind & set(halves["train"])
        assert abs(len(kind & set(split.validation)) - 0.2 * len(learning)) < 1
    with pytest.raises(TrainingDataError, match="fold val can not be held back: the folds are train, test"):
        split_of_two([cracks], halves, "val")


@pytest.mark.parametrize("count", [2, 41])
def test_fewer_folds_than_three_or_more_than_parts_are_refused(cracks: DefectSet, count: int) -> None:
    with pytest.raises(TrainingDataError, match="allowed are 3 to 40"):
        folds([cracks], count)


def test_a_split_with_a_part_on_both_sides_is_refused(cracks: DefectSet) -> None:
    with pytest.raises(TrainingDataError, match=r"part p1 is in training and in test: .*would be memory"):
        Split(("p1", "p2"), ("p3",), ("p4", "p1"))
    refuse_straddling({"training": ["p1", "p1"], "test": ["p2"]})


def in_folds(fold_of: Mapping[str, str]) -> LabelledSet:
    """A set of pictures, `part-view`, and the fold that it gives each."""
    pictures = (
        LabelledPicture(Path("set") / f"{name}.png", name.partition("-")[0], name, {"crack": CLEAN}, "drawn", fold=fold)
        for name, fold in fold_of.items()
    )
    return LabelledSet("drawn", ("crack",), tuple(pictures))


def test_folds_that_a_set_gives_hold_its_parts_and_are_in_the_order_of_their_numbers() -> None:
    given = given_folds(in_folds({"p1-a": "10", "p1-b": "10", "p2-a": "9", "p3-a": "1", "p4-a": "9"}))
    assert list(given) == ["1", "9", "10"]
    assert {name: set(parts) for name, parts in given.items()} == {"1": {"p3"}, "9": {"p2", "p4"}, "10": {"p1"}}
    split = split_of_folds(given, "10")
    assert (set(split.test), set(split.validation), set(split.training)) == ({"p1"}, {"p3"}, {"p2", "p4"})


@pytest.mark.parametrize(
    ("fold_of", "said"),
    [
        ({"p1-a": "", "p2-a": ""}, r"^set: the set gives its pictures no folds; let parts be dealt by chance"),
        ({"p1-a": "1", "p2-a": ""}, r"p2-a\.png: its fold is '', needed are 1 to 32 of"),
        ({"p1-a": "1", "p2-a": "a/b"}, r"p2-a\.png: its fold is 'a/b'"),
        ({"p1-a": "1", "p1-b": "2"}, "part p1 is in fold 1 and in fold 2: .*would be memory"),
    ],
)
def test_folds_that_can_not_be_meant_are_refused(fold_of: dict[str, str], said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        given_folds(in_folds(fold_of))


def test_two_folds_that_a_set_gives_are_too_few() -> None:
    with pytest.raises(TrainingDataError, match="the folds are 1, 2, and 3 are needed at least"):
        split_of_folds(given_folds(in_folds({"p1-a": "1", "p2-a": "2"})), "1")
