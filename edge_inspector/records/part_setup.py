"""How a part was inspected: by which cameras and for which recipe, as they were when it passed."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.records.cameras_note import read_cameras
from edge_inspector.records.picture_store import camera_pictures
from edge_inspector.records.queries import PartDetails
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import read_recipe
from edge_inspector.station.station import Camera


def cameras_of(state_dir: Path, details: PartDetails) -> dict[str, Camera]:
    """Return the cameras by name.

    Raises:
        ConfigurationError: no picture of the part is kept, or the note beside them is gone.
    """
    return read_cameras(picture_folder(state_dir, details))


def picture_folder(state_dir: Path, details: PartDetails) -> Path:
    """Return the folder of the part's pictures.

    Raises:
        ConfigurationError: none of it is kept.
    """
    part = details.summary.part
    pictures = camera_pictures(state_dir, part)
    if not pictures:
        raise ConfigurationError(
            f"no picture of part {part} is kept; the station's `records` say of which parts they are, and for how long"
        )
    return pictures[0].parent


def recipe_of(state_dir: Path, details: PartDetails) -> Recipe:
    """Return the recipe.

    Raises:
        ConfigurationError: its copy in the state folder is gone or damaged.
    """
    try:
        return read_recipe(state_dir, details.recipe or "")
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            f"the copy of recipe {(details.recipe or 'unknown')[:12]} can not be read, so the views of part "
            f"{details.summary.part} can not be cut from its pictures ({error})"
        ) from error
