"""Cross-validation of an engine: every fold is held back in turn, judged by a network that never saw it, and all are pooled.

Nothing ships from here. What a fold is judged with, the exported graph in the precision that ships, lies in the fold's own
folder. Its calibration and cut are another fold's choice; or, where all the others are to learn, they come of what the
networks of all other folds made of the parts that they never saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge_inspector.station.engine_manifest import MODEL_FILE
from edge_inspector.training.cuts import choose_cut, cuts_by_the_others, refuse_too_few
from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.judging import JudgedSet, judge_set, pool
from edge_inspector.training.logit_sample import Fit, calibrate, fits_by_the_others, sample_logits
from edge_inspector.training.package import Progress, export_for, judge_in_all
from edge_inspector.training.part_scores import Counted, worst_by_start
from edge_inspector.training.ranks import ALONE, Rank
from edge_inspector.training.report.fold_rows import Measured
from edge_inspector.training.report.page import Reported, write_report
from edge_inspector.training.report.summary import summarise, summary_table, write_summary
from edge_inspector.training.run_folder import begin_run, refuse_other_run, run_facts, trained_network
from edge_inspector.training.survey import Survey, smallest_defect_px, survey_masks
from edge_inspector.training.train import TrainedNetwork
from edge_inspector.training.training_plan import Plan, named, told
from edge_inspector.training.training_run import compute_with
from edge_inspector.training.trial import RUN_FOLDER

REPORT = "cross_validation.html"  # of every engine, in its folder of runs/
SUMMARY = "cross_validation.json"  # of all engines, in the output folder


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """An engine whose every part was judged once, by a network that never saw it; what came of it in words; its report."""

    judged: JudgedSet
    evidence: str
    report: Path


def cross_validate(
    folds: Sequence[Plan],
    name: str,
    out: Path,
    threads: int,
    progress: Progress = lambda stage, share: None,
    *,
    rank: Rank = ALONE,
) -> CrossValidated:
    """Train an engine once for every fold, measure each on what it held back, and report all of it together.

    Each training is kept in a folder of its own below `out`/runs/NAME, and goes on if it was interrupted; what is kept of
    another training is refused before any begins. Raises TrainingDataError, TrainingStoppedError, ConfigurationError.
    """
    compute_with(threads)
    first = folds[0]
    survey = survey_masks(first.sets[name], told(named(progress, name), "looking at masks"))
    counted = what_a_cut_parts(folds, name)
    facts = facts_of_folds(folds, name, out, rank)
    # all are learned before any is measured, so that a run that goes on goes on learning at once
    networks = [learn_fold(plan, name, out, threads, progress, rank=rank) for plan in folds]
    progress = named(progress, name)
    fitted = _calibrated(folds, name, networks, rank.device, progress)
    measured = [
        _measure(plan, name, out, trained, fit, survey, counted, named(progress, f"fold {plan.fold}"))
        for plan, trained, fit in zip(folds, networks, fitted, strict=True)
    ]
    if counted is not None and not first.split.validation:
        scores = [each.judged.by_start(counted) for each in measured]
        cuts = cuts_by_the_others(scores, first.file.precisions[0], first.file.cut_rule, counted)
        measured = [
            replace(each, judged=each.judged.at(cut.t_low), cut=cut.score) for each, cut in zip(measured, cuts, strict=True)
        ]
    report = out / RUN_FOLDER / name / REPORT
    of_all = facts[first.fold] | {"held_back": ", ".join(facts)}
    del of_all["learning_sha256"]  # each fold has its own
    reported = _reported(first, name, measured, counted, of_all)
    write_report(reported, report, told(progress, "report"))
    return CrossValidated(pool([each.judged for each in measured]), reported.evidence, report)


def facts_of_folds(folds: Sequence[Plan], name: str, out: Path, rank: Rank) -> dict[str, dict[str, str]]:
    """What the training of every fold is made of; what can be refused before any begins is.

    Raises ConfigurationError for what is kept of another training and for a batch that the ranks can not share,
    TrainingDataError for too few parts to choose cuts on.
    """
    rank.share_of(folds[0].settings(name, 1, rank.device).crops)
    counted = what_a_cut_parts(folds, name)
    facts = {plan.fold: run_facts(plan, name, rank) for plan in folds}
    for plan in folds:
        refuse_other_run(plan, name, out, facts[plan.fold])
        if counted is not None:
            choosing = (
                [plan.dealt(name)[1]]
                if plan.split.validation
                else [each.dealt(name)[2] for each in folds if each is not plan]
            )
            refuse_too_few(sum(each.kinds(counted)[1] for each in choosing), plan.file.cut_rule, counted)
    return facts


def learn_fold(
    plan: Plan,
    name: str,
    out: Path,
    threads: int,
    progress: Progress = lambda stage, share: None,
    *,
    rank: Rank = ALONE,
) -> TrainedNetwork:
    """The network of an engine that never saw this plan's fold: trained and kept, or taken if it is there.

    Raises TrainingDataError, TrainingStoppedError.
    """
    compute_with(threads)
    begin_run(plan, name, out, run_facts(plan, name, rank))
    return trained_network(plan, name, out, threads, rank, named(progress, f"{name}: fold {plan.fold}"))


def summarise_engines(folds: Sequence[Plan], validated: Mapping[str, CrossValidated], out: Path) -> str:
    """Of several engines, each for another defect: write `out`/cross_validation.json, and return the table; else nothing."""
    judged = {name: each.judged for name, each in validated.items()}
    if len(judged) < 2 or len({each.defect for each in judged.values()}) < len(judged):
        return ""
    plan, summary = folds[0], summarise(judged)
    run = {
        "training_file": plan.path.name,
        "training_file_sha256": plan.file_digest,
        "set": plan.labelled.source,
        "folds": ", ".join(each.fold for each in folds),
    }
    write_summary(summary, out / SUMMARY, run)
    return summary_table(summary)


def what_a_cut_parts(folds: Sequence[Plan], name: str) -> Counted | None:
    """Good parts from defective ones, if every fold has both; else clean pictures from defective ones; else None: no cut.

    Parts are not asked after where the training file says that pictures are judged.
    """
    held_back = [plan.dealt(name)[2] for plan in folds]
    if folds[0].file.judged == "parts" and all(min(each.kinds("parts")) for each in held_back):
        return "parts"
    return "pictures" if all(min(each.kinds("pictures")) for each in held_back) else None


def _calibrated(
    folds: Sequence[Plan], name: str, networks: Sequence[TrainedNetwork], device: str, progress: Progress
) -> list[Fit]:
    """Each network's own: of the fold that chooses; else of what all other networks made of their own folds."""
    if folds[0].split.validation:
        return [calibrate(trained, plan.dealt(name)[1], device) for plan, trained in zip(folds, networks, strict=True)]
    samples = [
        sample_logits(trained, plan.dealt(name)[2], device, told(progress, f"fold {plan.fold}: looking at logits"))
        for plan, trained in zip(folds, networks, strict=True)
    ]
    return fits_by_the_others(samples)


