"""Trains a network on crops of labelled sets in the way of science.md §3.6, but for four things; how much is settings'.

BatchNorm's statistics are never frozen: those that count are averaged over the last steps, like the weights. Clean pictures
are drawn evenly, not by how seldom they were used. Where validation pictures choose among weights, the loss on them decides.
Crops become brighter and darker, and their gamma changes, but not their contrast by itself.

One set an output. An engine has one output; a network with several is a start for engines that are then trained each for
its own defect.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from edge_inspector.domain.errors import TrainingStoppedError
from edge_inspector.training.augmentation import Augmentation, Augmenter
from edge_inspector.training.batches import Batch, Batches, CropPlan
from edge_inspector.training.checkpoint import Checkpoint, RunState
from edge_inspector.training.defect_set import DefectSet, Sample
from edge_inspector.training.drawn_ahead import drawn_ahead
from edge_inspector.training.learning_rate import PLATEAU_FACTOR, Schedule, parameter_groups, rate_at
from edge_inspector.training.losses import alpha_of_set, alpha_of_shift, prior_shift
from edge_inspector.training.models.bands import RGB, Band, normalise_bands
from edge_inspector.training.models.segmentation_model import Logits, SegmentationModel
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.objective import LossMix, Objective
from edge_inspector.training.orderly_stop import orderly_stop
from edge_inspector.training.ranks import ALONE, Rank
from edge_inspector.training.weight_average import WeightAverage, decay_at


@dataclass(frozen=True, slots=True)
class Checks:
    """Looks at the validation loss every so many steps. Without a better one in `patience` looks training ends, with the
    weights that had the best; under a plateau schedule the rate falls once in the middle of the wait, if that is of 2 and
    more: of one, it is the end."""

    every_steps: int = 200
    patience: int = 10
    pictures: int = 60  # of each set, at most; half of them defective where there are so many


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """Everything that decides a training run besides its pictures. A default is that of the training file, or there is none.

    The run ends after `steps`, or after `minutes` if that comes first; the learning rate follows whichever is nearer
    its end. Only a run that `steps` ended repeats exactly.
    """

    seed: int
    steps: int
    minutes: float = math.inf
    crops: CropPlan
    loss: LossMix = LossMix()  # noqa: RUF009  # frozen
    augmentation: Augmentation = Augmentation()  # noqa: RUF009
    learning_rate: float
    encoder_rate: float = 1.0  # of the learning rate: below 1 where the encoder starts from published weights
    schedule: Schedule = "cosine"
    checks: Checks | None = None
    weight_decay: float = 1e-4
    ema_decay: float
    bf16: bool = False
    threads: int = 2
    bands: tuple[Band, ...] = RGB


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A network on the CPU, in eval mode (weights averaged over the last steps), and what its run was."""

    network: SegmentationModel
    settings: TrainingSettings
    alpha: float  # of the first output
    steps: int
    minutes: float


Progress = Callable[[int, float, float], None]  # step, share done 0..1, running loss
Observe = Callable[[str, int, float], None]  # what, step, value
OBSERVED_EVERY = 10  # steps


def train(
    sets: Sequence[DefectSet],
    settings: TrainingSettings,
    progress: Progress = lambda step, share, loss: None,
    prepare: Callable[[SegmentationModel], None] = lambda network: None,
    *,
    build: Callable[[int], SegmentationModel] = LightUNet,
    checkpoint: Checkpoint | None = None,
    validation: Sequence[DefectSet] = (),
    observe: Observe = lambda what, step, value: None,
    rank: Rank = ALONE,
) -> TrainedNetwork:
    """Train from random weights, or from those that `prepare` puts in; `build` makes a network of so many outputs.

    With a checkpoint a run that was killed goes on where it was kept, on a CPU equal to the bit, and an error leaves what
    was kept. `validation`, a set an output, is looked at only where `settings.checks` ask for it. `observe` is told losses
    and rates. Every `rank` of several calls this with the same arguments and gets the same weights; the first one writes the
    checkpoint, which all read, and its BatchNorm has the statistics that count.

    Raises TrainingStoppedError if the loss is no number any more, or the disk takes no checkpoint; TrainingDataError for
    pictures that can not be learned from, or a checkpoint of another run; ConfigurationError for a batch that the ranks can
    not share.
    """
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    network = build(len(sets))
    prepare(network)
    state = _first_state(network, sets, settings, rank)
    if checkpoint is not None:
        checkpoint.restore(state)
        rank.refuse_unshared(state.step, checkpoint.path)
    kept = checkpoint if rank.is_first else None
    state.network.train()
    batches = Batches(sets, rank.share_of(settings.crops))
    run = _Run(settings, Objective(settings.loss), rank, state, validation, observe)

    def draw(step: int) -> Batch:
        return batches.draw(np.random.default_rng(rank.chance_of(settings.seed, step)))

    started = time.monotonic() - state.seconds
    drawing = 1 if rank.device_kind == "cpu" else settings.threads  # which a GPU leaves idle
    steps = range(state.step, settings.steps)
    with drawn_ahead(draw, steps, drawing) as drawn, orderly_stop(is_alone=rank.count == 1) as asked:
        while (share := _share_done(state, settings)) < 1.0 and not run.is_waited_out(state):
            loss = state.loss
            run.learn(state, next(drawn), share)
            state.seconds = rank.from_first(time.monotonic() - started)
            _refuse_nonsense(state, loss, kept)
            run.check(state)
            if kept is not None and kept.is_due:
                _keep(state, kept)
            progress(state.step, share, state.loss)
            if asked.is_asked:
                if kept is not None:
                    _keep(state, kept)
                asked.stop()
    _refuse_broken_weights(state, kept)
    if state.best is not None:
        state.averaged.load_state_dict(state.best)
    return TrainedNetwork(state.averaged.to("cpu"), settings, state.alphas[0], state.step, state.seconds / 60.0)


