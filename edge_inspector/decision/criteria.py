"""What parts are judged by: the recipe, its engines, and what of the station is needed to put views together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.recipe import Recipe, Rule
from edge_inspector.station.station import CameraPlace, Occlusion

Pair = tuple[str, str]  # camera, engine


@dataclass(frozen=True, slots=True)
class EngineDefect:
    """What decision must know of an engine: the defect's name and the area of the smallest one that matters, in px."""

    name: str
    smallest_px: int


@dataclass(frozen=True, slots=True)
class Viewpoints:
    """What of the station decision must know: its cameras, where they stand (only needed with the recipe's `surface`), the
    speed of the belt, and what of the surface is hidden from them."""

    places: Mapping[str, CameraPlace | None]
    speed_mm_s: float
    occlusions: tuple[Occlusion, ...] = ()

    def lead_mm(self, trigger_ns: int, frame_ns: int) -> float:
        """Return how far behind the sensor the part's leading end was when a frame was exposed, by belt speed and time."""
        return self.speed_mm_s * (frame_ns - trigger_ns) / NS_PER_S


@dataclass(frozen=True, slots=True)
class Criteria:
    """Everything that parts are judged by.

    Raises:
        ConfigurationError: no camera, an engine without a defect, a rule and an engine without each other, a camera
            without a place where the recipe has a `surface`, or a fusion that needs one where it has none.
    """

    recipe: Recipe
    defects: Mapping[str, EngineDefect]
    viewpoints: Viewpoints

    def __post_init__(self) -> None:
        recipe, places = self.recipe, self.viewpoints.places
        engines, ruled = set(recipe.engines), {rule.engine for rule in recipe.rules}
        if not places or not engines or engines != ruled or not engines <= set(self.defects):
            raise ConfigurationError(
                f"recipe {recipe.product}: cameras {sorted(places)}, engines {sorted(engines)}, rules for {sorted(ruled)}, "
                f"manifests for {sorted(self.defects)}; every engine needs a manifest and a rule, and every rule an engine"
            )
        unplaced = sorted(camera for camera, place in places.items() if place is None)
        if recipe.surface is not None and unplaced:
            raise ConfigurationError(
                f"recipe {recipe.product} has a surface, but the station file has no place of {', '.join(unplaced)}; "
                "calibrate the cameras and write where they stand"
            )
        if recipe.surface is None and recipe.fusion != "any":
            raise ConfigurationError(f"recipe {recipe.product}: fusion {recipe.fusion} needs a surface")

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Every camera with every engine: what an ACCEPT needs the judgement of."""
        return tuple((camera, engine) for camera in self.viewpoints.places for engine in self.recipe.engines)

    def rules_for(self, engine: str) -> list[Rule]:
        """Return the rules that weigh what this engine marks."""
        return [rule for rule in self.recipe.rules if rule.engine == engine]

    def cuts_for(self, engine: str) -> list[float]:
        """Return the probabilities at which this engine's marks are measured, rising."""
        return sorted({rule.min_score for rule in self.rules_for(engine)})
