"""Builds the engines that ship, from nothing but a seed: cracks, stains and holes on generated straws.

First one network with three outputs learns all three defects from random weights: what a straw looks like has to be learned
only once. Each engine then starts from it and learns its own defect alone; that of cracks from further straws, too, which
have many. Every stage that is done is kept in a folder, so that an interrupted build goes on where it was.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError, TrainingStoppedError
from edge_inspector.inference.engines.cpu_precisions import cpu_flags, native_precisions
from edge_inspector.inference.mask_parity import WIDEST_LIMITS
from edge_inspector.station.engine_manifest import EnginePackage, Precision, ScaleRange
from edge_inspector.synthesis.defects import DefectKind
from edge_inspector.synthesis.training_set import CRACKED, EVEN, DefectMix, training_set
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.cuts import Cheapest
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.kept_network import asked_of, keep_network, kept_steps
from edge_inspector.training.models.segmentation_model import SegmentationModel
from edge_inspector.training.objective import LossMix
from edge_inspector.training.package import Draft, EngineSheet, Progress, cut_of, finish_package, put_package, start_package
from edge_inspector.training.ranks import ALONE, Rank, rank_of
from edge_inspector.training.side_by_side import run_side_by_side
from edge_inspector.training.straw_scores import FUSION, measure_engines
from edge_inspector.training.train import TrainedNetwork, TrainingSettings, has_fast_bf16, train

SEED = 53_000  # of training; + 1 draws its set, + 2 the calibration set, + 3 own straws. Measured parts have others.
PRECISIONS: tuple[Precision, ...] = ("bf16", "f32")
PARITY = WIDEST_LIMITS["bf16"]  # f32 is held to narrower ones all the same
MM_PER_PX = ScaleRange(min=0.05, max=0.063)
CUT_RULE = Cheapest(escape_cost=10_000.0, defective_share=0.01)  # a straw costs a cent, a cut lip a hundred euros


@dataclass(frozen=True, slots=True)
class StrawEngine:
    """One engine that ships. `smallest_px`: what the smallest defect that matters (2 mm) covers, seen at 60 degrees;
    `patience`: how many times a plan's own steps it learns alone, of `batch` crops each; `own_straws`: what it learns from
    besides what all learn from."""

    kind: DefectKind
    colour: str
    smallest_px: int
    patience: float = 1.0
    batch: int = 8
    own_straws: DefectMix | None = None


ENGINES = {
    "straw_crack": StrawEngine(  # fibres are all but cracks
        DefectKind.CRACK, "red", 40, patience=12.5, batch=16, own_straws=CRACKED
    ),
    "straw_stain": StrawEngine(DefectKind.STAIN, "yellow", 240, patience=5.0),
    "straw_hole": StrawEngine(DefectKind.HOLE, "blue", 120),
}
MEASURED = "measured.jsonl"  # of the work folder: what each straw scored
KINDS = tuple(engine.kind for engine in ENGINES.values())  # the order of the common network's outputs


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """How much is drawn and how long is trained. The run is repeatable where `minutes` do not end it."""

    seed: int = SEED
    straws: int = 2500
    calibration_straws: int = 60
    own_straws: int = 2500  # of an engine that has any
    common_steps: int = 5400
    common_minutes: float = math.inf
    own_steps: int = 500
    own_minutes: float = math.inf
    validation_parts: int = 300  # good ones, and as many defective of each engine's own kind
    test_parts: int = 50  # the same; tools/straw_parts.py judges 1000 and more with all three engines at once
    device: str = "cpu"  # that learns, in torch's words; all else is the CPU's

    def training_folder(self, work: Path) -> Path:
        """Where what is learned from is drawn: another plan's straws lie elsewhere."""
        return work / f"training-{self.seed + 1}-{self.straws}"

    def own_folder(self, work: Path, name: str) -> Path:
        """The same of what one engine alone learns from, if it does."""
        mix = ENGINES[name].own_straws or EVEN
        return work / "-".join(map(str, (name, self.seed + 3, self.own_straws, *mix.any_kind, *mix.cracks)))

    def calibration_folder(self, work: Path) -> Path:
        """The same of what calibrates."""
        return work / f"calibration-{self.seed + 2}-{self.calibration_straws}"


