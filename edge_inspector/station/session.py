"""`state/session.json`: what the supervisor tells its workers and the command line about this life of the daemon.

Workers read station and recipe from here and from `state/recipes/DIGEST/`, never from the files that a person may be
editing meanwhile.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Station

FILE_NAME = "session.json"


class Session(msgspec.Struct, frozen=True):
    """One life of the supervisor. Monotonic times hold for the boot named by `boot_id` only.

    Parts that arrive are inspected for `recipe_digest`. `other_recipe` is to be ready beside it: the next one, which is
    being prepared, or the last one, as long as parts of it are under way.
    """

    incarnation: str
    supervisor_pid: int
    runtime_dir: str
    boot_id: str
    started_utc: str
    station_path: str
    station_json: str
    recipe_digest: str
    belt_dir: str = ""  # where the simulated belt's endpoints are
    belt_incarnation: str = ""  # the belt whose timeline `t0_ns` belongs to
    t0_ns: int | None = None  # start of the recording in CLOCK_MONOTONIC; None until everything was ready once
    recipe_path: str = ""  # the file that `recipe_digest` was read from
    other_recipe: str = ""
    state_dir: str = ""  # the folder that this file was written for: a copied folder is another station's

    @property
    def station(self) -> Station:
        """The station as the supervisor checked it."""
        return Station.model_validate_json(self.station_json)

    @property
    def recipes(self) -> frozenset[str]:
        """The digests that every worker is to be ready for."""
        return frozenset({self.recipe_digest, self.other_recipe} - {""})


def read_session(state_dir: Path) -> Session:
    """Return the session of a state folder.

    Raises:
        ConfigurationError: there is none, it can not be read, or it came here with a copy of another state folder.
    """
    path = state_dir / FILE_NAME
    try:
        session = msgspec.json.decode(path.read_bytes(), type=Session)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: not there; no daemon was started on this state folder") from error
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{path}: not a session file ({error})") from error
    if session.state_dir not in ("", str(state_dir.resolve())):
        raise ConfigurationError(
            f"{path}: was written for {session.state_dir}, and copied or moved here; no daemon was started on this folder"
        )
    return session


def write_session(state_dir: Path, session: Session) -> None:
    """Replace the session file in one step, as one of this folder."""
    session = msgspec.structs.replace(session, state_dir=str(state_dir.resolve()))
    temporary = state_dir / f".{FILE_NAME}.{os.getpid()}"
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(session), indent=1))
    temporary.replace(state_dir / FILE_NAME)


def recipe_dir(state_dir: Path, digest: str) -> Path:
    """Return the folder of a recipe's copy: `recipe.json` and `engines/NAME/`."""
    return state_dir / "recipes" / digest


def read_recipe(state_dir: Path, digest: str) -> Recipe:
    """Return the recipe that workers use: the supervisor's copy, whose engine paths point into the copy."""
    return Recipe.model_validate_json((recipe_dir(state_dir, digest) / "recipe.json").read_text(encoding="utf-8"))
