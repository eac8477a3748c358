"""Puts a finished engine package in its place, so that whatever ends the program meanwhile, an engine can be found again.

A folder can not replace another in one step. So the old one is set aside as `.NAME.going`, the new one takes its name, and
the old one goes. Killed between the first two, the old one is under its other name alone: who comes next brings it back.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from edge_inspector.domain.errors import EngineFileError
from edge_inspector.station.engine_manifest import GOING, MANIFEST_FILE, EnginePackage, load_engine_package


def put_in_place(staged: Path, place: Path) -> None:
    """Give the folder `staged` the name `place`, on the same disk; what has that name goes only then.

    Raises OSError if it can not be; then `place` is what it was.
    """
    bring_back(place)
    going = _set_aside(place)
    _remove(going)
    try:
        if os.path.lexists(place):
            place.rename(going)
        staged.rename(place)
    except BaseException:
        bring_back(place)
        raise
    _remove(going)


def bring_back(place: Path) -> None:
    """Give its name back to what was set aside, where nothing else has that name."""
    going = _set_aside(place)
    if os.path.lexists(going) and not os.path.lexists(place):
        going.rename(place)


def set_aside_in(folder: Path) -> list[Path]:
    """Packages of this folder that a program set aside and did not live to replace, so that nothing has their name."""
    aside = [path for path in folder.glob(f".*{GOING}") if (path / MANIFEST_FILE).is_file()]
    return sorted(path for path in aside if not os.path.lexists(path.with_name(path.name[1 : -len(GOING)])))


def copy_package(package: EnginePackage, folder: Path) -> None:
    """Copy the manifest and the files that it names to `folder`, and nothing else.

    Raises:
        EngineFileError: a file is a link, or was changed meanwhile.
        OSError: a file can not be read or written.
    """
    names = (MANIFEST_FILE, *package.manifest.files)
    root = package.folder.resolve()
    links = [name for name in names if (root / name).resolve() != root / name]
    if links:
        raise EngineFileError(
            f"{package.folder}: {', '.join(links)} lies behind a link; put the files themselves into the package"
        )
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package.folder / name, folder / name)
    if load_engine_package(folder).digest != package.digest:
        raise EngineFileError(f"{package.folder}: was changed while it was copied; try again")


def _set_aside(place: Path) -> Path:
    return place.with_name(f".{place.name}{GOING}")


def _remove(path: Path) -> None:
    """A link goes, what it leads to stays."""
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)
