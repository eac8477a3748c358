"""Names and paths as they stand in files that this program writes for people to go on with."""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml

from edge_inspector.domain.errors import ConfigurationError

_PLAIN = re.compile(r"(/|(\.\./)*)[A-Za-z][A-Za-z0-9_./-]*")
_NOT_PLAIN = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}  # words of YAML 1.1


def as_scalar(text: str) -> str:
    """Return text as YAML that is read as text everywhere: `12` and `on` need quotes.

    Raises ConfigurationError for the name of a file that is no text.

    >>> as_scalar("tiles/crack"), as_scalar("12"), as_scalar("my pictures: new")
    ('tiles/crack', '"12"', '"my pictures: new"')
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_PLAIN:
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"{text!r}: a file can not name what is no text in UTF-8; rename it") from error
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return quoted.rstrip("\n")


def path_from(folder: Path, path: Path) -> str:
    """Return the path as seen from the folder, or the whole one where both share nothing but the root."""
    path, folder = path.resolve(), folder.resolve()
    return str(path) if os.path.commonpath([path, folder]) == os.sep else os.path.relpath(path, folder)
