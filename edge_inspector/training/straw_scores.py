"""Scores of whole straws, as a station gives them: six views through presence, engine and fusion on the straw's surface.

A cut chosen on them is a cut of what the daemon will compare with it. Scores below `LEAST_SCORE` are all the same: nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge_inspector.decision import Criteria, EngineDefect, Viewpoints
from edge_inspector.domain.errors import TrainingDataError, TrainingStoppedError
from edge_inspector.domain.judgement import NotJudged
from edge_inspector.rejudging import Eye, PartJudge, Rejudged
from edge_inspector.rejudging.generated import ring_cameras, take
from edge_inspector.station.engine_manifest import Precision, file_digest
from edge_inspector.station.recipe import Recipe, Rule, SilhouettePresence, Surface, ViewShape, Window
from edge_inspector.synthesis.defects import DefectKind
from edge_inspector.synthesis.drawing_pool import drawing_pool
from edge_inspector.synthesis.measured_parts import MeasuredPart, Stratum, draw_measured_part
from edge_inspector.synthesis.projection import HEIGHT, WIDTH
from edge_inspector.synthesis.session import MM_PER_PX, SPEED_MM_S
from edge_inspector.training.evaluate import Evaluation, ExportedEngine
from edge_inspector.training.kept_lines import KeptLines, code_digest
from edge_inspector.training.metrics.overlap import overlap
from edge_inspector.training.package import Draft, EngineSheet, Measurement, Progress
from edge_inspector.training.part_scores import PartScores

VALIDATION_SEED = 61_000
TEST_SEED = 62_000
FUSION: Literal["weighted"] = "weighted"  # the cuts hold for stations that fuse so
T_LOW = 0.1  # where regions begin. A mean over views feels it, so the engines ship with this very one
LEAST_SCORE = 2 * T_LOW
KINDS = tuple(DefectKind)
_Part = tuple[int, Stratum, int, DefectKind | None]  # seed, what is drawn, its number, its defect


@dataclass(slots=True)
class _Scores:
    good: dict[str, float] = field(default_factory=dict)
    defective: dict[str, float] = field(default_factory=dict)
    dice: dict[str, list[float]] = field(default_factory=dict)

    @property
    def evaluation(self) -> Evaluation:
        return Evaluation({T_LOW: PartScores(self.good, self.defective)}, self.dice)


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
    drafts: Mapping[str, Draft],
    sheets: Mapping[str, EngineSheet],
    validation: int,
    test: int,
    progress: Progress,
    kept: Path,
) -> dict[str, dict[Precision, Measurement]]:
    """Score good straws, and straws with one defect of each engine's own kind (more than 2 mm), in every precision.

    `validation` and `test` are how many parts of each sort. Every part is drawn once and judged by all engines; processes
    share the parts. What each part scored is kept in a file: the same engines, judged by the same code, go on with it.

    Raises:
        TrainingDataError: too few of the parts could be judged.
        TrainingStoppedError: one of the processes ended.
    """
    asked = [
        _Asked(name, precision, draft.model_path, sheets[name].defect, sheets[name].smallest_defect_px, draft.fit.mask_cut)
        for name, draft in drafts.items()
        for precision in sheets[name].precisions
    ]
    engines = {
        f"{each.name} in {each.precision}": repr(replace(each, model=Path(file_digest(each.model)))) for each in asked
    }
    lines = KeptLines(kept, {"code": code_digest(), "engines": engines})
    pool = drawing_pool(_open_judges, asked)
    try:
        on_validation = _score(pool, asked, VALIDATION_SEED, validation, "validation", progress, lines)
        on_test = _score(pool, asked, TEST_SEED, test, "test", progress, lines)
    except BrokenProcessPool as error:
        raise TrainingStoppedError(
            "a process that judged straws ended: for want of memory, or it said why above. Straws judged before are kept; "
            "give the same command again"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
    return {
        name: {
            precision: Measurement(on_validation[name, precision].evaluation, on_test[name, precision].evaluation)
            for precision in sheets[name].precisions
        }
        for name in drafts
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    """One engine in one precision, as a process opens it."""

    name: str
    precision: Precision
    model: Path
    defect: str
    smallest_defect_px: int
    mask_cut: float


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one engine in one precision made of one part; None: the part would be UNINSPECTED, not the engine's to judge."""

    name: str
    precision: Precision
    score: float | None
    dice: list[float]


