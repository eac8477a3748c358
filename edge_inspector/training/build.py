"""Builds the demo's engine from nothing but a seed: draws its sets, trains, and packages the network."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.station.engine_manifest import EnginePackage, ScaleRange
from edge_inspector.synthesis import training_set
from edge_inspector.training.package import EngineSets, EngineSheet, Progress, package_engine
from edge_inspector.training.plain_folder import PlainFolder, open_plain_folder
from edge_inspector.training.train import TrainingSettings, has_fast_bf16, train

SEED = 41_000  # training; the sets are SEED + 1 ... SEED + 4. The demo's session has seed 2026.
STEPS = 1600
# Mask of the smallest crack drawn, 3 x 0.15 mm tapered and off the camera's axis: about 70 px of 0.054 mm.
SMALLEST_DEFECT_PX = 64


@dataclass(frozen=True, slots=True)
class Straws:
    """How many straws each set has; three pictures each."""

    training: int = 400
    validation: int = 150
    test: int = 200
    golden: int = 12


STRAWS = Straws()


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
        trained = train([training], settings, lambda step, done, loss: progress("training", done))
        progress("training", 1.0)
        sets = EngineSets(
            validation=_draw_set(work / "validation", seed + 2, straws.validation, progress),
            test=_draw_set(work / "test", seed + 3, straws.test, progress),
            golden=_draw_set(work / "golden", seed + 4, straws.golden, progress),
        )
        sheet = EngineSheet(
            defect="crack",
            colour="red",
            mm_per_px=ScaleRange(min=0.05, max=0.058),
            smallest_defect_px=SMALLEST_DEFECT_PX,
            seed=seed,
            training_digest=training.digest,
            command=build_command(out.name, seed, settings),
            validation_words="generated straws of the validation set, 3 views each, seed apart from training",
            test_words="generated straws of the test set, 3 views each, seed apart from training",
        )
        return package_engine(out, trained, sets, sheet, progress)


def _draw_set(
    path: Path, seed: int, count: int, progress: Progress, defect_share: float = 0.5, odd_share: float = 0.0
) -> PlainFolder:
    if not path.exists():
        stage = f"drawing {path.name}"
        training_set(path, seed, count, defect_share, odd_share, lambda done: progress(stage, done / count))
    return open_plain_folder(path)


def build_command(name: str, seed: int, settings: TrainingSettings) -> str:
    """The command line that trains with these settings.

    >>> build_command("straw_crack", 7, TrainingSettings(seed=7, steps=100, minutes=2.5))
    'edge-inspector engines build straw_crack --seed 7 --steps 100 --minutes 2.5'
    """
    limit = "" if math.isinf(settings.minutes) else f" --minutes {settings.minutes:g}"
    return f"edge-inspector engines build {name} --seed {seed} --steps {settings.steps}{limit}"
