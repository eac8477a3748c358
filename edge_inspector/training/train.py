"""Trains a light U-Net on crops of plain folders, after science.md §3.6; `TrainingSettings` names what differs.

One folder an output: the folders hold the same pictures with the masks of one defect each. An engine has one output; a
network with several is a start for engines that are then trained each for its own defect.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edge_inspector.training.losses import alpha_of_set, dice_loss, prior_shift, weighted_cross_entropy
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.plain_folder import PlainFolder

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, RGB 0..1: the encoder's published weights expect them
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Everything that decides a training run besides its pictures.

    The run ends after `steps`, or after `minutes` if that comes first; the learning rate follows whichever is nearer
    its end. Only a run that `steps` ended repeats exactly.
    """

    seed: int
    steps: int = 1500
    minutes: float = math.inf
    batch: int = 8
    crop_height: int = 160  # the straw is 148 px across; background teaches little
    crop_width: int = 256
    defective_share: float = 0.5
    alpha: float | None = None  # weight of defect pixels; None: of the set (science.md §3.1)
    pooled_dice: bool = False
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    ema_decay: float = 0.995
    bf16: bool = False
    threads: int = 2


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A network in eval mode (weights averaged over the last steps) and what its run was."""

    network: LightUNet
    settings: TrainingSettings
    alpha: float  # of the first output
    steps: int
    minutes: float
    last_loss: float


Progress = Callable[[int, float, float], None]  # step, share done 0..1, running loss


def train(
    folders: Sequence[PlainFolder],
    settings: TrainingSettings,
    progress: Progress = lambda step, share, loss: None,
    prepare: Callable[[LightUNet], None] = lambda network: None,
) -> TrainedNetwork:
    """Train from random weights, or from those that `prepare` puts in. Nothing is written; an interrupt simply ends it.

    Loss: weighted cross-entropy (alpha of the set) + 0.5 Dice, the mean over the outputs. Dice acts on the logit with
    alpha's shift undone, so both terms agree on where p = 0.5 lies.
    """
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    rng = np.random.default_rng(settings.seed)
    network = LightUNet(len(folders))
    prepare(network)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    averaged = copy.deepcopy(network).eval()
    alphas = [alpha_of_set(folder.positive_share) if settings.alpha is None else settings.alpha for folder in folders]
    optimiser = torch.optim.AdamW(_parameter_groups(network, settings.weight_decay), lr=settings.learning_rate)
    network.train()
    started = time.monotonic()
    running = math.nan
    step = 0
    while (share := _share_done(step, started, settings)) < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _schedule(share)
        batch = draw_batch(folders, settings, rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.bf16):
            logits = network(batch.pictures)  # (n, d, h, w)
        loss = _loss(logits.float(), batch, alphas, pooled=settings.pooled_dice)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        _average(averaged, network, min(settings.ema_decay, (1 + step) / (10 + step)))
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss became {value} at step {step}; lower the learning rate")
        running = value if math.isnan(running) else 0.95 * running + 0.05 * value
        progress(step, share, running)
    return TrainedNetwork(averaged, settings, alphas[0], step, (time.monotonic() - started) / 60.0, running)


def _loss(logits: Tensor, batch: Batch, alphas: Sequence[float], *, pooled: bool) -> Tensor:
    losses = []
    for output, alpha in enumerate(alphas):
        z, y = logits[:, output : output + 1], batch.masks[:, output : output + 1]
        dice = dice_loss(z - prior_shift(alpha), y, batch.judged, pooled=pooled)
        losses.append(weighted_cross_entropy(z, y, alpha, batch.judged) + 0.5 * dice)
    return torch.stack(losses).mean()


def has_fast_bf16() -> bool:
    """True where the CPU multiplies bfloat16 itself; training is then 1.4 times as fast."""
    return bool(torch.cpu._is_avx512_bf16_supported())  # no public name for it as of 2.13


def normalise(rgb: Tensor) -> Tensor:
    """RGB 0..255, any number type, (n, h, w, 3) -> float32 (n, 3, h, w), mean 0 and spread 1 as the encoder expects."""
    x = rgb.to(torch.float32).permute(0, 3, 1, 2)  # (n, 3, h, w)
    mean = torch.tensor([255.0 * m for m in MEAN]).view(1, 3, 1, 1)
    std = torch.tensor([255.0 * s for s in STD]).view(1, 3, 1, 1)
    return (x - mean) / std


@dataclass(frozen=True, slots=True)
class Batch:
    """Crops: `pictures` float32 (n, 3, h, w) normalised, `masks` float32 (n, d, h, w) of 0 and 1, `judged` float32
    (n, 1, h, w): 0 where nothing is learned."""

    pictures: Tensor
    masks: Tensor
    judged: Tensor


def draw_batch(folders: Sequence[PlainFolder], settings: TrainingSettings, rng: np.random.Generator) -> Batch:
    """Draw crops; in turn each folder's own defect is wanted in `defective_share` of them."""
    pictures, masks, judged = [], [], []
    for k in range(settings.batch):
        folder = folders[k % len(folders)]
        wants_defect = k < round(settings.batch * settings.defective_share)
        with_defect = np.flatnonzero(folder.defective)
        clean = np.flatnonzero(~np.asarray(folder.defective))
        pool = with_defect if (wants_defect and len(with_defect)) or not len(clean) else clean
        number = int(rng.choice(pool))
        rgb, wanted = folder.samples[number].read()
        is_judged = folder.samples[number].read_judged()
        drawn = [wanted if other is folder else other.samples[number].read_mask() for other in folders]
        if is_judged is not None:
            wanted = np.where(is_judged, wanted, 0).astype(np.uint8)
            drawn = [np.where(is_judged, one, 0).astype(np.uint8) for one in drawn]
        area = _crop_area(wanted, settings, rng)
        crop = rgb[area].astype(np.float32)
        mask = np.stack([one[area] > 127 for one in drawn]).astype(np.float32)  # (d, h, w)
        weight = np.ones(mask.shape[1:], np.float32) if is_judged is None else is_judged[area].astype(np.float32)
        flip = (slice(None, None, -1 if rng.random() < 0.5 else 1), slice(None, None, -1 if rng.random() < 0.5 else 1))
        gain, gamma = rng.uniform(0.85, 1.15, 3) * rng.uniform(0.85, 1.1), rng.uniform(0.85, 1.18)
        pictures.append(np.clip(255.0 * (crop[flip] / 255.0) ** gamma * gain, 0, 255).astype(np.float32))
        masks.append(mask[:, flip[0], flip[1]])
        judged.append(weight[flip])
    x = normalise(torch.from_numpy(np.stack(pictures))).contiguous(memory_format=torch.channels_last)
    return Batch(x, torch.from_numpy(np.stack(masks)), torch.from_numpy(np.stack(judged))[:, None])


