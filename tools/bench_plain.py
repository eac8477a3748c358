"""What a part costs in the plain way: one process, PyTorch as it comes, the usual U-Net, view by view, defect by defect.

    .venv/bin/python tools/bench_plain.py [--parts 5] [--json]

Six pictures of a generated straw are decoded, normalised and judged by three networks in 32 bits, one after the other, and
the largest probability of each is taken: no cameras, no queues, no deadline. Beside it, in turns on the same pictures, the
three shipped engines as the inference worker runs them. The weights of the usual network are random: they cost the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from edge_inspector.imaging.decode import decode_jpeg
from edge_inspector.inference.engines.protocol import engine_opener
from edge_inspector.inference.map_regions import judge_map
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.station.recipe import Recipe
from edge_inspector.synthesis.measured_parts import Stratum, draw_measured_part
from edge_inspector.training.models.bands import RGB, normalise_bands
from edge_inspector.training.models.unet import StandardUNet

EXAMPLE = Path(__file__).resolve().parents[1] / "docs/examples/straw"
THREADS = 2
SEED = 90_000


def plain_way(networks: list[StandardUNet]) -> Callable[[list[bytes]], float]:
    """A function that judges six pictures and returns the largest probability."""

    def judge(jpegs: list[bytes]) -> float:
        worst = 0.0
        with torch.no_grad():
            for network in networks:
                for jpeg in jpegs:
                    rgb = cv2.cvtColor(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
                    probability = torch.sigmoid(network(normalise_bands(torch.from_numpy(rgb[None]), RGB)))
                    worst = max(worst, float(probability.max()))
        return worst

    return judge


def our_way() -> Callable[[list[bytes]], float]:
    """The same with the shipped engines, as the inference worker runs them."""
    recipe = load_document(EXAMPLE / "recipe.yaml", Recipe)
    packages = [load_engine_package((EXAMPLE / folder).resolve()) for folder in recipe.engines.values()]
    engines = [engine_opener("openvino")(package, threads=THREADS) for package in packages]

    def judge(jpegs: list[bytes]) -> float:
        views: list[NDArray[np.uint8]] = [decode_jpeg(jpeg) for jpeg in jpegs]
        worst = 0.0
        for engine, package in zip(engines, packages, strict=True):
            for probability in engine.judge(views):
                judge_map(probability, package.manifest.t_low, package.manifest.smallest_defect_px)
                worst = max(worst, float(probability.max()))
        return worst

    return judge


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    ways = {"plain": plain_way([StandardUNet().eval() for _ in range(3)]), "engines": our_way()}
    took: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(arguments.parts + 1):
        jpegs = [view.jpeg for view in draw_measured_part(SEED, number, Stratum.GOOD).views]
        for name, judge in ways.items():
            started = time.perf_counter()
            judge(jpegs)
            if number > 0:  # the first makes buffers
                took[name].append(1000 * (time.perf_counter() - started))
    medians = {name: statistics.median(each) for name, each in took.items()}
    ratio = medians["plain"] / medians["engines"]
    if arguments.json:
        print(json.dumps({"parts": arguments.parts, "median_ms": medians, "all_ms": took, "ratio": ratio}, indent=1))
    else:
        for name, each in took.items():
            print(f"{name:8} median {medians[name]:7.0f} ms a part of six views and three defects (least {min(each):.0f})")
        print(f"the shipped engines take 1 / {ratio:.1f} of it")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