def _first_state(network: SegmentationModel, sets: Sequence[DefectSet], settings: TrainingSettings, rank: Rank) -> RunState:
    """What a run begins with where nothing is kept of it."""
    network = network.to(rank.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # its stub lacks it
    groups = parameter_groups(network, settings.learning_rate, settings.encoder_rate, settings.weight_decay)
    return RunState(
        network,
        copy.deepcopy(network).eval(),
        torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True),
        [_alpha(each, settings.loss) for each in sets],
    )


class _AllLogits(nn.Module):
    """Calls `logits` of a network, where torch knows only `forward`."""

    def __init__(self, network: SegmentationModel) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Logits:
        return self.network.logits(x)


class _Run:
    """What the steps of one run have in common."""

    def __init__(
        self,
        settings: TrainingSettings,
        objective: Objective,
        rank: Rank,
        state: RunState,
        validation: Sequence[DefectSet],
        observe: Observe,
    ) -> None:
        self._settings = settings
        self._objective = objective
        self._rank = rank
        self._network = rank.spread(_AllLogits(state.network))  # gives Logits
        self._average = WeightAverage(state.averaged, state.network)
        self._parameters = list(state.network.parameters())
        self._augment = Augmenter(settings.augmentation)
        self._validation = validation
        self._observe = observe

    def learn(self, state: RunState, drawn: Batch, share: float) -> None:
        """One step."""
        settings = self._settings
        for group in state.optimiser.param_groups:
            group["lr"] = group["rate"] * rate_at(share, settings.schedule, state.rate_factor)
        chance = self._rank.chance_of(settings.seed, state.step)
        torch.default_generator.manual_seed(int(chance.generate_state(1)[0]))  # the only one that is drawn from
        batch = self._augment(drawn.to(self._rank.device))
        with torch.autocast(self._rank.device_kind, torch.bfloat16, enabled=settings.bf16):
            pictures = normalise_bands(batch.pictures, settings.bands).contiguous(memory_format=torch.channels_last)
            logits: Logits = self._network(pictures)
        weights = self._objective.weights_of(batch, state.alphas)
        loss = self._objective(logits.float(), batch, state.alphas, weights)
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        state.step += 1
        if not nn.utils.clip_grad_norm_(self._parameters, 1.0).isfinite():
            state.loss = math.nan  # weights stay as they were; `_refuse_nonsense` stops the run
            return
        state.optimiser.step()
        if settings.loss.alpha == "batch":
            self._follow_weights(state, weights)
        self._average.move(decay_at(state.step, settings.ema_decay))
        value = self._rank.mean(loss.detach())
        state.loss = value if math.isnan(state.loss) else 0.95 * state.loss + 0.05 * value
        if state.step % OBSERVED_EVERY == 0:
            self._observe("loss/training", state.step, state.loss)
            self._observe("learning rate", state.step, state.optimiser.param_groups[-1]["lr"])

    def _follow_weights(self, state: RunState, weights: Sequence[float]) -> None:
        """What is to be undone is the mean shift of all batches (science.md §3.1); until the first one, the set's."""
        for output, weight in enumerate(weights):
            mean = 0.0 if state.step == 1 else prior_shift(state.alphas[output])
            shift = self._rank.mean(torch.tensor(prior_shift(weight), device=self._rank.device))
            state.alphas[output] = alpha_of_shift(mean + (shift - mean) / state.step)

    def check(self, state: RunState) -> None:
        """Look at the validation sets if it is time, and keep the averaged weights if they were never better."""
        checks = self._settings.checks
        if checks is None or not self._validation or state.step % checks.every_steps:
            return
        loss = self._validation_loss(state, checks.pictures) if self._rank.is_first else math.nan
        loss = self._rank.from_first(loss)
        self._observe("loss/validation", state.step, loss)
        state.checks += 1
        if loss < state.best_loss:
            state.best_loss, state.checks = loss, 0
            state.best = {name: value.detach().cpu().clone() for name, value in state.averaged.state_dict().items()}
        elif self._settings.schedule == "plateau" and state.checks == max(checks.patience // 2, 1):
            state.rate_factor *= PLATEAU_FACTOR

    def is_waited_out(self, state: RunState) -> bool:
        """Whether the validation loss has not fallen for long enough."""
        checks = self._settings.checks
        return checks is not None and state.best is not None and state.checks >= checks.patience

    @torch.no_grad()
    def _validation_loss(self, state: RunState, most: int) -> float:
        """The mean over whole pictures, the same ones each time, of every set's own output."""
        losses = [
            self._loss_of(state.averaged, sample, output, state.alphas[output])
            for output, each in enumerate(self._validation)
            for sample in each.spread(most)
        ]
        return float(np.mean(losses))

    def _loss_of(self, network: SegmentationModel, sample: Sample, output: int, alpha: float) -> float:
        rgb, mask, judged = sample.read()
        weight = judged.astype(np.float32)
        y = weight * mask.astype(np.float32) / np.float32(255)
        masks, weights = (torch.from_numpy(each)[None, None] for each in (y, weight))
        batch = Batch(torch.from_numpy(rgb[None]), masks, weights, torch.full((1, 1), math.nan)).to(self._rank.device)
        with torch.autocast(self._rank.device_kind, torch.bfloat16, enabled=self._settings.bf16):
            logits = network.logits(normalise_bands(batch.pictures, self._settings.bands))
        return float(self._objective(logits.of(output).float(), batch, [alpha]))


def has_fast_bf16(device: str = "cpu") -> bool:
    """True where the device multiplies bfloat16 itself. An AMD trains 1.4 times as fast then, a Xeon without AMX not."""
    if device != "cpu":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported())  # no public name for it as of 2.13


