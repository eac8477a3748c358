"""Judges a folder with an exported engine, in the form and precision that ship, and counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from edge_inspector.inference.map_regions import map_score
from edge_inspector.training.metrics.intervals import bootstrap_interval, proportion_interval
from edge_inspector.training.part_scores import PartScores


class ExportedEngine:
    """`model.onnx` under OpenVINO on the CPU, at a named precision.

    Raises RuntimeError if the device would compute in another one.
    """

    def __init__(self, path: Path, precision: str, threads: int = 2) -> None:
        core = openvino.Core()
        options = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": str(threads),
            "PERFORMANCE_HINT": "LATENCY",
        }
        self.precision = precision
        self._compiled = core.compile_model(str(path), "CPU", options)
        given = self._compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        if given != precision:
            raise RuntimeError(f"{path}: asked for {precision}, the device computes in {given}")

    def probability(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 (n, h, w, c) -> float32 (n, h, w)."""
        return np.array(self._compiled(pictures)[0], np.float32)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of the parts, and by part Dice of each of its pictures with a defect."""

    parts: PartScores
    dice: Mapping[str, Sequence[float]]

    @property
    def dice_count(self) -> int:
        """How many pictures have one."""
        return sum(map(len, self.dice.values()))

    def mean_dice(self) -> tuple[float, float, float]:
        """Mean over the pictures with a defect, and its 95 % interval (bootstrap by part, science.md §4.8)."""
        sums = np.array([sum(values) for values in self.dice.values()])
        counts = np.array([len(values) for values in self.dice.values()])
        low, high = bootstrap_interval(list(self.dice), lambda drawn: float(sums[drawn].sum() / counts[drawn].sum()))
        return float(sums.sum() / counts.sum()), low, high


def view_score(probability: NDArray[np.float32], smallest_defect_px: int) -> float:
    """Mean of the `smallest_defect_px` largest values of the 3x3-box-filtered map, float32 (h, w) (science.md §6.4).

    The very function by which a station scores. A map that is not all finite scores NaN, which no comparison takes for good.
    """
    return map_score(probability, smallest_defect_px) if np.isfinite(probability).all() else math.nan


def share(count: int, n: int) -> tuple[float, float, float]:
    """A share with its exact 95 % interval."""
    return count / n, *proportion_interval(count, n)
