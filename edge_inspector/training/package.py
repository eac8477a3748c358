"""Makes an engine package of a trained network: calibration, export, cut, measurement, golden pictures, manifest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import BlindEngineError, TrainingStoppedError
from edge_inspector.imaging.pages import write_pages
from edge_inspector.inference.map_regions import map_score, to_bytes
from edge_inspector.inference.mask_parity import MOST_DRIFT, MOST_SCORE_DIFF, WIDEST_LIMITS, limits_in, odds_drift
from edge_inspector.station.engine_manifest import (
    MODEL_FILE,
    Calibration,
    EngineInput,
    EngineManifest,
    EnginePackage,
    GoldenPicture,
    Metric,
    ParityLimits,
    Precision,
    ScaleRange,
    Threshold,
    TrainingRecord,
    file_digest,
    load_engine_package,
    write_manifest,
)
from edge_inspector.station.engine_manifest import Band as ManifestBand
from edge_inspector.station.package_place import put_in_place
from edge_inspector.training.cuts import HALF_WAY, Cut, CutRule, choose_cut
from edge_inspector.training.defect_set import DefectSet
from edge_inspector.training.evaluate import Evaluation, ExportedEngine
from edge_inspector.training.export import LogitMap, export_onnx, torch_probability
from edge_inspector.training.judging import JudgedSet, judge_set
from edge_inspector.training.logit_sample import Fit, calibrate
from edge_inspector.training.models.bands import RGB, Band
from edge_inspector.training.part_scores import Counted, worst_by_start
from edge_inspector.training.run_log import git_state
from edge_inspector.training.train import TrainedNetwork
from edge_inspector.version import VERSION

PARITY = WIDEST_LIMITS["f32"]
GOLDEN_TRIES = 8  # pictures from which each golden one is taken
EXPORT_SHARE = 0.75  # of what a station allows: the device that checks it later has its own rounding

Progress = Callable[[str, float], None]  # stage, share done 0..1


@dataclass(frozen=True, slots=True)
class EngineSets:
    """The sets that training did not see; pictures of one size.

    `validation` chooses calibration and cut, `test` is only measured, `golden` gives the golden pictures.
    """

    validation: DefectSet
    test: DefectSet
    golden: DefectSet


@dataclass(frozen=True, slots=True)
class EngineSheet:
    """What the maker states of an engine. `command` rebuilds it; the words name the sets that metrics are of."""

    defect: str
    colour: str
    mm_per_px: ScaleRange
    smallest_defect_px: int
    seed: int
    training_digest: str
    command: str
    validation_words: str
    test_words: str
    cut_rule: CutRule = HALF_WAY
    precisions: tuple[Precision, ...] = ("f32",)  # every CPU has it; in bf16 some are twice as fast, others slower
    parity: ParityLimits = PARITY
    counted: Counted = "parts"  # what is cut, and counted


@dataclass(frozen=True, slots=True)
class Measurement:
    """What an exported engine scored in one precision: the parts that choose the cut, and those that only measure it."""

    validation: Evaluation
    test: Evaluation


@dataclass(frozen=True, slots=True)
class Draft:
    """A package that is being made beside `out`: its graph is exported, its cut is not chosen yet."""

    out: Path
    trained: TrainedNetwork
    fit: Fit
    golden: DefectSet

    @property
    def logit_map(self) -> LogitMap:
        """What makes a probability of the network's logit."""
        return self.fit.map_of(self.trained)

    @property
    def folder(self) -> Path:
        """Where it is made."""
        return self.out.with_name(f".{self.out.name}.partial")  # with a dot: no package to anybody

    @property
    def model_path(self) -> Path:
        """The exported graph."""
        return self.folder / MODEL_FILE

    def discard(self) -> None:
        """Leave nothing; without effect once the package is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class JudgedEngine:
    """A draft, its cut, and how its exported graph judged the test set in the first precision."""

    draft: Draft
    cut: Cut
    test: JudgedSet


def package_engine(
    out: Path,
    trained: TrainedNetwork,
    sets: EngineSets,
    sheet: EngineSheet,
    progress: Progress = lambda stage, share: None,
    *,
    device: str = "cpu",
    report: Callable[[JudgedEngine], None] = lambda judged: None,
) -> EnginePackage:
    """Write and verify the package `out` (its folder name is the engine's name); an interrupt leaves the old one.

    `device` is where the network looks at what calibrates it; all else is the exported graph's. `report` is told how that
    judged, of an engine that is then refused, too. Raises BlindEngineError as `finish_package`.
    """
    draft = start_package(out, trained, sets.validation, sets.golden, device)
    try:
        validation, test = (
            judge_in_all(
                draft.model_path,
                sheet.precisions,
                each,
                sheet.smallest_defect_px,
                partial(progress, f"judging {where}"),
                draft.fit.mask_cut,
            )
            for where, each in (("validation", sets.validation), ("test", sets.test))
        )
        measured = {
            precision: Measurement(
                validation[precision].evaluation(sheet.counted), test[precision].evaluation(sheet.counted)
            )
            for precision in sheet.precisions
        }
        cut = cut_of(draft, measured, sheet)
        report(JudgedEngine(draft, cut, test[sheet.precisions[0]]))
        finish_package(draft, measured, sheet, cut)
        return put_package(draft)
    finally:
        draft.discard()


def judge_in_all(
    model: Path,
    precisions: Sequence[Precision],
    each: DefectSet,
    smallest_defect_px: int,
    progress: Callable[[float], None],
    mask_cut: float,
) -> dict[Precision, JudgedSet]:
    """Judge a set with an exported graph, in every precision. Raises as `judge_set`."""
    return {
        precision: judge_set(each, ExportedEngine(model, precision), smallest_defect_px, progress, mask_cut=mask_cut)
        for precision in precisions
    }


def start_package(
    out: Path, trained: TrainedNetwork, calibration: DefectSet, golden: DefectSet, device: str = "cpu"
) -> Draft:
    """Calibrate on pictures that training did not see, looked at on this device, and export the graph."""
    draft = Draft(out, trained, calibrate(trained, calibration, device), golden)
    draft.discard()  # what an earlier one left that was killed
    (draft.folder / "golden").mkdir(parents=True)
    try:
        export_for(trained, draft.logit_map, calibration, draft.model_path)
    except BaseException:
        draft.discard()
        raise
    return draft


def export_for(trained: TrainedNetwork, logit_map: LogitMap, each: DefectSet, path: Path) -> None:
    """Export the graph for pictures of a set's size."""
    height, width = each.samples[0].read_picture().shape[:2]
    export_onnx(trained.network, logit_map, path, height, width, trained.settings.bands)


def cut_of(draft: Draft, measured: Mapping[Precision, Measurement], sheet: EngineSheet) -> Cut:
    """One cut that holds in every precision measured. Raises TrainingDataError as `choose_cut`."""
    validation = worst_by_start([each.validation.parts for each in measured.values()])
    chose_network = draft.trained.settings.checks is not None
    return choose_cut(validation, " and ".join(measured), sheet.cut_rule, sheet.counted, chose_network=chose_network)


def finish_package(draft: Draft, measured: Mapping[Precision, Measurement], sheet: EngineSheet, cut: Cut) -> None:
    """Add golden pictures and manifest: `put_package` is what is left.

    Raises BlindEngineError for an engine that sees none of the defective parts: with it a station would inspect nothing.
    """
    if cut.remedy:
        raise BlindEngineError(f"no package is made of it. {cut.evidence} {cut.remedy}")
    engines = [ExportedEngine(draft.model_path, precision) for precision in measured]
    golden = _write_golden(draft, sheet, engines, cut.score)
    height, width = draft.golden.samples[0].read_picture().shape[:2]
    channels = _channels(draft.trained.settings.bands)
    manifest = EngineManifest(
        format=1,
        name=draft.out.name,
        defect=sheet.defect,
        colour=sheet.colour,
        input=EngineInput(height=height, width=width, channels=channels, mm_per_px=sheet.mm_per_px),
        precisions=list(measured),
        t_low=cut.t_low,
        threshold=Threshold(score=cut.score, evidence=cut.evidence),
        smallest_defect_px=sheet.smallest_defect_px,
        calibration=Calibration(alpha=draft.logit_map.alpha, scale=draft.logit_map.scale, bias=draft.logit_map.bias),
        metrics=_all_metrics(measured, sheet, cut, draft.fit.mask_cut),
        training=_training_record(draft.trained, sheet),
        parity=sheet.parity,
        golden=golden,
        files=_file_digests(draft.folder, golden),
    )
    write_manifest(draft.folder, manifest)


def put_package(draft: Draft) -> EnginePackage:
    """Put a finished package in its place, and verify it there."""
    put_in_place(draft.folder, draft.out)
    return load_engine_package(draft.out)


def _all_metrics(
    measured: Mapping[Precision, Measurement], sheet: EngineSheet, cut: Cut, mask_cut: float
) -> dict[str, Metric]:
    """Of every precision; the first one's names stand by themselves."""
    metrics: dict[str, Metric] = {}
    for number, (precision, each) in enumerate(measured.items()):
        suffix = "" if number == 0 else f"_{precision}"
        for where, words, evaluation in (
            ("validation", sheet.validation_words, each.validation),
            ("test", sheet.test_words, each.test),
        ):
            found = _metrics(where, f"{words}, in {precision}", evaluation, cut, mask_cut, sheet.counted)
            metrics |= {f"{name}{suffix}": metric for name, metric in found.items()}
    return metrics


def _training_record(trained: TrainedNetwork, sheet: EngineSheet) -> TrainingRecord:
    return TrainingRecord(
        digest=sheet.training_digest,
        seed=sheet.seed,
        command=sheet.command,
        steps=trained.steps,
        minutes=round(trained.minutes, 1),
        parameters=sum(p.numel() for p in trained.network.parameters()),
        version=VERSION,
        git=git_state(Path(__file__).parent),
    )


def _file_digests(package: Path, golden: list[GoldenPicture]) -> dict[str, str]:
    files = [MODEL_FILE, *(file for pair in golden for file in (pair.picture, pair.mask))]
    return {file: file_digest(package / file) for file in files}


def clear_of_cut(pictures: Sequence[int], count: int, score_of: Callable[[int], float], cut: float) -> list[int]:
    """Return the first pictures that are not scored so near the cut that a device's rounding may move them across it.

    Only the first ones are looked at; where too few of these are clear, others fill up.

    >>> clear_of_cut([4, 5, 6, 7], 2, {4: 0.31, 5: 0.9, 6: 0.3, 7: 0.1}.__getitem__, cut=0.3)
    [5, 7]
    """
    clear = islice((i for i in pictures[:GOLDEN_TRIES] if abs(score_of(i) - cut) > MOST_SCORE_DIFF), count)
    return list(dict.fromkeys([*clear, *pictures]))[:count]


def _write_golden(draft: Draft, sheet: EngineSheet, engines: Sequence[ExportedEngine], cut: float) -> list[GoldenPicture]:
    """Two pictures with the fewest defect pixels, two with the most, two good ones; what PyTorch expects of each.

    Raises TrainingStoppedError if the exported graph is not well within the parity limits of PyTorch.
    """
    samples = draft.golden.samples
    area = [sample.positive_px for sample in samples]
    decidable = [i for i in np.argsort(area) if area[i] >= 2 * sheet.smallest_defect_px]
    clean = [i for i, sample in enumerate(samples) if not sample.is_defective]
    bands = draft.trained.settings.bands
    is_rgb = bands == RGB

    @cache
    def looked_at(i: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        view = samples[i].read_picture()
        return view, torch_probability(draft.trained.network, draft.logit_map, view[None], bands)[0]

    def chosen(pictures: Sequence[int], count: int) -> list[int]:
        return clear_of_cut(pictures, count, lambda i: map_score(looked_at(i)[1], sheet.smallest_defect_px), cut)

    fewest, most = chosen(decidable, 2), chosen(decidable[::-1], 2)[::-1]
    golden = []
    for n, i in enumerate([*fewest, *most, *chosen(clean, 1), *chosen(clean[::-1], 1)]):
        view, expected = looked_at(i)
        for engine in engines:
            refuse_wrong_export(draft.out, engine.probability(view[None])[0], expected, sheet, engine.precision)
        kept = samples[i].view is None
        ending = samples[i].picture.suffix if kept else ".png" if is_rgb else ".tif"
        name = f"golden/{n + 1}{ending}" if kept else f"golden/{n + 1}-view{ending}"
        pair = GoldenPicture(picture=name, mask=f"golden/{n + 1}.png", defective=area[i] > 0)
        if kept:
            shutil.copyfile(samples[i].picture, draft.folder / pair.picture)
        elif is_rgb:
            _write_png(draft.folder / pair.picture, cv2.cvtColor(view, cv2.COLOR_RGB2BGR))
        else:
            write_pages(draft.folder / pair.picture, view)
        _write_png(draft.folder / pair.mask, np.rint(255.0 * expected).astype(np.uint8))
        golden.append(pair)
    return golden


def _channels(bands: Sequence[Band]) -> Literal["rgb"] | list[ManifestBand]:
    """As a manifest names them."""
    if tuple(bands) == RGB:
        return "rgb"
    return [ManifestBand(name=band.name, mean=band.mean, std=band.std, filters=band.filters) for band in bands]


def _write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    is_encoded, encoded = cv2.imencode(".png", pixels)
    assert is_encoded  # of these dtypes
    path.write_bytes(encoded.tobytes())  # of a full disk cv2.imwrite says nothing but no


def refuse_wrong_export(
    out: Path, actual: NDArray[np.float32], expected: NDArray[np.float32], sheet: EngineSheet, precision: str
) -> None:
    """Raise TrainingStoppedError where a graph's map is not well within what a station allows of PyTorch's.

    Maps are float32 (h, w), 0..1; NaN is refused too.
    """
    limits = limits_in(precision, sheet.parity)
    scores = [map_score(each, sheet.smallest_defect_px) for each in (actual, expected)]
    for what, difference, limit in (
        ("a pixel", float(np.abs(actual - expected).max()), limits.max_abs_diff),
        ("the score", abs(scores[0] - scores[1]), MOST_SCORE_DIFF),
        ("doubtful pixels' mean log-odds", abs(odds_drift(actual, to_bytes(expected)) or 0.0), MOST_DRIFT[precision]),
    ):
        allowed = EXPORT_SHARE * limit
        if not difference <= allowed:
            raise TrainingStoppedError(
                f"{out}: the exported graph differs from PyTorch in {precision}: {what} of a golden picture by "
                f"{difference:.3g}, {allowed:.3g} is allowed, so no package is made of it. What was learned is kept; learn "
                "for more steps, with more weight decay, or begin with other weights"
            )


def _metrics(where: str, on: str, evaluation: Evaluation, cut: Cut, mask_cut: float, counted: Counted) -> dict[str, Metric]:
    scores = evaluation.parts[cut.t_low]
    rows = {
        "escapes": (
            *evaluation.share({name: score < cut.score for name, score in scores.defective.items()}),
            len(scores.defective),
            f"share of defective {counted} below the cut; {on}",
        ),
        "false_rejects": (
            *evaluation.share({name: not score < cut.score for name, score in scores.good.items()}),
            len(scores.good),
            f"share of good {counted} at or above the cut; {on}",
        ),
    }
    if evaluation.dice_count:  # none where nobody said where the defects are
        words = f"mean Dice at p >= {mask_cut:g} of pictures with the defect, bootstrap by part; {on}"
        rows = {"dice": (*evaluation.mean_dice(), evaluation.dice_count, words), **rows}
    return {
        f"{where}_{key}": Metric(value=round(value, 4), low=round(low, 4), high=round(high, 4), n=n, of=of)
        for key, (value, low, high, n, of) in rows.items()
    }
