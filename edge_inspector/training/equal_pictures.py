"""Parts that share a picture are one part: dealt apart, what is measured of it would be memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.defect_set import DefectSet, Sample


def join_equal_pictures(labelled: LabelledSet, sets: Mapping[str, DefectSet]) -> tuple[LabelledSet, dict[str, DefectSet]]:
    """A set, and what was made of it for each engine, with parts joined that hold the same file, byte for byte.

    The joined part is called by the name that sorts first; an oddity tells of every joining.
    """
    first: dict[str, Sample] = {}
    joined: dict[str, str] = {}
    oddities = []

    def name_of(part: str) -> str:
        while part in joined:
            part = joined[part]
        return part

    for sample in (sample for each in sets.values() for sample in each.samples):
        other = first.setdefault(sample.picture_digest, sample)
        kept, gone = sorted((name_of(other.part), name_of(sample.part)))
        if kept != gone:
            joined[gone] = kept
            oddities.append(f"{sample.picture}: equals {other.picture}, so that parts {kept} and {gone} are one")
    if not joined:
        return labelled, dict(sets)
    pictures = tuple(replace(each, part=name_of(each.part)) for each in labelled.pictures)
    renamed = {
        name: replace(each, samples=tuple(replace(sample, part=name_of(sample.part)) for sample in each.samples))
        for name, each in sets.items()
    }
    return replace(labelled, pictures=pictures, oddities=(*labelled.oddities, *oddities)), renamed
