"""The recipe: what is inspected for one product. Named by the SHA-256 of its canonical content and its engines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from edge_inspector.station.model import FileModel, Name, NonNegativeMm, PixelCount, PositiveMm


class Window(FileModel):
    """A closed range in millimetres."""

    min: NonNegativeMm
    max: PositiveMm


class SilhouettePresence(FileModel):
    """The picture shows exactly one whole part before a background: line.md 1, in its first form."""

    kind: Literal["silhouette"]
    background: Literal["dark", "light"] = "dark"
    min_contrast: Annotated[int, Field(ge=1, le=255)] = Field(
        default=30, description="grey levels between part and background"
    )
    length_mm: Window
    width_mm: Window
    touches_border: bool = Field(default=False, description="true: the part may be cut by the picture's border")


class FullFramePresence(FileModel):
    """The surface fills the picture: mean brightness and texture tell it from an empty or dark one."""

    kind: Literal["full_frame"]
    mean_grey: tuple[Annotated[float, Field(ge=0, le=255)], Annotated[float, Field(ge=0, le=255)]] = Field(
        description="[least, most] mean grey level of a good picture"
    )
    min_grey_deviation: Annotated[float, Field(ge=0, le=255)] = Field(default=2.0, description="least standard deviation")


class ViewShape(FileModel):
    """The size of every view after cropping."""

    height_px: PixelCount
    width_px: PixelCount


class Rule(FileModel):
    """Rejects a part when one finding of `engine` reaches every limit given. A part is rejected when any rule rejects it."""

    name: Name
    engine: Name
    min_score: Annotated[float, Field(gt=0, le=1)]
    min_area_mm2: NonNegativeMm = 0.0
    min_length_mm: NonNegativeMm = 0.0


class Recipe(FileModel):
    """One recipe file."""

    format: Literal[1]
    product: Name
    view: ViewShape
    mm_per_px: PositiveMm
    presence: Annotated[SilhouettePresence | FullFramePresence, Field(discriminator="kind")]
    engines: Annotated[dict[Name, str], Field(min_length=1, max_length=16, description="engine name: its folder")]
    fusion: Literal["any"] = "any"
    rules: Annotated[list[Rule], Field(min_length=1, max_length=64)]


def recipe_digest(recipe: Recipe, engine_digests: Mapping[str, str]) -> str:
    """Return the SHA-256 of a recipe's canonical content with the digests of its engines, in hexadecimal.

    Folder paths of engines do not count: what is inside them does.
    """
    content = recipe.model_dump(mode="json")
    content["engines"] = dict(sorted(engine_digests.items()))
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
