"""A plan deals the parts of a training file once, or for every fold in turn, and refuses what no engine can come of."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.training_plan import Instead, plan_every_fold, plan_training
from tests.training.blots import write_parts, write_view
from tests.training.tiles import FOLDS, HEIGHT_PX, TILES, TILES_WITH_IT, WIDTH_PX, write_tiles

TILE_TRAINING = f"""\
format: 1
set: {{folder: tiles}}
view: {{height_px: {HEIGHT_PX}, width_px: {WIDTH_PX}, fit: pad}}
mm_per_px: {{min: 0.09, max: 0.11}}
engines:
  crack: {{defect: crack}}
  fray: {{defect: fray}}
split: {{folds: given}}
"""
BLOT_TRAINING = """\
format: 1
set: {folder: blots, defect: blot, complete: true}
view: {height_px: 64, width_px: 96}
mm_per_px: {min: 0.09, max: 0.11}
engines: {blot: {defect: blot}}
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """A training file beside a set that gives its folds."""
    write_tiles(tmp_path / "tiles")
    return written(tmp_path / "tiles.yaml", TILE_TRAINING)


def test_every_fold_is_held_back_once_and_the_next_one_chooses(tiles: Path) -> None:
    plans = plan_every_fold(tiles)
    assert [plan.fold for plan in plans] == list(FOLDS)
    held_back = [set(plan.split.test) for plan in plans]
    assert sorted(part for each in held_back for part in each) == sorted(plans[0].sets["crack"].parts())
    for number, plan in enumerate(plans):
        assert {sample.part[1] for sample in plan.dealt("fray")[2].samples} == {plan.fold}
        assert set(plan.split.validation) == held_back[(number + 1) % len(FOLDS)]


def test_folds_that_are_dealt_take_turns_too(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots")
    plans = plan_every_fold(written(tmp_path / "t.yaml", BLOT_TRAINING + "split: {folds: 4, held_back: 2}\n"))
    assert [plan.fold for plan in plans] == ["0", "1", "2", "3"]
    assert len({part for plan in plans for part in plan.split.test}) == 24


def test_a_picture_that_lies_in_two_of_the_folds_that_a_set_gives_is_refused(tiles: Path) -> None:
    imgs = tiles.parent / "tiles" / "MT_Free" / "Imgs"
    shutil.copyfile(imgs / "exp0_num_14.jpg", imgs / "exp0_num_24.jpg")
    with pytest.raises(TrainingDataError, match="part g14 is in fold 1 and in fold 2: its pictures look alike"):
        plan_every_fold(tiles)


@pytest.mark.parametrize("held_back", ["2", '"2"'])
def test_one_fold_that_the_set_gives_can_be_held_back_to_make_an_engine(tiles: Path, held_back: str) -> None:
    tiles.write_text(TILE_TRAINING.replace("given", f"given, held_back: {held_back}"))
    plan = plan_training(tiles)
    training, validation, test = (len(each.parts()) for each in plan.dealt("crack"))
    assert (training, validation, test) == (6, 6, 6)
    assert len(plan.sets["crack"].parts()) == TILES
    assert len(plan.sets["crack"].defective_parts()) == TILES_WITH_IT
    assert {sample.part[1] for sample in plan.dealt("crack")[2].samples} == {"2"}
    assert plan.dealing_words() == "of folds that the set gives"


def test_a_command_line_can_hold_another_fold_back_than_the_file(tiles: Path) -> None:
    tiles.write_text(TILE_TRAINING.replace("given", "given, held_back: 2"))
    file_says, command_says = plan_training(tiles), plan_training(tiles, instead=Instead(held_back="3"))
    assert (file_says.held_back, command_says.held_back) == ("2", "3")
    assert {sample.part[1] for sample in command_says.dealt("crack")[2].samples} == {"3"}
    assert command_says.command_words("crack")[-2:] == ["--hold-back", "3"]
    assert command_says.file_digest == file_says.file_digest


def test_a_command_line_can_say_another_seed_which_is_another_training(tiles: Path) -> None:
    own = TILE_TRAINING.replace("{defect: fray}", "{defect: fray, learning: {seed: 5}}").replace(
        "given", "given, held_back: 2"
    )
    tiles.write_text(own)
    file_says, command_says = plan_training(tiles), plan_training(tiles, instead=Instead(seed=9))
    assert [file_says.settings(name, 1, "cpu").seed for name in ("crack", "fray")] == [1, 5]
    assert [command_says.settings(name, 1, "cpu").seed for name in ("crack", "fray")] == [9, 9]
    assert command_says.learning_digest("crack") != file_says.learning_digest("crack")
    assert command_says.command_words("crack")[-2:] == ["--seed", "9"]


def test_without_folds_none_can_be_held_back(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots")
    training = written(tmp_path / "t.yaml", BLOT_TRAINING + "split: {validation: 0.25, test: 0.25}\n")
    assert plan_training(training).held_back == ""
    with pytest.raises(ConfigurationError, match=r"t\.yaml: --hold-back needs folds; say `split: {folds: 5}`"):
        plan_training(training, instead=Instead(held_back="0"))


def with_one_frayed_part(folder: Path, split: str) -> Path:
    """A training file of cracks, on half of 30 parts, and of fray, on one alone."""
    shapes = {"images": lambda part: True, "masks/crack": lambda part: part % 2, "masks/fray": lambda part: part == 7}
    for place, shows in shapes.items():
        (folder / "parts" / place).mkdir(parents=True)
        for part in range(30):
            grey = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
            grey[20:30, 20:30] = (100 + part if place == "images" else 255) if shows(part) else 0
            assert cv2.imwrite(str(folder / "parts" / place / f"p{part}.png"), grey)
    text = TILE_TRAINING.replace("folder: tiles", "folder: parts").replace("{folds: given}", split)
    return written(folder / "parts.yaml", text)


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("{validation: 0.2, test: 0.2}", "29 good and 1 defective parts for fray, but 15 of each are needed"),
        ("{folds: 5, held_back: 0}", "[01] defective parts are to (be only measured|choose the cut) for fray"),
    ],
)
def test_too_few_parts_of_an_engine_are_refused_only_where_it_is_asked_for(tmp_path: Path, split: str, said: str) -> None:
    training = with_one_frayed_part(tmp_path, split)
    assert list(plan_training(training, asked=["crack"]).sets) == ["crack", "fray"]
    for asked in (None, ["crack", "fray"]):
        with pytest.raises(TrainingDataError, match=said):
            plan_training(training, asked=asked)


