"""The cameras as they were set, written beside the pictures of each part: a station file changes, evidence does not.

From it and the recipe's copy any view can be cut from its picture again as the engines saw it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import RootModel, ValidationError

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.station import Camera

FILE_NAME = "cameras.json"

_Cameras = RootModel[dict[str, Camera]]


def encode_cameras(cameras: Mapping[str, Camera]) -> bytes:
    """Return the note's content."""
    return _Cameras(dict(cameras)).model_dump_json().encode()


def read_cameras(folder: Path) -> dict[str, Camera]:
    """Return the cameras, by name, that took the pictures in this folder.

    Raises:
        ConfigurationError: the note is not there, or can not be read.
    """
    path = folder / FILE_NAME
    try:
        return _Cameras.model_validate_json(path.read_bytes()).root
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{path}: not there, so nobody knows how views were cut from the pictures beside it"
        ) from error
    except (OSError, ValidationError) as error:
        raise ConfigurationError(f"{path}: can not be read ({error})") from error
