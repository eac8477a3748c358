"""One object of JSON that somebody else wrote: its values are checked as they are taken, and refused with its place."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any  # JSON that others wrote

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.regions import FARTHEST

Key = int | float | str  # of what others refer to by it
_SHOWN = 40  # characters of a value that a message has room for


@dataclass(frozen=True, slots=True)
class Entry:
    """`where` is its file and place, `remedy` what to do if it is wrong. Every method raises TrainingDataError with both."""

    where: str
    fields: Mapping[str, Any]
    remedy: str

    def refused(self, what: str) -> TrainingDataError:
        """The error that says what is wrong with it."""
        return TrainingDataError(f"{self.where}: {what}; {self.remedy}")

    def value(self, key: str) -> Any:
        """Whatever it has under a key."""
        if key not in self.fields:
            raise self.refused(f"lacks {key}")
        return self.fields[key]

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self.value(key)
        if not isinstance(value, str) or not value.strip():
            raise self.refused(f"its {key} is {shown(value)}, needed is a text")
        return value

    def name(self, key: str) -> str:
        """What a defect is called, in small letters; a whole number is a name as well."""
        value = self.value(key)
        word = str(value).strip().lower() if is_key(value) and not isinstance(value, float) else ""
        if not word:
            raise self.refused(f"its {key} is {shown(value)}, needed is a name")
        return word

    def key(self, key: str) -> Key:
        """By what others refer to it, or it to another."""
        value = self.value(key)
        if not is_key(value):
            raise self.refused(f"its {key} is {shown(value)}, allowed are numbers and texts")
        assert isinstance(value, Key)
        return value

    def number(self, key: str, least: float = -FARTHEST) -> float:
        """A number of pixels, or an angle."""
        value = self.value(key)
        if not is_number(value) or value < least:
            raise self.refused(f"its {key} is {shown(value)}, allowed are numbers from {least:.0f} to {FARTHEST:.0f}")
        return float(value)

    def whole(self, key: str, least: int) -> int:
        """A whole number."""
        value = self.value(key)
        if not is_number(value) or value < least or value != int(value):
            raise self.refused(f"its {key} is {shown(value)}, allowed are whole numbers from {least} to {FARTHEST:.0f}")
        return int(value)

    def numbers(self, key: str) -> list[float]:
        """A list of numbers of pixels."""
        return self.numbers_of(self.value(key), key)

    def numbers_of(self, values: object, what: str) -> list[float]:
        """The same of a list that it has somewhere within it, called `what`."""
        if not isinstance(values, list):
            raise self.refused(f"its {what} is {shown(values)}, needed is a list of numbers")
        for value in values:
            if not is_number(value):
                raise self.refused(
                    f"its {what} has {shown(value)}, allowed are numbers from {-FARTHEST:.0f} to {FARTHEST:.0f}"
                )
        return [float(value) for value in values]

    def entry(self, key: str) -> Entry:
        """An object within it, of the same place."""
        return entry_of(f"{self.where}: {key}", self.value(key), self.remedy)


def entry_of(where: str, value: object, remedy: str) -> Entry:
    """Take a value for an object. Raises TrainingDataError if it is none."""
    if not isinstance(value, dict):
        raise TrainingDataError(f"{where}: is {shown(value)}, needed is an object with keys and values; {remedy}")
    return Entry(where, value, remedy)


def is_number(value: object) -> bool:
    """Whether a value is a number that a coordinate can be: no true or false, and none farther than any picture reaches."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FARTHEST


def is_key(value: object) -> bool:
    """Whether something can be referred to by a value."""
    return isinstance(value, Key) and not isinstance(value, bool) and not (isinstance(value, float) and math.isnan(value))


def shown(value: object) -> str:
    """A value as it stands in the file, its beginning where it is long.

    >>> shown(None), shown("a" * 50)
    ('null', '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…')
    """
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
