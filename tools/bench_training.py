"""How many crops a second are learned from, beside a plain 32 bit PyTorch loop in turns on the same pictures.

    .venv/bin/python tools/bench_training.py [--device cuda] [--steps 12] [--turns 3] [--json]

Plain: the same network and optimiser, pictures read and cropped by a DataLoader in the same process, mirrored at random,
binary cross-entropy, everything in 32 bits as PyTorch comes. Ours: `edge_inspector.training.train` with all that it does:
crops around defects, augmentation, two losses, averaged weights. Both with the usual U-Net and with the light one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from edge_inspector.synthesis.defects import DefectKind
from edge_inspector.synthesis.training_set import training_set
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.models.bands import RGB, normalise_bands
from edge_inspector.training.models.registry import build_model
from edge_inspector.training.ranks import ALONE, Rank, rank_of
from edge_inspector.training.train import TrainingSettings, has_fast_bf16, train

CROPS = CropPlan(batch=8, height_px=192, width_px=320)
SEED = 91_000
STRAWS = 6  # of six pictures each


class PlainCrops(Dataset[tuple[Tensor, Tensor]]):
    """Crops anywhere, mirrored at random: what a first script would draw."""

    def __init__(self, labelled: DefectSet, count: int) -> None:
        self._samples = labelled.samples
        self._count = count

    def __len__(self) -> int:
        """How many crops an epoch has."""
        return self._count

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Picture float32 (3, h, w) and mask float32 (1, h, w)."""
        rgb, mask, _ = self._samples[number % len(self._samples)].read()
        top = np.random.randint(rgb.shape[0] - CROPS.height_px + 1)  # as plain as it gets
        left = np.random.randint(rgb.shape[1] - CROPS.width_px + 1)
        rows, columns = slice(top, top + CROPS.height_px), slice(left, left + CROPS.width_px)
        picture = normalise_bands(torch.from_numpy(rgb[None, rows, columns]), RGB)[0]
        target = torch.from_numpy(mask[None, rows, columns].astype(np.float32) / np.float32(255))
        if torch.rand(()) < 0.5:
            picture, target = picture.flip(-1), target.flip(-1)
        return picture, target


def plain_rate(labelled: DefectSet, model: str, steps: int, rank: Rank) -> float:
    """Crops a second of the plain loop."""
    network = build_model(model).to(rank.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    loss_of = nn.BCEWithLogitsLoss()
    started = time.perf_counter()
    for pictures, targets in DataLoader(PlainCrops(labelled, steps * CROPS.batch), batch_size=CROPS.batch):
        optimiser.zero_grad()
        loss_of(network(pictures.to(rank.device)), targets.to(rank.device)).backward()
        optimiser.step()
    wait_for(rank)
    return steps * CROPS.batch / (time.perf_counter() - started)


def our_rate(labelled: DefectSet, model: str, steps: int, rank: Rank) -> float:
    """Crops a second of `train`."""
    threads = torch.get_num_threads()
    settings = TrainingSettings(
        seed=1,
        steps=steps,
        crops=CROPS,
        learning_rate=2e-3,
        ema_decay=0.995,
        bf16=has_fast_bf16(rank.device),
        threads=threads,
    )
    started = time.perf_counter()
    train([labelled], settings, build=lambda outputs: build_model(model, outputs), rank=rank)
    return steps * CROPS.batch / (time.perf_counter() - started)


def wait_for(rank: Rank) -> None:
    """A GPU works on after it was told what to do."""
    if rank.device_kind == "cuda":
        torch.cuda.synchronize(rank.device)


def measure(labelled: DefectSet, models: Sequence[str], steps: int, turns: int, rank: Rank) -> dict[str, dict[str, float]]:
    """Medians over the turns by model, crops a second; the first steps of each are not counted."""
    rows = {}
    for model in models:
        plain_rate(labelled, model, 2, rank)
        our_rate(labelled, model, 2, rank)
        pairs = [(plain_rate(labelled, model, steps, rank), our_rate(labelled, model, steps, rank)) for _ in range(turns)]
        rows[model] = {
            "plain_per_s": statistics.median(plain for plain, _ in pairs),
            "ours_per_s": statistics.median(ours for _, ours in pairs),
            "ratio": statistics.median(ours / plain for plain, ours in pairs),
        }
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=12, help="batches of 8 a turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where both learn")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rank = rank_of({}, arguments.device)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        training_set(Path(folder) / "straws", SEED, STRAWS)
        labelled = defect_set(read_plain(Path(folder) / "straws", is_complete=True), DefectKind.CRACK.value)
        rows = measure(labelled, ("unet-light", "unet-standard"), arguments.steps, arguments.turns, rank)
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    where = f"{torch.get_num_threads()} threads" if rank == ALONE else torch.cuda.get_device_name(rank.device)
    print(f"crops of {CROPS.width_px} x {CROPS.height_px} px a second, {where}")
    print(f"{'':14} {'plain':>8} {'ours':>8} {'ours : plain':>13}")
    for model, row in rows.items():
        print(f"{model:14} {row['plain_per_s']:8.1f} {row['ours_per_s']:8.1f} {row['ratio']:13.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
