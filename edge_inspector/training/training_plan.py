"""A training file with its set read and its parts dealt, once or for every fold in turn; what can be refused by then is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.datasets.registry import open_set
from edge_inspector.training.dealt_parts import DealtPicture, Use
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.equal_pictures import deal_together
from edge_inspector.training.models.registry import MODELS
from edge_inspector.training.models.unet.published_weights import FROM_HUB
from edge_inspector.training.package import Progress
from edge_inspector.training.split import (
    FoldParts,
    Split,
    deal,
    folds,
    given_folds,
    refuse_few,
    split_of_folds,
    split_of_two,
)
from edge_inspector.training.train import TrainingSettings
from edge_inspector.training.training_file import Folds, TrainingFile, load_training_file
from edge_inspector.training.trial import RUN_FOLDER

_SAY_FOLDS = "say `split: {folds: 5}`, or as many as you like"


@dataclass(frozen=True, slots=True)
class Instead:
    """What a command line says in place of the training file: the fold held back, set, weights, seed.

    `no_cut_fold`: in a cross-validation no fold is kept to choose calibration and cut, all but the one held back learn.
    """

    set_folder: Path | None = None
    weights: Path | None = None
    held_back: str | None = None
    seed: int | None = None
    no_cut_fold: bool = False

    def words(self) -> list[str]:
        """As options, without paths of the machine that runs them."""
        fold = ["--hold-back", self.held_back] if self.held_back is not None else []
        seed = ["--seed", f"{self.seed}"] if self.seed is not None else []
        seed += ["--no-cut-fold"] if self.no_cut_fold else []
        said = (("--set", self.set_folder), ("--weights", self.weights))
        return [*fold, *(word for option, path in said if path is not None for word in (option, path.name)), *seed]


AS_THE_FILE_SAYS = Instead()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is learned from and measured on, the same for every engine of the file.

    `weights` are the encoder's; None: it begins at random. `fold` is the one held back where each is in turn, else empty.
    """

    path: Path
    file: TrainingFile
    instead: Instead
    weights: Path | None
    labelled: LabelledSet
    sets: dict[str, DefectSet]  # by engine
    split: Split
    fold: str = ""

    @property
    def file_digest(self) -> str:
        """SHA-256 of what the file says, whatever its form, and whatever was said in its place."""
        return hashlib.sha256(self.file.model_dump_json().encode()).hexdigest()

    def learning_digest(self, name: str) -> str:
        """SHA-256 of how an engine's network learns, and of which parts: the file's cuts and colours do not decide that, nor
        where pictures and weights lie, whose own digests do."""
        decides = self.file.model_dump_json(include={"view", "model", "image_head"})
        decides += "" if self.file.bands is None else self.file.model_dump_json(include={"bands"})
        learns = self.file.learning_of(name).model_dump_json()
        decides += self.labelled.source
        return hashlib.sha256(f"{decides}{self.file.engines[name].defect}{learns}{self.split}".encode()).hexdigest()

    @property
    def held_back(self) -> str:
        """Name of the fold that is only measured; empty where parts were dealt in shares."""
        split = self.file.split
        if self.fold or not isinstance(split, Folds):
            return self.fold
        return f"{split.held_back}" if self.instead.held_back is None else self.instead.held_back

    def weights_digest(self) -> str:
        """SHA-256 of the encoder's weights; their name where they are fetched, empty where there are none."""
        if self.weights is None or self.weights == FROM_HUB:
            return f"{self.weights or ''}"
        return hashlib.sha256(self.weights.read_bytes()).hexdigest()

    def dealt(self, name: str) -> tuple[DefectSet, DefectSet, DefectSet]:
        """The pictures of an engine: to learn from, to choose calibration and cut, and to be only measured."""
        every, split = self.sets[name], self.split
        return every.of_parts(split.training), every.of_parts(split.validation), every.of_parts(split.test)

    def dealt_pictures(self, name: str) -> list[DealtPicture]:
        """What becomes of every picture that is known for an engine."""
        views = {each.picture: each.view for each in self.labelled.pictures}
        return [
            DealtPicture(sample.picture, sample.part, views[sample.picture], self.file.view.fit, use, sample.is_defective)
            for use, found in zip(Use, self.dealt(name), strict=True)
            for sample in found.samples
        ]

    def settings(self, name: str, threads: int, device: str) -> TrainingSettings:
        """How an engine's network learns."""
        settings = self.file.learning_of(name).settings(threads, device, has_weights=self.weights is not None)
        return replace(settings, bands=self.file.picture_bands)

    def run_folder(self, out: Path, name: str) -> Path:
        """Where an engine's training is kept."""
        run = out / RUN_FOLDER / name
        return run / f"fold-{self.fold}" if self.fold else run

    def command_words(self, name: str) -> list[str]:
        """The command line that trains an engine, without paths of the machine that runs it."""
        words = ["edge-inspector", "train", self.path.name, "--defect", self.file.engines[name].defect]
        return [*words, *(["--every-fold"] if self.fold else []), *self.instead.words()]

    def dealing_words(self) -> str:
        """How parts came to be where they are."""
        if not isinstance(self.file.split, Folds):
            return "dealt by the SHA-256 of their names"
        if self.file.split.folds == "given":
            return "of folds that the set gives"
        return f"of {self.file.split.folds} folds dealt by the SHA-256 of their names"


