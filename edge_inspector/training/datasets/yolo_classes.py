"""What the numbers of YOLO's classes mean: a YAML file with `names`, or a text file with a name a line, says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # YAML that others wrote

import yaml

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.text_file import read_lines

NAME_FILES = ("classes.txt", "obj.names")


def class_names(folder: Path, labels: Path | None) -> dict[int, str]:
    """The names, in small letters, that a file in the set's folder or beside its labels gives; none where none does.

    Two classes may share a name. Raises TrainingDataError naming two files that do not say the same.
    """
    places = dict.fromkeys((folder, folder / "labels") if labels is None else (folder, labels, labels.parent))
    files = [path for place in places for path in (*sorted(place.glob("*.y*ml")), *(place / name for name in NAME_FILES))]
    said = [(path, found) for path in files if path.is_file() and (found := _names_in(path))]
    for path, found in said[1:]:
        if found != said[0][1]:
            raise TrainingDataError(
                f"{said[0][0]} and {path} name the classes otherwise; remove the one that does not belong to the set"
            )
    return said[0][1] if said else {}


def _names_in(path: Path) -> dict[int, str]:
    """The names that a file gives; none if it is of something else."""
    lines = read_lines(path)
    numbered = _numbered_in_yaml("\n".join(lines)) if path.suffix in (".yaml", ".yml") else dict(enumerate(lines))
    named = {number: f"{name}".strip().lower() for number, name in numbered.items()}
    return {number: name for number, name in named.items() if name}


def _numbered_in_yaml(text: str) -> dict[int, Any]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        return dict(enumerate(names))
    return {number: name for number, name in names.items() if isinstance(number, int)} if isinstance(names, dict) else {}
