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

    min: NonNegativeMm = Field(description="smallest that is good")
    max: PositiveMm = Field(description="largest that is good")


class SilhouettePresence(FileModel):
    """The picture shows exactly one whole part before a background, in a picture reduced four times."""

    kind: Literal["silhouette"] = Field(description="one whole part before a background")
    background: Literal["dark", "light"] = Field(default="dark", description="dark: the part is lighter than it")
    min_contrast: Annotated[int, Field(ge=1, le=255)] = Field(
        default=30, description="grey levels between part and background", json_schema_extra={"unit": "grey levels"}
    )
    length_mm: Window = Field(description="of the part along the picture's rows")
    width_mm: Window = Field(description="of the part across the rows; a tilted one is too wide")
    touches_border: bool = Field(default=False, description="true: the part may be cut by the picture's border")


class FullFramePresence(FileModel):
    """The surface fills the picture: mean brightness and texture tell it from an empty or dark one."""

    kind: Literal["full_frame"] = Field(description="a surface that fills the picture")
    mean_grey: tuple[Annotated[float, Field(ge=0, le=255)], Annotated[float, Field(ge=0, le=255)]] = Field(
        description="[least, most] mean grey level of a good picture", json_schema_extra={"unit": "grey levels"}
    )
    min_grey_deviation: Annotated[float, Field(ge=0, le=255)] = Field(
        default=2.0,
        description="least standard deviation of the grey levels; an empty picture is flatter than a surface",
        json_schema_extra={"unit": "grey levels"},
    )


class ViewShape(FileModel):
    """The size of every view after cropping."""

    height_px: PixelCount = Field(description="what the engines were made for")
    width_px: PixelCount = Field(description="what the engines were made for")


class Rule(FileModel):
    """Rejects a part when one finding of `engine` reaches every limit given. A part is rejected when any rule rejects it."""

    name: Name = Field(description="the reason that a rejected part is given")
    engine: Name = Field(description="one of `engines`")
    min_score: Annotated[float, Field(gt=0, le=1)] = Field(
        description="a finding is what the engine marks with at least this probability; lower rejects more"
    )
    min_area_mm2: NonNegativeMm = Field(default=0.0, description="smaller findings do not reject")
    min_length_mm: NonNegativeMm = Field(default=0.0, description="shorter findings do not reject")


class Recipe(FileModel):
    """One recipe file."""

    format: Literal[1] = Field(description="version of this file's form")
    product: Name = Field(description="name of what is inspected")
    view: ViewShape = Field(description="size of every camera's picture, after cropping with its roi")
    mm_per_px: PositiveMm = Field(description="how much of the part one pixel shows, measured with a scale in the picture")
    presence: Annotated[SilhouettePresence | FullFramePresence, Field(discriminator="kind")] = Field(
        description="what one whole part looks like; a view that shows anything else makes the part UNINSPECTED"
    )
    engines: Annotated[dict[Name, str], Field(min_length=1, max_length=16, description="engine name: its folder")]
    fusion: Literal["any"] = Field(default="any", description="any: each view is judged on its own, one defect is enough")
    rules: Annotated[list[Rule], Field(min_length=1, max_length=64)] = Field(
        description="the part is rejected when any rule is met"
    )


def recipe_digest(recipe: Recipe, engine_digests: Mapping[str, str]) -> str:
    """Return the SHA-256 of a recipe's canonical content with the digests of its engines, in hexadecimal.

    Folder paths of engines do not count: what is inside them does.
    """
    content = recipe.model_dump(mode="json")
    content["engines"] = dict(sorted(engine_digests.items()))
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
