"""The whole state of a training run in one file, so that a run that was killed goes on as if nothing had been."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from edge_inspector.domain.errors import TrainingDataError, TrainingStoppedError
from edge_inspector.training.kept_file import load_kept, write_kept
from edge_inspector.training.models.segmentation_model import SegmentationModel

FORMAT = 2


@dataclass(slots=True)
class RunState:
    """What changes while a network is trained. What a step draws follows from its number (`Rank.chance_of`).

    `alphas`: of each output, the weight of defect pixels that is to be undone. `best`: the averaged weights with the least
    validation loss so far.
    """

    network: SegmentationModel
    averaged: SegmentationModel
    optimiser: torch.optim.Optimizer
    alphas: list[float]
    step: int = 0
    seconds: float = 0.0
    loss: float = float("nan")  # running mean
    rate_factor: float = 1.0  # of a plateau schedule
    checks: int = 0  # of the validation loss since it was least
    best_loss: float = float("inf")
    best: dict[str, torch.Tensor] | None = None


@dataclass(slots=True)
class Checkpoint:
    """Where a run is kept and how often. `asked` says all that decides the run, in words that a person can compare."""

    path: Path
    asked: Mapping[str, str]
    every_s: float = 60.0
    _written_s: float = field(default_factory=time.monotonic)

    def restore(self, state: RunState) -> bool:
        """Fill a fresh state from the file, if it is there; tell whether it was.

        Raises TrainingDataError if the file is damaged, or is of another run: what differs is named.
        """
        if not self.path.is_file():
            return False
        try:
            kept = load_kept(self.path)
            if kept["format"] != FORMAT:
                raise ValueError(f"its format is {kept['format']}, expected {FORMAT}")
            self._refuse_other_run(kept["asked"])
            state.network.load_state_dict(kept["network"])
            state.averaged.load_state_dict(kept["averaged"])
            state.optimiser.load_state_dict(kept["optimiser"])
            state.step, state.seconds, state.loss = kept["step"], kept["seconds"], kept["loss"]
            state.rate_factor, state.checks, state.alphas = kept["rate_factor"], kept["checks"], kept["alphas"]
            state.best_loss, state.best = kept["best_loss"], kept["best"]
        except (TrainingDataError, TrainingStoppedError):
            raise
        except Exception as error:  # a damaged file shows itself in many ways
            raise TrainingDataError(
                f"{self.path}: is no checkpoint that can be gone on from ({error}); remove it"
            ) from error
        return True

    @property
    def is_due(self) -> bool:
        """Whether `every_s` have gone by since the last one."""
        return time.monotonic() - self._written_s >= self.every_s

    @property
    def words(self) -> str:
        """What of the run is kept, in a sentence."""
        return f"the last good state is kept in {self.path}" if self.path.is_file() else "nothing was kept"

    def write(self, state: RunState) -> None:
        """Write the state: the file changes only when the new one is whole and on the disk.

        Raises TrainingStoppedError if the disk does not take it; the file before it stays.
        """
        kept = {
            "format": FORMAT,
            "asked": dict(self.asked),
            "network": state.network.state_dict(),
            "averaged": state.averaged.state_dict(),
            "optimiser": state.optimiser.state_dict(),
            "alphas": state.alphas,
            "step": state.step,
            "seconds": state.seconds,
            "loss": state.loss,
            "rate_factor": state.rate_factor,
            "checks": state.checks,
            "best_loss": state.best_loss,
            "best": state.best,
        }
        kept_yet = "what was kept before stays" if self.path.is_file() else "nothing was kept before"
        write_kept(self.path, kept, f"step {state.step}", kept_yet)
        self._written_s = time.monotonic()

    def remove(self) -> None:
        """The run is over and its network kept elsewhere."""
        self.path.unlink(missing_ok=True)

    def _refuse_other_run(self, kept: Mapping[str, str]) -> None:
        differing = [name for name in {**kept, **self.asked} if kept.get(name) != self.asked.get(name)]
        if differing:
            listed = "; ".join(
                f"{name} was {kept.get(name, 'not there')}, is {self.asked.get(name, 'not there')}" for name in differing
            )
            raise TrainingDataError(
                f"{self.path}: is of another training ({listed}); put that back to go on with it, or remove the file"
            )
