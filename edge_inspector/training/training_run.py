"""From a training file to an engine package and its report; what is done stays done when a run is interrupted."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch

from edge_inspector.domain.errors import BlindEngineError, ConfigurationError
from edge_inspector.inference.engines.cpu_precisions import cpu_flags, native_precisions
from edge_inspector.station.engine_manifest import MANIFEST_FILE, EnginePackage, file_digest
from edge_inspector.training.cuts import refuse_too_few
from edge_inspector.training.dealt_parts import write_dealt
from edge_inspector.training.defect_set import DefectSet
from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.package import EngineSets, EngineSheet, JudgedEngine, Progress, package_engine
from edge_inspector.training.part_scores import Counted
from edge_inspector.training.ranks import ALONE, Rank
from edge_inspector.training.report.fold_rows import Measured
from edge_inspector.training.report.page import Reported, write_report
from edge_inspector.training.run_folder import begin_run, refuse_other_run, run_facts, trained_network
from edge_inspector.training.survey import refuse_tiny_defects, smallest_defect_px, survey_masks
from edge_inspector.training.training_plan import Plan, named, told
from edge_inspector.training.trial import ENGINE_FOLDER, PACKAGE_DIGEST


@dataclass(frozen=True, slots=True)
class TrainedEngine:
    """A package that was made, and where its report lies."""

    package: EnginePackage
    report: Path


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
    compute_with(threads)
    _refuse_other_precisions(plan)
    progress = named(progress, name)
    file, entry = plan.file, plan.file.engines[name]
    training, validation, test = plan.dealt(name)
    survey = survey_masks(plan.sets[name], told(progress, "looking at masks"))
    smallest_px = entry.smallest_defect_px or smallest_defect_px(survey.areas_of(training, validation))
    refuse_tiny_defects(validation, smallest_px)
    refuse_too_few(validation.kinds(file.judged)[1], file.cut_rule, file.judged)
    settings = plan.settings(name, threads, rank.device)
    rank.share_of(settings.crops)  # refused before anything is written
    run, place = plan.run_folder(out, name), out / ENGINE_FOLDER / name
    facts = run_facts(plan, name, rank)
    refuse_other_run(plan, name, out, facts)
    _refuse_other_package(place, run)
    begin_run(plan, name, out, facts)
    write_dealt(run, plan.dealt_pictures(name))
    trained = trained_network(plan, name, out, threads, rank, progress)
    sheet = EngineSheet(
        defect=entry.defect,
        colour=entry.colour,
        mm_per_px=file.mm_per_px,
        smallest_defect_px=smallest_px,
        seed=settings.seed,
        training_digest=training.digest,
        command=shlex.join(plan.command_words(name)),
        validation_words=f"{_amount(validation, file.judged)} that chose cut and start of masks, {plan.dealing_words()}",
        test_words=f"{_amount(test, file.judged)} held back, {plan.dealing_words()}",
        cut_rule=file.cut_rule,
        precisions=tuple(file.precisions),
        counted=file.judged,
    )
    sets = EngineSets(validation, test, validation)
    report = run / "report.html"

    def write(judged: JudgedEngine) -> None:
        write_report(_reported(judged, sheet, facts, file.defective_share), report, told(progress, "report"))

    try:
        package = package_engine(place, trained, sets, sheet, progress, device=rank.device, report=write)
    except BlindEngineError as error:
        earlier = f". {place} is of an earlier run, and stays" if place.exists() else ""
        raise BlindEngineError(f"{error}. Its report: {report}{earlier}") from error
    (run / PACKAGE_DIGEST).write_text(file_digest(place / MANIFEST_FILE), encoding="utf-8")
    return TrainedEngine(package, report)


def learn_along(plans: Sequence[Plan], name: str, out: Path, threads: int, rank: Rank) -> None:
    """What every rank but the first does of `train_engine`, or `cross_validate`: it learns its share. Raises as those."""
    compute_with(threads)
    for plan in plans:
        trained_network(plan, name, out, threads, rank)


def compute_with(threads: int) -> None:
    """In this process, from now on."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


def _amount(each: DefectSet, counted: Counted) -> str:
    """How many parts a set has, and of how many pictures where these are counted."""
    pictures = f"{len(each.samples)} pictures of " if counted == "pictures" else ""
    return f"{pictures}{len(each.parts())} parts"


def _refuse_other_precisions(plan: Plan) -> None:
    """A cut is chosen in every precision that ships, so that this CPU must have them."""
    native = native_precisions(cpu_flags())
    if missing := [each for each in plan.file.precisions if each not in native]:
        raise ConfigurationError(
            f"{plan.path}: precisions: this CPU does not compute in {', '.join(missing)}, allowed are {', '.join(native)}"
        )


def _refuse_other_package(place: Path, run: Path) -> None:
    """What this run did not make is not replaced."""
    if not place.exists():
        return
    manifest, own = place / MANIFEST_FILE, run / PACKAGE_DIGEST
    if not manifest.is_file():
        raise ConfigurationError(
            f"{place}: is there and is no engine package; give another --out, or the engine another name"
        )
    if not own.is_file() or own.read_text(encoding="utf-8") != file_digest(manifest):
        raise ConfigurationError(
            f"{place}: is there already, and no training in {run} made it; give another --out, or the engine another name, "
            "or remove that folder"
        )


def _reported(judged: JudgedEngine, sheet: EngineSheet, facts: Mapping[str, str], defective_share: float) -> Reported:
    draft, cut = judged.draft, judged.cut
    engine = ExportedEngine(draft.model_path, sheet.precisions[0])
    height, width = draft.golden.samples[0].read_picture().shape[:2]
    return Reported(
        engine=draft.out.name,
        defect=sheet.defect,
        colour=sheet.colour,
        width_px=width,
        height_px=height,
        measured=[Measured(judged.test.at(cut.t_low), engine, cut.score, mask_cut=draft.fit.mask_cut)],
        evidence=f"A {sheet.counted[:-1]} is rejected from a score of {cut.score} on. {cut.evidence}",
        words=f"{sheet.test_words}, in {sheet.precisions[0]}",
        run=facts,
        defective_share=defective_share,
        counted=sheet.counted,
    )
