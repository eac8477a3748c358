"""What trainings held back becomes a recording, each part with what it is known to show."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.imaging.fit import Fit
from edge_inspector.recordings import PartKind, PlainFolderTiming, load_recording
from edge_inspector.station.engine_manifest import file_digest
from edge_inspector.training.dealt_parts import DealtPicture, Use, write_dealt
from edge_inspector.training.trial import trial_of, write_recording
from tests.station.conftest import write_engine


class Training:
    """An output folder as `train` leaves it, without the networks."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "trained"
        self.pictures = folder / "set"
        self.pictures.mkdir()

    def picture(self, name: str, level: int = 100) -> Path:
        path = self.pictures / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            assert cv2.imwrite(str(path), np.full((8, 12), level, np.uint8))
        return path

    def engine(self, name: str, *rows: tuple[str, str, str, Use, bool], fit: Fit = "pad") -> None:
        """Rows of picture, part, view, use and whether it is defective."""
        write_engine(self.out / "engines" / name, defect=name)
        run = self.out / "runs" / name
        run.mkdir(parents=True)
        write_dealt(
            run, [DealtPicture(self.picture(picture), part, view, fit, use, bad) for picture, part, view, use, bad in rows]
        )


@pytest.fixture
def training(tmp_path: Path) -> Training:
    return Training(tmp_path)


HELD, LEARNED = Use.HELD_BACK, Use.TRAINING


def test_pictures_whose_views_are_no_cameras_are_parts_of_their_own(training: Training) -> None:
    training.engine(
        "crack",
        ("1.png", "tile", "exp1", HELD, True),
        ("2.png", "tile", "exp2", HELD, False),
        ("3.png", "other", "exp9", HELD, False),
        ("4.png", "third", "exp1", LEARNED, True),
    )
    trial = trial_of(training.out)
    assert list(trial.pictures) == ["c1"]
    assert {part: told.kind for part, told in trial.truth.items()} == {
        "1": PartKind.DEFECTIVE,
        "2": PartKind.GOOD,
        "3": PartKind.GOOD,
    }
    assert [path.name for path in trial.learned_from] == ["4.png"]
    assert (trial.fit, trial.left_out) == ("pad", 0)


def test_views_that_every_part_has_are_cameras(training: Training) -> None:
    training.engine(
        "crack",
        ("a-top.png", "a", "top", HELD, False),
        ("a-side.png", "a", "side", HELD, True),
        ("b-top.png", "b", "top", HELD, False),
        ("b-side.png", "b", "side", HELD, False),
        ("c-top.png", "c", "top", LEARNED, True),
    )
    trial = trial_of(training.out)
    assert {camera: sorted(parts) for camera, parts in trial.pictures.items()} == {"top": ["a", "b"], "side": ["a", "b"]}
    assert {part: told.defects for part, told in trial.truth.items()} == {"a": "crack", "b": ""}


def test_a_part_of_which_one_view_is_not_known_is_left_out_where_views_are_cameras(training: Training) -> None:
    rows = [(f"{part}-{view}.png", part, view, HELD, False) for part in ("a", "b") for view in ("top", "side")]
    training.engine("crack", *rows)
    training.engine("fray", *rows[1:])
    trial = trial_of(training.out)
    assert {camera: sorted(parts) for camera, parts in trial.pictures.items()} == {"top": ["b"], "side": ["b"]}
    assert trial.left_out == 2


def test_pictures_of_one_name_are_told_apart_by_their_parts(training: Training) -> None:
    training.engine("crack", ("x/1.png", "x", "1", HELD, True), ("y/1.png", "y", "2", HELD, False))
    assert list(trial_of(training.out).truth) == ["x-1", "y-1"]


def test_names_that_would_be_equal_in_the_station_are_numbered(training: Training) -> None:
    rows = [(f"{folder}/1.png", "x", view, HELD, False) for folder, view in (("a", "1"), ("b", "2"))]
    rows += [
        ("c/p q.png", "y", "1", HELD, True),
        ("c/p~q.png", "z", "1", HELD, False),
        ("c/empty.png", "e", "1", HELD, False),
    ]
    training.engine("crack", *rows)
    trial = trial_of(training.out)
    assert {name: str(path.relative_to(training.pictures)) for name, path in trial.pictures["c1"].items()} == {
        "x-1": "a/1.png",
        "x-1-2": "b/1.png",
        "p-q": "c/p q.png",
        "p-q-2": "c/p~q.png",
        "empty-2": "c/empty.png",  # `empty` would be the belt
    }
    assert [name for name, told in trial.truth.items() if told.kind is PartKind.DEFECTIVE] == ["p-q"]


