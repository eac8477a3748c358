"""What the regions of a VIA file say that they are: texts, choices or ticked boxes, under names that anybody may choose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any  # JSON that others wrote

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.datasets.json_entry import shown

PROBABILITY = "p"  # 0..1: how sure the person was
OTHERS = frozenset(
    {PROBABILITY, "image_quality"}
)  # the second is one of VIA's own examples, which it puts into new projects
NO_NAMES = frozenset({"", "unknown", "not_defined"})  # what VIA writes for a choice that nobody made
_TICKED = (True, "true")


def defect_attribute(path: Path, regions: Collection[Mapping[str, Any]], asked: str) -> str:
    """Return which attribute of a file's regions names their defect: `asked`, else the only one that says something.

    In small letters; empty where none says anything. Raises ConfigurationError if no region has the one that is asked for,
    or several say something and none is asked for.
    """
    has = sorted({name.lower() for each in regions for name in each})
    if asked:
        if regions and asked.lower() not in has:
            raise ConfigurationError(
                f"{path}: no region has the attribute {asked!r}, they have {', '.join(has) or 'none'}; correct `attribute`"
            )
        return asked.lower()
    said = sorted({name.lower() for each in regions for name, value in each.items() if _names(value) != []} - OTHERS)
    if len(said) > 1:
        raise ConfigurationError(
            f"{path}: regions have the attributes {', '.join(said)}; say which of them names the defect as `attribute`"
        )
    return said[0] if said else ""


def defect_of(where: str, attributes: Mapping[str, Any], attribute: str) -> str:
    """What a region says under an attribute, in small letters; empty where it says nothing. Raises TrainingDataError."""
    for name, value in attributes.items():
        if name.lower() != attribute:
            continue
        names = _names(value)
        if names is None:
            raise TrainingDataError(f"{where}: its {name} is {shown(value)}, needed is a text or one ticked box")
        if len(names) > 1:
            raise TrainingDataError(
                f"{where}: its {name} is {' and '.join(names)}; draw a region for each, and tick one box"
            )
        if names:
            return names[0]
    return ""


def level_of(where: str, attributes: Mapping[str, Any]) -> float:
    """How sure somebody was of a region, 1 where it does not say. Raises TrainingDataError beyond 0..1."""
    written = attributes.get(PROBABILITY, 1.0)
    try:
        level = float(written)
    except (TypeError, ValueError, OverflowError):
        level = -1.0
    if not 0.0 <= level <= 1.0:
        raise TrainingDataError(f"{where}: its {PROBABILITY} is {shown(written)}, allowed is 0 to 1")
    return level


def _names(value: object) -> list[str] | None:
    """The names that a value of an attribute says; None if it can not be one."""
    match value:
        case None:
            return []
        case dict():  # boxes to tick
            return [f"{name}".strip().lower() for name, tick in value.items() if tick in _TICKED]
        case bool():
            return None
        case str() | int():
            name = f"{value}".strip().lower()
            return [] if name in NO_NAMES else [name]
        case _:
            return None