def build_straw_engines(
    engines: Path,
    work: Path,
    names: Sequence[str] = tuple(ENGINES),
    plan: BuildPlan | None = None,
    progress: Progress = lambda stage, share: None,
) -> list[EnginePackage]:
    """Build packages in the folder `engines`, each replaced in one step once all are whole and verified.

    `work` keeps sets and networks; those of another plan are drawn and learned anew. Raises ValueError for a name that is
    none, ConfigurationError if a GPU is to learn and there is none.
    """
    plan = plan or BuildPlan()
    unknown = [name for name in names if name not in ENGINES]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no engine that is built here, allowed are {', '.join(ENGINES)}")
    rank = rank_of({}, plan.device) if _is_to_learn(work, names, plan) else ALONE
    work.mkdir(parents=True, exist_ok=True)
    _draw(plan.training_folder(work), plan.seed + 1, plan.straws, progress)
    _draw(plan.calibration_folder(work), plan.seed + 2, plan.calibration_straws, progress)
    for name in names:
        if (mix := ENGINES[name].own_straws) is not None:
            _draw(plan.own_folder(work, name), plan.seed + 3, plan.own_straws, progress, mix)
    _common_network(work, plan, rank, progress)
    if rank.device_kind == "cuda" and len(names) > 1:
        learn_side_by_side(work, names, plan, rank, progress)
    drafts: dict[str, Draft] = {}
    sheets: dict[str, EngineSheet] = {}
    try:
        for name in names:
            trained = _own_network(work, name, plan, rank, 1, progress)
            calibration = _straws(plan.calibration_folder(work), ENGINES[name].kind)
            drafts[name] = start_package(engines / name, trained, calibration, calibration)
            sheets[name] = _sheet(name, plan, learned_from(work, name, plan))
        measured = measure_engines(drafts, sheets, plan.validation_parts, plan.test_parts, progress, work / MEASURED)
        for name in names:
            try:
                cut = cut_of(drafts[name], measured[name], sheets[name])
                finish_package(drafts[name], measured[name], sheets[name], cut)
            except TrainingDataError as error:
                raise TrainingDataError(f"engine {name}: {error}") from error
        return [put_package(drafts[name]) for name in names]
    finally:
        for draft in drafts.values():
            draft.discard()


def _is_to_learn(work: Path, names: Sequence[str], plan: BuildPlan) -> bool:
    """Whether any network is not kept: what a GPU learned elsewhere is judged and packaged without one."""
    steps = kept_steps(work / "common.pt", _kept_by(_settings(plan), plan), _sources(plan))
    return steps is None or any(
        kept_steps(work / f"{name}.pt", _kept_by(_own_settings(name, plan), plan), _own_sources(name, plan, steps)) is None
        for name in names
    )


def _kept_by(settings: TrainingSettings, plan: BuildPlan) -> TrainingSettings:
    """What a network is kept by: of one that a GPU learned the same where there is none, which knows nothing of its bf16."""
    return settings if plan.device == "cpu" else replace(settings, bf16=True)


def _draw(path: Path, seed: int, count: int, progress: Progress, mix: DefectMix = EVEN) -> None:
    if not path.exists():
        stage = f"drawing straws for {path.name}"
        training_set(path, seed, count, mix=mix, progress=lambda done: progress(stage, done / count))


def _straws(path: Path, kind: DefectKind) -> DefectSet:
    return defect_set(read_plain(path, is_complete=True), kind.value)


def learned_from(work: Path, name: str, plan: BuildPlan) -> DefectSet:
    """All that an engine of this name learns from in the end."""
    common = _straws(plan.training_folder(work), ENGINES[name].kind)
    if ENGINES[name].own_straws is None:
        return common
    own = _straws(plan.own_folder(work, name), ENGINES[name].kind)
    return replace(common, source=f"{work}", samples=common.samples + own.samples)


