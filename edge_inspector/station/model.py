"""The strict base of every file that people write: unknown keys are errors, nothing is coerced, every number is finite."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")]
LotName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,64}$")]
PositiveMs = Annotated[float, Field(gt=0, le=3_600_000, allow_inf_nan=False)]
NonNegativeMs = Annotated[float, Field(ge=0, le=3_600_000, allow_inf_nan=False)]
PositiveMm = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
NonNegativeMm = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Angle = Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)]  # degrees
PixelCount = Annotated[int, Field(ge=1, le=16384)]


class FileModel(BaseModel):
    """Base class: frozen, strict (an int is taken for a float, nothing else is converted), no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