def _measure(
    plan: Plan,
    name: str,
    out: Path,
    trained: TrainedNetwork,
    fit: Fit,
    survey: Survey,
    counted: Counted | None,
    progress: Progress,
) -> Measured:
    """What the fold's network makes of the parts that were held back, at the cut that the next fold chose if one did."""
    file, (training, validation, test) = plan.file, plan.dealt(name)
    smallest_px = file.engines[name].smallest_defect_px or smallest_defect_px(survey.areas_of(training, validation))
    model = plan.run_folder(out, name) / MODEL_FILE
    export_for(trained, fit.map_of(trained), test, model)
    t_low = cut = None
    if counted is not None and validation.samples:
        choosing = judge_in_all(
            model, file.precisions, validation, smallest_px, told(progress, "judging for the cut"), fit.mask_cut
        )
        scores = worst_by_start([each.by_start(counted) for each in choosing.values()])
        chosen = choose_cut(scores, " and ".join(choosing), file.cut_rule, counted)
        t_low, cut = chosen.t_low, chosen.score
    engine = ExportedEngine(model, file.precisions[0])
    judged = judge_set(test, engine, smallest_px, told(progress, "judging what is held back"), mask_cut=fit.mask_cut)
    return Measured(judged.at(t_low), engine, cut, plan.fold, trained.steps, fit.mask_cut)


def _reported(
    plan: Plan, name: str, measured: Sequence[Measured], counted: Counted | None, facts: Mapping[str, str]
) -> Reported:
    file, entry = plan.file, plan.file.engines[name]
    parts = sum(len(each.parts()) for each in measured)
    return Reported(
        engine=name,
        defect=entry.defect,
        colour=entry.colour,
        width_px=file.view.width_px,
        height_px=file.view.height_px,
        measured=measured,
        evidence=cross_validation_words(measured, counted, has_cut_fold=bool(plan.split.validation)),
        words=f"{parts} parts {plan.dealing_words()}, each held back once, in {file.precisions[0]}",
        run=facts,
        defective_share=file.defective_share,
        counted=counted or "parts",
    )


def cross_validation_words(measured: Sequence[Measured], counted: Counted | None, *, has_cut_fold: bool = True) -> str:
    """What became of the parts, then how: where calibration and cuts come from, and what that is worth."""
    folds = ", ".join(each.fold for each in measured)
    learned = "All folds but this and the next one" if has_cut_fold else "All other folds"
    dealt = f"Each of the folds {folds} was judged by a network that had not learned from it. {learned} were learned from."
    if counted is None:
        return (
            "Not every fold has clean pictures and defective ones, so no cut could be chosen: masks and pixels alone are "
            f"measured. {dealt}"
        )
    chosen = [(each.judged.scores(counted), each.cut) for each in measured if each.cut is not None]
    defective, good = sum(len(scores.defective) for scores, _ in chosen), sum(len(scores.good) for scores, _ in chosen)
    passed = sum(scores.escapes(cut) for scores, cut in chosen)
    rejected = sum(scores.false_rejects(cut) for scores, cut in chosen)
    cuts = [cut for _, cut in chosen]
    of_pictures = (
        " Pictures are counted, each by itself: the training file says so, or not every fold has good and defective parts."
        if counted == "pictures"
        else ""
    )
    chose = (
        "Calibration and cut of a fold were chosen on the next one."
        if has_cut_fold
        else "Calibration and cut of a fold were chosen on what the networks of the other folds made of the parts that "
        "these held back. Those networks had learned from this fold, so that its figures flatter a little."
    )
    return (
        f"Of {defective} defective {counted} {passed} passed, of {good} good ones {rejected} "
        f"{'was' if rejected == 1 else 'were'} rejected, each at the cut of its own fold ({min(cuts)} to {max(cuts)}). "
        f"{dealt} {chose}{of_pictures} AP, AUC and the curves rank the scores of all folds together, though each fold has a "
        "network of its own: compare them with those of the folds alone."
    )
