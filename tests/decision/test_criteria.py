from __future__ import annotations

import pytest

from edge_inspector.decision import Criteria, Viewpoints
from edge_inspector.domain.errors import ConfigurationError
from tests.decision import builders as b
from tests.decision import ring


@pytest.mark.parametrize("cameras", [[], ["c1"]])
@pytest.mark.parametrize("rule_engine", ["crack-d2s2", "stain-d2s2"])
def test_a_recipe_that_could_never_reject_is_refused(cameras: list[str], rule_engine: str) -> None:
    recipe = b.recipe(rules=[{"name": "r", "engine": rule_engine, "min_score": 0.5}])
    if cameras and rule_engine == "crack-d2s2":
        b.criteria(recipe, cameras)
        return
    with pytest.raises(ConfigurationError, match="every engine needs a manifest and a rule"):
        b.criteria(recipe, cameras)


def test_a_surface_needs_the_place_of_every_camera() -> None:
    places = {**ring.PLACES, "c7": None}
    with pytest.raises(ConfigurationError, match="no place of c7"):
        Criteria(ring.recipe(), b.DEFECTS, Viewpoints(places, ring.SPEED_MM_S))


@pytest.mark.parametrize("fusion", ["max", "weighted"])
def test_views_can_not_be_put_together_without_a_surface(fusion: str) -> None:
    recipe = b.recipe().model_copy(update={"fusion": fusion})
    with pytest.raises(ConfigurationError, match=f"fusion {fusion} needs a surface"):
        b.criteria(recipe)


def test_belt_speed_and_time_say_how_far_the_part_has_come() -> None:
    assert Viewpoints({}, speed_mm_s=250.0).lead_mm(trigger_ns=1_000_000_000, frame_ns=1_400_000_000) == pytest.approx(100.0)
