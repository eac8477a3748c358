"""A run that is killed goes on as if nothing had been, and one that can not go on says where it stopped and what is kept."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
import torch

from edge_inspector.domain.errors import TrainingDataError, TrainingStoppedError
from edge_inspector.training.augmentation import Augmentation
from edge_inspector.training.batches import Batches, CropPlan
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.datasets.labelled_picture import CLEAN
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.objective import LossMix
from edge_inspector.training.ranks import ALONE
from edge_inspector.training.train import Checks, Progress, TrainingSettings, has_fast_bf16, train
from edge_inspector.training.training_file import Learning
from edge_inspector.training.weight_average import WeightAverage
from tests.training.labelled import labelled_set, square, write_mask

SETTINGS = TrainingSettings(
    seed=5,
    steps=6,
    crops=CropPlan(batch=2, height_px=32, width_px=32),
    learning_rate=2e-3,
    ema_decay=0.995,
    augmentation=Augmentation(turn_deg=5.0, blur_px=0.5),
    threads=1,
)


@pytest.fixture(autouse=True)
def _ctrl_c_is_felt() -> Iterator[None]:
    """Also where tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def dents(tmp_path_factory: pytest.TempPathFactory) -> DefectSet:
    folder = tmp_path_factory.mktemp("dents")
    masks = {f"p{k}-c1": {"dent": write_mask(folder / f"{k}.png", square(4 * k, 6 * k))} for k in range(4)}
    return defect_set(labelled_set(folder, {**masks, **{f"p{k}-c1": {"dent": CLEAN} for k in range(4, 8)}}), "dent")


def weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return network.state_dict()