def test_parts_of_a_ring_that_would_be_equal_are_numbered_alike_for_every_camera(training: Training) -> None:
    parts = {"p 1": "a", "p-1": "b"}
    training.engine(
        "crack",
        *((f"{stem}-{view}.png", part, view, HELD, False) for part, stem in parts.items() for view in ("side", "top")),
    )
    trial = trial_of(training.out)
    assert {camera: {name: path.stem[0] for name, path in shown.items()} for camera, shown in trial.pictures.items()} == {
        "side": {"p-1": "a", "p-1-2": "b"},
        "top": {"p-1": "a", "p-1-2": "b"},
    }


def test_the_recording_is_played_with_its_truth(training: Training, tmp_path: Path) -> None:
    training.engine("crack", ("1.png", "p", "v1", HELD, True), ("2.bmp", "q", "v2", HELD, False))
    trial = trial_of(training.out)
    write_recording(trial, tmp_path / "pictures")
    recording = load_recording(tmp_path / "pictures", None, PlainFolderTiming())
    assert [trigger.part for trigger in recording.triggers] == ["1", "2"]
    assert recording.truth == trial.truth
    assert (tmp_path / "pictures" / "c1" / "2.png").is_file()  # stations read no BMP
    with pytest.raises(ConfigurationError, match="pictures: is there already, and nothing is overwritten"):
        write_recording(trial, tmp_path / "pictures")


def test_a_recording_that_can_not_be_written_whole_leaves_nothing(training: Training, tmp_path: Path) -> None:
    training.engine("crack", ("1.png", "p", "v1", HELD, True), ("2.bmp", "q", "v2", HELD, False))
    trial = trial_of(training.out)
    (training.pictures / "2.bmp").write_bytes(b"no picture")
    with pytest.raises(ConfigurationError, match=r"set/2\.bmp: is no picture any more; restore it"):
        write_recording(trial, tmp_path / "pictures")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "trained"]


@pytest.mark.parametrize("missing", ["engines", "runs"])
def test_what_is_missing_of_a_training_is_named(training: Training, missing: str) -> None:
    training.engine("crack", ("1.png", "p", "v1", HELD, True))
    (training.out / missing).rename(training.out / "elsewhere")
    why = {"engines": "holds no engine; name the --out of a training", "runs": r"crack/parts\.csv: is missing, so nobody"}
    with pytest.raises(ConfigurationError, match=why[missing]):
        trial_of(training.out)


def test_engines_that_share_no_picture_or_no_fit_can_not_be_tried_together(training: Training) -> None:
    training.engine("crack", ("1.png", "p", "v1", HELD, True))
    training.engine("fray", ("1.png", "p", "v1", LEARNED, False))
    with pytest.raises(ConfigurationError, match="no picture was held back by all its engines"):
        trial_of(training.out)
    training.engine("dent", ("1.png", "p", "v1", HELD, False), fit="resize")
    with pytest.raises(ConfigurationError, match="its engines took pictures with fit pad and resize"):
        trial_of(training.out)


def test_a_part_names_every_defect_that_is_known_of_it(training: Training) -> None:
    training.engine("crack", ("1.png", "p", "v1", HELD, True))
    training.engine("fray", ("1.png", "p", "v1", HELD, True))
    assert [told.defects for told in trial_of(training.out).truth.values()] == ["crack; fray"]


def test_an_engine_whose_manifest_was_changed_since_its_training_is_refused(training: Training) -> None:
    training.engine("crack", ("1.png", "p", "v1", HELD, True), ("2.png", "q", "v1", HELD, False))
    manifest = training.out / "engines" / "crack" / "manifest.yaml"
    digest = training.out / "runs" / "crack" / "package.sha256"
    digest.write_text(file_digest(manifest), encoding="utf-8")
    assert trial_of(training.out).engines == (manifest.parent,)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("score: 0.5", "score: 0.9"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"crack: its manifest.yaml is not the one that its training wrote"):
        trial_of(training.out)


def test_a_package_that_was_being_made_when_its_training_was_killed_is_no_engine(training: Training) -> None:
    training.engine("crack", ("1.png", "p", "v1", HELD, True), ("2.png", "q", "v1", HELD, False))
    whole = training.out / "engines" / "crack"
    shutil.copytree(whole, whole.with_name(".blot.partial"))
    assert trial_of(training.out).engines == (whole,)
