"""A step learns at its rate, from changed crops, by a clipped gradient, and moves the averaged weights along."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from edge_inspector.training.augmentation import Augmentation
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.defect_set import DefectSet
from edge_inspector.training.learning_rate import rate_at
from edge_inspector.training.objective import LossMix
from edge_inspector.training.train import OBSERVED_EVERY, TrainingSettings, train
from edge_inspector.training.weight_average import WeightAverage, decay_at
from tests.training.tiny import SETTINGS, Builder, TinyNetwork, copied, dents_in, differing

UNCHANGED = Augmentation(flip_sideways=False, flip_upright=False, light=0.0, colour=0.0, gamma=0.0)


@pytest.fixture(scope="module")
def dents(tmp_path_factory: pytest.TempPathFactory) -> DefectSet:
    return dents_in(tmp_path_factory.mktemp("dents"))


def optimiser_after(dents: DefectSet, settings: TrainingSettings, folder: Path) -> Any:
    """The state of the optimiser after the last step, as the checkpoint keeps it."""
    checkpoint = Checkpoint(folder / "run.checkpoint", {}, every_s=0.0)
    train([dents], settings, build=TinyNetwork, checkpoint=checkpoint)
    return torch.load(checkpoint.path, weights_only=True)["optimiser"]


def learned(dents: DefectSet, settings: TrainingSettings) -> dict[str, Tensor]:
    """What the network itself, not its average, is in the end."""
    builder = Builder()
    train([dents], settings, build=builder)
    return builder.weights()


def test_a_gradient_is_clipped_to_a_norm_of_one(dents: DefectSet, tmp_path: Path) -> None:
    steep = replace(SETTINGS, steps=1, loss=LossMix(overlap_weight=100.0))
    optimiser = optimiser_after(dents, steep, tmp_path)
    means = [state["exp_avg"] for state in optimiser["state"].values()]  # a tenth of the gradient after one step
    assert math.hypot(*(float(mean.norm()) for mean in means)) == pytest.approx(0.1, rel=1e-4)


def test_rates_and_decay_of_the_settings_reach_the_optimiser(dents: DefectSet, tmp_path: Path) -> None:
    settings = replace(SETTINGS, steps=10, learning_rate=0.01, encoder_rate=0.1, weight_decay=0.25)
    groups = optimiser_after(dents, settings, tmp_path)["param_groups"]
    last = rate_at(9 / 10, "cosine")
    found = {(round(group["lr"] / last, 9), group["weight_decay"], len(group["params"])) for group in groups}
    assert found == {(0.001, 0.25, 1), (0.01, 0.25, 1), (0.01, 0.0, 3)}


def test_losses_and_rates_are_told_while_it_learns(dents: DefectSet) -> None:
    told: list[tuple[str, int, float]] = []
    losses: dict[int, float] = {}

    def progress(step: int, share: float, loss: float) -> None:
        losses[step] = loss

    steps = 2 * OBSERVED_EVERY
    train(
        [dents],
        replace(SETTINGS, steps=steps),
        progress,
        build=TinyNetwork,
        observe=lambda what, step, value: told.append((what, step, value)),
    )
    rates = {step: value for what, step, value in told if what == "learning rate"}
    expected = {step: SETTINGS.learning_rate * rate_at((step - 1) / steps, "cosine") for step in (OBSERVED_EVERY, steps)}
    assert rates == pytest.approx(expected)
    assert {step: value for what, step, value in told if what == "loss/training"} == {
        step: losses[step] for step in (OBSERVED_EVERY, steps)
    }


def test_the_loss_that_is_told_is_a_running_mean(dents: DefectSet, tmp_path: Path) -> None:
    def losses_of(steps: int) -> list[float]:
        losses: list[float] = []
        checkpoint = Checkpoint(tmp_path / "run.checkpoint", {}, every_s=0.0)
        settings = replace(SETTINGS, steps=steps, schedule="plateau")  # whose rate is the same for any number of steps
        train([dents], settings, lambda step, share, loss: losses.append(loss), build=TinyNetwork, checkpoint=checkpoint)
        return losses

    (first,) = losses_of(1)
    state = torch.load(tmp_path / "run.checkpoint", weights_only=True)
    (mean,) = losses_of(2)
    torch.save(state | {"loss": math.nan}, tmp_path / "run.checkpoint")  # as if it were the first
    (second,) = losses_of(2)
    assert second != first
    assert mean == pytest.approx(0.95 * first + 0.05 * second)


def test_what_comes_out_is_the_average_of_weights_and_statistics(dents: DefectSet) -> None:
    builder, averaged = Builder(), TinyNetwork(1)
    settings = replace(SETTINGS, steps=4)

    def prepare(network: torch.nn.Module) -> None:
        averaged.load_state_dict(network.state_dict())

    def follow(step: int, share: float, loss: float) -> None:
        WeightAverage(averaged, builder.built[-1]).move(decay_at(step, settings.ema_decay))

    trained = train([dents], settings, follow, prepare, build=builder)
    assert not differing(copied(trained.network), copied(averaged))
    moved = differing(copied(trained.network), builder.weights())
    assert moved == copied(averaged).keys() - {"norm.num_batches_tracked"}


def test_crops_are_changed_before_they_are_learned_from(dents: DefectSet) -> None:
    plain, changed = (learned(dents, replace(SETTINGS, augmentation=each)) for each in (UNCHANGED, Augmentation()))
    assert "encoder.weight" in differing(plain, changed)
    assert not differing(plain, learned(dents, replace(SETTINGS, augmentation=UNCHANGED)))


def test_bf16_computes_in_bf16_and_keeps_its_weights_in_f32(dents: DefectSet) -> None:
    in_f32, in_bf16 = (learned(dents, replace(SETTINGS, bf16=each)) for each in (False, True))
    assert "encoder.weight" in differing(in_f32, in_bf16)
    assert all(value.dtype == torch.float32 for name, value in in_bf16.items() if name != "norm.num_batches_tracked")
    for name, value in in_bf16.items():
        assert torch.allclose(value, in_f32[name], atol=0.1), name
