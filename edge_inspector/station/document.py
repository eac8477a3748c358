"""Loads a file that a person wrote: read whole, checked whole, every fault at once as `FILE:LINE: what, what is allowed`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from edge_inspector.domain.errors import DocumentError
from edge_inspector.station.allowed import Schema, describe, resolve, schema_at
from edge_inspector.station.yaml_source import Fault, Loc, Value, YamlSource, read_yaml

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document(Generic[M]):
    """A file that keeps to its model, with the lines of its keys."""

    path: Path
    content: M
    source: YamlSource

    def line(self, *loc: str | int) -> int:
        """Return the line of the key at `loc`, or of the nearest key around it that the file has."""
        return self.source.line(*loc)


def load_document(path: Path, model: type[M]) -> M:
    """Return the content of the YAML file at `path`.

    Raises:
        DocumentError: every fault of the file: not there, no text, no YAML, doubtful values, keys unknown, missing or
            given twice, values of a wrong type or out of range.
    """
    return open_document(path, model).content


def open_document(path: Path, model: type[M]) -> Document[M]:
    """Like `load_document`, but keeps the lines, for checks that go beyond the model."""
    source = read_yaml(path)
    faults = list(source.faults)
    content: M | None = None
    try:
        content = model.model_validate_json(json.dumps(source.value), by_alias=True, by_name=False)
    except ValidationError as error:
        schema = model.model_json_schema()
        faults += [
            fault for details in error.errors(include_url=False) if (fault := _fault_of(source, schema, details)) is not None
        ]
    if content is not None:  # else a missing value is said to be of a wrong type already
        faults += _empty_keys(source, source.value, ())
    if content is None or faults:
        ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault.line)
        raise DocumentError([fault.at(path) for fault in ordered])
    return Document(path, content, source)


def _empty_keys(source: YamlSource, value: Value, loc: Loc) -> Iterator[Fault]:
    """Yield a fault for every key that is written down without a value: it would mean what leaving it out means."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if inner is None:
                where = ".".join(map(str, (*loc, key)))
                yield Fault(source.line(*loc, key), f"{where}: has no value, allowed is a value, or no such line at all")
            yield from _empty_keys(source, inner, (*loc, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _empty_keys(source, inner, (*loc, i))


def _fault_of(source: YamlSource, schema: Schema, details: ErrorDetails) -> Fault | None:
    """Put one of pydantic's errors into words; None where reading the file has already said what is wrong there."""
    loc = details["loc"]
    found, value = _locate(source.value, loc)
    if any(found[: len(doubt)] == doubt or (*found, loc[-1]) == doubt for doubt in source.doubtful if loc):
        return None
    where = ".".join(map(str, found))
    prefix = f"{where}: " if where else ""
    kind = details["type"]
    if kind == "missing":
        text = f"{prefix}`{loc[-1]}` is missing, needed is {describe(schema, schema_at(schema, loc))}"
    elif kind == "extra_forbidden":
        text = f"{_parent(where)}unknown key `{loc[-1]}`, {_known_keys(schema, loc, value)}"
    elif kind in ("union_tag_not_found", "union_tag_invalid"):
        return _tag_fault(source, schema, details, found)
    elif kind == "value_error":
        text = f"{prefix}{details['ctx']['error']}"
    else:
        is_key = bool(loc) and loc[-1] == "[key]"
        subject = f"{_parent(where)}name {_shown(found[-1])}" if is_key else f"{prefix}{_shown(value)}"
        allowed = describe(schema, schema_at(schema, (*loc[:-2], "[key]") if is_key else loc))
        text = f"{subject}, allowed is {allowed or details['msg']}{_hint(kind, value)}"
    return Fault(source.line(*found), text)


def _hint(kind: str, value: Value) -> str:
    """What a person often means by a value of the wrong type."""
    if kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        return f'; text that looks like a number is put in quotes: "{value}"'
    if kind in ("float_type", "int_type") and isinstance(value, str) and re.fullmatch(r"-?\d+,\d+", value):
        return f"; numbers are written with a point: {value.replace(',', '.')}"
    return ""


def _locate(value: Value, loc: Loc) -> tuple[Loc, Value]:
    """Walk along pydantic's `loc` as far as the file goes; steps that only name a branch of a union are left out."""
    found: list[str | int] = []
    for step in loc:
        if (isinstance(value, dict) and isinstance(step, str) and step in value) or (
            isinstance(value, list) and isinstance(step, int) and step < len(value)
        ):
            value = value[step]  # type: ignore[index]  # the condition above has checked both cases
            found.append(step)
    return tuple(found), value


def _tag_fault(source: YamlSource, schema: Schema, details: ErrorDetails, found: Loc) -> Fault:
    place = schema_at(schema, details["loc"])
    name = str(place.get("discriminator", {}).get("propertyName", "kind"))
    where = ".".join(map(str, found))
    given = details["input"].get(name) if isinstance(details["input"], dict) else None
    what = f"`{name}` is missing" if details["type"] == "union_tag_not_found" else f"`{name}` is {_shown(given)}"
    return Fault(source.line(*found, name), f"{where}: {what}, allowed is {describe(schema, place)}")


def _known_keys(schema: Schema, loc: Loc, value: Value) -> str:
    place = resolve(schema, schema_at(schema, loc[:-1]))
    ways = place.get("anyOf", place.get("oneOf", ()))  # an optional mapping is one of two
    branches = [place, *(resolve(schema, branch) for branch in ways)]
    known = [key for branch in branches for key in branch.get("properties", {})]
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    hint = f"did you mean `{close[0]}`? " if close else ""
    return f"{hint}allowed are {', '.join(known)}"


def _parent(where: str) -> str:
    parent = where.rpartition(".")[0]
    return f"{parent}: " if parent else ""


def _shown(value: object) -> str:
    match value:
        case None:
            return "no value"
        case dict():
            return f"a mapping of {len(value)} entries"
        case list():
            return f"a list of {len(value)} items"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value if len(value) <= 40 else value[:37] + "…", ensure_ascii=False)
    return str(value)
