"""The recipe: what is inspected for one product. Named by the SHA-256 of its canonical content and its engines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from edge_inspector.station.model import Angle, FileModel, Name, NonNegativeMm, PixelCount, PositiveMm, Share


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
    length_mm: Window = Field(description="of the part along its own axis")
    width_mm: Window = Field(description="of the part across its axis, the median over its length; tilt and bow add nothing")
    max_tilt_deg: Annotated[float, Field(gt=0, le=90)] = Field(
        default=90.0, description="the part's axis against the picture's rows", json_schema_extra={"unit": "°"}
    )
    max_off_centre_mm: PositiveMm = Field(
        default=100_000.0, description="the part's axis may lie so far from the middle of the picture's height"
    )
    min_fill: Share = Field(
        default=0.0, description="least share of its own tilted box that the part fills; a foreign object fills less"
    )
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


class Surface(FileModel):
    """The part is a round rod: what its views show is put together on its surface, in degrees around and mm along it."""

    max_incidence_deg: Annotated[float, Field(gt=0, lt=90)] = Field(
        default=60.0,
        description="surface seen at a flatter angle than this does not count for a view",
        json_schema_extra={"unit": "°"},
    )
    same_defect_mm: PositiveMm = Field(
        default=0.5, description="places of one defect so close to each other are one finding, also from two views"
    )
    min_coverage: Share = Field(
        default=0.99, description="least share of the surface that one view or more must show; less is UNINSPECTED"
    )
    max_step_mm: PositiveMm = Field(
        default=1.5, description="where a view shows the part's ends against where belt speed and time put them"
    )
    max_lead_error_mm: PositiveMm = Field(
        default=5.0, description="where all views together show the part against where belt speed and time put it"
    )


class Zone(FileModel):
    """Where on the part a rule holds. Needs `surface` for `angle_deg`."""

    along_mm: tuple[NonNegativeMm, PositiveMm] | None = Field(
        default=None, description="[from, to] along the part, from the end named by `from_end`"
    )
    from_end: Literal["leading", "trailing"] = Field(default="leading", description="the end that comes first, or last")
    angle_deg: tuple[Angle, Angle] | None = Field(
        default=None,
        description="[from, to] around the part; [350, 10] goes through 0",
        json_schema_extra={"unit": "°"},
    )


class Rule(FileModel):
    """Rejects a part when findings of `engine` reach its limits. A part is rejected when any rule rejects it."""

    name: Name = Field(description="the reason that a rejected part is given")
    engine: Name = Field(description="one of `engines`")
    min_score: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="a finding is what the engine marks with at least this probability; lower rejects more"
    )
    min_area_mm2: NonNegativeMm = Field(default=0.0, description="smaller findings do not reject")
    min_length_mm: NonNegativeMm = Field(default=0.0, description="shorter findings do not reject")
    min_width_mm: NonNegativeMm = Field(default=0.0, description="narrower findings do not reject")
    combine: Literal["all", "any"] = Field(
        default="all",
        description="all: a finding must reach every limit given; any: one of area, length and width is enough",
    )
    min_count: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=1, description="so many findings must reach the limits, fewer do not reject"
    )
    zone: Zone | None = Field(default=None, description="only findings here count; default: everywhere")


class Limits(FileModel):
    """What a good part measures; one of the two may be left out."""

    min: NonNegativeMm | None = Field(default=None, description="smallest that is good")
    max: PositiveMm | None = Field(default=None, description="largest that is good")


class Dimensions(FileModel):
    """Rules on the part's own measures, from its silhouette; they need no engine."""

    length_mm: Limits | None = Field(default=None, description="end to end")
    diameter_mm: Limits | None = Field(default=None, description="mean over the length")
    bow_mm: Limits | None = Field(
        default=None, description="farthest that the axis lies from the straight line between its ends"
    )
    taper_mm: Limits | None = Field(default=None, description="difference of the diameter between the two ends")
    oval_mm: Limits | None = Field(
        default=None, description="largest less smallest diameter of a cross-section; needs `surface`"
    )


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
    surface: Surface | None = Field(
        default=None, description="the part is a round rod in a station with `pose: ring`; default: views stay apart"
    )
    fusion: Literal["any", "max", "weighted"] = Field(
        default="any",
        description="any: each view is judged on its own, one defect is enough; max: where views overlap the highest "
        "probability counts; weighted: their mean, by how straight each looks at the place. max and weighted need `surface`",
    )
    rules: Annotated[list[Rule], Field(min_length=1, max_length=64)] = Field(
        description="the part is rejected when any rule is met"
    )
    dimensions: Dimensions = Field(default=Dimensions(), description="limits of the part's own measures")


def recipe_digest(recipe: Recipe, engine_digests: Mapping[str, str]) -> str:
    """Return the SHA-256 of a recipe's canonical content with the digests of its engines, in hexadecimal.

    Folder paths of engines do not count: what is inside them does.
    """
    content = recipe.model_dump(mode="json")
    content["engines"] = dict(sorted(engine_digests.items()))
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
