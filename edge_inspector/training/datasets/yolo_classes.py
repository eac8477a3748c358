"""What the numbers of YOLO's classes mean: a YAML file with `names`, or a text file with a name a line, says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # YAML that others wrote

import yaml

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.text_file import read_lines

NAME_FILES = ("classes.txt", "obj.names", "_darknet.labels")


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Names by number, in small letters, and the file that says so."""

    file: Path
    names: Mapping[int, str]


def class_names(folder: Path, labels: Path | None, beside: Collection[Path]) -> ClassNames | None:
    """What a file says in the set's folder, in the one of labels that was named, or in or above those `beside` the labels;
    None: no file does.

    Two classes may share a name. Raises TrainingDataError naming two files that do not say the same, or one of poses.
    """
    named = [] if labels is None else [labels, labels.parent]
    places = dict.fromkeys([folder, *named, *sorted(beside), *sorted({each.parent for each in beside})])
    files = [path for place in places for path in (*sorted(place.glob("*.y*ml")), *(place / name for name in NAME_FILES))]
    said = [ClassNames(path, found) for path in dict.fromkeys(files) if path.is_file() and (found := _names_in(path))]
    for other in said[1:]:
        if other.names != said[0].names:
            raise TrainingDataError(
                f"{said[0].file} and {other.file} name the classes otherwise; remove the one that does not belong to the set"
            )
    return said[0] if said else None


def _names_in(path: Path) -> dict[int, str]:
    """The names that a file gives; none if it is of something else."""
    lines = read_lines(path)
    numbered = _numbered_in_yaml(path, "\n".join(lines)) if path.suffix in (".yaml", ".yml") else dict(enumerate(lines))
    named = {number: f"{name}".strip().lower() for number, name in numbered.items()}
    return {number: name for number, name in named.items() if name}


def _numbered_in_yaml(path: Path, text: str) -> dict[int, Any]:
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):  # a date that is none
        return {}
    names = content.get("names") if isinstance(content, dict) else None
    if names and content.get("kpt_shape"):
        raise TrainingDataError(f"{path}: is of poses (kpt_shape), whose lines look like outlines; export boxes or polygons")
    if isinstance(names, list):
        return dict(enumerate(names))
    if not isinstance(names, dict):
        return {}
    return {int(number): name for number, name in names.items() if f"{number}".isascii() and f"{number}".isdigit()}
