"""Builds the demo's engine from nothing but a seed: sets, training, calibration, cut, export, golden pictures, manifest."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from edge_inspector.station.engine_manifest import (
    MODEL_FILE,
    Calibration,
    EngineInput,
    EngineManifest,
    EnginePackage,
    GoldenPicture,
    Metric,
    ParityLimits,
    ScaleRange,
    Threshold,
    TrainingRecord,
    file_digest,
    load_engine_package,
    write_manifest,
)
from edge_inspector.synthesis import training_set
from edge_inspector.synthesis.camera_view import HEIGHT, WIDTH
from edge_inspector.training.evaluate import Evaluation, ExportedEngine, evaluate, share
from edge_inspector.training.export import LogitMap, export_onnx, torch_probability
from edge_inspector.training.losses import prior_shift
from edge_inspector.training.plain_folder import PlainFolder, open_plain_folder
from edge_inspector.training.threshold import Cut, choose_cut, fit_calibration
from edge_inspector.training.train import TrainedNetwork, TrainingSettings, normalise, train

SEED = 41_000  # training; the sets are SEED + 1 ... SEED + 4. The demo's session has seed 2026.
STEPS = 2400
# Mask of the smallest crack drawn, 3 x 0.15 mm tapered and off the camera's axis: about 70 px of 0.054 mm.
SMALLEST_DEFECT_PX = 64
PRECISION: Literal["f32"] = "f32"  # every CPU has it; bf16 is twice as fast where the CPU does, see the network's README
PARITY = ParityLimits(max_abs_diff=0.05, max_crossing_share=2e-4)
CALIBRATION_PICTURES = 90


@dataclass(frozen=True, slots=True)
class Straws:
    """How many straws each set has; three pictures each."""

    training: int = 400
    validation: int = 150
    test: int = 200
    golden: int = 12


STRAWS = Straws()

Progress = Callable[[str, float], None]  # stage, share done 0..1


def build_demo_engine(
    out: Path,
    minutes: float = math.inf,
    seed: int = SEED,
    steps: int = STEPS,
    progress: Progress = lambda stage, share: None,
    straws: Straws = STRAWS,
) -> EnginePackage:
    """Build the package `out` (its folder name is the engine's name), replacing one that is there.

    Training ends after `steps`, or after `minutes` if that is sooner. Everything is made in a temporary folder and
    `out` changes only when the package is whole and verified, so an interrupt leaves the old one.
    """
    with tempfile.TemporaryDirectory(prefix="build-engine-") as temporary:
        work = Path(temporary)
        training = _draw_set(work / "training", seed + 1, straws.training, progress, defect_share=0.6, odd_share=0.1)
        settings = TrainingSettings(seed=seed, steps=steps, minutes=minutes, bf16=has_fast_bf16())
        trained = train(training, settings, lambda step, done, loss: progress("training", done))
        progress("training", 1.0)
        return package_engine(out, trained, training.digest, seed, work, progress, straws)


def package_engine(
    out: Path,
    trained: TrainedNetwork,
    training_digest: str,
    seed: int,
    work: Path,
    progress: Progress = lambda stage, share: None,
    straws: Straws = STRAWS,
) -> EnginePackage:
    """Calibrate, export, choose the cut on validation parts, measure on test parts, write and verify the package."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "golden").mkdir(parents=True)
    try:
        validation = _draw_set(work / "validation", seed + 2, straws.validation, progress)
        test = _draw_set(work / "test", seed + 3, straws.test, progress)
        scale, bias = calibrate(trained, validation)
        logit_map = LogitMap(trained.alpha, scale, bias)
        export_onnx(trained.network, logit_map, partial / MODEL_FILE, HEIGHT, WIDTH)
        engine = ExportedEngine(partial / MODEL_FILE, PRECISION)
        on_validation = evaluate(validation, engine, SMALLEST_DEFECT_PX, lambda done: progress("judging validation", done))
        cut = choose_cut(on_validation.good, on_validation.defective, PRECISION)
        on_test = evaluate(test, engine, SMALLEST_DEFECT_PX, lambda done: progress("judging test", done))
        golden = _write_golden(
            partial, _draw_set(work / "golden", seed + 4, straws.golden, progress), trained, logit_map, engine
        )
        manifest = _manifest(
            out.name, partial, trained, logit_map, cut, on_validation, on_test, golden, training_digest, seed
        )
        write_manifest(partial, manifest)
        _replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return load_engine_package(out)


def has_fast_bf16() -> bool:
    """True where the CPU multiplies bfloat16 itself; training is then 1.4 times as fast."""
    return bool(torch.cpu._is_avx512_bf16_supported())  # no public name for it as of 2.13


@torch.no_grad()
def calibrate(trained: TrainedNetwork, validation: PlainFolder) -> tuple[float, float]:
    """Scale and bias on validation logits with alpha's shift undone: all defect pixels, one in 100 of the others."""
    rng = np.random.default_rng(0)
    logits, targets, weights = [], [], []
    for sample in validation.samples[:CALIBRATION_PICTURES]:
        rgb, mask = sample.read()
        z = trained.network(normalise(torch.from_numpy(rgb[None])))[0, 0].numpy().ravel() - prior_shift(trained.alpha)
        y = (mask > 127).ravel()
        chosen = np.flatnonzero(y | (rng.random(y.size) < 0.01))
        logits.append(z[chosen].astype(np.float64))
        targets.append(y[chosen].astype(np.float64))
        weights.append(np.where(y[chosen], 1.0, 100.0))
    return fit_calibration(np.concatenate(logits), np.concatenate(targets), np.concatenate(weights))


def _draw_set(
    path: Path, seed: int, count: int, progress: Progress, defect_share: float = 0.5, odd_share: float = 0.0
) -> PlainFolder:
    if not path.exists():
        stage = f"drawing {path.name}"
        training_set(path, seed, count, defect_share, odd_share, lambda done: progress(stage, done / count))
    return open_plain_folder(path)


def _write_golden(
    package: Path, folder: PlainFolder, trained: TrainedNetwork, logit_map: LogitMap, engine: ExportedEngine
) -> list[GoldenPicture]:
    """Two pictures with the fewest crack pixels, two with the most, two good ones; what PyTorch expects of each.

    Raises RuntimeError if the exported graph is not within the parity limits of PyTorch: the export is then wrong.
    """
    area = [int(np.count_nonzero(sample.read_mask())) for sample in folder.samples]
    decidable = [i for i in np.argsort(area) if area[i] >= 2 * SMALLEST_DEFECT_PX]
    clean = [i for i in range(len(area)) if area[i] == 0]
    golden = []
    for n, i in enumerate([*decidable[:2], *decidable[-2:], *clean[:1], *clean[-1:]]):
        rgb, _ = folder.samples[i].read()
        expected = torch_probability(trained.network, logit_map, rgb[None])[0]
        _refuse_wrong_export(engine.probability(rgb[None])[0], expected)
        pair = GoldenPicture(picture=f"golden/{n + 1}.jpg", mask=f"golden/{n + 1}.png", defective=area[i] > 0)
        shutil.copyfile(folder.samples[i].picture, package / pair.picture)
        if not cv2.imwrite(str(package / pair.mask), np.rint(255.0 * expected).astype(np.uint8)):
            raise OSError(f"{package / pair.mask} could not be written")
        golden.append(pair)
    return golden


def _refuse_wrong_export(actual: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    difference = float(np.abs(actual - expected).max())
    if not difference <= PARITY.max_abs_diff / 2:  # half: the device that checks it later has its own rounding
        raise RuntimeError(f"the exported graph differs from PyTorch by {difference:.3g}; do not ship it")


def _manifest(
    name: str,
    package: Path,
    trained: TrainedNetwork,
    logit_map: LogitMap,
    cut: Cut,
    on_validation: Evaluation,
    on_test: Evaluation,
    golden: list[GoldenPicture],
    training_digest: str,
    seed: int,
) -> EngineManifest:
    files = [MODEL_FILE, *(file for pair in golden for file in (pair.picture, pair.mask))]
    return EngineManifest(
        format=1,
        name=name,
        defect="crack",
        colour="red",
        input=EngineInput(height=HEIGHT, width=WIDTH, channels="rgb", mm_per_px=ScaleRange(min=0.05, max=0.058)),
        precision=PRECISION,
        t_low=round(cut.score / 2, 4),
        threshold=Threshold(score=cut.score, evidence=cut.evidence),
        smallest_defect_px=SMALLEST_DEFECT_PX,
        calibration=Calibration(alpha=logit_map.alpha, scale=logit_map.scale, bias=logit_map.bias),
        metrics=_metrics("validation", on_validation, cut) | _metrics("test", on_test, cut),
        training=TrainingRecord(
            digest=training_digest,
            seed=seed,
            command=build_command(name, seed, trained.settings),
            steps=trained.steps,
            minutes=round(trained.minutes, 1),
            parameters=sum(p.numel() for p in trained.network.parameters()),
        ),
        parity=PARITY,
        golden=golden,
        files={file: file_digest(package / file) for file in files},
    )


def build_command(name: str, seed: int, settings: TrainingSettings) -> str:
    """The command line that trains with these settings.

    >>> build_command("straw_crack", 7, TrainingSettings(seed=7, steps=100, minutes=2.5))
    'edge-inspector engines build straw_crack --seed 7 --steps 100 --minutes 2.5'
    """
    limit = "" if math.isinf(settings.minutes) else f" --minutes {settings.minutes:g}"
    return f"edge-inspector engines build {name} --seed {seed} --steps {settings.steps}{limit}"


def _metrics(where: str, evaluation: Evaluation, cut: Cut) -> dict[str, Metric]:
    on = f"generated straws of the {where} set, 3 views each, seed apart from training"
    rows = {
        "dice": (
            *evaluation.mean_dice(),
            len(evaluation.dice),
            f"mean Dice at p >= 0.5 of pictures with a crack; {on}",
        ),
        "escapes": (
            *share(evaluation.escapes(cut.score), len(evaluation.defective)),
            len(evaluation.defective),
            f"share of defective parts below the cut; {on}",
        ),
        "false_rejects": (
            *share(evaluation.false_rejects(cut.score), len(evaluation.good)),
            len(evaluation.good),
            f"share of good parts at or above the cut; {on}",
        ),
    }
    return {
        f"{where}_{key}": Metric(value=round(value, 4), low=round(low, 4), high=round(high, 4), n=n, of=of)
        for key, (value, low, high, n, of) in rows.items()
    }


def _replace(partial: Path, out: Path) -> None:
    """Give the finished package its name; the one that was there goes only then."""
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    partial.rename(out)
    shutil.rmtree(old, ignore_errors=True)