def test_an_engine_that_could_learn_of_no_defective_part_is_refused(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots", defective_share=2 / 9, parts=9)
    text = BLOT_TRAINING + "split: {folds: 3, held_back: 0}\n"
    with pytest.raises(TrainingDataError, match="none of the 6 pictures that are to be learned from shows blot; hold back"):
        plan_training(written(tmp_path / "t.yaml", text))


def test_a_fold_without_a_picture_to_learn_of_is_refused_only_where_its_engine_is_asked_for(tmp_path: Path) -> None:
    training = with_one_frayed_part(tmp_path, "{folds: 5}")
    assert len(plan_every_fold(training, asked=["crack"])) == 5
    with pytest.raises(TrainingDataError, match=r"no picture shows where fray is to learn .* comment the engine out with #"):
        plan_every_fold(training)


def test_parts_are_dealt_the_same_way_whatever_engine_is_asked_for(tmp_path: Path) -> None:
    training = with_one_frayed_part(tmp_path, "{folds: 5, held_back: 0}")
    crack, none = (plan_training(training, asked=asked) for asked in (["crack"], []))
    assert crack.split == none.split


def test_an_early_stop_of_an_engine_that_is_not_asked_for_needs_no_fold_of_its_own(tmp_path: Path) -> None:
    training = with_one_frayed_part(tmp_path, "{folds: 5}")
    stop = "{defect: fray, learning: {early_stop: {every_steps: 10, patience: 2}}}"
    written(training, training.read_text().replace("{defect: fray}", stop))
    assert len(plan_every_fold(training, instead=Instead(no_cut_fold=True), asked=["crack"])) == 5
    with pytest.raises(ConfigurationError, match="leaves no parts that early_stop could look at"):
        plan_every_fold(training, instead=Instead(no_cut_fold=True))


def test_a_plan_says_what_becomes_of_every_picture_that_is_known_for_an_engine(tiles: Path) -> None:
    plan = plan_training(tiles, instead=Instead(held_back="2"))
    dealt = plan.dealt_pictures("crack")
    assert len(dealt) == len(plan.sets["crack"].samples)
    assert {(each.use.value, each.part[1]) for each in dealt} == {("held_back", "2"), ("validation", "3"), ("training", "1")}
    assert {each.part for each in dealt if each.is_defective} == plan.sets["crack"].defective_parts()
    assert {each.fit for each in dealt} == {"pad"}
    assert all(each.view == each.picture.stem for each in dealt)


def test_a_file_that_holds_no_fold_back_makes_no_engine(tiles: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"tiles\.yaml: split\.held_back is missing, .*: 1, 2, 3\. Or say --hold-back"
    ):
        plan_training(tiles)


def test_a_fold_that_is_none_is_refused(tiles: Path) -> None:
    tiles.write_text(TILE_TRAINING.replace("given", "given, held_back: 4"))
    with pytest.raises(TrainingDataError, match="fold 4 can not be held back: the folds are 1, 2, 3"):
        plan_training(tiles)


def test_a_set_without_folds_and_a_file_without_them_have_no_turns(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots")
    with pytest.raises(ConfigurationError, match=r"t\.yaml: --every-fold needs folds; say `split: {folds: 5}`"):
        plan_every_fold(written(tmp_path / "t.yaml", BLOT_TRAINING))
    with pytest.raises(TrainingDataError, match=r"blots/images: the set gives its pictures no folds"):
        plan_every_fold(written(tmp_path / "t.yaml", BLOT_TRAINING + "split: {folds: given}\n"))


def test_without_good_parts_there_is_no_engine_but_every_fold_can_be_measured(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots", defective_share=1.0)
    text = BLOT_TRAINING + "split: {folds: 3, held_back: 0}\n"
    with pytest.raises(
        TrainingDataError,
        match=r"0 good and 8 defective parts are to choose the cut for blot, .* say judged: pictures, which",
    ):
        plan_training(written(tmp_path / "t.yaml", text))
    assert len(plan_every_fold(tmp_path / "t.yaml")) == 3


def test_a_fold_that_nothing_can_be_learned_beside_is_refused(tmp_path: Path) -> None:
    for part in range(3):
        write_view(tmp_path / "blots", f"p{part}-c0", is_defective=part == 0)
    with pytest.raises(TrainingDataError, match=r"fold . held back, no picture shows where blot is to learn"):
        plan_every_fold(written(tmp_path / "t.yaml", BLOT_TRAINING + "split: {folds: 3}\n"))


def test_a_fold_that_nothing_can_be_calibrated_on_is_refused(tmp_path: Path) -> None:
    for part in range(5):
        write_view(tmp_path / "blots", f"p{part}-c0", is_defective=part < 2)  # in two of five folds
    with pytest.raises(TrainingDataError, match=r"no picture shows where blot is to learn from or to calibrate on"):
        plan_every_fold(written(tmp_path / "t.yaml", BLOT_TRAINING + "split: {folds: 5}\n"))


@pytest.mark.parametrize(
    ("more", "is_other"),
    [
        ("cut: {rule: cheapest, escape_cost: 7}\ndefective_share: 0.1\njudged: pictures\n", False),
        ("learning: {steps: 7}\n", True),
        ("model: unet-light4\n", True),
    ],
)
def test_what_decides_how_a_network_learns_is_told_from_what_is_made_of_it(
    tmp_path: Path, more: str, is_other: bool
) -> None:
    write_parts(tmp_path / "blots")
    split = "split: {folds: 3, held_back: 0}\n"
    plain = plan_training(written(tmp_path / "a.yaml", BLOT_TRAINING + split))
    other = plan_training(written(tmp_path / "b.yaml", BLOT_TRAINING + split + more))
    (name,) = plain.sets
    assert (plain.learning_digest(name) != other.learning_digest(name)) is is_other
    assert plain.file_digest != other.file_digest
    held_back = plan_training(tmp_path / "a.yaml", instead=Instead(held_back="1"))
    assert held_back.learning_digest(name) != plain.learning_digest(name)


def test_a_set_that_lies_elsewhere_is_the_same_training(tiles: Path, tmp_path: Path) -> None:
    here = plan_every_fold(tiles)[0]
    shutil.move(tmp_path / "tiles", tmp_path / "elsewhere")
    there = plan_every_fold(tiles, instead=Instead(set_folder=tmp_path / "elsewhere"))[0]
    assert there.file_digest == here.file_digest
    assert there.sets["crack"].digest == here.sets["crack"].digest
    assert there.split == here.split
    assert here.command_words("fray") == ["edge-inspector", "train", "tiles.yaml", "--defect", "fray", "--every-fold"]
    assert there.command_words("fray")[-2:] == ["--set", "elsewhere"]
    tiles.write_text(TILE_TRAINING.replace("folder: tiles", "folder: elsewhere"))
    said = plan_every_fold(tiles)[0]
    assert said.file_digest != here.file_digest
    assert said.learning_digest("crack") == there.learning_digest("crack") == here.learning_digest("crack")


def test_weights_are_known_by_what_is_in_them(tiles: Path, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"some")
    (tmp_path / "same.safetensors").write_bytes(b"some")
    said = plan_every_fold(tiles, instead=Instead(weights=tmp_path / "same.safetensors"))[0]
    tiles.write_text(TILE_TRAINING + "weights: w.safetensors\n")
    assert plan_every_fold(tiles)[0].weights_digest() == said.weights_digest() != ""
    assert plan_every_fold(tiles, instead=Instead(weights=Path("imagenet")))[0].weights_digest() == "imagenet"
    with pytest.raises(ConfigurationError, match=r"--weights: .*none\.pth: no such file"):
        plan_every_fold(tiles, instead=Instead(weights=tmp_path / "none.pth"))


def test_parts_that_share_a_picture_are_on_one_side_of_a_split_and_stay_two(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots")
    images = tmp_path / "blots" / "images"
    first, *_, last = sorted(images.glob("*.png"))
    shutil.copyfile(first, last)
    plan = plan_training(written(tmp_path / "t.yaml", BLOT_TRAINING + "split: {folds: 4, held_back: 2}\n"))
    parts = {sample.picture.name: sample.part for sample in plan.sets["blot"].samples}
    ours, copy = parts[first.name], parts[last.name]
    assert ours != copy
    sides = [{ours, copy} & set(side) for side in (plan.split.training, plan.split.validation, plan.split.test)]
    assert sorted(map(len, sides)) == [0, 0, 2]
    assert any("are dealt together" in oddity for oddity in plan.labelled.oddities)
