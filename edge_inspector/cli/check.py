"""`edge-inspector check STATION`: every fault of a station, its recipe and its engines; or what the station comes to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from edge_inspector.domain.errors import DocumentError
from edge_inspector.station.load import LoadedStation, load_station
from edge_inspector.station.recipe import Rule, SilhouettePresence
from edge_inspector.station.ring_checks import coverage_of, rods
from edge_inspector.station.station import Camera
from edge_inspector.station.time_checks import blur_px, time_budget


def check(
    station: Annotated[Path, typer.Argument(metavar="STATION", help="station file")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Check a station file, its recipe, its engines and the first picture of each camera.

    Exit 1 with one line a fault, `FILE:LINE: what, what is allowed`.
    """
    from edge_inspector.cli.check_pictures import picture_faults  # OpenCV takes long to import

    try:
        loaded = load_station(station)
        faults = list(picture_faults(loaded)) if loaded.recording_path is not None else []
        if faults:
            raise DocumentError(faults)
    except DocumentError as error:
        if as_json:
            typer.echo(json.dumps({"ok": False, "faults": error.faults}, indent=1))
        else:
            typer.echo("\n".join(error.faults), err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps({"ok": True, "faults": [], **_facts(loaded)}, indent=1))
    else:
        typer.echo("\n".join(_summary(loaded)))


def _facts(loaded: LoadedStation) -> dict[str, object]:
    coverage = _coverage(loaded)
    budgets = {name: time_budget(loaded.station.line, camera) for name, camera in loaded.station.cameras.items()}
    return {
        "station": loaded.station.station,
        "product": loaded.recipe.product,
        "recipe_digest": loaded.recipe_digest,
        "engines": {name: package.digest for name, package in loaded.engines.items()},
        "cameras": {
            name: {
                "view_ms": budget.view_ms,
                "commit_ms": budget.commit_ms,
                "inference_ms": budget.inference_ms,
                "blur_px": _blur_px(loaded, loaded.station.cameras[name]),
            }
            for name, budget in budgets.items()
        },
        "coverage": asdict(coverage) if coverage is not None else None,
        "notes": _notes(loaded),
        "state_dir": str(loaded.state_dir),
        "recording": str(loaded.recording_path) if loaded.recording_path is not None else None,
    }


def _summary(loaded: LoadedStation) -> list[str]:
    line = loaded.station.line
    lines = [
        f"{loaded.station_path}: good",
        f"  station {loaded.station.station}, product {loaded.recipe.product}, recipe {loaded.recipe_digest[:12]}",
        f"  state in {loaded.state_dir}",
    ]
    for name, package in loaded.engines.items():
        precisions = ", ".join(package.manifest.precisions)
        lines.append(f"  engine {name} for {package.manifest.defect}, {package.digest[:12]}, proven in {precisions}")
    for name, camera in loaded.station.cameras.items():
        budget = time_budget(line, camera)
        lines.append(
            f"  camera {name}: view {budget.view_ms:.0f} ms after the sensor at the latest, verdict due at "
            f"{budget.commit_ms:.0f} ms: {budget.inference_ms:.0f} ms for inference and decision"
        )
        blur = _blur_px(loaded, camera)
        if blur is not None:
            lines.append(f"    its exposure of {camera.exposure_ms:g} ms blurs {blur:.2f} px")
    coverage = _coverage(loaded)
    if coverage is not None:
        smallest, largest = 100 * coverage.smallest, 100 * coverage.largest
        lines.append(
            f"  surface: the cameras see {smallest:.1f} % of the smallest part and {largest:.1f} % of the largest; a part "
            f"of which less than {100 * coverage.least:g} % is seen is UNINSPECTED"
        )
    return lines + [f"  note: {note}" for note in _notes(loaded)]


def _notes(loaded: LoadedStation) -> list[str]:
    """What is no fault of the files, and yet to be looked at on this computer."""
    return [*_thread_notes(loaded), *_cut_notes(loaded)]


def _thread_notes(loaded: LoadedStation) -> Iterator[str]:
    threads, cpus = loaded.station.inference.threads, len(os.sched_getaffinity(0))
    if threads > cpus:
        yield (
            f"inference.threads is {threads}, and this computer has {cpus} CPUs for it: engines are slower with more than "
            "those"
        )


def _cut_notes(loaded: LoadedStation) -> Iterator[str]:
    """Of rules that ask for more than their engine's evidence was counted at, unless another one rejects all of that."""
    for name, package in loaded.engines.items():
        proven = package.manifest.threshold.score
        rules = [rule for rule in loaded.recipe.rules if rule.engine == name]
        if any(rule.min_score <= proven and _takes_any(rule) for rule in rules):
            continue
        for rule in rules:
            if rule.min_score > proven:
                yield (
                    f"rule {rule.name} rejects from min_score {rule.min_score:g} on, the evidence of engine {name} is for "
                    f"{proven:g}: more may escape than it says"
                )


def _takes_any(rule: Rule) -> bool:
    """Whether one finding is enough, however small and wherever it is."""
    return rule.zone is None and rule.min_count == 1 and not any((rule.min_area_mm2, rule.min_length_mm, rule.min_width_mm))


def _blur_px(loaded: LoadedStation, camera: Camera) -> float | None:
    return blur_px(loaded.station.line, camera.exposure_ms, loaded.recipe.mm_per_px) if camera.exposure_ms else None


@dataclass(frozen=True, slots=True)
class _Coverage:
    """Shares of the surface that the cameras see well."""

    smallest: float  # part
    largest: float
    least: float  # that the recipe asks for


def _coverage(loaded: LoadedStation) -> _Coverage | None:
    presence, surface = loaded.recipe.presence, loaded.recipe.surface
    if surface is None or not isinstance(presence, SilhouettePresence):
        return None
    smallest, largest = (coverage_of(loaded.station, loaded.recipe, rod) for rod in rods(loaded.station, presence))
    if smallest is None or largest is None:
        return None
    return _Coverage(smallest.share, largest.share, surface.min_coverage)
