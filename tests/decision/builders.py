"""Hand-made parts and messages for tests of the decision room and its worker."""

from __future__ import annotations

from collections.abc import Sequence

from edge_inspector.decision import Criteria, EngineDefect, Viewpoints
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Judged, Judgement, NotJudged, NotJudgedReason, Region
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.view import MissingReason, View, ViewMissing
from edge_inspector.station.recipe import Recipe

DIGEST = "ab" * 32
HEIGHT_PX, WIDTH_PX = 32, 128
MM_PER_PX = 0.1
T_LOW = 0.25
DEFECTS = {"crack-d2s2": EngineDefect("crack", 9), "stain-d2s2": EngineDefect("stain", 9)}
INFERENCE = "aaaaaaaaaaaa"


def recipe(engines: tuple[str, ...] = ("crack-d2s2",), rules: list[dict[str, object]] | None = None) -> Recipe:
    return Recipe.model_validate(
        {
            "format": 1,
            "product": "straw",
            "view": {"height_px": HEIGHT_PX, "width_px": WIDTH_PX},
            "mm_per_px": MM_PER_PX,
            "presence": {
                "kind": "silhouette",
                "length_mm": {"min": 1.0, "max": 20.0},
                "width_mm": {"min": 1.0, "max": 5.0},
            },
            "engines": {engine: f"engines/{engine}" for engine in engines},
            "rules": rules
            or [{"name": engine, "engine": engine, "min_score": 0.5, "min_length_mm": 1.0} for engine in engines],
        }
    )


def criteria(recipe_of: Recipe | None = None, cameras: Sequence[str] = ("c1", "c2")) -> Criteria:
    return Criteria(recipe_of or recipe(), DEFECTS, Viewpoints(dict.fromkeys(cameras), speed_mm_s=100.0))


def key(seq: int = 1, *, nonce: int = 77, digest: str = DIGEST) -> PartKey:
    return PartKey(run=3, seq=seq, nonce=nonce, recipe=digest)


def arrival(part: PartKey | None = None, *, trigger_ms: int = 1000, verdict_by_ms: int = 1100, flagged: str = "") -> Arrival:
    return Arrival(
        key=part or key(),
        trigger_ns=trigger_ms * NS_PER_MS,
        verdict_by_ns=verdict_by_ms * NS_PER_MS,
        sent_ns=trigger_ms * NS_PER_MS,
        flagged=flagged,
    )


def view(part: PartKey | None = None, camera: str = "c1", *, frame: int = 5, width_px: int = WIDTH_PX) -> View:
    return View(
        key=part or key(),
        camera=camera,
        frame_number=frame,
        stamp_ns=1000 * NS_PER_MS + frame,
        frame_ns=1000 * NS_PER_MS,
        skew_ms=0.5,
        height_px=HEIGHT_PX,
        width_px=width_px,
        seen_height_px=HEIGHT_PX,
        seen_width_px=width_px,
        chosen_ns=0,
        sent_ns=0,
        verdict_by_ns=0,  # nobody but the arrival says the deadline
    )


def region(width_px: int = 40, height_px: int = 3, value: int = 255, x_px: int = 30, y_px: int = 10) -> Region:
    return Region(x_px, y_px, width_px, height_px, bytes([value]) * (width_px * height_px))


CLEAN = Judged(score=0.01, t_low=T_LOW, regions=())
CRACKED = Judged(score=1.0, t_low=T_LOW, regions=(region(),))
NOT_JUDGED = NotJudged(NotJudgedReason.TOO_LATE, "12 ms short")


def judgement(
    part: PartKey | None = None,
    camera: str = "c1",
    result: Judged | NotJudged = CLEAN,
    *,
    engine: str = "crack-d2s2",
    frame: int = 5,
    times_ms: tuple[int, int] = (1010, 1020),
    width_px: int = WIDTH_PX,
    sent_ms: int = 0,
) -> Judgement:
    return Judgement(
        view=view(part, camera, frame=frame, width_px=width_px),
        engine=engine,
        result=result,
        received_ns=0,
        started_ns=times_ms[0] * NS_PER_MS,
        ended_ns=times_ms[1] * NS_PER_MS,
        sent_ns=sent_ms * NS_PER_MS,
    )


def missing(part: PartKey | None = None, camera: str = "c1", reason: MissingReason = MissingReason.NO_FRAME) -> ViewMissing:
    return ViewMissing(part or key(), camera, reason, "nearest 40 ms away", 0)
