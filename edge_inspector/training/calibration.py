"""From a network's logit to a probability: scale and bias by maximum likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SCALE_RANGE = (0.2, 5.0)


def fit_calibration(
    logits: NDArray[np.float64], target: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float]:
    """Scale and bias with logit p = scale * logit + bias, by maximum likelihood (Platt 1999; science.md §3.1).

    All (n,); `weight` is how many pixels each stands for. Newton's method; scale is kept within SCALE_RANGE.
    """
    if not 0.0 < float((weight * target).sum()) < float(weight.sum()):
        return 1.0, 0.0  # only one class: nothing to fit
    features = np.stack((logits, np.ones_like(logits)))  # (2, n)
    parameters = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(parameters @ features, -40, 40)))
        gradient = features @ (weight * (p - target)) / weight.sum()
        hessian = (features * (weight * p * (1 - p))) @ features.T / weight.sum() + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        scale = float(np.clip(parameters[0] - step[0], *SCALE_RANGE))
        if scale != parameters[0] - step[0]:  # kept within its range, the scale leaves the rest to the bias
            moved = parameters[0] - scale
            step = np.array([moved, (gradient[1] - hessian[1, 0] * moved) / hessian[1, 1]])
        step = np.clip(step, -1.0, 1.0)
        parameters -= step
        if float(np.abs(step).max()) < 1e-6:
            break
    return float(parameters[0]), float(parameters[1])
