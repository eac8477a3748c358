"""What a calibration is fitted on: a network's logits at pixels of pictures that it did not learn from, and their labels.

Of the same comes the probability from which on pixels are called the defect where masks are measured. It is seldom 0.5: a
network that finds a little on many clean pictures is calibrated down, and so are its thin defects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.calibration import fit_calibration
from edge_inspector.training.defect_set import DefectSet, Sample
from edge_inspector.training.export import LogitMap
from edge_inspector.training.judging import MASK_CUT
from edge_inspector.training.losses import prior_shift
from edge_inspector.training.models.bands import normalise_bands
from edge_inspector.training.train import TrainedNetwork

MOST_PICTURES = 400  # some 30 s
LIKELY_LOGIT = -5.0  # p = 0.7 %: what lies above it decides where masks begin, and is seldom
MOST_LIKELY_PX = 20_000  # of a picture, of those above it that show no defect
ONE_IN = 100  # of the others
MASK_CUTS = tuple(k / 20 for k in range(1, 20))


@dataclass(frozen=True, slots=True)
class LogitSample:
    """Pixels, float64 (n,) each: logits with alpha's shift undone, labels 0 or 1, and how many pixels each stands for."""

    logits: NDArray[np.float64]
    targets: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """A calibration, and the probability from which on masks are found: of MASK_CUTS the one whose pooled IoU was best."""

    scale: float = 1.0
    bias: float = 0.0
    mask_cut: float = MASK_CUT

    def map_of(self, trained: TrainedNetwork) -> LogitMap:
        """What makes a probability of the network's logit."""
        return LogitMap(trained.alpha, self.scale, self.bias)


def calibrate(trained: TrainedNetwork, validation: DefectSet, device: str = "cpu") -> Fit:
    """The fit for a network, on pictures that it did not learn from; it looks at them on this device.

    Raises TrainingDataError if none shows where a defect is: nothing could be calibrated on.
    """
    if not any(sample.positive_px for sample in validation.samples):
        raise TrainingDataError(
            f"{validation.source}: no picture that is to calibrate shows where {validation.defect} is; draw masks, add "
            "defective parts, or take fewer folds"
        )
    return fit([sample_logits(trained, validation, device)])


def fit(samples: Sequence[LogitSample]) -> Fit:
    """For all of them together; nothing is changed where they show no defect, or nothing else."""
    if not samples:
        return Fit()
    logits, targets, weights = (
        np.concatenate([getattr(each, name) for each in samples]) for name in ("logits", "targets", "weights")
    )
    scale, bias = fit_calibration(logits, targets, weights)
    p = 1.0 / (1.0 + np.exp(-np.clip(scale * logits + bias, -40, 40)))
    return Fit(scale, bias, best_mask_cut(p, targets, weights))


def best_mask_cut(p: NDArray[np.float64], targets: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Of MASK_CUTS the one with the best IoU over all pixels, (n,) each; of several the one nearest to MASK_CUT."""
    showing = weights * targets
    shown = float(showing.sum())
    if not shown:
        return MASK_CUT

    def iou(cut: float) -> float:
        found, both = (each[p >= cut].sum() for each in (weights, showing))
        return float(both / (found + shown - both))

    return max(MASK_CUTS, key=lambda cut: (round(iou(cut), 9), -abs(cut - MASK_CUT)))


def fits_by_the_others(samples: Sequence[LogitSample]) -> list[Fit]:
    """For each network, what the samples of all the others ask for: its own has no say."""
    return [fit([*samples[:k], *samples[k + 1 :]]) for k in range(len(samples))]


@torch.no_grad()
def sample_logits(
    trained: TrainedNetwork,
    each: DefectSet,
    device: str = "cpu",
    progress: Callable[[float], None] = lambda share: None,
) -> LogitSample:
    """All pixels that show the defect, up to MOST_LIKELY_PX a picture of those that look like it, and one in ONE_IN of the
    others.

    Of very many pictures some are taken, spread over the set, and each stands for as many of its kind. The network is on the
    CPU again when this returns.
    """
    rng = np.random.default_rng(0)
    logits, targets, weights = [], [], []
    taken = each.spread(MOST_PICTURES)
    stands_for = {kind: _stands_for(each, taken, is_defective=kind) for kind in (False, True)}
    network = trained.network.to(device)
    for done, sample in enumerate(taken, 1):
        picture, mask, judged = sample.read()
        pictures = normalise_bands(torch.from_numpy(picture[None]).to(device), trained.settings.bands)
        z = network(pictures)[0, 0].cpu().numpy().ravel() - prior_shift(trained.alpha)
        y = (mask > 127).ravel()
        share = _share_taken(z, y, judged.ravel())
        chosen = np.flatnonzero(judged.ravel() & (rng.random(y.size) < share))
        logits.append(z[chosen].astype(np.float64))
        targets.append(y[chosen].astype(np.float64))
        weights.append(stands_for[sample.is_defective] / share[chosen])
        progress(done / len(taken))
    network.to("cpu")
    return LogitSample(*(np.concatenate([np.zeros(0), *parts]) for parts in (logits, targets, weights)))


def _share_taken(z: NDArray[np.float32], y: NDArray[np.bool_], judged: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What share of pixels like each of a picture's (n,) is taken."""
    likely = ~y & (z > LIKELY_LOGIT)
    of_likely = min(1.0, MOST_LIKELY_PX / max(int(np.count_nonzero(likely & judged)), 1))
    return np.where(y, 1.0, np.where(likely, of_likely, 1 / ONE_IN))


def _stands_for(each: DefectSet, taken: Sequence[Sample], *, is_defective: bool) -> float:
    """How many pictures of a kind, with a place, one of those taken stands for."""
    placed = sum(sample.is_placed and sample.is_defective == is_defective for sample in each.samples)
    return placed / max(sum(sample.is_defective == is_defective for sample in taken), 1)
