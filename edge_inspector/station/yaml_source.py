"""YAML text as plain values that remember their lines. Every doubt is a fault with a line, never a guess.

What YAML 1.1 and 1.2 read differently (`yes`, `010`, `1e3`, `1:30`, `2026-01-05`) is refused, so that a file means the
same to a person, to an editor and to us. Anchors, aliases and merge keys are expanded, up to a bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from edge_inspector.domain.errors import DocumentError

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
Loc = tuple[str | int, ...]

MAX_BYTES = 256 << 10
MAX_VALUES = 20_000  # after aliases are expanded
MAX_DEPTH = 32

_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,39})|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,40}\.[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][-+][0-9]{1,4})?")
_SPECIAL_FLOAT = re.compile(r"([-+]?)\.(inf|nan)", re.IGNORECASE)
_NUMBER_OF_1_2 = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|0o[0-7]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file: the line (from 1), and what is wrong with what is allowed."""

    line: int
    text: str

    def at(self, path: Path) -> str:
        """Return `FILE:LINE: text`."""
        return f"{path}:{self.line}: {self.text}"


@dataclass(slots=True)
class YamlSource:
    """One file: its values, the line of every key and list item, and the faults found while reading it.

    Where a value is in doubt, `value` holds None in its place and `doubtful` its location.
    """

    path: Path
    value: Value = None
    lines: dict[Loc, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    doubtful: set[Loc] = field(default_factory=set)

    def line(self, *loc: str | int) -> int:
        """Return the line of the key or item at `loc`, or of the nearest one around it that the file has."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)


def read_yaml(path: Path) -> YamlSource:
    """Read a YAML file.

    Raises:
        DocumentError: it is not there, is no UTF-8 text, is empty, too large or not YAML: nothing more can be said of it.
    """
    text = _read_text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError([_syntax_fault(error, text).at(path)]) from error
    if root is None:
        raise DocumentError([f"{path}:1: the file is empty, write its keys, one a line"])
    source = YamlSource(path)
    try:
        source.value = _Reader(source).read(root, (), 0)
    except _TooLargeError as error:
        raise DocumentError([f"{path}:{error.line}: {error}"]) from error
    return source


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise DocumentError([f"{path}:1: there is no such file, correct the path or write the file"]) from error
    except IsADirectoryError as error:
        raise DocumentError([f"{path}:1: is a folder, name the file in it"]) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DocumentError([f"{path}:1: can not be read ({reason}), make it readable to this user"]) from error
    if len(content) > MAX_BYTES:
        raise DocumentError([f"{path}:1: is larger than {MAX_BYTES} bytes, allowed is a text file that a person wrote"])
    bad = content.find(b"\0")
    if bad < 0:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            bad = error.start
    line = content.count(b"\n", 0, bad) + 1
    raise DocumentError([f"{path}:{line}: byte {bad} is no text, allowed is a text file in UTF-8"])


def _syntax_fault(error: Exception, text: str) -> Fault:
    if isinstance(error, yaml.MarkedYAMLError):
        no_space = error.problem == "could not find expected ':'"  # said of the line after the one that lacks it
        mark = (error.context_mark if no_space else error.problem_mark) or error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        problem = error.problem or error.context or "can not be read"
        written = text.splitlines()[line - 1] if line <= len(text.splitlines()) else ""
        if "\t" in written[: len(written) - len(written.lstrip())] or "'\\t'" in problem:
            return Fault(line, "a tab, allowed are spaces for indentation")
        if no_space:
            return Fault(line, "is not YAML: a colon is missing, or the space behind it, write `key: value` lines")
        return Fault(line, f"is not YAML: {problem}, write `key: value` lines indented with spaces")
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Fault(line, "a control character, allowed is a text file in UTF-8")
    if isinstance(error, RecursionError):
        return Fault(1, f"nested deeper than a person would write, allowed are {MAX_DEPTH} levels")
    return Fault(1, f"is not YAML: {error}, write `key: value` lines indented with spaces")


class _TooLargeError(Exception):
    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


class _Reader:
    """Turns nodes into values; one use."""

    def __init__(self, source: YamlSource) -> None:
        self._source = source
        self._count = 0

    def read(self, node: yaml.Node, loc: Loc, depth: int) -> Value:
        line = node.start_mark.line + 1
        self._source.lines.setdefault(loc, line)
        self._spend(line, depth)
        match node:
            case yaml.ScalarNode():
                return self._scalar(node, loc)
            case yaml.SequenceNode(tag=tag) if tag == _TAG + "seq":
                return [self._item(item, (*loc, i), depth) for i, item in enumerate(node.value)]
            case yaml.MappingNode(tag=tag) if tag == _TAG + "map":
                mapping: dict[str, Value] = {}
                self._fill(mapping, node, loc, depth)
                return mapping
        self._doubt(loc, line, f"the tag {node.tag}, allowed are plain values without tags")
        return None

    def _spend(self, line: int, depth: int) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            raise _TooLargeError(line, f"more than {MAX_VALUES} values with all aliases expanded, use fewer aliases")
        if depth > MAX_DEPTH:
            raise _TooLargeError(line, f"nested deeper than {MAX_DEPTH} levels, or an alias inside its own anchor")

    def _item(self, node: yaml.Node, loc: Loc, depth: int) -> Value:
        return self.read(node, loc, depth + 1)

    def _fill(self, mapping: dict[str, Value], node: yaml.MappingNode, loc: Loc, depth: int) -> None:
        """Add what `mapping` does not have yet: a key written here wins over one that is merged in."""
        self._spend(node.start_mark.line + 1, depth)
        written: dict[str, int] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _TAG + "merge":
                merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                continue
            key = self._key(key_node, loc, line)
            if key is None:
                continue
            if key in written:
                self._fault(line, f"key `{key}` again (first in line {written[key]}), allowed is once")
                continue
            written[key] = line
            if key not in mapping:
                self._source.lines[(*loc, key)] = line
                mapping[key] = self.read(value_node, (*loc, key), depth + 1)
        for part in merged:
            if isinstance(part, yaml.MappingNode):
                self._fill(mapping, part, loc, depth + 1)
            else:
                self._fault(part.start_mark.line + 1, "`<<` merges no mapping, allowed is `<<: *name` of a mapping")

    def _key(self, node: yaml.Node, loc: Loc, line: int) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(line, "a key that is no text, allowed are names")
            return None
        key = self._scalar(node, (*loc, node.value))
        if isinstance(key, str):
            return key
        if (*loc, node.value) not in self._source.doubtful:
            self._fault(line, f'key `{node.value}` is no text, quote it: "{node.value}"')
        self._source.doubtful.add((*loc, node.value))
        return None

    def _scalar(self, node: yaml.ScalarNode, loc: Loc) -> Value:
        line, text, tag = node.start_mark.line + 1, node.value, node.tag.removeprefix(_TAG)
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
            self._doubt(loc, line, "a character that is no text (NUL or half a pair), allowed is text in UTF-8")
            return None
        if tag == "str" and node.style is not None:
            return str(text)
        if tag == "str" and not _NUMBER_OF_1_2.fullmatch(text):
            return str(text)
        if tag == "null" and text in ("", "~", "null"):
            return None
        if tag == "bool" and text.lower() in ("true", "false"):
            return str(text).lower() == "true"
        if tag == "int" and _INT.fullmatch(text):
            return int(text, 0)
        if tag == "float" and (_FLOAT.fullmatch(text) or _SPECIAL_FLOAT.fullmatch(text)):
            return float(_SPECIAL_FLOAT.sub(r"\1\2", text))
        if tag in ("value", "merge"):
            return str(text)
        self._doubt(loc, line, _ambiguous(tag, text, node.tag))
        return None

    def _doubt(self, loc: Loc, line: int, text: str) -> None:
        where = ".".join(map(str, loc))
        self._fault(line, f"{where}: {text}" if where else text)
        self._source.doubtful.add(loc)

    def _fault(self, line: int, text: str) -> None:
        self._source.faults.append(Fault(line, text))


def _ambiguous(tag: str, text: str, full_tag: str) -> str:
    shown = text if len(text) <= 40 else text[:37] + "…"
    if tag == "bool":
        return f'`{shown}` is true or false to some and text to others, write true or false, or quote it: "{shown}"'
    if tag in ("int", "float", "str", "timestamp"):
        return f'`{shown}` is read in different ways, write a plain number such as 1000 or 0.001, or quote it: "{shown}"'
    return f"the tag {full_tag}, allowed are plain values without tags"
