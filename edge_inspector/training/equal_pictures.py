"""Parts that share a picture are dealt together: apart, what is measured of one would be memory of the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.defect_set import DefectSet, Sample
from edge_inspector.training.split import Split


@dataclass(frozen=True, slots=True)
class DealtTogether:
    """Of parts that hold the same file, byte for byte, the name under which they are dealt, and what is told of it.

    They stay parts of their own to everything else: one black picture in two of them does not make them one.
    """

    names: Mapping[str, str]  # of those parts alone
    oddities: tuple[str, ...]

    def named(self, labelled: LabelledSet, sets: Mapping[str, DefectSet]) -> tuple[LabelledSet, dict[str, DefectSet]]:
        """A set, and what was made of it for each engine, with parts called as they are dealt."""
        pictures = tuple(replace(each, part=self.names.get(each.part, each.part)) for each in labelled.pictures)
        renamed = {
            name: replace(
                each,
                samples=tuple(replace(sample, part=self.names.get(sample.part, sample.part)) for sample in each.samples),
            )
            for name, each in sets.items()
        }
        return replace(labelled, pictures=pictures), renamed

    def apart(self, split: Split) -> Split:
        """A split of what was dealt, with the names of all parts."""
        members: dict[str, list[str]] = {}
        for part, name in self.names.items():
            members.setdefault(name, []).append(part)

        def parts(dealt: Iterable[str]) -> tuple[str, ...]:
            return tuple(part for name in dealt for part in members.get(name, [name]))

        return Split(parts(split.training), parts(split.validation), parts(split.test))


def deal_together(sets: Mapping[str, DefectSet]) -> DealtTogether:
    """Which parts of the engines' sets hold the same file; they are dealt under the name that sorts first."""
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
            oddities.append(f"{sample.picture}: equals {other.picture}, so that parts {kept} and {gone} are dealt together")
    names = {part: name_of(part) for part in sorted({*joined, *map(name_of, joined)})}
    return DealtTogether(names, tuple(oddities))
