"""Loads a station with its recipe and engines, checked together, and makes the copies that workers use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from edge_inspector.domain.errors import ConfigurationError, DocumentError, EngineFileError
from edge_inspector.station.conflict import Conflict
from edge_inspector.station.cross_checks import recipe_conflicts, shared_conflicts, station_conflicts
from edge_inspector.station.document import Document, open_document
from edge_inspector.station.engine_manifest import MANIFEST_FILE, EnginePackage, load_engine_package
from edge_inspector.station.recipe import Recipe, recipe_digest
from edge_inspector.station.session import read_recipe, recipe_dir
from edge_inspector.station.station import Station
from edge_inspector.station.yaml_source import Fault, read_yaml

M = TypeVar("M", Station, Recipe)


@dataclass(frozen=True, slots=True)
class LoadedStation:
    """A station whose files are all good. Paths are absolute but for those that the caller gave."""

    station: Station
    station_path: Path
    recipe: Recipe
    recipe_path: Path
    engines: Mapping[str, EnginePackage]
    recipe_digest: str
    state_dir: Path
    recording_path: Path | None


def load_station(path: Path, recipe_path: Path | None = None) -> LoadedStation:
    """Load the station file at `path`, its recipe and its engines; relative paths count from the file they stand in.

    `recipe_path` names another recipe than the station file does.

    Raises:
        DocumentError: every fault of all these files, and everything that does not go together.
    """
    faults: list[str] = []
    station = _open(path, Station, faults)
    if recipe_path is None:
        recipe_path = _recipe_path(path, faults)
    recipe = _open(recipe_path, Recipe, faults) if recipe_path is not None else None
    engines = _load_engines(recipe, faults) if recipe is not None else {}
    recording_path = _recording_path(station, faults) if station is not None else None
    conflicts: list[Conflict] = []
    if station is not None:
        conflicts += station_conflicts(station.content)
    if station is not None and recipe is not None:
        conflicts += shared_conflicts(station.content, recipe.content)
    if recipe is not None:
        conflicts += recipe_conflicts(recipe.content, {name: package.manifest for name, package in engines.items()})
    faults += _lines(station, (each for each in conflicts if each.file == "station"))
    faults += _lines(recipe, (each for each in conflicts if each.file == "recipe"))
    if faults or station is None or recipe is None:
        raise DocumentError(faults)
    return LoadedStation(
        station=station.content,
        station_path=path,
        recipe=recipe.content,
        recipe_path=recipe.path,
        engines=engines,
        recipe_digest=recipe_digest(recipe.content, {name: package.digest for name, package in engines.items()}),
        state_dir=(path.parent / station.content.state_dir).resolve(),
        recording_path=recording_path,
    )


def with_recipe_copy(loaded: LoadedStation, digest: str, recipe_path: Path) -> LoadedStation | None:
    """Return the station with the recipe that `copy_recipe` once put aside, read from `recipe_path` then.

    None: the copy is gone or not whole, or goes no longer together with the station file.
    """
    try:
        recipe = read_recipe(loaded.state_dir, digest)
        engines = {name: load_engine_package(Path(folder)) for name, folder in recipe.engines.items()}
    except (OSError, ValueError, EngineFileError, DocumentError):
        return None
    manifests = {name: package.manifest for name, package in engines.items()}
    conflicts = [*shared_conflicts(loaded.station, recipe), *recipe_conflicts(recipe, manifests)]
    if conflicts or recipe_digest(recipe, {name: package.digest for name, package in engines.items()}) != digest:
        return None
    return replace(loaded, recipe=recipe, recipe_path=recipe_path, engines=engines, recipe_digest=digest)


def _open(path: Path, model: type[M], faults: list[str]) -> Document[M] | None:
    try:
        return open_document(path, model)
    except DocumentError as error:
        faults += _mistaken(path, model) or error.faults
        return None


def _mistaken(path: Path, model: type[M]) -> list[str]:
    """Say it in one line when one kind of file was given for the other."""
    try:
        keys = read_yaml(path).value
    except DocumentError:
        return []
    if not isinstance(keys, dict):
        return []
    if model is Station and "rules" in keys and "cameras" not in keys:
        return [f"{path}:1: is a recipe, allowed is the station file, which names its recipe"]
    if model is Recipe and "cameras" in keys and "rules" not in keys:
        return [f"{path}:1: is a station file, allowed is a recipe"]
    return []


def _recipe_path(path: Path, faults: list[str]) -> Path | None:
    """Return the recipe that a station file names, a faulty one too: the recipe's faults are said in the same go."""
    try:
        source = read_yaml(path)
    except DocumentError:
        return None
    name = source.value.get("recipe") if isinstance(source.value, dict) else None
    if not isinstance(name, str):
        return None
    recipe_path = path.parent / name
    if recipe_path.is_file():
        return recipe_path
    faults.append(Fault(source.line("recipe"), f"recipe: {recipe_path} is not there, allowed is a recipe file").at(path))
    return None


