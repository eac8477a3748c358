"""`init` writes a first station for a folder of pictures, and says what is left to do."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge_inspector.cli.init import init
from edge_inspector.cli.main import build_app
from edge_inspector.domain.errors import ConfigurationError, RecordingError
from edge_inspector.station.load import load_station

STRAW_PX = (1248, 256)


def write_picture(path: Path, size_px: tuple[int, int], level: int = 100, noise: int = 40) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size_px
    rng = np.random.default_rng(len(path.name))
    picture = (level + rng.integers(-noise, noise + 1, (height, width, 1))).astype(np.uint8).repeat(3, axis=2)
    assert cv2.imwrite(str(path), picture)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two cameras and three parts, as large as the shipped engine wants them."""
    for camera in ("side", "top"):
        for part in range(3):
            write_picture(tmp_path / "my" / "pictures" / camera / f"{part}.jpg", STRAW_PX)
    return tmp_path / "my"


def run_init(*arguments: str) -> str:
    result = CliRunner().invoke(build_app("init"), ["init", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_station_for_pictures_that_the_shipped_engine_fits_passes_the_check(folder: Path) -> None:
    said = run_init(str(folder))

    loaded = load_station(folder / "station.yaml")
    assert sorted(loaded.engines) == ["straw_crack", "straw_hole", "straw_stain"]
    assert "cameras side, top; 3 parts; 1248 × 256 px (width × height)" in said
    assert f"edge-inspector play {folder / 'station.yaml'}" in said
    assert "mm_per_px is assumed" in said


def test_pictures_a_little_smaller_than_an_engine_takes_are_padded_to_its_size(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png", (1240, 200))

    said = run_init(str(tmp_path))

    loaded = load_station(tmp_path / "station.yaml")
    assert loaded.station.cameras["c1"].fit == "pad"
    assert (loaded.recipe.view.width_px, loaded.recipe.view.height_px) == STRAW_PX
    assert "engine straw_crack for crack was made for 1248 × 256 px: pictures are padded to it" in said


def test_a_flat_folder_elsewhere_is_one_camera(tmp_path: Path) -> None:
    write_picture(tmp_path / "shots" / "1.png", STRAW_PX)

    run_init(str(tmp_path / "new" / "station"), "--pictures", str(tmp_path / "shots"))

    loaded = load_station(tmp_path / "new" / "station" / "station.yaml")
    assert list(loaded.station.cameras) == ["c1"]
    assert loaded.recording_path == tmp_path / "shots"


def test_camera_folders_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    write_picture(tmp_path / "left" / "1.png", STRAW_PX)
    (tmp_path / "notes").mkdir()

    run_init(str(tmp_path))

    assert list(load_station(tmp_path / "station.yaml").station.cameras) == ["left"]


def test_without_a_fitting_engine_the_faults_are_what_is_to_do(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png", (320, 200))

    said = run_init(str(tmp_path))

    assert f"no engine here takes such pictures; {tmp_path / 'recipe.yaml'} says how to come to one" in said
    assert "engines: no value, allowed is a mapping of 1 to 16 entries" in said
    assert "play" not in said


@pytest.mark.parametrize(("level", "noise", "is_doubtful"), [(100, 40, True), (20, 2, False)])
def test_a_picture_of_the_empty_belt_that_counts_as_a_part_is_said(
    folder: Path, level: int, noise: int, is_doubtful: bool
) -> None:
    write_picture(folder / "pictures" / "top" / "empty.jpg", STRAW_PX, level, noise)

    said = run_init(str(folder))

    assert ("takes the picture `empty` for a part" in said) is is_doubtful
    assert "3 parts" in said


def test_a_second_time_nothing_is_overwritten(folder: Path) -> None:
    run_init(str(folder))
    before = (folder / "station.yaml").read_bytes()
    (folder / "recipe.yaml").unlink()

    with pytest.raises(ConfigurationError, match=r"station\.yaml: is there already"):
        init(folder)

    assert (folder / "station.yaml").read_bytes() == before
    assert not (folder / "recipe.yaml").exists()


def test_cameras_with_pictures_of_two_sizes_are_refused_and_nothing_is_written(folder: Path) -> None:
    for part in range(3):
        write_picture(folder / "pictures" / "top" / f"{part}.jpg", (1248, 260))

    with pytest.raises(RecordingError, match="one size"):
        init(folder)

    assert list(folder.glob("*.yaml")) == []


def test_cameras_with_different_numbers_of_pictures_are_refused(folder: Path) -> None:
    (folder / "pictures" / "top" / "2.jpg").unlink()

    with pytest.raises(RecordingError, match="one picture a part"):
        init(folder)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no pictures; put them at"):
        init(tmp_path)
    with pytest.raises(RecordingError, match="is no folder"):
        init(tmp_path / "nowhere")
