"""From a training file to an engine package and its report; what is done stays done when a run is interrupted."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
import yaml

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.engine_manifest import MANIFEST_FILE, MODEL_FILE, EnginePackage
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.cuts import refuse_too_few
from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.datasets.registry import open_set
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.kept_network import keep_network
from edge_inspector.training.models.registry import MODELS, build_model
from edge_inspector.training.models.segmentation_model import SegmentationModel
from edge_inspector.training.models.unet.encoder_weights import encoder_from
from edge_inspector.training.models.unet.published_weights import FROM_HUB
from edge_inspector.training.package import EngineSets, EngineSheet, PackagedEngine, Progress, package_engine
from edge_inspector.training.ranks import ALONE, Rank
from edge_inspector.training.report.page import Reported, write_report
from edge_inspector.training.run_log import RUN_FILE, RunLog, facts_of_run, write_facts
from edge_inspector.training.split import Split, deal, folds, split_of_folds
from edge_inspector.training.survey import refuse_tiny_defects, smallest_defect_px, survey_masks
from edge_inspector.training.train import Observe, TrainedNetwork, has_fast_bf16, train
from edge_inspector.training.training_file import Folds, TrainingFile, load_training_file

RUN_FOLDER = "runs"  # of an output folder: checkpoint, network, log and report of every engine
ENGINE_FOLDER = "engines"
HOW_COMPUTED = ("device", "arithmetic", "ranks")  # facts of a run that decide what is learned, beside its training file


@dataclass(frozen=True, slots=True)
class Plan:
    """A training file with its set read and its parts dealt: the same for every engine of it."""

    path: Path
    file: TrainingFile
    labelled: LabelledSet
    split: Split
    sets: dict[str, DefectSet]  # by engine

    @property
    def file_digest(self) -> str:
        """SHA-256 of what the file says, whatever its form."""
        return hashlib.sha256(self.file.model_dump_json().encode()).hexdigest()

    def dealt(self, name: str) -> tuple[DefectSet, DefectSet, DefectSet]:
        """The pictures of an engine: to learn from, to choose calibration and cut, and to be only measured."""
        every, split = self.sets[name], self.split
        return every.of_parts(split.training), every.of_parts(split.validation), every.of_parts(split.test)


@dataclass(frozen=True, slots=True)
class TrainedEngine:
    """A package that was made, and where its report lies."""

    package: EnginePackage
    report: Path


def plan_training(path: Path, progress: Progress = lambda stage, share: None) -> Plan:
    """Read the file and the set, and deal the parts; all that can be refused before training is.

    Raises DocumentError for the file, ConfigurationError for its names, TrainingDataError for the set.
    """
    file = load_training_file(path)
    if file.model not in MODELS:
        raise ConfigurationError(f"{path}: model {file.model!r}: no such network, allowed are {', '.join(MODELS)}")
    weights = _weights(file, path.parent)
    if weights is not None and weights != FROM_HUB and not weights.is_file():
        raise ConfigurationError(
            f"{path}: weights: {weights}: no such file; name a safetensors file or torchvision's .pth, say {FROM_HUB} to "
            "have that fetched, or leave the key away"
        )
    labelled = open_set(file.set.request(path.parent))
    sets = {}
    for name, entry in file.engines.items():
        stage = f"looking at pictures for {name}"
        sets[name] = defect_set(labelled, entry.defect, file.view.of_pictures(), _told(progress, stage))
    return Plan(path, file, labelled, _dealt(file, list(sets.values())), sets)


def train_engine(
    plan: Plan,
    name: str,
    out: Path,
    threads: int,
    progress: Progress = lambda stage, share: None,
    *,
    rank: Rank = ALONE,
) -> TrainedEngine:
    """Train one engine of the plan, package it as `out`/engines/NAME and write its report: alone, or as the first rank.

    A run that was interrupted goes on; one of another training file, other pictures or other arithmetic is refused. Raises
    TrainingDataError, TrainingStoppedError, ConfigurationError.
    """
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    file, entry, every = plan.file, plan.file.engines[name], plan.sets[name]
    training, validation, test = plan.dealt(name)
    survey = survey_masks(every, _told(progress, f"{name}: looking at masks"))
    smallest_px = entry.smallest_defect_px or smallest_defect_px(survey.areas_of(training, validation))
    refuse_tiny_defects(validation, smallest_px)
    refuse_too_few(len({sample.part for sample in validation.samples if sample.is_defective}), file.cut.chosen())
    rank.share_of(file.learning.settings(threads, rank.device).crops)  # refused before anything is written
    run = out / RUN_FOLDER / name
    facts = facts_of_run(command_words(plan.path, entry.defect), every.digest, plan.file_digest) | _how_computed(rank)
    _refuse_other_run(run, plan, facts)
    _refuse_other_package(out / ENGINE_FOLDER / name, run)
    write_facts(run, facts)
    trained = _network(plan, name, run, threads, rank, progress)
    sheet = EngineSheet(
        defect=entry.defect,
        colour=entry.colour,
        mm_per_px=file.mm_per_px,
        smallest_defect_px=smallest_px,
        seed=file.learning.seed,
        training_digest=training.digest,
        command=shlex.join(command_words(plan.path, entry.defect)),
        validation_words=f"{len(validation.parts())} parts that chose the cut, {_dealing_words(file)}",
        test_words=f"{len(test.parts())} parts held back, {_dealing_words(file)}",
        cut_rule=file.cut.chosen(),
        precisions=tuple(file.precisions),
    )
    packaged = package_engine(
        out / ENGINE_FOLDER / name, trained, EngineSets(validation, test, validation), sheet, _named(progress, name)
    )
    report = run / "report.html"
    write_report(_reported(packaged, sheet, facts, file.defective_share), report, _told(progress, f"{name}: report"))
    return TrainedEngine(packaged.package, report)


def learn_along(plan: Plan, name: str, out: Path, threads: int, rank: Rank) -> None:
    """What every rank but the first does of `train_engine`: it learns its share. Raises as that."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    _network(plan, name, out / RUN_FOLDER / name, threads, rank, lambda stage, share: None)