def are_equal(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    return all(torch.equal(value, weights(second)[name]) for name, value in weights(first).items())


class Killed(BaseException):
    """What no code catches."""


def killed_after(steps: int) -> Progress:
    def progress(step: int, share: float, loss: float) -> None:
        if step == steps:
            raise Killed

    return progress


def told(losses: dict[int, float]) -> Progress:
    """Takes down the loss of each step, none twice."""

    def progress(step: int, share: float, loss: float) -> None:
        assert step not in losses
        losses[step] = loss

    return progress


def kept(folder: Path, **asked: str) -> Checkpoint:
    return Checkpoint(folder / "run.checkpoint", {"settings": "these"} | asked, every_s=0.0)


@pytest.mark.parametrize(
    "settings", [SETTINGS, replace(SETTINGS, schedule="plateau", checks=Checks(2, 2, 3), loss=LossMix(alpha="batch"))]
)
def test_a_run_that_was_killed_goes_on_equal_to_the_bit(
    dents: DefectSet, tmp_path: Path, settings: TrainingSettings
) -> None:
    losses_of_whole: dict[int, float] = {}
    whole = train([dents], settings, told(losses_of_whole), validation=[dents])
    with pytest.raises(Killed):
        train([dents], settings, killed_after(3), checkpoint=kept(tmp_path), validation=[dents])
    torch.manual_seed(99)  # whatever else the next process has drawn
    losses = {step: loss for step, loss in losses_of_whole.items() if step <= 3}
    resumed = train([dents], settings, told(losses), checkpoint=kept(tmp_path), validation=[dents])
    assert are_equal(whole.network, resumed.network)
    assert (whole.steps, whole.alpha) == (resumed.steps, resumed.alpha)
    assert losses_of_whole == losses


def test_another_training_does_not_go_on_from_it_and_what_differs_is_named(dents: DefectSet, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train([dents], SETTINGS, killed_after(2), checkpoint=kept(tmp_path, pictures="abc"))
    with pytest.raises(TrainingDataError, match=r"is of another training .pictures was abc, is def.; put that back"):
        train([dents], SETTINGS, checkpoint=kept(tmp_path, pictures="def"))


def test_a_damaged_checkpoint_is_refused_and_stays(dents: DefectSet, tmp_path: Path) -> None:
    checkpoint = kept(tmp_path)
    checkpoint.path.write_bytes(b"half of a fi")
    with pytest.raises(TrainingDataError, match=r"run\.checkpoint: is damaged, or no file of a training; remove it"):
        train([dents], SETTINGS, checkpoint=checkpoint)
    assert checkpoint.path.read_bytes() == b"half of a fi"


def test_a_full_disk_stops_the_training_and_leaves_the_checkpoint_before(
    dents: DefectSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Killed):
        train([dents], SETTINGS, killed_after(2), checkpoint=kept(tmp_path))
    before = (tmp_path / "run.checkpoint").read_bytes()
    real = torch.save

    def half(content: object, file: IO[bytes]) -> None:
        file.write(before[: len(before) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(TrainingStoppedError, match=r"step 3 can not be kept .*No space left.* what was kept before stays"):
        train([dents], SETTINGS, checkpoint=kept(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["run.checkpoint"]
    assert (tmp_path / "run.checkpoint").read_bytes() == before
    monkeypatch.setattr(torch, "save", real)
    assert train([dents], SETTINGS, checkpoint=kept(tmp_path)).steps == 6


def test_a_loss_that_is_no_number_stops_the_training_and_leaves_the_last_good_state(
    dents: DefectSet, tmp_path: Path
) -> None:
    def poison(step: int, share: float, loss: float) -> None:
        if step == 3:
            with torch.no_grad():
                next(iter(network.parameters())).fill_(float("nan"))

    network = LightUNet(1)

    def take(outputs: int) -> LightUNet:
        return network

    said = (  # another rate is another training, which the same folder does not take
        r"became nan at step 4; the last good state is kept in .*run\.checkpoint\. Lower the learning rate, and give "
        r"another --out, or remove the run's folder$"
    )
    with pytest.raises(TrainingStoppedError, match=said):
        train([dents], SETTINGS, poison, build=take, checkpoint=kept(tmp_path))
    state = torch.load(tmp_path / "run.checkpoint", weights_only=True)
    assert state["step"] == 3
    assert all(bool(torch.isfinite(value).all()) for value in state["network"].values())


def overflow_at_step_4(monkeypatch: pytest.MonkeyPatch, norm: float) -> None:
    """The gradient of that step has this norm, whatever its loss."""
    clip, steps = torch.nn.utils.clip_grad_norm_, 0

    def overflow(*arguments: Any) -> torch.Tensor:
        nonlocal steps
        steps += 1
        return torch.tensor(norm) if steps == 4 else clip(*arguments)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", overflow)


def test_a_gradient_that_is_no_number_stops_the_training_before_it_moves_a_weight(
    dents: DefectSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss may be finite where its gradient is not."""
    overflow_at_step_4(monkeypatch, torch.inf)
    with pytest.raises(TrainingStoppedError, match=r"became nan at step 4; the last good state is kept in .*run"):
        train([dents], SETTINGS, checkpoint=kept(tmp_path))
    state = torch.load(tmp_path / "run.checkpoint", weights_only=True)
    assert state["step"] == 3


def test_where_no_checkpoint_was_due_the_last_good_state_is_kept_all_the_same(
    dents: DefectSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overflow_at_step_4(monkeypatch, torch.nan)
    with pytest.raises(TrainingStoppedError, match=r"became nan at step 4; the last good state is kept in .*run"):
        train([dents], SETTINGS, checkpoint=replace(kept(tmp_path), every_s=1e9))
    monkeypatch.undo()
    with pytest.raises(Killed):
        train([dents], SETTINGS, killed_after(3), checkpoint=kept(tmp_path / "other"))
    good, other = (torch.load(folder / "run.checkpoint", weights_only=True) for folder in (tmp_path, tmp_path / "other"))
    assert (good["step"], other["step"]) == (3, 3)
    assert good["averaged"].keys() == other["averaged"].keys()
    assert all(torch.equal(value, other["averaged"][name]) for name, value in good["averaged"].items())
    assert good["loss"] == other["loss"]


def test_weights_that_are_no_numbers_are_never_kept_nor_are_they_what_comes_of_a_run(
    dents: DefectSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step may end with a loss that is a number, and weights that are none."""
    move, steps = WeightAverage.move, 0

    def overflow(average: WeightAverage, decay: float) -> None:
        nonlocal steps
        steps += 1
        move(average, math.nan if steps % 3 == 0 else decay)

    monkeypatch.setattr(WeightAverage, "move", overflow)
    with pytest.raises(TrainingStoppedError, match=r"weights became no numbers by step 3; the last good state is kept in"):
        train([dents], SETTINGS, checkpoint=kept(tmp_path))
    assert torch.load(tmp_path / "run.checkpoint", weights_only=True)["step"] == 2
    with pytest.raises(TrainingStoppedError, match=r"weights became no numbers by step 3; nothing was kept\. Lower the"):
        train([dents], replace(SETTINGS, steps=3))


@pytest.mark.parametrize(("number", "end"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_run_that_is_told_to_stop_keeps_what_it_learned_to_the_last_step(
    dents: DefectSet, tmp_path: Path, number: signal.Signals, end: type[BaseException]
) -> None:
    def leave(*_: object) -> None:
        raise SystemExit

    def tell(step: int, share: float, loss: float) -> None:
        if step == 3:
            signal.raise_signal(number)

    before = signal.signal(signal.SIGTERM, leave)  # as a work beside others has it
    try:
        with pytest.raises(end):
            train([dents], SETTINGS, tell, checkpoint=replace(kept(tmp_path), every_s=1e9))
        assert signal.getsignal(signal.SIGTERM) is leave
    finally:
        signal.signal(signal.SIGTERM, before)
    assert torch.load(tmp_path / "run.checkpoint", weights_only=True)["step"] == 3
    resumed = train([dents], SETTINGS, checkpoint=kept(tmp_path))
    assert are_equal(resumed.network, train([dents], SETTINGS).network)


def test_a_signal_that_the_process_ignores_is_ignored_here_too(dents: DefectSet, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ended = train([dents], SETTINGS, lambda *_: signal.raise_signal(signal.SIGINT), checkpoint=kept(tmp_path))
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.steps == SETTINGS.steps


def test_a_signal_is_not_lost_where_the_disk_does_not_take_the_checkpoint(
    dents: DefectSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next engine of the same command would be trained, though somebody said to stop."""

    def full(content: object, file: IO[bytes]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(KeyboardInterrupt):
        train(
            [dents],
            SETTINGS,
            lambda *_: signal.raise_signal(signal.SIGINT),
            checkpoint=replace(kept(tmp_path), every_s=1e9),
        )


def test_a_second_ctrl_c_waits_for_nothing(dents: DefectSet) -> None:
    reached = []

    def tell(step: int, share: float, loss: float) -> None:
        signal.raise_signal(signal.SIGINT)
        reached.append("after the first")
        signal.raise_signal(signal.SIGINT)
        reached.append("after the second")

    with pytest.raises(KeyboardInterrupt):
        train([dents], SETTINGS, tell)
    assert reached == ["after the first"]


def test_what_has_a_default_has_that_of_the_training_file() -> None:
    crops = CropPlan(height_px=256, width_px=256)
    ours = TrainingSettings(seed=1, steps=4000, crops=crops, learning_rate=1e-3, ema_decay=0.998, bf16=has_fast_bf16())
    assert ours == Learning().settings(ours.threads)


def test_without_validation_sets_nothing_ends_early(dents: DefectSet) -> None:
    assert train([dents], replace(SETTINGS, checks=Checks(1, 1))).steps == 6


def test_the_encoder_learns_at_its_own_rate(dents: DefectSet) -> None:
    torch.manual_seed(SETTINGS.seed)
    start = LightUNet(1)
    frozen = train([dents], replace(SETTINGS, encoder_rate=0.0, weight_decay=0.0, ema_decay=0.0)).network
    for name, parameter in frozen.named_parameters():
        assert torch.equal(parameter, weights(start)[name]) == name.startswith("encoder."), name


@pytest.mark.parametrize("pixels", ["weighted", "focal", "mined"])
def test_only_the_weighted_loss_has_a_weight_to_undo(dents: DefectSet, pixels: str) -> None:
    trained = train([dents], replace(SETTINGS, steps=1, loss=LossMix(pixels=pixels)))  # type: ignore[arg-type]
    assert trained.alpha == (0.99 if pixels == "weighted" else 0.5)  # less than 1 % of the pixels are dents


def test_what_is_undone_of_batches_with_weights_of_their_own_is_their_mean_shift(dents: DefectSet) -> None:
    crops = CropPlan(batch=4, height_px=10, width_px=10)  # which cut into dents
    chances = [ALONE.chance_of(SETTINGS.seed, step) for step in range(SETTINGS.steps)]
    drawn = [Batches([dents], crops).draw(np.random.default_rng(chance)) for chance in chances]
    shares = [float(batch.masks.sum() / batch.judged.sum()) for batch in drawn]
    shifts = [math.log((1 - share) / share) for share in (min(max(share, 0.01), 0.5) for share in shares)]
    trained = train([dents], replace(SETTINGS, crops=crops, loss=LossMix(alpha="batch"), augmentation=Augmentation()))
    assert math.log(trained.alpha / (1 - trained.alpha)) == pytest.approx(sum(shifts) / len(shifts), abs=1e-5)
    assert max(shifts) - min(shifts) > 0.01


def test_an_image_level_head_learns_along(dents: DefectSet) -> None:
    torch.manual_seed(SETTINGS.seed)
    start = LightUNet(1, has_image_head=True)
    settings = replace(SETTINGS, ema_decay=0.0, weight_decay=0.0)
    learned = train([dents], settings, build=partial(LightUNet, has_image_head=True)).network
    assert not torch.equal(weights(learned)["image_head.conv.weight"], weights(start)["image_head.conv.weight"])
    logits = learned.logits(torch.zeros(1, 3, 32, 32))
    assert logits.picture is not None
    assert torch.isfinite(logits.picture).all()


def test_a_picture_unknown_for_an_output_does_not_teach_it(tmp_path: Path) -> None:
    labelled = labelled_set(
        tmp_path,
        {
            "p1-c1": {"dent": write_mask(tmp_path / "1.png", square(4, 4)), "spot": None},
            "p2-c1": {"dent": CLEAN, "spot": None},
            "p3-c1": {"dent": None, "spot": CLEAN},
            "p4-c1": {"dent": None, "spot": write_mask(tmp_path / "4.png", square(9, 9))},
        },
    )
    sets = [defect_set(labelled, "dent"), defect_set(labelled, "spot")]
    network = train(sets, replace(SETTINGS, steps=2)).network
    assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 2, 32, 32)
    assert np.isfinite(network(torch.zeros(1, 3, 32, 32)).detach().numpy()).all()
