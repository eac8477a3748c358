"""`edge-inspector engines list|verify|install`: what packages there are, whether they work here, putting one in place."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from edge_inspector.domain.errors import ConfigurationError, EdgeInspectorError
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import (
    MANIFEST_FILE,
    EngineManifest,
    EnginePackage,
    Precision,
    load_engine_package,
    package_folders,
    set_aside_words,
)
from edge_inspector.station.package_place import bring_back, copy_package, put_in_place, set_aside_in
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.station import Inference

HEX = re.compile(r"[0-9a-f]{12,64}")


def list_engines(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="folder of engine packages")] = Path("engines"),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object: its engines, and faults")] = False,
) -> None:
    """List the engine packages of a folder; every file is held against its manifest. Exit 1 if one is damaged."""
    packages = []
    faults = [set_aside_words(path) for path in set_aside_in(folder)]
    paths = package_folders(folder)
    if not paths and not faults:
        raise ConfigurationError(f"{folder}: holds no engine package; name the folder that holds them")
    for path in paths:
        try:
            packages.append(load_engine_package(path))
        except EdgeInspectorError as error:
            faults.append(str(error))
    if as_json:
        typer.echo(json.dumps({"engines": [_facts(each) for each in packages], "faults": faults}, indent=1))
    else:
        for each in packages:
            typer.echo(_line(each))
        for fault in faults:
            typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)


def verify_engine(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help="folder of one engine package")],
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default: all CPUs")] = None,
) -> None:
    """Verify a package as a station does before it uses it: its files, and the golden pictures on this computer.

    In every precision of its manifest that this CPU has; a station uses the quickest of these.
    """
    for line in _prove(load_engine_package(package), threads):
        typer.echo(line)


def install_engine(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help="folder of the package to install")],
    into: Annotated[Path, typer.Option(help="folder of engine packages")] = Path("engines"),
    replace: Annotated[bool, typer.Option("--replace", help="replace the engine of this name")] = False,
    digest: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="refuse a package with another digest: as `engines list` prints it, or all of it"),
    ] = None,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="do not verify it here first: the folder is for another computer")
    ] = False,
) -> None:
    """Verify a package, and copy it to a folder of engines in one step; only what its manifest names is copied.

    A running station keeps to its own copy: `edge-inspector recipe` takes up the new one between two parts.
    """
    if digest is not None and not HEX.fullmatch(digest):
        raise ConfigurationError(f"--digest {digest!r}: is no digest, which is 12 to 64 of 0-9 a-f")
    found = load_engine_package(package)
    if digest is not None and not found.digest.startswith(digest):
        raise ConfigurationError(f"{package}: has the digest {found.digest}, expected is {digest}; get the package again")
    place = into / found.manifest.name
    if into.exists() and not into.is_dir():
        raise ConfigurationError(f"{into}: is no folder; name a folder of engine packages with --into")
    try:
        bring_back(place)
        if place.exists() and not (place / MANIFEST_FILE).is_file():
            raise ConfigurationError(f"{place}: is there and is no engine package; choose another folder")
        if os.path.lexists(place) and not replace:
            raise ConfigurationError(f"{place}: is there already; give --replace to replace it")
        before = _cut_of(place)
        for line in [] if no_verify else _prove(found, threads=None):
            typer.echo(line, err=True)
        _copy_into(found, place)
    except OSError as error:
        raise ConfigurationError(
            f"{into}: {found.manifest.name} can not be installed there ({error.strerror or error}); make room, correct the "
            "folder's rights, or name another one with --into. What was there before stays"
        ) from error
    typer.echo(f"{place}: {found.digest}")
    typer.echo(f"cut {found.manifest.threshold.score:g}: {found.manifest.threshold.evidence}")
    if before is not None and before != found.manifest.threshold.score:
        typer.echo(
            f"CAUTION: the engine before had its cut at {before:g}. Recipes keep their min_score: write the new one into "
            "the rules of this engine, and let `edge-inspector check` look at them"
        )


def _prove(package: EnginePackage, threads: int | None) -> Iterator[str]:
    """Prepare the engine in each of its precisions that this CPU has; yield what was found, one line a precision.

    Raises as `prepare_engine`.
    """
    from edge_inspector.inference.engines.cpu_precisions import cpu_flags, native_precisions  # OpenVINO takes long to import
    from edge_inspector.inference.prepared_engine import prepare_engine

    manifest, native = package.manifest, native_precisions(cpu_flags())
    settings = Inference(threads=threads or len(os.sched_getaffinity(0)))
    view = ViewShape(height_px=manifest.input.height, width_px=manifest.input.width)
    here: list[Precision | None] = [precision for precision in manifest.precisions if precision in native]
    say = partial(typer.echo, err=True)
    for precision in here or [None]:  # where it has none of them, the driver says which there are
        prepared = prepare_engine(manifest.name, package.folder, view, settings, say, takes_bands=True, precision=precision)
        prepared.engine.close()
        yield (
            f"{package.folder}: good in {prepared.engine.precision}; draws its {len(prepared.golden)} golden pictures, "
            f"{settings.max_batch} views in {prepared.batch_ms:.0f} ms"
        )
    for precision in manifest.precisions:
        if precision not in native:
            yield f"{package.folder}: not verified in {precision}; this CPU does not compute in it"


def _cut_of(place: Path) -> float | None:
    """The cut of the package that is there; None where there is none that can be read."""
    try:
        return load_document(place / MANIFEST_FILE, EngineManifest).threshold.score
    except (EdgeInspectorError, OSError):
        return None


def _copy_into(package: EnginePackage, place: Path) -> None:
    coming = place.with_name(f".{place.name}.coming")
    staged = coming / place.name  # a package lies in a folder of its name
    shutil.rmtree(coming, ignore_errors=True)  # of a command that was killed
    try:
        copy_package(package, staged)
        put_in_place(staged, place)
    finally:
        shutil.rmtree(coming, ignore_errors=True)


def _line(package: EnginePackage) -> str:
    manifest, size, scale = package.manifest, package.manifest.input, package.manifest.input.mm_per_px
    bands = f" of {size.other_bands}" if size.other_bands else ""
    return (
        f"{manifest.name}: {manifest.defect}, {size.width} x {size.height} px{bands}, {scale.min:g} to {scale.max:g} mm/px, "
        f"cut {manifest.threshold.score:g}, proven in {', '.join(manifest.precisions)}, {package.digest[:12]}"
    )


def _facts(package: EnginePackage) -> dict[str, object]:
    manifest = package.manifest
    return {
        "name": manifest.name,
        "defect": manifest.defect,
        "width_px": manifest.input.width,
        "height_px": manifest.input.height,
        "channels": manifest.input.other_bands or "rgb",
        "mm_per_px": [manifest.input.mm_per_px.min, manifest.input.mm_per_px.max],
        "cut": manifest.threshold.score,
        "evidence": manifest.threshold.evidence,
        "precisions": list(manifest.precisions),
        "digest": package.digest,
    }
