"""How reports are written: a file changes only when it is whole, and JSON holds no NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Write a file anew; the one that was there stays until then."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def replace_json(path: Path, content: Mapping[str, object]) -> None:
    """The same of what programs read. A number that is none becomes null: JSON has no NaN."""
    replace_text(path, json.dumps(_finite(content), indent=1, allow_nan=False) + "\n")


def _finite(value: object) -> object:
    """
    >>> _finite({"iou": float("nan"), "interval": (0.5, float("inf"))})
    {'iou': None, 'interval': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
