"""The training files for public sets can be loaded, and fit these sets where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.training.cross_validation import what_a_cut_parts
from edge_inspector.training.datasets.registry import READERS
from edge_inspector.training.training_file import Folds, load_training_file
from edge_inspector.training.training_plan import Instead, plan_every_fold
from tests.training.real_data import real_data

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "training"
PARTED_BY_A_CUT = {"magnetic_tile": "parts", "kolektor_sdd": "pictures", "crackforest": None, "neu_seg": "parts"}


def test_every_example_is_known_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == PARTED_BY_A_CUT.keys()


@pytest.mark.parametrize("name", PARTED_BY_A_CUT)
def test_an_example_can_be_loaded_and_says_its_own_command(name: str) -> None:
    path = EXAMPLES / f"{name}.yaml"
    file = load_training_file(path)
    assert file.set.reader in READERS
    assert isinstance(file.split, Folds)
    words = path.read_text(encoding="utf-8").splitlines()[1].split()
    assert words[1:4] == ["edge-inspector", "train", path.name]
    assert ("--all" in words) == (len(file.engines) > 1)
    assert {"--every-fold", "--set", "--weights"} <= set(words)


@pytest.mark.parametrize("name", PARTED_BY_A_CUT)
def test_an_example_fits_its_set(name: str) -> None:
    plans = plan_every_fold(EXAMPLES / f"{name}.yaml", instead=Instead(set_folder=real_data(name)))
    for engine in plans[0].sets:
        assert what_a_cut_parts(plans, engine) == PARTED_BY_A_CUT[name]


def test_small_tile_defects_learn_from_crops_and_those_as_large_as_a_tile_from_whole_views() -> None:
    file = load_training_file(EXAMPLES / "magnetic_tile.yaml")
    crops = {name: file.learning_of(name).crops for name in file.engines}
    assert {(crops[name].height_px, crops[name].width_px, crops[name].batch) for name in ("fray", "uneven")} == {
        (416, 640, 4)
    }
    assert {(crops[name].height_px, crops[name].width_px, crops[name].batch) for name in ("blowhole", "break", "crack")} == {
        (256, 256, 8)
    }
    assert {file.learning_of(name).steps for name in ("fray", "uneven")} == {400}  # a batch takes twice the time there
    assert {file.learning_of(name).steps for name in ("blowhole", "break", "crack")} == {800}