def _score(
    pool: Executor, asked: Sequence[_Asked], seed: int, count: int, where: str, progress: Progress, lines: KeptLines
) -> dict[tuple[str, Precision], _Scores]:
    scores = {(each.name, each.precision): _Scores() for each in asked}
    todo = [(seed, *part) for part in _numbers(count, {DefectKind(each.defect) for each in asked})]
    judged_of = {(*key,): [_Judged(*each) for each in judged] for key, judged in lines.lines}
    left = [part for part in todo if _key_of(part) not in judged_of]
    progress(f"judging straws for {where}", 1 - len(left) / len(todo))
    for done, (part, judged) in enumerate(pool.map(_judge_part, left), len(todo) - len(left) + 1):
        judged_of[_key_of(part)] = judged
        lines.append([_key_of(part), [astuple(each) for each in judged]])
        progress(f"judging straws for {where}", done / len(todo))
    for part in todo:
        _, stratum, number, kind = part
        for each in judged_of[_key_of(part)]:
            if each.score is None:
                continue
            into = scores[each.name, each.precision]
            name = f"{stratum.value}-{number}"
            (into.good if kind is None else into.defective)[name] = each.score
            if each.dice:
                into.dice[name] = each.dice
    for (engine, precision), found in scores.items():
        if min(len(found.good), len(found.defective)) < 0.95 * count:
            raise TrainingDataError(
                f"engine {engine} in {precision}: only {len(found.good)} good and {len(found.defective)} defective straws "
                f"of {count} each could be judged; look at presence and geometry first"
            )
    return scores


def _key_of(part: _Part) -> tuple[int, str, int]:
    """What tells a part from others in a file."""
    seed, stratum, number, _ = part
    return seed, stratum.value, number


_judges: dict[tuple[str, Precision], tuple[_Asked, RememberedEngine, PartJudge]] = {}  # of one process of the pool


def _open_judges(asked: Sequence[_Asked]) -> None:
    for each in asked:
        engine = RememberedEngine(each.name, ExportedEngine(each.model, each.precision, threads=1))
        _judges[each.name, each.precision] = each, engine, _judge(engine, each.defect, each.smallest_defect_px)


def _judge_part(part: _Part) -> tuple[_Part, list[_Judged]]:
    """Draw a part and judge it by every engine that it is for: all of them if it is good."""
    seed, stratum, number, kind = part
    measured = draw_measured_part(seed, number, stratum)
    pictures = take(measured)
    found = []
    for asked, engine, judge in _judges.values():
        if kind not in (None, DefectKind(asked.defect)):
            continue
        rejudged = judge.judge(pictures)
        score = max(rejudged.score(asked.name), T_LOW) if _is_whole(rejudged) else None
        dice = [] if kind is None or score is None else _dice(engine.maps >= asked.mask_cut, measured, kind)
        found.append(_Judged(asked.name, asked.precision, score, dice))
    return part, found


def _numbers(count: int, kinds: set[DefectKind]) -> Iterator[tuple[Stratum, int, DefectKind | None]]:
    """Good parts, and of each kind parts with one defect of it; the kinds have their turns."""
    for number in range(count):
        yield Stratum.GOOD, number, None
    for number in range(count * len(KINDS)):
        kind = KINDS[number % len(KINDS)]
        if kind in kinds:
            yield Stratum.MUST_FIND, number, kind


def _judge(engine: RememberedEngine, defect: str, smallest_defect_px: int) -> PartJudge:
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
        fusion=FUSION,
        rules=[Rule(name=engine.name, engine=engine.name, min_score=LEAST_SCORE)],
    )
    viewpoints = Viewpoints({name: camera.place for name, camera in cameras.items()}, SPEED_MM_S)
    criteria = Criteria(recipe, {engine.name: EngineDefect(defect, smallest_defect_px)}, viewpoints)
    return PartJudge(criteria, cameras, {engine.name: Eye(engine, T_LOW, smallest_defect_px)})


def _is_whole(rejudged: Rejudged) -> bool:
    judged = rejudged.judgements.values()
    return not rejudged.missing and not any(isinstance(each.result, NotJudged) for each in judged)


def _dice(masks: NDArray[np.bool_], measured: MeasuredPart, kind: DefectKind) -> list[float]:
    """Dice of each view that shows the defect, where the surface is not seen too flat."""
    values = []
    for mask, view in zip(masks, measured.views, strict=True):
        seen = ~view.exposure.flat
        found, truth = mask & seen, (view.exposure.masks[kind] > 0) & seen
        if truth.any():
            values.append(overlap(found, truth).dice)
    return values
