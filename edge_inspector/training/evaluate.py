"""Judges a folder with an exported engine, in the form and precision that ship, and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingStoppedError
from edge_inspector.training.metrics.intervals import bootstrap_interval, proportion_interval
from edge_inspector.training.part_scores import ScoresByStart

LEAST_DRAWN = 3  # parts that a bootstrap draws from


class ExportedEngine:
    """`model.onnx` under OpenVINO on the CPU, at a named precision.

    Raises TrainingStoppedError if the device would compute in another one.
    """

    def __init__(self, path: Path, precision: str, threads: int = 2) -> None:
        core = openvino.Core()
        options = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": str(threads),
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": "NO",  # processes side by side would all compute on the first core
        }
        self.precision = precision
        self._compiled = core.compile_model(str(path), "CPU", options)
        given = self._compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        if given != precision:
            raise TrainingStoppedError(
                f"{path}: asked for {precision}, but this CPU computes in {given}; say `precisions` that it has, and give "
                "the command again. What was learned is kept"
            )

    def probability(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 (n, h, w, c) -> float32 (n, h, w)."""
        return np.array(self._compiled(pictures)[0], np.float32)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of the parts, by where regions begin, and by part Dice of each of its pictures with a defect.

    `part_of` tells the part of each picture where the scores are of pictures; else it is empty.
    """

    parts: ScoresByStart
    dice: Mapping[str, Sequence[float]]
    part_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def dice_count(self) -> int:
        """How many pictures have one."""
        return sum(map(len, self.dice.values()))

    def mean_dice(self) -> tuple[float, float, float]:
        """Mean over the pictures with a defect, and its 95 % interval (bootstrap by part, science.md §4.8).

        Of fewer than LEAST_DRAWN parts it is 0 to 1: drawing among so few shows how alike they are, and no more.
        """
        sums = np.array([sum(values) for values in self.dice.values()])
        counts = np.array([len(values) for values in self.dice.values()])
        mean = float(sums.sum() / counts.sum())
        if len(self.dice) < LEAST_DRAWN:
            return mean, 0.0, 1.0
        low, high = bootstrap_interval(list(self.dice), lambda drawn: float(sums[drawn].sum() / counts[drawn].sum()))
        return mean, low, high

    def share(self, wrong: Mapping[str, bool]) -> tuple[float, float, float]:
        """Share of those that are wrong, with its 95 % interval: exact for parts.

        Pictures of one part are alike: for them by part (science.md §4.8), and exact for so many parts where no drawing of
        parts gives another share.
        """
        value = sum(wrong.values()) / len(wrong)
        if not self.part_of:
            return value, *proportion_interval(sum(wrong.values()), len(wrong))
        by_part: dict[str, list[bool]] = {}
        for picture, is_wrong in wrong.items():
            by_part.setdefault(self.part_of[picture], []).append(is_wrong)
        counts = np.array([(sum(each), len(each)) for each in by_part.values()])
        low, high = bootstrap_interval(list(by_part), lambda drawn: float(counts[drawn, 0].sum() / counts[drawn, 1].sum()))
        return value, *((low, high) if low < high else proportion_interval(round(value * len(by_part)), len(by_part)))
