"""Cross-validation over the magnetic tiles' folds: one U-Net a defect, IoU of every class on tiles that it never saw.

    .venv/bin/python tools/tile_folds.py --data ../shared/data/magnetic_tile --weights FILE [--minutes 5.5]

Each fold is held back once; the networks learn on all the others for a fixed time, so nothing is chosen on what is held
back. Masks are found at p = 0.5 of the output with its weighting undone. Ctrl-C and the same command go on where it was.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from real_station import digest_of, run_tool
from real_tiles import LESSONS

from edge_inspector.imaging.fit import fit
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.defect_set import read_picture
from edge_inspector.training.export import LogitMap, torch_probability
from edge_inspector.training.kept_network import keep_network
from edge_inspector.training.magnetic_tile import DEFECTS, VIEW, Tile, known_for, read_tiles, tile_mask, views_for
from edge_inspector.training.metrics.intervals import bootstrap_interval
from edge_inspector.training.metrics.overlap import Overlap, iou_of_defective, overlap, pooled_iou
from edge_inspector.training.models.unet.encoder_weights import encoder_from
from edge_inspector.training.package import Progress
from edge_inspector.training.train import TrainedNetwork, TrainingSettings, has_fast_bf16, train

FOLDS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Judged:
    """One held-back tile and one defect: how found and labelled pixels overlap."""

    tile: Tile
    overlap: Overlap


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the set, with index.csv")
    parser.add_argument("--weights", type=Path, help="safetensors file of a MobileNetV2 encoder; default: random weights")
    parser.add_argument("--out", type=Path, default=Path("build/tile_folds"), help="networks and checkpoints")
    parser.add_argument("--minutes", type=float, default=5.5, help="each of the 20 trainings takes so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    return run_tool(lambda progress: work(arguments, progress))


def work(arguments: argparse.Namespace, progress: Progress) -> str:
    tiles = read_tiles(arguments.data)
    judged: dict[str, list[Judged]] = defaultdict(list)
    for fold in FOLDS:
        for defect in DEFECTS:
            trained = learn(arguments, [tile for tile in tiles if tile.fold != fold], fold, defect, progress)
            held_back = known_for(defect, [tile for tile in tiles if tile.fold == fold])
            for done, tile in enumerate(held_back, 1):
                judged[defect].append(judge(trained, tile, defect))
                progress(f"fold {fold}, {defect}: judging", done / len(held_back))
    return table(judged)


def learn(arguments: argparse.Namespace, others: list[Tile], fold: int, defect: str, progress: Progress) -> TrainedNetwork:
    lesson = LESSONS[defect]
    settings = TrainingSettings(
        seed=arguments.seed,
        steps=100_000,
        minutes=arguments.minutes,
        crops=CropPlan(batch=lesson.batch, height_px=lesson.crop_height, width_px=lesson.crop_width),
        learning_rate=1e-3,
        bf16=has_fast_bf16(),
        threads=arguments.threads,
    )
    training = views_for(defect, known_for(defect, others))

    def teach(checkpoint: Checkpoint) -> TrainedNetwork:
        return train(
            [training],
            settings,
            lambda step, share, loss: progress(f"fold {fold}, {defect}: training", share),
            encoder_from(arguments.weights),
            checkpoint=checkpoint,
        )

    sources = {"pictures": training.digest, "weights": digest_of(arguments.weights)}
    return keep_network(arguments.out / f"fold{fold}_{defect}.pt", settings, sources, teach)


def judge(trained: TrainedNetwork, tile: Tile, defect: str) -> Judged:
    """Judge the padded view; what was padded does not count."""
    picture = read_picture(tile.picture)
    height_px, width_px = picture.shape[:2]
    view = fit(picture, VIEW.how, VIEW.width_px, VIEW.height_px)
    probability = torch_probability(trained.network, LogitMap(trained.alpha), view[None])[0]
    found = probability[:height_px, :width_px] >= 0.5
    labelled = tile_mask(tile.mask) > 0 if tile.defect == defect else np.zeros_like(found)
    return Judged(tile, overlap(found, labelled))


def table(judged: dict[str, list[Judged]]) -> str:
    """A line a class; then means over the classes, without the background and with it."""
    lines = [
        "| class | tiles with it / without | IoU, pooled | 95 % by tile | IoU, mean of tiles with it |",
        "|---|---|---|---|---|",
    ]
    for defect, each in judged.items():
        overlaps = [one.overlap for one in each]
        shown = sum(one.tile.defect == defect for one in each)
        low, high = pooled_interval(each)
        pooled, mean = 100 * pooled_iou(overlaps), 100 * iou_of_defective(overlaps)
        interval = f"{100 * low:.1f} to {100 * high:.1f}"
        lines.append(f"| {defect} | {shown} / {len(each) - shown} | {pooled:.1f} | {interval} | {mean:.1f} |")
    background = background_iou(judged)
    classes = [pooled_iou(one.overlap for one in each) for each in judged.values()]
    lines += [
        f"| **mean of the five** | | **{100 * fmean(classes):.1f}** | | |",
        f"| background | | {100 * background:.1f} | | |",
        f"| **mean of the six** | | **{100 * fmean([*classes, background]):.1f}** | | |",
    ]
    return "\n".join(lines)


def pooled_interval(each: list[Judged]) -> tuple[float, float]:
    by_group: dict[str, list[Overlap]] = defaultdict(list)
    for one in each:
        by_group[one.tile.group].append(one.overlap)
    groups = list(by_group.values())
    return bootstrap_interval(groups, lambda chosen: pooled_iou(o for i in chosen for o in groups[i]))


def background_iou(judged: dict[str, list[Judged]]) -> float:
    """Of pixels in which no defect is labelled, or none found; each tile once, with the defects that are known for it.

    Defects found in one place by two networks are counted twice, so that this errs on the low side.
    """
    marked: dict[str, list[Overlap]] = defaultdict(list)
    for each in judged.values():
        for one in each:
            marked[one.tile.name].append(one.overlap)
    both = union = 0
    for overlaps in marked.values():
        pixels = overlaps[0].pixels
        either = min(sum(o.union for o in overlaps), pixels)
        both += pixels - either
        union += pixels - sum(o.both for o in overlaps)
    return both / union


if __name__ == "__main__":
    raise SystemExit(main())
