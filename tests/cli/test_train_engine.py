"""`engines train` makes an engine of pictures and masks, or says before training why it can not."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge_inspector.cli.main import build_app
from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import ScaleRange, load_engine_package
from edge_inspector.station.recipe import Recipe
from edge_inspector.training import package
from edge_inspector.training.own_engine import EngineOrder, train_own_engine

WIDTH, HEIGHT = 96, 64
PARTS = 24  # two views each


def write_view(folder: Path, stem: str, is_defective: bool, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    rng = np.random.default_rng(sum(stem.encode()))
    width, height = size
    picture = rng.integers(90, 130, (height, width, 3)).astype(np.uint8)
    mask = np.zeros((height, width), np.uint8)
    if is_defective:
        x, y = int(rng.integers(10, width - 30)), int(rng.integers(10, height - 20))
        mask[y : y + 6, x : x + 20] = 255
        picture[mask > 0] = 20
    for name, pixels in (("images", picture), ("masks", mask)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(folder / name / f"{stem}.png"), pixels)


def write_parts(folder: Path, defective_share: float = 0.5, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    for part in range(PARTS):
        for view in range(2):
            write_view(folder, f"p{part}-c{view}", view == 0 and part < defective_share * PARTS, size)
    return folder


def train(folder: Path, out: Path, *options: str) -> str:
    words = ["engines", "train", "blot", str(folder), "--mm-per-px", "0.1", "--out", str(out), "--validation-share", "0.25"]
    result = CliRunner().invoke(build_app("engines"), [*words, "--steps", "3", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The package's folder, and what was said."""
    path = tmp_path_factory.mktemp("own")
    said = train(write_parts(path / "blots"), path / "engines", "--defect", "blot")
    return path / "engines" / "blot", said


def test_an_engine_is_trained_for_pictures_of_any_size(trained: tuple[Path, str]) -> None:
    manifest = load_engine_package(trained[0]).manifest
    assert (manifest.input.width, manifest.input.height) == (WIDTH, HEIGHT)
    assert (manifest.input.mm_per_px.min, manifest.input.mm_per_px.max) == (0.095, 0.105)
    assert manifest.smallest_defect_px == 6 * 20 / 2
    assert manifest.metrics["validation_escapes"].n == manifest.metrics["test_false_rejects"].n == 3
    assert {pair.defective for pair in manifest.golden} == {True, False}
    assert [path.name for path in trained[0].parent.iterdir()] == ["blot"]


def test_the_manifest_names_the_command_without_paths_of_the_machine(trained: tuple[Path, str]) -> None:
    command = load_engine_package(trained[0]).manifest.training.command
    assert command == (
        "edge-inspector engines train blot blots --defect blot --mm-per-px 0.095:0.105 --steps 3 --seed 1 "
        "--validation-share 0.25"
    )


def test_the_words_for_the_recipe_make_one(trained: tuple[Path, str], tmp_path: Path) -> None:
    said = trained[1]
    lines = [line.strip() for line in said.splitlines() if re.match(r"  (view|engines|rules):", line)]
    recipe = tmp_path / "recipe.yaml"
    presence = "presence: {kind: full_frame, mean_grey: [50, 200]}"
    recipe.write_text("\n".join(["format: 1", "product: tile", "mm_per_px: 0.1", presence, *lines]), encoding="utf-8")
    assert Path(load_document(recipe, Recipe).engines["blot"]) == trained[0]
    assert load_document(recipe, Recipe).rules[0].engine == "blot"
    assert "cut 0." in said
    assert "smallest defect: 60 px" in said


def test_an_engine_that_is_there_is_replaced_only_when_asked(trained: tuple[Path, str], tmp_path: Path) -> None:
    before = load_engine_package(trained[0]).digest
    with pytest.raises(ConfigurationError, match=r"blot: is there already; .* replace it with --replace"):
        train(trained[0].parents[1] / "blots", trained[0].parent)
    assert load_engine_package(trained[0]).digest == before


def test_a_folder_that_is_no_engine_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "blot").mkdir()
    (tmp_path / "blot" / "thesis.txt").touch()
    with pytest.raises(ConfigurationError, match="blot: is there and is no engine package"):
        train(tmp_path, tmp_path, "--replace")


def test_an_interrupt_of_a_half_written_package_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(_network: object, _logit_map: object, path: Path, *_size_px: int) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "export_onnx", write_half)
    scale = ScaleRange(min=0.1, max=0.1)
    order = EngineOrder(
        tmp_path / "engines" / "blot", write_parts(tmp_path / "blots"), scale, steps=1, validation_share=0.25
    )
    with pytest.raises(KeyboardInterrupt):
        train_own_engine(order)
    assert list((tmp_path / "engines").iterdir()) == []


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="images: no such folder"):
        train(tmp_path, tmp_path / "engines")


def test_a_picture_of_another_size_is_named(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "blots")
    write_view(folder, "p3-c1", is_defective=False, size=(128, 64))
    with pytest.raises(TrainingDataError, match=r"p3-c1\.png: is 128 x 64 px but p0-c0\.png is 96 x 64 px"):
        train(folder, tmp_path / "engines")


def test_a_size_that_the_network_can_not_halve_is_refused_with_the_nearest_ones(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "blots", size=(100, 64))
    with pytest.raises(TrainingDataError, match=r"is 100 x 64 px .* masks to 96 x 64 px .* take them 128 x 64"):
        train(folder, tmp_path / "engines")


@pytest.mark.parametrize(("share", "counts"), [(0.0, "24 good and 0 defective"), (1.0, "0 good and 24 defective")])
def test_parts_of_one_kind_alone_are_refused(tmp_path: Path, share: float, counts: str) -> None:
    folder = write_parts(tmp_path / "blots", defective_share=share)
    with pytest.raises(TrainingDataError, match=f"48 pictures make {counts} parts for crack, but 12 of each are needed"):
        train(folder, tmp_path / "engines")
    assert not (tmp_path / "engines").exists()


def test_a_mask_of_ones_is_refused(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "blots")
    cv2.imwrite(str(folder / "masks" / "p2-c0.png"), np.ones((HEIGHT, WIDTH), np.uint8))
    with pytest.raises(TrainingDataError, match=r"p2-c0\.png: its largest value is 1, but a defect is 255"):
        train(folder, tmp_path / "engines")


@pytest.mark.parametrize("scale", ["0", "x", "0.2:0.1", "1:2:3"])
def test_a_scale_that_is_none_is_refused(tmp_path: Path, scale: str) -> None:
    words = ["engines", "train", "blot", str(tmp_path), "--mm-per-px", scale]
    result = CliRunner().invoke(build_app("engines"), words)
    assert result.exit_code == 2
    assert "allowed is MM or MIN:MAX" in result.stderr