def _settings(plan: BuildPlan, at_once: int = 1) -> TrainingSettings:
    return TrainingSettings(
        seed=plan.seed,
        steps=plan.common_steps,
        minutes=plan.common_minutes,
        crops=CropPlan(batch=9, height_px=192, width_px=320, defective_share=0.7),
        loss=LossMix(alpha=0.9, overlap="pooled_dice"),
        learning_rate=2e-3,
        ema_decay=0.998,
        bf16=has_fast_bf16(plan.device),
        threads=max(len(os.sched_getaffinity(0)) // at_once, 1),
    )


def _common_network(work: Path, plan: BuildPlan, rank: Rank, progress: Progress) -> TrainedNetwork:
    def learn(checkpoint: Checkpoint) -> TrainedNetwork:
        sets = [_straws(plan.training_folder(work), kind) for kind in KINDS]
        return train(
            sets,
            _settings(plan),
            lambda step, done, loss: progress("learning all defects", done),
            checkpoint=checkpoint,
            rank=rank,
        )

    return keep_network(work / "common.pt", _kept_by(_settings(plan), plan), _sources(plan), learn, len(KINDS))


def learn_side_by_side(work: Path, names: Sequence[str], plan: BuildPlan, rank: Rank, progress: Progress) -> None:
    """Each engine learns in a process of its own, unless it is kept, with its share of the threads; `work` keeps it.

    A GPU is filled better so. On a CPU one engine's batches fill it, and cracks, four fifths of the work, would take longer
    on a share of the cores than all engines one after the other on all of them.
    """
    at_once = min(len(names), len(os.sched_getaffinity(0)))
    works = {
        name: partial(_keep_own_network, work, name, plan, rank.of_work(number), at_once)
        for number, name in enumerate(names)
    }
    if failed := run_side_by_side(works, at_once, progress).failed:
        raise TrainingStoppedError("\n".join(f"engine {name}: {why}" for name, why in failed.items()))


def _keep_own_network(work: Path, name: str, plan: BuildPlan, rank: Rank, at_once: int, progress: Progress) -> None:
    """The network stays on the disk: it would cross between processes for nothing."""
    _own_network(work, name, plan, rank, at_once, progress)


def _own_network(work: Path, name: str, plan: BuildPlan, rank: Rank, at_once: int, progress: Progress) -> TrainedNetwork:
    """What an engine learned alone; with `at_once` side by side, with its share of the threads."""
    common = _common_network(work, plan, rank, progress)

    def learn(checkpoint: Checkpoint) -> TrainedNetwork:
        trained = train(
            [learned_from(work, name, plan)],
            _own_settings(name, plan, at_once),
            lambda step, done, loss: progress(f"learning {name}", done),
            start_from(common.network, KINDS.index(ENGINES[name].kind)),
            checkpoint=checkpoint,
            rank=rank,
        )
        return replace(trained, steps=common.steps + trained.steps, minutes=common.minutes + trained.minutes)

    settings = _kept_by(_own_settings(name, plan), plan)
    return keep_network(work / f"{name}.pt", settings, _own_sources(name, plan, common.steps), learn)


def _own_settings(name: str, plan: BuildPlan, at_once: int = 1) -> TrainingSettings:
    common = _settings(plan, at_once)
    return replace(
        common,
        steps=round(plan.own_steps * ENGINES[name].patience),
        minutes=plan.own_minutes,
        crops=replace(common.crops, batch=ENGINES[name].batch, defective_share=0.5),
        learning_rate=7e-4,
    )


def _sources(plan: BuildPlan) -> dict[str, str]:
    sources = {"straws": f"{plan.straws} of seed {plan.seed + 1}"}
    return sources if plan.device == "cpu" else sources | {"device": plan.device}


def _own_sources(name: str, plan: BuildPlan, common_steps: int) -> dict[str, str]:
    """`common_steps`: how many it begins after, fewer than planned where `minutes` ended them."""
    begun = asked_of(_kept_by(_settings(plan), plan), {}) | {"steps": f"{common_steps}"}
    sources = _sources(plan) | {"begun with": repr(begun)}
    if (mix := ENGINES[name].own_straws) is None:
        return sources
    return sources | {"own straws": f"{plan.own_straws} of seed {plan.seed + 3}: {mix}"}


def start_from(common: SegmentationModel, output: int) -> Callable[[SegmentationModel], None]:
    """What `train` needs to begin a network of one output with one output of a common network."""

    def prepare(network: SegmentationModel) -> None:
        weights = dict(common.state_dict())
        for name in ("head.weight", "head.bias"):  # (4 d, …): the pixel shuffle takes four in a row for one output
            weights[name] = weights[name][4 * output : 4 * output + 4]
        network.load_state_dict(weights)

    return prepare


def _sheet(name: str, plan: BuildPlan, training: DefectSet) -> EngineSheet:
    engine = ENGINES[name]
    words = f"six views each, fusion {FUSION}: good, or with one {engine.kind.value} of more than 2 mm"
    return EngineSheet(
        defect=engine.kind.value,
        colour=engine.colour,
        mm_per_px=MM_PER_PX,
        smallest_defect_px=engine.smallest_px,
        seed=plan.seed,
        training_digest=training.digest,
        command=build_command(plan),
        validation_words=f"generated straws, {words}",
        test_words=f"other generated straws, {words}",
        precisions=tuple(each for each in PRECISIONS if each in native_precisions(cpu_flags())),
        parity=PARITY,
        cut_rule=CUT_RULE,
    )


def build_command(plan: BuildPlan) -> str:
    """The command line that builds the engines with this plan: all of it. How many times `own_steps` each engine learns is
    no part of a plan; the package's `training.steps` says what came of it.

    >>> build_command(BuildPlan(straws=9, common_minutes=60)).partition(" --common-steps ")[0]
    'edge-inspector engines build --seed 53000 --straws 9 --calibration-straws 60 --own-straws 2500'
    >>> build_command(BuildPlan(common_minutes=60)).partition("2500 --common")[2].partition(" --own-steps ")[0]
    '-steps 5400 --common-minutes 60'
    """
    words = ["edge-inspector", "engines", "build"]
    for field in fields(plan):
        value = getattr(plan, field.name)
        if value not in (math.inf, "cpu"):
            words += [f"--{field.name.replace('_', '-')}", f"{value:g}" if isinstance(value, float) else f"{value}"]
    return " ".join(words)
