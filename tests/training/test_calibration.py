from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training import package
from edge_inspector.training.calibration import fit_calibration
from edge_inspector.training.datasets.labelled_picture import CLEAN
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.losses import prior_shift
from edge_inspector.training.models.bands import RGB, normalise_bands
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.package import calibrate
from edge_inspector.training.train import TrainedNetwork, TrainingSettings
from tests.training.labelled import HEIGHT_PX, WIDTH_PX, labelled_set, square, write_mask


def test_calibration_finds_the_scale_and_bias_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, 40_000)
    target = (rng.random(40_000) < 1 / (1 + np.exp(-(0.5 * logits - 1.0)))).astype(np.float64)
    scale, bias = fit_calibration(logits, target, np.ones(40_000))
    assert scale == pytest.approx(0.5, abs=0.03)
    assert bias == pytest.approx(-1.0, abs=0.05)


def test_where_the_scale_is_kept_within_its_range_the_bias_is_the_best_for_it() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, 20_000)
    target = (rng.random(20_000) < 0.02).astype(np.float64)  # the logits say nothing: a scale of 0 would be best
    scale, bias = fit_calibration(logits, target, np.ones(20_000))
    assert scale == 0.2
    assert float((1 / (1 + np.exp(-(scale * logits + bias)))).mean()) == pytest.approx(target.mean(), rel=1e-3)


def test_with_one_class_alone_nothing_is_fitted() -> None:
    assert fit_calibration(np.array([1.0, 2.0]), np.zeros(2), np.ones(2)) == (1.0, 0.0)


@pytest.fixture
def trained() -> TrainedNetwork:
    torch.manual_seed(0)
    return TrainedNetwork(LightUNet().eval(), TrainingSettings(seed=0), 0.9, 1, 0.0, 0.0)


def dents(folder: Path, count: int, defective: int) -> DefectSet:
    """Pictures of noise in whose last ones something bright is labelled."""
    mask = write_mask(folder / "m.png", square(4, 6))
    labels = {f"p{k:03}-c1": {"dent": mask if k >= count - defective else CLEAN} for k in range(count)}
    return defect_set(labelled_set(folder, labels), "dent")


def test_a_network_is_calibrated_on_defects_wherever_in_the_set_they_come(trained: TrainedNetwork, tmp_path: Path) -> None:
    many = dents(tmp_path, 40, 2)
    scale, bias = calibrate(trained, many)
    with torch.no_grad():
        pictures = torch.from_numpy(np.stack([sample.read_picture() for sample in many.samples]))
        probability = torch.sigmoid(scale * (trained.network(normalise_bands(pictures, RGB)) - prior_shift(0.9)) + bias)
    assert float(probability.mean()) == pytest.approx(2 * 64 / (40 * HEIGHT_PX * WIDTH_PX), rel=0.3)


def test_pictures_that_are_left_out_are_stood_for(
    trained: TrainedNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = dents(tmp_path, 40, 2)
    (whole_scale, whole_bias) = calibrate(trained, many)
    monkeypatch.setattr(package, "CALIBRATION_PICTURES", 12)
    scale, bias = calibrate(trained, many)
    assert scale == pytest.approx(whole_scale, abs=0.25)
    assert bias == pytest.approx(whole_bias, abs=0.5)  # ln(38 / 10) = 1.3 off if clean ones stood for themselves


def test_without_a_defect_that_is_drawn_nothing_can_be_calibrated(trained: TrainedNetwork, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no picture that is to calibrate shows where dent is"):
        calibrate(trained, dents(tmp_path, 5, 0))
