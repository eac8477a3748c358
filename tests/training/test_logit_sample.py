"""A network is calibrated on all defects of a set, wherever they come, and on pictures that stand for others."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training import logit_sample
from edge_inspector.training.datasets.labelled_picture import CLEAN
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.logit_sample import (
    MASK_CUTS,
    Fit,
    LogitSample,
    best_mask_cut,
    calibrate,
    fit,
    fits_by_the_others,
    sample_logits,
)
from edge_inspector.training.losses import prior_shift
from edge_inspector.training.models.bands import RGB, normalise_bands
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.train import TrainedNetwork
from tests.training.labelled import HEIGHT_PX, WIDTH_PX, labelled_set, square, write_mask
from tests.training.tiny import SETTINGS


@pytest.fixture
def trained() -> TrainedNetwork:
    torch.manual_seed(0)
    return TrainedNetwork(LightUNet().eval(), SETTINGS, 0.9, 1, 0.0)


def dents(folder: Path, count: int, defective: int) -> DefectSet:
    """Pictures of noise in whose last ones something bright is labelled."""
    mask = write_mask(folder / "m.png", square(4, 6))
    labels = {f"p{k:03}-c1": {"dent": mask if k >= count - defective else CLEAN} for k in range(count)}
    return defect_set(labelled_set(folder, labels), "dent")


def test_a_network_is_calibrated_on_defects_wherever_in_the_set_they_come(trained: TrainedNetwork, tmp_path: Path) -> None:
    many = dents(tmp_path, 40, 2)
    fitted = calibrate(trained, many)
    with torch.no_grad():
        pictures = torch.from_numpy(np.stack([sample.read_picture() for sample in many.samples]))
        undone = trained.network(normalise_bands(pictures, RGB)) - prior_shift(0.9)
        probability = torch.sigmoid(fitted.scale * undone + fitted.bias)
    assert float(probability.mean()) == pytest.approx(2 * 64 / (40 * HEIGHT_PX * WIDTH_PX), rel=0.3)


def test_pictures_that_are_left_out_are_stood_for(
    trained: TrainedNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = dents(tmp_path, 40, 2)
    whole = calibrate(trained, many)
    monkeypatch.setattr(logit_sample, "MOST_PICTURES", 12)
    some = calibrate(trained, many)
    assert some.scale == pytest.approx(whole.scale, abs=0.25)
    assert some.bias == pytest.approx(whole.bias, abs=0.5)  # ln(38 / 10) = 1.3 off if clean ones stood for themselves


def test_without_a_defect_that_is_drawn_nothing_can_be_calibrated(trained: TrainedNetwork, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no picture that is to calibrate shows where dent is"):
        calibrate(trained, dents(tmp_path, 5, 0))


def test_a_networks_own_sample_has_no_say_in_its_calibration() -> None:
    rng = np.random.default_rng(3)
    samples = []
    for shift in (0.0, 1.0, -2.0):
        logits = rng.normal(0, 2, 4000)
        targets = (rng.random(4000) < 1 / (1 + np.exp(shift - logits))).astype(np.float64)
        samples.append(LogitSample(logits, targets, np.ones(4000)))
    fits = fits_by_the_others(samples)
    assert fits == [fit([samples[1], samples[2]]), fit([samples[0], samples[2]]), fit([samples[0], samples[1]])]
    assert len(set(fits)) == 3


def test_several_samples_are_fitted_as_one_and_clean_ones_alone_change_nothing(
    trained: TrainedNetwork, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    clean, defective = dents(tmp_path / "a", 6, 0), dents(tmp_path / "b", 6, 3)
    samples = [sample_logits(trained, each) for each in (clean, defective)]
    assert fit(samples[:1]) == fit([]) == Fit(1.0, 0.0, 0.5)
    both = LogitSample(
        *(np.concatenate([getattr(each, name) for each in samples]) for name in ("logits", "targets", "weights"))
    )
    assert fit(samples) == fit([both]) != fit(samples[1:])
    assert samples[0].weights.sum() == pytest.approx(6 * HEIGHT_PX * WIDTH_PX, rel=0.5)


class Glowing(torch.nn.Module):
    """Its logit is how bright a pixel is: -10 (black) to 10."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        grey = torch.arange(256, dtype=torch.uint8)[:, None, None, None].expand(256, 1, 1, 3)
        levels = normalise_bands(grey, RGB)[:, :1, 0, 0]  # what 0 to 255 become
        low, high = float(levels[0]), float(levels[-1])
        return 20.0 * (x[:, :1] - low) / (high - low) - 10.0


