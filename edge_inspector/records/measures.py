"""What a part measures by its silhouettes: the fields of a verdict, with or without a surface, under one set of names."""

from __future__ import annotations

import msgspec

from edge_inspector.domain.records import VerdictRecord


class Measures(msgspec.Struct, frozen=True):
    """Of the part in all its views together; None: not measured. Bow and the rest need the recipe's `surface`."""

    measured_length_mm: float | None = None  # end to end
    diameter_mm: float | None = None
    bow_mm: float | None = None
    taper_mm: float | None = None
    oval_mm: float | None = None
    coverage: float | None = None  # share of the surface that some view shows well, 0..1


MEASURE_NAMES: tuple[str, ...] = Measures.__struct_fields__


def measures_of(record: VerdictRecord) -> Measures:
    """Return what a verdict says of the part's size."""
    surface = record.surface
    if surface is None:
        return Measures(record.length_mm, record.diameter_mm)
    return Measures(
        surface.length_mm, surface.diameter_mm, surface.bow_mm, surface.taper_mm, surface.oval_mm, surface.coverage
    )
