"""The first training file says what the pictures showed, loads at once, and its comments are the defaults."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.station.engine_manifest import ScaleRange
from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.datasets.looking import BandLevel, SeenLabel, SeenPicture, State, UnreadPicture
from edge_inspector.training.datasets.registry import SetRequest, open_set
from edge_inspector.training.defect_set import ViewFit
from edge_inspector.training.starter import Start, start_from, still_to_do, training_text, write_training_file
from edge_inspector.training.training_file import Crops, Folds, Shares, TrainingFile, load_training_file
from tests.training.datasets.seen import CLEAN, PLACELESS, drawn, seen
from tests.training.real_data import real_data

CRACKED = drawn(40)
SIZE = (640, 480)
COMMENTED = re.compile(r"^( *)# ([a-z_]+: .*)$")


def look(*labels: SeenLabel | None, sizes: Sequence[tuple[int, int]] = (SIZE,), defect: str = "crack") -> list[SeenPicture]:
    """A part for each label, all of them with a picture of each size."""
    return [
        seen(f"p{number}-{view}", {defect: label}, part=f"p{number}", width_px=width_px, height_px=height_px)
        for number, label in enumerate(labels)
        for view, (width_px, height_px) in enumerate(sizes)
    ]


def start(
    folder: Path, looked_at: Sequence[SeenPicture | UnreadPicture], *defects: str, request: SetRequest | None = None
) -> Start:
    labelled = LabelledSet("plain", defects or ("crack",), tuple(each.picture for each in looked_at))
    ask = request or SetRequest(folder / "tiles")
    return start_from(folder / "training.yaml", ask, labelled, looked_at, ScaleRange(min=0.0475, max=0.0525))


def written(begun: Start) -> TrainingFile:
    write_training_file(begun)
    return load_training_file(begun.path)


def enough() -> list[SeenPicture]:
    return look(*[CRACKED] * 15, *[CLEAN] * 15)


def test_a_file_that_was_written_is_loaded_and_says_what_was_seen(tmp_path: Path) -> None:
    begun = start(tmp_path, enough())
    file = written(begun)
    assert file.set.request(tmp_path) == SetRequest(tmp_path / "tiles", "plain")
    assert file.view.of_pictures() == ViewFit("exact", *SIZE)
    assert (file.mm_per_px.min, file.mm_per_px.max) == (0.0475, 0.0525)
    assert {name: (entry.defect, entry.colour) for name, entry in file.engines.items()} == {"crack": ("crack", "red")}
    assert "crack: {defect: crack, colour: red} # 15 defective and 15 good parts\n" in begun.path.read_text(encoding="utf-8")
    assert still_to_do(begun) == []


def test_what_stands_behind_a_hash_is_what_is_taken_anyway(tmp_path: Path) -> None:
    begun = start(tmp_path, enough())
    file = written(begun)
    lines = begun.path.read_text(encoding="utf-8").splitlines()
    uncommented = [line if "# example" in line else COMMENTED.sub(r"\1\2", line) for line in lines]
    assert sum(line != before for line, before in zip(uncommented, lines, strict=True)) == 9
    begun.path.write_text("\n".join(uncommented), encoding="utf-8")
    assert load_training_file(begun.path) == file
    least = TrainingFile(format=1, set=file.set, view=file.view, mm_per_px=file.mm_per_px, engines=file.engines)
    assert file == least  # what is not commented is usual, too


def test_every_example_is_one(tmp_path: Path) -> None:
    begun = start(tmp_path, enough())
    file = written(begun)
    text = begun.path.read_text(encoding="utf-8")
    examples = [line for line in text.splitlines() if "# example" in line]
    assert len(examples) == 6
    for line in examples:
        others = text.replace("\ncut:", "\n# cut:") if "cut:" in line else text
        begun.path.write_text(others.replace(line, COMMENTED.sub(r"\1\2", line)), encoding="utf-8")
        assert load_training_file(begun.path) != file


def test_bands_of_multispectral_pictures_are_measured(tmp_path: Path) -> None:
    levels = ((BandLevel(0.2, 0.05), BandLevel(0.5, 0.25)), (BandLevel(0.4, 0.17), BandLevel(0.5, 0.26)))
    pictures = [replace(each, bands=levels[number % 2]) for number, each in enumerate(enough())]
    file = written(start(tmp_path, pictures))
    assert file.bands is not None
    assert [each.name for each in file.bands] == ["band_1", "band_2"]
    assert [each.mean for each in file.bands] == pytest.approx([0.3, 0.5], abs=1e-3)
    assert [each.std for each in file.bands] == pytest.approx([0.1414, 0.0707], abs=1e-4)


def test_pictures_of_different_bands_make_no_file(tmp_path: Path) -> None:
    pictures = enough()
    pictures[0] = replace(pictures[0], bands=(BandLevel(0.2, 0.05), BandLevel(0.5, 0.25)))
    with pytest.raises(TrainingDataError, match=r"pictures differ in their bands \(.* has colours, .* 2 bands\); keep"):
        start(tmp_path, pictures)


@pytest.mark.parametrize("name", ["my pictures #1: new", "12", "it's {x}", 'a "b" \\c', "Größe 😀", "two\nlines", "-"])
def test_folders_and_files_of_any_name_are_found_again(tmp_path: Path, name: str) -> None:
    request = SetRequest(tmp_path / name / "set", "auto", tmp_path / name / "labels.json", "train", name, name, True)
    begun = replace(start(tmp_path, enough(), request=request), path=tmp_path / "there" / f"{name}.yaml")
    file = written(begun).set.request(begun.path.parent)
    assert file.folder.resolve() == (tmp_path / name / "set").resolve()
    assert file.labels is not None
    assert file.labels.resolve() == (tmp_path / name / "labels.json").resolve()
    assert (file.reader, file.subset, file.defect, file.attribute, file.complete) == ("plain", "train", name, name, True)


def test_every_defect_that_is_drawn_gets_an_engine_and_a_colour_of_its_own(tmp_path: Path) -> None:
    defects = ("blowhole", "crack", "on", "stain", "uneven")
    looked_at = [seen(f"p{k}", dict.fromkeys(defects, CRACKED if k < 15 else CLEAN)) for k in range(30)]
    entries = written(start(tmp_path, looked_at, *defects)).engines
    assert {name: (entry.defect, entry.colour) for name, entry in entries.items()} == {
        "blowhole": ("blowhole", "blue"),
        "crack": ("crack", "red"),
        "on": ("on", "green"),
        "stain": ("stain", "yellow"),
        "uneven": ("uneven", "magenta"),
    }


def test_a_set_that_names_no_defect_is_refused(tmp_path: Path) -> None:
    labelled = LabelledSet("voc", (), tuple(each.picture for each in enough()))
    with pytest.raises(TrainingDataError, match="tiles: read as voc, names no defect; label one, or name another set"):
        start_from(tmp_path / "t.yaml", SetRequest(tmp_path / "tiles"), labelled, enough(), ScaleRange(min=0.1, max=0.2))


def test_a_defect_of_which_no_engine_can_be_made_is_left_out_and_said(tmp_path: Path) -> None:
    known = {"crack": CRACKED, "fray": None, "Riss (lang)": CRACKED, "dull": PLACELESS}
    looked_at = [seen(f"p{k}", known if k < 15 else dict.fromkeys(known, CLEAN)) for k in range(30)]
    begun = start(tmp_path, looked_at, *known)
    assert list(written(begun).engines) == ["crack"]
    assert [line.split(": ")[0] for line in still_to_do(begun)] == [
        "'fray' is left out",
        "'Riss (lang)' is left out",
        "'dull' is left out",
    ]
    with pytest.raises(TrainingDataError, match=r"no engine can be trained from it: 'fray': is not drawn in any picture"):
        start(tmp_path, looked_at, "fray")


def test_too_few_parts_are_said_before_training_refuses_them(tmp_path: Path) -> None:
    begun = start(tmp_path, look(*[CRACKED] * 15, *[CLEAN] * 14))
    assert list(written(begun).engines) == ["crack"]
    (line,) = still_to_do(begun)
    assert line.startswith("too few parts for crack; 15 defective and 15 good ones are needed: add pictures, raise")


@pytest.mark.parametrize(
    ("sizes", "view"),
    [
        ([(640, 480)], ViewFit("exact", 640, 480)),
        ([(94, 70)], ViewFit("exact", 94, 70)),
        ([(640, 480), (640, 480), (600, 490)], ViewFit("pad", 640, 490)),
        ([(640, 480), (640, 480), (100, 480)], ViewFit("pad", 640, 480)),
    ],
)
def test_the_view_holds_pictures_of_every_size(tmp_path: Path, sizes: list[tuple[int, int]], view: ViewFit) -> None:
    begun = start(tmp_path, look(*[CRACKED] * 15, *[CLEAN] * 15, sizes=sizes))
    assert written(begun).view.of_pictures() == view
    assert [line.startswith("pictures have 2 sizes, ") for line in still_to_do(begun)] == [True] * (len(set(sizes)) - 1)


def test_pictures_of_which_nothing_is_known_do_not_change_the_view(tmp_path: Path) -> None:
    other = [replace(each, width_px=99) for each in look(None, None)]
    assert written(start(tmp_path, enough() + other)).view.of_pictures() == ViewFit("exact", *SIZE)


def test_crops_are_no_larger_than_views_and_whole_where_labels_do_not_say_where(tmp_path: Path) -> None:
    small = look(*[CRACKED] * 15, *[CLEAN] * 15, sizes=[(300, 40)])
    assert written(start(tmp_path / "a", small)).learning.crops == Crops(height_px=40, width_px=256)
    placeless = look(PLACELESS, *[CRACKED] * 15, *[CLEAN] * 15)
    assert written(start(tmp_path / "b", placeless)).learning.crops == Crops(height_px=480, width_px=640)


def test_pictures_that_can_not_be_used_and_odd_labels_are_to_be_seen_to(tmp_path: Path) -> None:
    looked_at = enough()
    unread = UnreadPicture(looked_at[0].picture, "p0.png: is cut off; replace it")
    faint = look(SeenLabel(State.CLEAN, highest=1), SeenLabel(State.CLEAN, highest=127))
    begun = replace(start(tmp_path, [*looked_at, *faint, unread]), oddities=2)
    assert still_to_do(begun) == [
        "1 picture can not be used, and training refuses them; remove or replace them",
        "2 masks without a sure pixel (from 128 of 255 on), and training refuses them; export them with 255 for the defect",
        f"2 things about the labels looked odd; see them: edge-inspector dataset inspect {tmp_path / 'tiles'} "
        "--reader plain",
    ]
    with pytest.raises(
        TrainingDataError, match=r"p0\.png: is cut off; replace it\. No other picture of .*tiles can be used"
    ):
        start(tmp_path, [unread])


def test_a_set_of_masks_of_0_and_1_is_refused_with_what_they_lack(tmp_path: Path) -> None:
    faint = look(*[SeenLabel(State.CLEAN, highest=1)] * 9, *[CLEAN] * 20)
    with pytest.raises(TrainingDataError, match=r"'crack': has 9 masks without a sure pixel \(from 128 of 255 on\); export"):
        start(tmp_path, faint)


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    begun = start(tmp_path, enough())
    begun.path.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"training\.yaml: is there already, and nothing is overwritten"):
        write_training_file(begun)
    assert begun.path.read_text(encoding="utf-8") == "mine"


def in_folds(*folds: str, defective: Sequence[str] | None = None) -> list[SeenPicture]:
    """Two parts in each fold, a good one and, in folds that are `defective`, one with a crack."""
    shown = folds if defective is None else defective
    pictures = look(*[CRACKED if fold in shown else CLEAN for fold in folds], *[CLEAN] * len(folds))
    return [replace(each, picture=replace(each.picture, fold=fold)) for each, fold in zip(pictures, folds * 2, strict=True)]


def test_the_folds_that_a_set_gives_are_taken_and_one_is_held_back(tmp_path: Path) -> None:
    begun = start(tmp_path, in_folds("1", "2", "3", "4"))
    assert written(begun).split == Folds(folds="given")
    text = begun.path.read_text(encoding="utf-8")
    assert "in which of 4 folds a part is (1, 2, 3, 4): what it knows to be alike is in one" in text
    assert "#   edge-inspector train training.yaml --all --hold-back 4 #" in text
    assert begun.options == ["--all", "--hold-back", "4"]
    assert still_to_do(begun) == []  # shares of parts that are dealt by chance mean nothing here
    (example,) = [line for line in text.splitlines() if "# example, instead of the line above" in line]
    begun.path.write_text(text.replace("\nsplit:", "\n# split:").replace(example, COMMENTED.sub(r"\1\2", example)))
    assert load_training_file(begun.path).split == Folds(folds="given", held_back="4")


def test_a_fold_without_good_or_without_defective_parts_is_said_and_not_held_back(tmp_path: Path) -> None:
    begun = start(tmp_path, in_folds("1", "2", "3", "4", defective=["1", "2", "3"]))
    assert begun.held_back == "2"  # 3 would leave the cut to 4, and 4 be measured without a defect
    (line,) = still_to_do(begun)
    assert line.startswith(
        "crack: fold 4 has not both good and defective parts, so it can neither be the test nor choose the"
    )


@pytest.mark.parametrize(
    "folds", [("train", "test"), ("1", "2", "3", ""), ("1", "2", "3", "a b")], ids=["two", "not all", "no name"]
)
def test_folds_that_training_would_refuse_are_not_taken(tmp_path: Path, folds: tuple[str, ...]) -> None:
    begun = start(tmp_path, in_folds(*folds))
    assert isinstance(written(begun).split, Shares)
    assert begun.options == ["--all"]


def test_a_set_without_a_picture_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"tiles: has no picture; name the folder that holds the set"):
        start(tmp_path, [])


def test_the_folds_of_a_real_set_are_taken(tmp_path: Path) -> None:
    labelled = open_set(SetRequest(real_data("magnetic_tile"), "magnetic_tile"))
    looked_at = [seen(each.picture.stem, dict.fromkeys(labelled.defects), part=each.part) for each in labelled.pictures]
    shown = {defect: CRACKED if k % 2 else CLEAN for k, defect in enumerate(labelled.defects)}
    looked_at = [replace(each, picture=own, labels=shown) for each, own in zip(looked_at, labelled.pictures, strict=True)]
    begun = start_from(tmp_path / "tiles.yaml", SetRequest(tmp_path), labelled, looked_at, ScaleRange(min=0.1, max=0.2))
    assert list(begun.folds) == ["1", "2", "3", "4"]
    assert written(begun).split == Folds(folds="given")


def test_small_scales_are_written_as_numbers(tmp_path: Path) -> None:
    begun = replace(start(tmp_path, enough()), mm_per_px=ScaleRange(min=0.00001, max=12))
    assert "mm_per_px: {min: 0.00001, max: 12}" in training_text(begun)
    assert written(begun).mm_per_px == ScaleRange(min=0.00001, max=12)
