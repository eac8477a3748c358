"""Scores of whole straws, as a station gives them: six views through presence, engine and fusion on the straw's surface.

A cut chosen on them is a cut of what the daemon will compare with it. Scores below `LEAST_SCORE` are all the same: nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge_inspector.decision import Criteria, EngineDefect, Viewpoints
from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.domain.judgement import NotJudged
from edge_inspector.rejudging import Eye, PartJudge, Rejudged
from edge_inspector.rejudging.generated import ring_cameras, take
from edge_inspector.station.engine_manifest import Precision
from edge_inspector.station.recipe import Recipe, Rule, SilhouettePresence, Surface, ViewShape, Window
from edge_inspector.synthesis.defects import DefectKind
from edge_inspector.synthesis.measured_parts import MeasuredPart, Stratum, draw_measured_part
from edge_inspector.synthesis.projection import HEIGHT, WIDTH
from edge_inspector.synthesis.session import MM_PER_PX, SPEED_MM_S
from edge_inspector.training.evaluate import Evaluation, ExportedEngine
from edge_inspector.training.metrics.overlap import overlap
from edge_inspector.training.package import Draft, EngineSheet, Measurement, Progress
from edge_inspector.training.part_scores import PartScores

VALIDATION_SEED = 61_000
TEST_SEED = 62_000
LEAST_SCORE = 0.06
KINDS = tuple(DefectKind)


@dataclass(slots=True)
class _Scores:
    good: dict[str, float] = field(default_factory=dict)
    defective: dict[str, float] = field(default_factory=dict)
    dice: list[float] = field(default_factory=list)

    @property
    def evaluation(self) -> Evaluation:
        return Evaluation(PartScores(self.good, self.defective), tuple(self.dice))


class RememberedEngine:
    """An exported engine that keeps the maps of the views it judged last, float32 (n, h, w)."""

    def __init__(self, name: str, engine: ExportedEngine) -> None:
        self.name = name
        self.maps: NDArray[np.float32] = np.empty((0, HEIGHT, WIDTH), np.float32)
        self._engine = engine

    @property
    def input_shape(self) -> tuple[int, int]:
        """Height and width in px of every view it takes."""
        return (HEIGHT, WIDTH)

    @property
    def precision(self) -> str:
        """In which it computes."""
        return self._engine.precision

    def judge(self, views: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the defect probability of every pixel: float32 (n, h, w)."""
        self.maps = np.concatenate([self._engine.probability(view[None]) for view in views])
        return self.maps

    def close(self) -> None:
        """Nothing to let go of."""


def measure_engines(
    drafts: Mapping[str, Draft], sheets: Mapping[str, EngineSheet], validation: int, test: int, progress: Progress
) -> dict[str, dict[Precision, Measurement]]:
    """Score good straws, and straws with one defect of each engine's own kind (more than 2 mm), in every precision.

    `validation` and `test` are how many parts of each sort. Every part is drawn once and judged by all engines.
    """
    engines = {
        (name, precision): RememberedEngine(name, ExportedEngine(draft.model_path, precision))
        for name, draft in drafts.items()
        for precision in sheets[name].precisions
    }
    on_validation = _score(engines, sheets, VALIDATION_SEED, validation, "validation", progress)
    on_test = _score(engines, sheets, TEST_SEED, test, "test", progress)
    return {
        name: {
            precision: Measurement(on_validation[name, precision].evaluation, on_test[name, precision].evaluation)
            for precision in sheets[name].precisions
        }
        for name in drafts
    }


def _score(
    engines: Mapping[tuple[str, Precision], RememberedEngine],
    sheets: Mapping[str, EngineSheet],
    seed: int,
    count: int,
    where: str,
    progress: Progress,
) -> dict[tuple[str, Precision], _Scores]:
    judges = {key: _judge(engine, sheets[key[0]]) for key, engine in engines.items()}
    scores = {key: _Scores() for key in engines}
    wanted = {name: DefectKind(sheet.defect) for name, sheet in sheets.items()}
    todo = list(_numbers(count, set(wanted.values())))
    for done, (stratum, number, kind) in enumerate(todo, 1):
        measured = draw_measured_part(seed, number, stratum)
        pictures = take(measured)
        for (name, precision), judge in judges.items():
            if kind not in (None, wanted[name]):
                continue
            rejudged = judge.judge(pictures)
            if not _is_whole(rejudged):
                continue  # the part would be UNINSPECTED: not the engine's to judge
            into = scores[name, precision]
            scored = into.good if kind is None else into.defective
            scored[f"{stratum.value}-{number}"] = max(rejudged.score(name), LEAST_SCORE / 2)
            if kind is not None:
                into.dice += _dice(engines[name, precision].maps, measured, kind)
        progress(f"judging straws for {where}", done / len(todo))
    for (name, precision), each in scores.items():
        if min(len(each.good), len(each.defective)) < 0.95 * count:
            raise TrainingDataError(
                f"engine {name} in {precision}: only {len(each.good)} good and {len(each.defective)} defective straws of "
                f"{count} each could be judged; look at presence and geometry first"
            )
    return scores


def _numbers(count: int, kinds: set[DefectKind]) -> Iterator[tuple[Stratum, int, DefectKind | None]]:
    """Good parts, and of each kind parts with one defect of it; the kinds have their turns."""
    for number in range(count):
        yield Stratum.GOOD, number, None
    for number in range(count * len(KINDS)):
        kind = KINDS[number % len(KINDS)]
        if kind in kinds:
            yield Stratum.MUST_FIND, number, kind


def _judge(engine: RememberedEngine, sheet: EngineSheet) -> PartJudge:
    cameras = ring_cameras()
    recipe = Recipe(
        format=1,
        product="reed_straw",
        view=ViewShape(height_px=HEIGHT, width_px=WIDTH),
        mm_per_px=MM_PER_PX,
        presence=SilhouettePresence(
            kind="silhouette", min_contrast=20, length_mm=Window(min=50, max=70), width_mm=Window(min=4, max=13)
        ),
        surface=Surface(),
        engines={engine.name: engine.name},
        fusion="max",
        rules=[Rule(name=engine.name, engine=engine.name, min_score=LEAST_SCORE)],
    )
    viewpoints = Viewpoints({name: camera.place for name, camera in cameras.items()}, SPEED_MM_S)
    criteria = Criteria(recipe, {engine.name: EngineDefect(sheet.defect, sheet.smallest_defect_px)}, viewpoints)
    return PartJudge(criteria, cameras, {engine.name: Eye(engine, LEAST_SCORE / 2, sheet.smallest_defect_px)})


def _is_whole(rejudged: Rejudged) -> bool:
    judged = rejudged.judgements.values()
    return not rejudged.missing and not any(isinstance(each.result, NotJudged) for each in judged)


def _dice(maps: NDArray[np.float32], measured: MeasuredPart, kind: DefectKind) -> list[float]:
    """Dice at p >= 0.5 of each view that shows the defect, where the surface is not seen too flat."""
    values = []
    for probability, view in zip(maps, measured.views, strict=True):
        seen = ~view.exposure.flat
        found, truth = (probability >= 0.5) & seen, (view.exposure.masks[kind] > 0) & seen
        if truth.any():
            values.append(overlap(found, truth).dice)
    return values
