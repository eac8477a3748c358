"""Every key of a file that people write, as JSON Schema for editors and as Markdown tables for people.

Both come from the file's model alone, so that neither can say what the daemon does not accept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from edge_inspector.station.allowed import Schema, allowed_words, resolve

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
UNITS = {  # the end of a key's name: its unit
    "mm_per_px": "mm/px",
    "_mm_s": "mm/s",
    "_mm2": "mm²",
    "_mm": "mm",
    "_ms": "ms",
    "_s": "s",
    "_px": "px",
    "_mb": "MB",
    "_minutes": "min",
    "_days": "days",
    "_share": "0 to 1",
}
NEEDED = "**needed**"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section: the words of its row."""

    name: str
    unit: str
    default: str
    allowed: str
    what: str


@dataclass(frozen=True, slots=True)
class Section:
    """The keys at one place of the file, such as `cameras.NAME.roi`; the top of the file has the place ``."""

    place: str
    what: str
    keys: tuple[Key, ...]


def editor_schema(model: type[BaseModel]) -> str:
    """Return the JSON Schema of a file, as editors take it."""
    schema = {"$schema": SCHEMA_DIALECT, **_closed(model.model_json_schema())}
    return json.dumps(schema, indent=2, ensure_ascii=False)


def _closed(schema: Schema) -> Schema:
    """Forbid names that no pattern allows, in every mapping of names, as the daemon does."""

    def close(value: object) -> object:
        if isinstance(value, list):
            return [close(each) for each in value]
        if not isinstance(value, dict):
            return value
        closed = {key: close(each) for key, each in value.items()}
        return {**closed, "additionalProperties": False} if "patternProperties" in value else closed

    return {key: close(each) for key, each in schema.items()}


def markdown(model: type[BaseModel]) -> str:
    """Return a table for each section of a file, in the order in which the file is read."""
    return "\n".join(line for section in sections(model) for line in _section_lines(section))


def sections(model: type[BaseModel]) -> Iterator[Section]:
    """Yield the top of the file, then each mapping in it, outer before inner."""
    root = model.model_json_schema()
    yield from _sections(root, "", resolve(root, root), "")


def _sections(root: Schema, place: str, schema: Schema, unit: str) -> Iterator[Section]:
    properties = schema.get("properties", {})
    needed = schema.get("required", [])
    keys = tuple(_key(root, name, each, name in needed, unit) for name, each in properties.items())
    yield Section(place, schema.get("description", ""), keys)
    for name, each in properties.items():
        for step, inner in _mappings(root, each):
            yield from _sections(root, f"{place}.{name}{step}".lstrip("."), inner, _unit(name, each) or unit)


def _mappings(root: Schema, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield every mapping with keys of its own that stands at a key: the step from that key, and its schema.

    Keys that are those of another place (`keys_of` names it) are described there alone.
    """
    if "keys_of" in schema:
        return
    schema = _bare(root, schema)
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        for step, inner in _mappings(root, branch):
            kind = inner["properties"].get("kind", {}).get("const")
            yield f" ({kind})" if kind else step, inner
    if "properties" in schema:
        yield "", schema
    for inner in schema.get("patternProperties", {}).values():
        yield from ((f".NAME{step}", found) for step, found in _mappings(root, inner))
    if "items" in schema:
        yield from ((f"[i]{step}", found) for step, found in _mappings(root, schema["items"]))


def _bare(root: Schema, schema: Schema) -> Schema:
    """Follow a reference to the mapping's own description, not the one of the key that leads to it."""
    return resolve(root, {"$ref": schema["$ref"]}) if "$ref" in schema else schema


def _key(root: Schema, name: str, schema: Schema, is_needed: bool, unit_around: str) -> Key:
    inner = list(_mappings(root, schema))
    if is_needed:
        default = NEEDED
    elif inner:
        default = ""
    else:
        default = "" if schema.get("default") is None else f"`{_value(schema['default'])}`"
    return Key(
        name=name,
        unit="" if inner else _unit(name, schema) or unit_around,
        default=default,
        allowed=_allowed(root, schema, bool(inner)),
        what=schema.get("description", ""),
    )


def _allowed(root: Schema, schema: Schema, is_section: bool) -> str:
    if "keys_of" in schema:
        return f"the keys of `{schema['keys_of']}`, below"
    if not is_section:
        return allowed_words(root, schema)
    words = allowed_words(root, schema)
    return "its own keys, below" if words.startswith("a mapping with") else f"{words}, below"


def _unit(name: str, schema: Schema) -> str:
    unit: str = schema.get("unit", "")
    return unit or next((words for end, words in UNITS.items() if name.endswith(end)), "")


def _value(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value)


def _section_lines(section: Section) -> Iterator[str]:
    if section.place:
        yield f"#### `{section.place}`"
        yield ""
        yield section.what
        yield ""
    yield "| key | unit | default | allowed | what it does |"
    yield "| --- | --- | --- | --- | --- |"
    for key in section.keys:
        yield f"| `{key.name}` | {key.unit} | {key.default} | {_cell(key.allowed)} | {_cell(key.what)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