def _alpha(each: DefectSet, mix: LossMix) -> float:
    """Weight of defect pixels; 0.5, which weighs nothing, where the pixel loss has none."""
    if mix.pixels != "weighted":
        return 0.5
    return mix.alpha if isinstance(mix.alpha, float) else alpha_of_set(each.positive_share)


def _share_done(state: RunState, settings: TrainingSettings) -> float:
    return max(state.step / settings.steps, state.seconds / 60.0 / settings.minutes)


def _refuse_nonsense(state: RunState, loss_before: float, checkpoint: Checkpoint | None) -> None:
    """Stop where the loss is no number. That step moved no weight: what is there is the state before it, but for BatchNorm's
    latest means."""
    if math.isfinite(state.loss):
        return
    step, loss = state.step, state.loss
    state.step, state.loss = step - 1, loss_before
    if checkpoint is not None and state.step and _are_numbers(state):
        checkpoint.write(state)
    raise _stopped(f"the loss became {loss} at step {step}", checkpoint)


def _keep(state: RunState, checkpoint: Checkpoint) -> None:
    """Write the checkpoint. Raises TrainingStoppedError where it would hold no numbers: a loss tells that a step later."""
    _refuse_broken_weights(state, checkpoint)
    checkpoint.write(state)


def _refuse_broken_weights(state: RunState, checkpoint: Checkpoint | None) -> None:
    if not _are_numbers(state):
        raise _stopped(f"weights became no numbers by step {state.step}", checkpoint)


def _are_numbers(state: RunState) -> bool:
    networks = (state.network, state.averaged)
    return all(bool(value.isfinite().all()) for network in networks for value in network.state_dict().values())


def _stopped(what: str, checkpoint: Checkpoint | None) -> TrainingStoppedError:
    kept = "nothing was kept" if checkpoint is None else checkpoint.words
    remedy = "Lower the learning rate, and give another --out, or remove the run's folder"
    return TrainingStoppedError(f"{what}; {kept}. {remedy}")