def command_words(path: Path, defect: str) -> list[str]:
    """The command line that trains the engines of a defect, without paths of the machine that runs it.

    >>> command_words(Path("/data/tiles/training.yaml"), "crack")
    ['edge-inspector', 'train', 'training.yaml', '--defect', 'crack']
    """
    return ["edge-inspector", "train", path.name, "--defect", defect]


def _network(plan: Plan, name: str, run: Path, threads: int, rank: Rank, progress: Progress) -> TrainedNetwork:
    """Train, or take what was trained; the loss goes to TensorBoard's log."""
    file, kept = plan.file, run / "network.pt"
    training, validation, _ = plan.dealt(name)
    settings = file.learning.settings(threads, rank.device)
    weights = _weights(file, plan.path.parent)

    def build(outputs: int) -> SegmentationModel:
        return build_model(file.model, outputs, has_image_head=file.image_head)

    def learn(checkpoint: Checkpoint) -> TrainedNetwork:
        with _observed(run, rank) as observe:
            return train(
                [training],
                settings,
                lambda step, share, loss: progress(f"{name}: training", share),
                encoder_from(weights, repairs_dead_channels=True),
                build=build,
                checkpoint=checkpoint,
                validation=[validation],
                observe=observe,
                rank=rank,
            )

    head = f" with an image-level head, weight {settings.loss.picture_head_weight:g}" if file.image_head else ""
    model = f"{file.model}{head}"
    sources = {"pictures": training.digest, "validation": validation.digest, "model": model, "weights": file.weights}
    rank.refuse_unshared(int(kept.is_file()), kept)
    return keep_network(kept, settings, sources, learn, build=build, keeps=rank.is_first)


@contextmanager
def _observed(run: Path, rank: Rank) -> Iterator[Observe]:
    """TensorBoard's log, which the first rank alone writes."""
    if not rank.is_first:
        yield lambda what, step, value: None
        return
    log = RunLog(run)
    try:
        yield log.observe
    finally:
        log.close()


def _how_computed(rank: Rank) -> dict[str, str]:
    arithmetic = "bf16" if has_fast_bf16(rank.device) else "f32"
    return {"device": rank.device_kind, "arithmetic": arithmetic, "ranks": f"{rank.count}"}


def _refuse_other_run(run: Path, plan: Plan, facts: Mapping[str, str]) -> None:
    """A folder that holds another training is not overwritten."""
    if not (run / RUN_FILE).is_file():
        return
    text = (run / RUN_FILE).read_text(encoding="utf-8")
    if plan.file_digest not in text:
        raise ConfigurationError(
            f"{run}: holds a training that another training file began; give another --out, put {plan.path.name} back as it "
            "was, or remove the folder"
        )
    kept = yaml.safe_load(text)
    differing = [
        f"{each} was {kept[each]}, is {facts[each]}" for each in HOW_COMPUTED if kept.get(each, facts[each]) != facts[each]
    ]
    if differing:
        raise ConfigurationError(
            f"{run}: holds a training that was begun otherwise ({'; '.join(differing)}); begin it as it was, give another "
            "--out, or remove the folder"
        )


def _refuse_other_package(place: Path, run: Path) -> None:
    """What this run did not make is not replaced."""
    if not place.exists():
        return
    if not (place / MANIFEST_FILE).is_file():
        raise ConfigurationError(
            f"{place}: is there and is no engine package; give another --out, or the engine another name"
        )
    if not (run / RUN_FILE).is_file():
        raise ConfigurationError(
            f"{place}: is there already, and no training in {run} made it; give another --out, or the engine another name, "
            "or remove that folder"
        )


def _weights(file: TrainingFile, beside: Path) -> Path | None:
    if not file.weights:
        return None
    return FROM_HUB if file.weights == str(FROM_HUB) else beside / file.weights


def _dealt(file: TrainingFile, sets: Sequence[DefectSet]) -> Split:
    if isinstance(file.split, Folds):
        return split_of_folds(folds(sets, file.split.folds), file.split.held_back)
    return deal(sets, file.split.validation, file.split.test)


def _dealing_words(file: TrainingFile) -> str:
    if isinstance(file.split, Folds):
        return f"of {file.split.folds} folds dealt by the SHA-256 of their names"
    return "dealt by the SHA-256 of their names"


def _reported(packaged: PackagedEngine, sheet: EngineSheet, facts: dict[str, str], defective_share: float) -> Reported:
    engine = ExportedEngine(packaged.package.folder / MODEL_FILE, sheet.precisions[0])
    words = f"{sheet.test_words}, in {sheet.precisions[0]}"
    return Reported(packaged.package.manifest, packaged.test, engine, words, facts, defective_share)


def _told(progress: Progress, stage: str) -> Callable[[float], None]:
    return lambda share: progress(stage, share)


def _named(progress: Progress, name: str) -> Progress:
    return lambda stage, share: progress(f"{name}: {stage}", share)