@dataclass(frozen=True, slots=True)
class _Read:
    """What parts are dealt from. `asked`: the engines that are to be trained."""

    path: Path
    file: TrainingFile
    instead: Instead
    labelled: LabelledSet
    sets: dict[str, DefectSet]
    asked: Collection[str]

    def fold_parts(self, split: Folds) -> FoldParts:
        return given_folds(self.labelled) if split.folds == "given" else folds(list(self.sets.values()), split.folds)


def plan_training(
    path: Path,
    progress: Progress = lambda stage, share: None,
    instead: Instead = AS_THE_FILE_SAYS,
    asked: Collection[str] | None = None,
) -> Plan:
    """Read the file and the set, and deal the parts of all engines, once.

    What the `asked` engines, by default all, can not be made of is refused. Raises DocumentError for the file,
    ConfigurationError for its names, TrainingDataError for the set.
    """
    (plan,) = _planned(path, progress, instead, asked, _one_split)
    for name in plan.sets if asked is None else asked:
        _refuse_without_cut(plan, name)
    return plan


def plan_every_fold(
    path: Path,
    progress: Progress = lambda stage, share: None,
    instead: Instead = AS_THE_FILE_SAYS,
    asked: Collection[str] | None = None,
) -> list[Plan]:
    """Plans each of which holds another fold back. Otherwise as `plan_training`."""
    plans = _planned(path, progress, instead, asked, _every_split)
    for plan in plans:
        for name in plan.sets if asked is None else asked:
            _refuse_empty(plan, name)
    return plans


def told(progress: Progress, stage: str) -> Callable[[float], None]:
    """Progress of one stage, by its share alone."""
    return lambda share: progress(stage, share)


def named(progress: Progress, name: str) -> Progress:
    """Progress of stages that are all of one thing."""
    return lambda stage, share: progress(f"{name}: {stage}", share)


def _planned(
    path: Path,
    progress: Progress,
    instead: Instead,
    asked: Collection[str] | None,
    split: Callable[[_Read], Mapping[str, Split]],
) -> list[Plan]:
    file = load_training_file(path)
    file = file if instead.seed is None else file.with_seed(instead.seed)
    if file.model not in MODELS:
        raise ConfigurationError(f"{path}: model {file.model!r}: no such network, allowed are {', '.join(MODELS)}")
    weights = _weights(path, file, instead)
    labelled = open_set(file.set.request(path.parent, instead.set_folder))
    sets = {}
    for name, entry in file.engines.items():
        stage = f"looking at pictures for {name}"
        view, bands = file.view.of_pictures(), None if file.bands is None else len(file.bands)
        sets[name] = defect_set(labelled, entry.defect, view, told(progress, stage), bands=bands)
    together = deal_together(sets)
    try:
        splits = split(_Read(path, file, instead, *together.named(labelled, sets), sets if asked is None else asked))
    except TrainingDataError as error:
        if not together.oddities:
            raise
        more = f" ({len(together.oddities)} in all)" if len(together.oddities) > 1 else ""
        raise TrainingDataError(f"{error}. {together.oddities[0]}{more}") from error
    labelled = replace(labelled, oddities=(*labelled.oddities, *together.oddities))
    return [Plan(path, file, instead, weights, labelled, sets, together.apart(each), fold) for fold, each in splits.items()]