def _crop_area(mask: NDArray[np.uint8], settings: TrainingSettings, rng: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns that hold a random defect pixel somewhere inside, or lie anywhere if there is none."""
    height, width = min(settings.crop_height, mask.shape[0]), min(settings.crop_width, mask.shape[1])
    top = int(rng.integers(mask.shape[0] - height + 1))
    left = int(rng.integers(mask.shape[1] - width + 1))
    defect = np.flatnonzero(mask)
    if len(defect):
        y, x = divmod(int(rng.choice(defect)), mask.shape[1])
        top = int(np.clip(y - rng.integers(8, height - 8), 0, mask.shape[0] - height))
        left = int(np.clip(x - rng.integers(8, width - 8), 0, mask.shape[1] - width))
    return slice(top, top + height), slice(left, left + width)


def _parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """BatchNorm and biases are not decayed."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    free = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]


def _share_done(step: int, started: float, settings: TrainingSettings) -> float:
    return max(step / settings.steps, (time.monotonic() - started) / 60.0 / settings.minutes)


def _schedule(share: float) -> float:
    """5 % warm-up, then cosine to 1 %."""
    if share < 0.05:
        return 0.05 + 0.95 * share / 0.05
    return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * (share - 0.05) / 0.95))


@torch.no_grad()
def _average(averaged: nn.Module, network: nn.Module, decay: float) -> None:
    """Exponential moving average of weights and of BatchNorm statistics."""
    for mean, value in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1.0 - decay)
        else:
            mean.copy_(value)
