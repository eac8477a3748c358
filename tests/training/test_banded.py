"""Multispectral pictures: read, learned from, exported, packaged and verified; no station takes the engine."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.cli.engine_words import recipe_words
from edge_inspector.domain.errors import ConfigurationError, EngineFileError, TrainingDataError
from edge_inspector.imaging.pages import decode_pages
from edge_inspector.inference.engines.openvino import OpenVinoEngine
from edge_inspector.inference.mask_parity import check_parity, load_golden
from edge_inspector.inference.prepared_engine import prepare_engine
from edge_inspector.station.engine_manifest import EnginePackage
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.starter import find_engines
from edge_inspector.station.station import Inference
from edge_inspector.training.datasets.conversion import convert_set
from edge_inspector.training.datasets.inspection import inspect_set
from edge_inspector.training.datasets.looking import SeenPicture, look_at
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import read_picture
from edge_inspector.training.training_plan import Plan, plan_training
from edge_inspector.training.training_run import TrainedEngine, train_engine
from edge_inspector.training.trial import trial_of
from tests.training.banded import BANDS, HEIGHT, WIDTH, write_banded_parts

TRAINING = f"""\
format: 1
set: {{folder: bars, defect: bar, complete: true}}
view: {{height_px: {HEIGHT}, width_px: {WIDTH}}}
mm_per_px: {{min: 0.09, max: 0.11}}
{BANDS}
engines: {{bar: {{defect: bar}}}}
split: {{validation: 0.3, test: 0.3}}
learning: {{steps: 3, crops: {{batch: 2, height_px: 64, width_px: 64}}, changes: {{turn_deg: 5, blur_px: 0.5}}}}
"""


def planned(folder: Path, text: str = TRAINING) -> Plan:
    if not (folder / "bars").exists():
        write_banded_parts(folder / "bars")
    (folder / "training.yaml").write_text(text, encoding="utf-8")
    return plan_training(folder / "training.yaml")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("banded")


@pytest.fixture(scope="module")
def trained(out: Path) -> TrainedEngine:
    return train_engine(planned(out), "bar", out, 1)


@pytest.fixture(scope="module")
def package(trained: TrainedEngine) -> EnginePackage:
    return trained.package


def test_the_package_names_its_bands_and_draws_its_golden_masks(package: EnginePackage) -> None:
    channels = package.manifest.input.channels
    assert channels != "rgb"
    assert [(each.name, each.mean, each.std, each.filters) for each in channels][2:] == [
        ("red_650nm", 0.43, 0.05, "red"),
        ("nir_850nm", 0.43, 0.1, None),
    ]
    golden = load_golden(package)
    assert {each.picture.shape for each in golden} == {(HEIGHT, WIDTH, 4)}
    engine = OpenVinoEngine(package, threads=1)
    check_parity(engine, golden, package.manifest)
    without_infrared = golden[0].picture.copy()
    without_infrared[..., 3] = 110
    assert not np.array_equal(engine.judge([without_infrared]), engine.judge([golden[0].picture]))


def test_the_report_shows_the_pictures(trained: TrainedEngine) -> None:
    assert "data:image/jpeg;base64," in trained.report.read_text(encoding="utf-8")


def test_a_golden_picture_of_another_number_of_bands_is_refused(package: EnginePackage, tmp_path: Path) -> None:
    pair = package.manifest.golden[0].model_copy(update={"picture": "three.tif"})
    manifest = package.manifest.model_copy(update={"golden": [pair]})
    pages = [np.zeros((HEIGHT, WIDTH), np.uint8)] * 2
    assert cv2.imwritemulti(str(tmp_path / "three.tif"), pages)
    with pytest.raises(EngineFileError, match=r"three\.tif: is 96 x 64 px of 2 bands, but the engine takes 96 x 64 px of 4"):
        load_golden(EnginePackage(tmp_path, manifest, package.digest))


def test_no_station_takes_it(package: EnginePackage, out: Path) -> None:
    said = "takes the bands blue_450nm, green_550nm, red_650nm, nir_850nm"
    view = ViewShape(height_px=HEIGHT, width_px=WIDTH)
    with pytest.raises(EngineFileError, match=f"{said}, but cameras give colours"):
        prepare_engine("bar", package.folder, view, Inference(), lambda step: None)
    assert (
        prepare_engine("bar", package.folder, view, Inference(), lambda step: None, takes_bands=True).manifest.defect
        == "bar"
    )
    assert recipe_words(package) == f"it {said}; no station has cameras for these"
    assert find_engines([package.folder.parent], WIDTH, HEIGHT) == ()
    with pytest.raises(ConfigurationError, match=f"{said}, which no station's cameras give"):
        trial_of(out)


THREE = """\
bands:
  - {name: green_550nm, mean: 0.43, std: 0.05}
  - {name: red_650nm, mean: 0.43, std: 0.05}
  - {name: nir_850nm, mean: 0.43, std: 0.1}
