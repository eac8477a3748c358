"""Says in words what a place of a file may hold, from the JSON schema of the file's model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]  # Any: JSON schema is a tree without a fixed shape


def schema_at(root: Schema, loc: tuple[str | int, ...]) -> Schema:
    """Return the schema of the place that pydantic calls `loc` (tags of unions are steps of it); empty when unknown."""
    schema = resolve(root, root)
    for step in loc:
        schema = _descend(root, schema, step)
    return schema


def resolve(root: Schema, schema: Schema) -> Schema:
    """Follow a reference; what stands beside it (a description) is kept."""
    while "$ref" in schema:
        target = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _descend(root: Schema, schema: Schema, step: str | int) -> Schema:
    schema = resolve(root, schema)
    if step == "[key]":
        return _key_schema(schema)
    found: Schema | None = None
    if "discriminator" in schema:
        found = _tagged(schema).get(str(step))
    elif branches := schema.get("anyOf", schema.get("oneOf", ())):
        found_in = (_descend(root, branch, step) for branch in branches)
        return next((each for each in found_in if each), schema)  # a step that is nobody's key names a branch
    elif isinstance(step, int):
        prefix = schema.get("prefixItems", [])
        found = prefix[step] if step < len(prefix) else schema.get("items")
    elif step in schema.get("properties", {}):
        found = schema["properties"][step]
    elif "patternProperties" in schema:
        found = next(iter(schema["patternProperties"].values()))
    elif isinstance(schema.get("additionalProperties"), Mapping):
        found = schema["additionalProperties"]
    return resolve(root, found) if isinstance(found, Mapping) else {}


def _tagged(schema: Schema) -> dict[str, Schema]:
    return {tag: {"$ref": ref} for tag, ref in schema["discriminator"]["mapping"].items()}


def _key_schema(schema: Schema) -> Schema:
    if "patternProperties" in schema:
        return {"type": "string", "pattern": next(iter(schema["patternProperties"]))}
    names = schema.get("propertyNames", {"type": "string"})
    return names if isinstance(names, Mapping) else {}


def describe(root: Schema, schema: Schema) -> str:
    """Return what is allowed, such as `a number above 0 and at most 3600000 (time from one frame to the next)`.

    >>> describe({}, {"type": "integer", "minimum": 1, "maximum": 16})
    'a whole number from 1 to 16'
    """
    schema = resolve(root, schema)
    words = allowed_words(root, schema)
    description = schema.get("description")
    return f"{words} ({description})" if words and description and schema.get("type") != "object" else words


def allowed_words(root: Schema, schema: Schema) -> str:
    """Return what is allowed, without what it does.

    >>> allowed_words({}, {"type": "boolean", "description": "true: recorded pictures"})
    'true or false'
    """
    schema = resolve(root, schema)
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(map(_literal, schema["enum"]))
    if "discriminator" in schema:
        name = schema["discriminator"]["propertyName"]
        return f"a mapping with `{name}`: " + " or ".join(_tagged(schema))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            options = [describe(root, branch) for branch in schema[key] if branch.get("type") != "null"]
            return " or ".join(dict.fromkeys(filter(None, options)))
    match schema.get("type"):
        case "number":
            return "a number" + _bounds(schema)
        case "integer":
            return "a whole number" + _bounds(schema)
        case "boolean":
            return "true or false"
        case "string":
            return "text" + (f" that matches {schema['pattern']}" if "pattern" in schema else "")
        case "array":
            return "a list" + _size(schema, "Items", "items")
        case "object":
            if "properties" in schema:
                return "a mapping with " + ", ".join(schema["properties"])
            return "a mapping" + _size(schema, "Properties", "entries")
    return ""


def _literal(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _bounds(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f" from {_number(least)} to {_number(most)}"
    parts = [
        f"{word} {_number(bound)}"
        for word, bound in (("at least", least), ("above", above), ("at most", most), ("below", below))
        if bound is not None
    ]
    return " " + " and ".join(parts) if parts else ""


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _size(schema: Schema, suffix: str, noun: str) -> str:
    least, most = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if least is not None and most is not None:
        return f" of {least} {noun}" if least == most else f" of {least} to {most} {noun}"
    if least is not None:
        return f" of at least {least} {noun}"
    return f" of at most {most} {noun}" if most is not None else ""
