"""A part that is judged outside of the daemon comes to what the daemon would say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.decision import Criteria, EngineDefect, Viewpoints
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.rejudging import Eye, PartJudge, Taken
from edge_inspector.rejudging.generated import ring_cameras, take
from edge_inspector.station.recipe import Recipe, Rule, SilhouettePresence, Surface, ViewShape, Window
from edge_inspector.station.station import Roi
from edge_inspector.synthesis.defects import DefectKind
from edge_inspector.synthesis.measured_parts import MeasuredPart, Stratum, draw_measured_part
from edge_inspector.synthesis.projection import HEIGHT, WIDTH
from edge_inspector.synthesis.session import MM_PER_PX, SPEED_MM_S

SEEN_HEIGHT = HEIGHT - 30  # of a camera whose views are padded


class MaskEngine:
    """An engine that knows the truth: it marks what the generator drew, in the order of the views."""

    name = "holes"
    input_shape = (HEIGHT, WIDTH)
    precision = "f32"

    def __init__(self, measured: MeasuredPart) -> None:
        clean = np.zeros((HEIGHT, WIDTH), np.uint8)
        self._masks = [view.exposure.masks.get(DefectKind.HOLE, clean) for view in measured.views]

    def judge(self, views: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.stack([mask.astype(np.float32) * (0.95 / 255) for mask in self._masks])[: len(views)]

    def close(self) -> None:
        pass


class PaddingEngine(MaskEngine):
    """One that marks all that lies below a row."""

    def judge(self, views: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        maps = np.zeros((len(views), HEIGHT, WIDTH), np.float32)
        maps[:, SEEN_HEIGHT:] = 0.95
        return maps


def judge_for(
    measured: MeasuredPart, engine: type[MaskEngine] = MaskEngine, seen_height: int = HEIGHT, **recipe: object
) -> PartJudge:
    seen = {"roi": Roi(width_px=WIDTH, height_px=seen_height), "fit": "pad"}
    cameras = {name: camera.model_copy(update=seen) for name, camera in ring_cameras().items()}
    wanted = Recipe(
        format=1,
        product="reed_straw",
        view=ViewShape(height_px=HEIGHT, width_px=WIDTH),
        mm_per_px=MM_PER_PX,
        presence=SilhouettePresence(
            kind="silhouette",
            min_contrast=20,
            length_mm=Window(min=50, max=70),
            width_mm=Window(min=4, max=13),
            max_tilt_deg=3,
            min_fill=0.8,
        ),
        surface=Surface(),
        engines={"holes": "holes"},
        fusion="max",
        rules=[Rule(name="hole", engine="holes", min_score=0.4, min_length_mm=1.0)],
    ).model_copy(update=recipe)
    viewpoints = Viewpoints({name: camera.place for name, camera in cameras.items()}, SPEED_MM_S)
    criteria = Criteria(wanted, {"holes": EngineDefect("hole", 60)}, viewpoints)
    return PartJudge(criteria, cameras, {"holes": Eye(engine(measured), 0.2, 60)})


HOLE = 2  # must-find parts have a crack, a stain, a hole in turn


@pytest.fixture(scope="module")
def with_hole() -> MeasuredPart:
    return draw_measured_part(3, HOLE, Stratum.MUST_FIND)


@pytest.fixture(scope="module")
def good() -> MeasuredPart:
    return draw_measured_part(3, 0, Stratum.GOOD)


def test_a_hole_is_found_once_where_it_was_drawn_and_as_large(with_hole: MeasuredPart) -> None:
    rejudged = judge_for(with_hole).judge(take(with_hole))
    (drawn,) = with_hole.part.defects
    (found,) = rejudged.assessment.findings
    assert rejudged.assessment.kind is VerdictKind.REJECT
    assert len(found.cameras) >= 2
    assert found.place is not None
    assert found.place.along_mm == pytest.approx(drawn.along_mm, abs=0.3)
    assert (found.place.angle_deg - drawn.angle_deg + 180) % 360 - 180 == pytest.approx(0, abs=2.0)
    assert found.length_mm == pytest.approx(drawn.size_mm, abs=0.3)
    assert found.width_mm == pytest.approx(drawn.width_mm, abs=0.35)
    assert rejudged.score("holes") == found.score > 0.8


def test_the_rod_is_the_one_that_was_drawn(good: MeasuredPart) -> None:
    surface = judge_for(good).judge(take(good)).assessment.surface
    body = good.part.pieces[0].surface.body
    assert surface is not None
    assert surface.length_mm == pytest.approx(body.length_mm, abs=0.1)
    assert surface.diameter_mm == pytest.approx(body.diameter_mm, abs=0.08)
    assert surface.bow_mm == pytest.approx(body.bow_mm, abs=0.05)


def test_a_good_part_is_accepted(good: MeasuredPart) -> None:
    assert judge_for(good).judge(take(good)).assessment.kind is VerdictKind.ACCEPT


def test_what_an_engine_says_of_padding_rejects_nothing(good: MeasuredPart) -> None:
    padded = judge_for(good, PaddingEngine, SEEN_HEIGHT).judge(take(good))
    assert {judgement.view.seen_height_px for judgement in padded.judgements.values()} == {SEEN_HEIGHT}
    assert padded.assessment.kind is VerdictKind.ACCEPT
    assert judge_for(good, PaddingEngine).judge(take(good)).assessment.kind is not VerdictKind.ACCEPT  # were it seen


def test_a_part_without_one_of_its_pictures_is_not_accepted(good: MeasuredPart) -> None:
    pictures = take(good)
    del pictures["c4"]
    assert judge_for(good).judge(pictures).assessment.kind is VerdictKind.UNINSPECTED


def test_a_damaged_picture_is_a_missing_view(good: MeasuredPart) -> None:
    pictures = take(good)
    pictures["c2"] = Taken(pictures["c2"].encoded[:5000], pictures["c2"].after_trigger_ns)
    rejudged = judge_for(good).judge(pictures)
    assert set(rejudged.missing) == {"c2"}
    assert rejudged.assessment.kind is VerdictKind.UNINSPECTED


def test_a_picture_of_another_instant_is_out_of_step(good: MeasuredPart) -> None:
    pictures = take(good)
    pictures["c5"] = Taken(pictures["c5"].encoded, pictures["c5"].after_trigger_ns + 15_000_000)  # 3 mm of belt
    assessment = judge_for(good).judge(pictures).assessment
    assert assessment.kind is VerdictKind.UNINSPECTED
    assert any("c5" in reason and "belt speed" in reason for reason in assessment.reasons)


@pytest.mark.parametrize("kind", [Stratum.EMPTY, Stratum.TWO, Stratum.HALF, Stratum.TILTED, Stratum.FOREIGN])
def test_a_wrong_part_is_never_accepted(kind: Stratum) -> None:
    for number in range(2):
        measured = draw_measured_part(4, number, kind)
        assert judge_for(measured).judge(take(measured)).assessment.kind is not VerdictKind.ACCEPT