"""


@pytest.mark.parametrize(
    ("bands", "words", "said"),
    [
        (4, "", r"p0\.tif: has 4 pages, each a band; name them in the training file's `bands`"),
        (3, "", r"p0\.tif: has 3 pages, each a band"),  # as many as colours, but none
        (4, THREE, r"p0\.tif: has 4 pages, expected a TIFF with 3, one for each of the training file's `bands`"),
    ],
)
def test_pictures_with_other_bands_than_the_file_names_are_refused(
    tmp_path: Path, bands: int, words: str, said: str
) -> None:
    write_banded_parts(tmp_path / "bars", bands=bands)
    with pytest.raises(TrainingDataError, match=said):
        planned(tmp_path, TRAINING.replace(BANDS, words))


def test_a_colour_picture_is_not_taken_for_three_bands(tmp_path: Path) -> None:
    write_banded_parts(tmp_path / "bars", bands=3)
    (tmp_path / "bars" / "images" / "p0.tif").unlink()
    assert cv2.imwrite(str(tmp_path / "bars" / "images" / "p0.png"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    with pytest.raises(TrainingDataError, match=r"p0\.png: is no TIFF, expected a TIFF with 3"):
        planned(tmp_path, TRAINING.replace(BANDS, THREE))


def test_bands_that_lie_in_one_page_are_to_be_written_as_pages(tmp_path: Path) -> None:
    write_banded_parts(tmp_path / "bars")
    assert cv2.imwrite(str(tmp_path / "bars" / "images" / "p0.tif"), np.zeros((HEIGHT, WIDTH, 4), np.uint8))
    said = r"p0\.tif: has 1 page, expected a TIFF with 4, .*; write every band as a grey page of its own, or correct `bands`"
    with pytest.raises(TrainingDataError, match=said):
        planned(tmp_path)


def test_a_picture_that_is_cut_off_is_named_and_nobody_told_to_change_the_bands(tmp_path: Path) -> None:
    write_banded_parts(tmp_path / "bars")
    damaged = tmp_path / "bars" / "images" / "p0.tif"
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size * 8 // 10])
    with pytest.raises(TrainingDataError, match=r"p0\.tif: is cut off after page 3: .*; replace the picture, or remove it"):
        planned(tmp_path)


@pytest.mark.parametrize("fit", ["pad", "resize"])
def test_bands_are_brought_to_the_view_all_alike(tmp_path: Path, fit: str) -> None:
    plan = planned(tmp_path, TRAINING.replace(f"width_px: {WIDTH}}}", f"width_px: 112, fit: {fit}}}"))
    sample = plan.sets["bar"].samples[0]
    view = sample.read_picture()
    assert view.shape == (HEIGHT, 112, 4)
    alone = np.repeat(read_picture(sample.picture)[..., 3:], 3, axis=2)
    assert np.array_equal(view[..., 3], sample.view_of(np.ascontiguousarray(alone))[..., 0])


def test_the_bands_decide_what_is_learned_and_colour_files_stay_what_they_were(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    other = planned(tmp_path, TRAINING.replace("mean: 0.43, std: 0.1", "mean: 0.43, std: 0.2"))
    assert plan.learning_digest("bar") != other.learning_digest("bar")
    assert len(plan.settings("bar", 1, "cpu").bands) == 4


def test_a_set_of_bands_is_inspected_and_converted_as_it_is(tmp_path: Path) -> None:
    labelled = read_plain(write_banded_parts(tmp_path / "bars"), "bar", is_complete=True)
    seen = [look_at(each) for each in labelled.pictures]
    assert [each.structure is not None for each in seen if isinstance(each, SeenPicture)] == [True] * 20
    found = inspect_set(labelled, seen, tmp_path / "bars")
    assert (found.unread, found.bands) == (0, (4,))
    convert_set(labelled, tmp_path / "copied")
    copied = tmp_path / "copied" / "images" / "p3.tif"
    assert np.array_equal(decode_pages(copied.read_bytes()), read_picture(tmp_path / "bars" / "images" / "p3.tif"))