def _lines(document: Document[Station] | Document[Recipe] | None, conflicts: Iterable[Conflict]) -> list[str]:
    if document is None:
        return []
    found = sorted((Fault(document.line(*conflict.loc), conflict.text) for conflict in conflicts), key=lambda f: f.line)
    return [fault.at(document.path) for fault in found]


def _recording_path(station: Document[Station], faults: list[str]) -> Path | None:
    recording = station.content.recording
    if recording is None:
        return None
    path = (station.path.parent / recording.path).resolve()
    if not path.is_dir():
        text = f"{path} is not there, allowed is a session folder or a folder of pictures"
    elif recording.plain is None and not (path / "session.yaml").is_file():
        text = f"{path} has no session.yaml, allowed is a session folder, or plain pictures with `plain: {{}}` beside `path`"
    else:
        return path
    faults.append(Fault(station.line("recording", "path"), f"recording.path: {text}").at(station.path))
    return path


def _load_engines(recipe: Document[Recipe], faults: list[str]) -> dict[str, EnginePackage]:
    engines: dict[str, EnginePackage] = {}
    for name, folder in recipe.content.engines.items():
        try:
            engines[name] = load_engine_package((recipe.path.parent / folder).resolve())
        except DocumentError as error:
            faults += error.faults
        except EngineFileError as error:
            where = f"{recipe.path}:{recipe.line('engines', name)}: engines.{name}"
            faults += [f"{where}: {line}" for line in str(error).splitlines()]
    return engines


def copy_recipe(loaded: LoadedStation, state_dir: Path) -> Path:
    """Make `state/recipes/DIGEST/` hold this recipe and its engines, verified, and return it.

    Workers read this copy alone, so that a restarted one can not read a file that was edited meanwhile. A copy that is
    there and whole is kept; a damaged one is replaced in one step.

    Raises:
        ConfigurationError: it can not be written.
        EngineFileError: an engine's files changed since they were loaded.
    """
    target = recipe_dir(state_dir, loaded.recipe_digest).resolve()
    text = _recipe_text(loaded, target)
    if _is_whole(target, text, loaded.engines):
        return target
    building = target.with_name(f".{target.name}.{os.getpid()}.new")
    replaced = target.with_name(f".{target.name}.{os.getpid()}.old")
    try:
        for leftover in target.parent.glob(f".{target.name}.*"):
            shutil.rmtree(leftover)
        for name, package in loaded.engines.items():
            _copy_engine(package, building / "engines" / name)
        (building / "recipe.json").write_text(text, encoding="utf-8")
        if target.exists():
            target.rename(replaced)
        building.rename(target)
        shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        raise ConfigurationError(
            f"{target}: the recipe can not be copied there ({error}); free space, or make the state folder writable"
        ) from error
    return target


def _recipe_text(loaded: LoadedStation, target: Path) -> str:
    paths = {name: str(target / "engines" / name) for name in loaded.engines}
    return loaded.recipe.model_copy(update={"engines": paths}).model_dump_json(indent=1)


def _copy_engine(package: EnginePackage, folder: Path) -> None:
    for name in (MANIFEST_FILE, *package.manifest.files):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package.folder / name, file)
    if load_engine_package(folder).digest != package.digest:
        raise EngineFileError(f"{package.folder}: was changed while it was read; start again")


def _is_whole(target: Path, text: str, engines: Mapping[str, EnginePackage]) -> bool:
    try:
        return (target / "recipe.json").read_text(encoding="utf-8") == text and all(
            load_engine_package(target / "engines" / name).digest == package.digest for name, package in engines.items()
        )
    except (OSError, UnicodeDecodeError, EngineFileError, DocumentError):
        return False