def glowing(folder: Path, grey: NDArray[np.uint8], shows: NDArray[np.uint8]) -> LogitSample:
    """What is taken of one picture that the glowing network looks at."""
    mask = write_mask(folder / "m.png", shows)
    one = labelled_set(folder, {"p1-c1": {"dent": mask}})
    cv2.imwrite(str(one.pictures[0].picture), cv2.merge([grey] * 3))
    network = TrainedNetwork(Glowing().eval(), SETTINGS, 0.5, 1, 0.0)  # type: ignore[arg-type]  # all it needs
    return sample_logits(network, defect_set(one, "dent"))


def test_every_pixel_that_looks_like_the_defect_is_taken_and_dark_ones_stand_for_a_hundred(tmp_path: Path) -> None:
    grey = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    grey[10:14, 10:30], grey[20:30, 20:40] = 100, 200  # logits of -2.2 and 5.7
    sample = glowing(tmp_path, grey, square(10, 10))
    shown = int((square(10, 10) > 127).sum())
    likely = int(((grey > 0) & ~(square(10, 10) > 127)).sum())
    assert np.count_nonzero(sample.targets) == shown
    is_likely = (sample.targets == 0) & (sample.logits > -5)
    assert np.count_nonzero(is_likely) == likely
    assert set(sample.weights[is_likely]) == set(sample.weights[sample.targets == 1]) == {1.0}
    assert set(sample.weights[(sample.targets == 0) & ~is_likely]) == {100.0}


def test_where_all_of_a_picture_looks_like_the_defect_some_pixels_stand_for_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logit_sample, "MOST_LIKELY_PX", 300)
    sample = glowing(tmp_path, np.full((HEIGHT_PX, WIDTH_PX), 200, np.uint8), square(10, 10))
    others = sample.targets == 0
    assert np.count_nonzero(others) == pytest.approx(300, abs=60)
    assert sample.weights[others].sum() == pytest.approx(HEIGHT_PX * WIDTH_PX, rel=0.2)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.sampled_from((1.0, 100.0))), min_size=1, max_size=30))
def test_masks_are_cut_where_the_iou_of_all_pixels_is_best_and_if_several_are_nearest_to_a_half(
    pixels: list[tuple[float, bool, float]],
) -> None:
    p, shows, weights = (np.array(values, np.float64) for values in zip(*pixels, strict=True))

    def slow_iou(cut: float) -> float:
        both = sum(w for at, is_shown, w in pixels if is_shown and at >= cut)
        return both / sum(w for at, is_shown, w in pixels if is_shown or at >= cut)

    chosen = best_mask_cut(p, shows, weights)
    if not shows.any():
        assert chosen == 0.5
        return
    best = max(map(slow_iou, MASK_CUTS))
    assert slow_iou(chosen) == pytest.approx(best)
    assert all(abs(cut - 0.5) >= abs(chosen - 0.5) for cut in MASK_CUTS if slow_iou(cut) > best - 1e-12)


def test_thin_defects_that_are_calibrated_down_are_still_found() -> None:
    """Sure of 300 defect pixels, and as sure of 400 clean ones of other pictures: each is right less than half the time."""
    logits = np.concatenate((np.full(300, 3.0), np.full(400, 3.0), np.full(9300, -6.0)))
    targets = np.concatenate((np.ones(300), np.zeros(9700)))
    fitted = fit([LogitSample(logits, targets, np.ones(10_000))])
    probability = 1 / (1 + np.exp(-(fitted.scale * 3.0 + fitted.bias)))
    assert probability == pytest.approx(3 / 7, abs=0.01)
    assert fitted.mask_cut <= probability < 0.5
