"""A checkpoint gives back all that changes while a network is trained."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import torch

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.checkpoint import Checkpoint, RunState
from edge_inspector.training.learning_rate import parameter_groups
from tests.training.tiny import TinyNetwork, copied, differing

NUMBERS = {"step": 7, "seconds": 12.5, "loss": 0.25, "rate_factor": 0.3, "checks": 2, "best_loss": 0.125, "alphas": [0.75]}


def fresh(seed: int) -> RunState:
    torch.manual_seed(seed)
    network, averaged = TinyNetwork(1), TinyNetwork(1)
    optimiser = torch.optim.AdamW(parameter_groups(network, 0.01, 1.0, 0.0))
    return RunState(network, averaged, optimiser, [0.5])


def in_the_middle() -> RunState:
    """A state of which nothing is as it begins."""
    state = fresh(1)
    state.network(torch.ones(2, 3, 4, 4)).sum().backward()
    state.optimiser.step()
    for name, number in NUMBERS.items():
        setattr(state, name, number)
    state.best = copied(TinyNetwork(1))
    return state


def test_everything_that_changes_is_given_back(tmp_path: Path) -> None:
    kept, found = in_the_middle(), fresh(2)
    assert {field.name for field in fields(RunState)} == {*NUMBERS, "network", "averaged", "optimiser", "best"}
    Checkpoint(tmp_path / "run.checkpoint", {}).write(kept)
    assert Checkpoint(tmp_path / "run.checkpoint", {}).restore(found)
    assert {name: getattr(found, name) for name in NUMBERS} == NUMBERS
    assert not differing(copied(found.network), copied(kept.network))
    assert not differing(copied(found.averaged), copied(kept.averaged))
    assert found.best is not None
    assert kept.best is not None
    assert not differing(found.best, kept.best)
    moments = (each.optimiser.state_dict()["state"][0] for each in (found, kept))
    assert not differing(*moments)


def test_a_checkpoint_that_lacks_something_is_refused(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "run.checkpoint", {})
    checkpoint.write(in_the_middle())
    kept = torch.load(checkpoint.path, weights_only=True)
    del kept["alphas"]
    torch.save(kept, checkpoint.path)
    with pytest.raises(TrainingDataError, match=r"is no checkpoint that can be gone on from \('alphas'\); remove it"):
        checkpoint.restore(fresh(2))


def test_without_a_file_a_state_stays_as_it_begins(tmp_path: Path) -> None:
    state = fresh(1)
    assert not Checkpoint(tmp_path / "run.checkpoint", {}).restore(state)
    assert (state.step, state.best) == (0, None)
