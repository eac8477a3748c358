"""Looks at the validation loss: of the averaged weights, which keep the best, end the run, and lower a plateau's rate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from edge_inspector.training.batches import Batch
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.defect_set import DefectSet
from edge_inspector.training.learning_rate import PLATEAU_FACTOR
from edge_inspector.training.models.bands import RGB, normalise_bands
from edge_inspector.training.objective import Objective
from edge_inspector.training.train import Checks, Progress, TrainedNetwork, TrainingSettings, train
from tests.training.test_train import Killed, killed_after
from tests.training.tiny import SETTINGS, Builder, TinyNetwork, clean_in, copied, dented_in, dents_in, differing

# Who learns of clean pictures alone does ever worse on pictures that are nothing but dent: the first look is the best.
WORSE = replace(SETTINGS, steps=40, checks=Checks(every_steps=1, patience=3, pictures=2))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> DefectSet:
    return clean_in(tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def dented(tmp_path_factory: pytest.TempPathFactory) -> DefectSet:
    return dented_in(tmp_path_factory.mktemp("dented"))


def kept(folder: Path) -> Checkpoint:
    return Checkpoint(folder / "run.checkpoint", {}, every_s=0.0)


def read(folder: Path) -> dict[str, Any]:
    """What the checkpoint holds."""
    state = torch.load(folder / "run.checkpoint", weights_only=True)
    assert isinstance(state, dict)
    return state


def test_training_ends_when_looks_get_no_better_with_the_weights_of_the_best(
    clean: DefectSet, dented: DefectSet, tmp_path: Path
) -> None:
    averages: list[dict[str, Tensor]] = []
    losses: list[float] = []
    trained = train(
        [clean],
        WORSE,
        lambda step, share, loss: averages.append(read(tmp_path)["averaged"]),
        build=TinyNetwork,
        checkpoint=kept(tmp_path),
        validation=[dented],
        observe=lambda what, step, value: losses.append(value) if what == "loss/validation" else None,
    )
    assert losses == sorted(losses)
    assert (trained.steps, len(losses)) == (4, 4)
    assert not differing(copied(trained.network), averages[0])
    assert differing(averages[0], averages[-1])


def test_a_better_look_takes_the_place_of_the_best_one(clean: DefectSet) -> None:
    settings = replace(WORSE, steps=5)
    looked_at = train([clean], settings, build=TinyNetwork, validation=[clean])
    not_looked_at = train([clean], settings, build=TinyNetwork)
    assert not differing(copied(looked_at.network), copied(not_looked_at.network))  # each look was the best so far


@pytest.mark.parametrize("bf16", [False, True])
def test_a_look_is_at_the_averaged_weights_in_the_precision_of_the_training(tmp_path: Path, bf16: bool) -> None:
    dents = dents_in(tmp_path)
    settings = replace(SETTINGS, steps=3, bf16=bf16, checks=Checks(every_steps=3, pictures=4))
    losses: list[float] = []
    trained = train(
        [dents],
        settings,
        build=TinyNetwork,
        validation=[dents],
        observe=lambda what, step, value: losses.append(value) if what == "loss/validation" else None,
    )
    assert losses == [pytest.approx(mean_loss(trained, dents, 4), rel=1e-6)]


@torch.no_grad()
def mean_loss(trained: TrainedNetwork, dents: DefectSet, pictures: int) -> float:
    losses = []
    for sample in dents.spread(pictures):
        rgb, mask, judged = sample.read()
        assert judged.all()
        picture, y = torch.from_numpy(rgb)[None], torch.from_numpy(mask / np.float32(255))[None, None]
        batch = Batch(picture, y, torch.ones_like(y), torch.full((1, 1), torch.nan))
        with torch.autocast("cpu", torch.bfloat16, enabled=trained.settings.bf16):
            logits = trained.network.logits(normalise_bands(picture, RGB))
        losses.append(float(Objective(trained.settings.loss)(logits.float(), batch, [trained.alpha])))
    return float(np.mean(losses))


def test_a_look_changes_nothing_that_is_learned(clean: DefectSet, dented: DefectSet) -> None:
    looking, blind = Builder(), Builder()
    settings = replace(WORSE, steps=4, checks=Checks(every_steps=1, patience=9, pictures=2))
    train([clean], settings, build=looking, validation=[dented])
    train([clean], settings, build=blind)
    assert not differing(looking.weights(), blind.weights())


def rates(clean: DefectSet, dented: DefectSet, settings: TrainingSettings, folder: Path) -> list[float]:
    """The learning rate of every step, as a share of the highest."""
    found: list[float] = []

    def take(step: int, share: float, loss: float) -> None:
        found.append(read(folder)["optimiser"]["param_groups"][-1]["lr"] / settings.learning_rate)

    train([clean], settings, take, build=TinyNetwork, checkpoint=kept(folder), validation=[dented])
    return found


def test_a_plateaus_rate_falls_once_in_the_middle_of_the_wait(clean: DefectSet, dented: DefectSet, tmp_path: Path) -> None:
    settings = replace(WORSE, schedule="plateau", checks=Checks(every_steps=1, patience=4, pictures=2))
    found = rates(clean, dented, settings, tmp_path)
    assert found[2:] == pytest.approx(
        [1.0, PLATEAU_FACTOR, PLATEAU_FACTOR]
    )  # the third look is the second that is no better
    assert found[:2] == pytest.approx([0.05, 0.525])


PLATEAU = replace(WORSE, schedule="plateau", checks=Checks(every_steps=1, patience=8, pictures=2))


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        pytest.param(WORSE, 2, id="after the best look"),
        pytest.param(WORSE, 4, id="once it was waited out"),
        pytest.param(PLATEAU, 5, id="after a plateau's rate fell"),
    ],
)
def test_a_run_that_was_killed_between_looks_goes_on_equal_to_the_bit(
    clean: DefectSet, dented: DefectSet, tmp_path: Path, settings: TrainingSettings, steps: int
) -> None:
    def run(folder: Path, progress: Progress = lambda step, share, loss: None) -> TrainedNetwork:
        folder.mkdir(exist_ok=True)
        return train([clean], settings, progress, build=TinyNetwork, checkpoint=kept(folder), validation=[dented])

    whole = run(tmp_path / "whole")
    with pytest.raises(Killed):
        run(tmp_path / "killed", killed_after(steps))
    resumed = run(tmp_path / "killed")
    assert resumed.steps == whole.steps
    assert not differing(copied(resumed.network), copied(whole.network))
    last, last_of_whole = read(tmp_path / "killed"), read(tmp_path / "whole")
    assert not differing(last["network"], last_of_whole["network"])  # which a rate decides, whatever look was the best
    assert last["rate_factor"] == last_of_whole["rate_factor"]


@pytest.mark.parametrize(("minutes", "steps"), [(15.0, 20), (30.0, 3)])
def test_minutes_that_a_killed_run_took_count(clean: DefectSet, tmp_path: Path, minutes: float, steps: int) -> None:
    settings = replace(SETTINGS, steps=20, minutes=30.0)
    with pytest.raises(Killed):
        train([clean], settings, killed_after(3), build=TinyNetwork, checkpoint=kept(tmp_path))
    torch.save(read(tmp_path) | {"seconds": 60.0 * minutes}, tmp_path / "run.checkpoint")
    trained = train([clean], settings, build=TinyNetwork, checkpoint=kept(tmp_path))
    assert trained.steps == steps
    assert trained.minutes == pytest.approx(minutes, abs=1.0)
