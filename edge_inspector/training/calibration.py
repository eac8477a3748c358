"""From a network's logit to a probability: scale and bias by maximum likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

SCALE_RANGE = (0.2, 5.0)
_GAIN, _SLOPE = 1e-15, 1e-13  # where it is flat: classes that lie far apart leave hardly a loss to go down


def fit_calibration(
    logits: NDArray[np.float64], target: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float]:
    """Scale and bias with logit p = scale * logit + bias, by maximum likelihood (Platt 1999; science.md §3.1).

    All (n,); `weight` is how many pixels each stands for. The scale is kept within SCALE_RANGE. The loss is convex, so that
    what L-BFGS-B ends at is the optimum.
    """
    if not 0.0 < float((weight * target).sum()) < float(weight.sum()):
        return 1.0, 0.0  # only one class: nothing to fit
    share = weight / weight.sum()
    middle = float(logits.mean())
    spread = float(logits.std()) or 1.0
    centred = (logits - middle) / spread  # else scale and bias pull at each other, and the descent ends early

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Mean log loss, and its slopes along the scale and bias of what is centred."""
        mapped = parameters[0] * centred + parameters[1]
        off = share * (expit(mapped) - target)
        return float(share @ (np.logaddexp(0.0, mapped) - target * mapped)), np.array([off @ centred, off.sum()])

    found = minimize(
        loss,
        np.array([spread, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(SCALE_RANGE[0] * spread, SCALE_RANGE[1] * spread), (None, None)],
        options={"ftol": _GAIN, "gtol": _SLOPE, "maxiter": 1000},
    )
    scale = float(np.clip(found.x[0] / spread, *SCALE_RANGE))
    return scale, float(found.x[1]) - scale * middle