def _weights(path: Path, file: TrainingFile, instead: Instead) -> Path | None:
    if instead.weights is None and not file.weights:
        return None
    weights, where = instead.weights or Path(file.weights), "--weights" if instead.weights else f"{path}: weights"
    if weights == FROM_HUB:
        return weights
    weights = weights if instead.weights else path.parent / weights
    if not weights.is_file():
        raise ConfigurationError(
            f"{where}: {weights}: no such file; name a safetensors file or torchvision's .pth, say {FROM_HUB} to "
            "have that fetched, or leave it away"
        )
    return weights


def _one_split(read: _Read) -> dict[str, Split]:
    split, fold = read.file.split, read.instead.held_back
    if not isinstance(split, Folds):
        if fold is not None:
            raise ConfigurationError(f"{read.path}: --hold-back needs folds; {_SAY_FOLDS}")
        dealt = deal(list(read.sets.values()), split.validation, split.test)
        for name in read.asked:
            refuse_few(read.sets[name], dealt, min(split.validation, split.test), read.file.judged)
        return {"": dealt}
    fold_parts = read.fold_parts(split)
    held_back = split.held_back if fold is None else fold
    if held_back is None:
        raise ConfigurationError(
            f"{read.path}: split.held_back is missing, the name of the fold that is only measured: {', '.join(fold_parts)}. "
            "Or say --hold-back with one of them; or --every-fold, which holds each back in turn and makes a report, but no "
            "engine"
        )
    if split.folds == "given" and len(fold_parts) == 2:
        return {"": split_of_two(list(read.sets.values()), fold_parts, f"{held_back}")}
    return {"": split_of_folds(fold_parts, f"{held_back}")}


def _every_split(read: _Read) -> dict[str, Split]:
    split = read.file.split
    if not isinstance(split, Folds):
        raise ConfigurationError(f"{read.path}: --every-fold needs folds; {_SAY_FOLDS}")
    fold_parts = read.fold_parts(split)
    has_cut_fold = not read.instead.no_cut_fold
    if not has_cut_fold and any(read.file.learning_of(name).early_stop for name in read.asked):
        raise ConfigurationError(f"{read.path}: --no-cut-fold leaves no parts that early_stop could look at; leave it away")
    return {fold: split_of_folds(fold_parts, fold, has_cut_fold=has_cut_fold) for fold in fold_parts}


def _refuse_without_cut(plan: Plan, name: str) -> None:
    """A cut lies between what is good and what is defective; its rates are counted of both. And both are to be learned."""
    training, validation, test = plan.dealt(name)
    counted = plan.file.judged
    for each, use in ((validation, "choose the cut"), (test, "be only measured")):
        good, defective = each.kinds(counted)
        if good and defective:
            continue
        by_picture = "say judged: pictures, which counts each by itself; " if min(each.kinds("pictures")) else ""
        raise TrainingDataError(
            f"{plan.sets[name].source}: {good} good and {defective} defective {counted} are to {use} for {each.defect}, but "
            f"an engine needs both; name another fold, {by_picture}or say --every-fold, which also measures without a cut"
        )
    if not any(training.defective):
        raise TrainingDataError(
            f"{plan.sets[name].source}: none of the {len(training.samples)} pictures that are to be learned from shows "
            f"{training.defect}; hold back another fold, take more folds, or label more defective parts"
        )


def _refuse_empty(plan: Plan, name: str) -> None:
    """Nothing can be learned, calibrated or measured without a picture; nothing learned of a defect that is not drawn."""
    training, validation, test = plan.dealt(name)
    needed = (training,) if plan.instead.no_cut_fold else (training, validation)
    drawn = [any(sample.positive_px for sample in each.samples) for each in needed]
    if all(drawn) and test.samples:
        return
    raise TrainingDataError(
        f"{plan.sets[name].source}: fold {plan.fold} held back, no picture shows where {training.defect} is to learn from "
        "or to calibrate on, or none is there to measure; take fewer folds, or comment the engine out with #"
    )
