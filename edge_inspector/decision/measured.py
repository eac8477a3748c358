"""What the rules are asked about: a place of the part that an engine marked at a cut, with all that a rule may weigh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_inspector.domain.finding import Finding, SurfacePlace


@dataclass(frozen=True, slots=True)
class PixelBox:
    """A box in pixels of a view."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Extent:
    """From where to where something reaches: along in mm from the leading end, or around in degrees (to >= from)."""

    start: float
    end: float

    @property
    def middle(self) -> float:
        """Half way."""
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class Measured:
    """One place of the part, marked by one engine at one cut.

    `along_mm` and `angle_deg` are None where it is not known where on the part the place lies; `text_mm` is the place along
    that a reason names: from the leading end, or from the picture's edge where no outline says where the part begins.
    """

    engine: str
    defect: str
    score: float  # 0..1
    area_mm2: float
    length_mm: float
    width_mm: float
    cameras: tuple[str, ...]  # that saw it, the one that shows it best first
    box: PixelBox  # in the view of the first camera
    text_mm: float
    along_mm: Extent | None = None
    angle_deg: Extent | None = None
    part_length_mm: float | None = None

    @property
    def place(self) -> SurfacePlace | None:
        """Where it lies on the part's surface; None where views stay apart."""
        if self.along_mm is None or self.angle_deg is None:
            return None
        return SurfacePlace(
            along_mm=self.along_mm.middle,
            angle_deg=self.angle_deg.middle % 360,
            along_extent_mm=self.along_mm.end - self.along_mm.start,
            angle_extent_deg=self.angle_deg.end - self.angle_deg.start,
        )

    def finding(self, *, rejects: bool) -> Finding:
        """Return it as the verdict names it."""
        return Finding(
            engine=self.engine,
            defect=self.defect,
            score=self.score,
            area_mm2=self.area_mm2,
            length_mm=self.length_mm,
            cameras=self.cameras,
            x_px=self.box.x_px,
            y_px=self.box.y_px,
            width_px=self.box.width_px,
            height_px=self.box.height_px,
            rejects=rejects,
            width_mm=self.width_mm,
            place=self.place,
        )


@dataclass(frozen=True, slots=True)
class Marked:
    """All that the engines marked, by engine and cut, and why some of it could not be measured. Every cut has an entry."""

    places: Mapping[tuple[str, float], Sequence[Measured]]
    doubts: tuple[str, ...] = ()
