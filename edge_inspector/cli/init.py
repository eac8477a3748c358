"""`edge-inspector init FOLDER`: a first station file and recipe for a folder of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import edge_inspector
from edge_inspector.domain.errors import DocumentError
from edge_inspector.imaging.measure import PictureMeasures, measure_pictures
from edge_inspector.recordings.plain_folder import EMPTY_STEM, PlainFolderTiming, find_cameras, load_plain_folder
from edge_inspector.station.load import load_station
from edge_inspector.station.starter import (
    RECIPE_FILE,
    STATION_FILE,
    Start,
    Surface,
    check_names,
    find_engines,
    refuse_existing,
    write_files,
)

SHIPPED_ENGINES = Path(edge_inspector.__file__).resolve().parents[1] / "engines"


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="where station.yaml and recipe.yaml go")],
    pictures: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="CAMERA/*.jpg|png, or *.jpg|png of one camera; default FOLDER/pictures, or FOLDER"
        ),
    ] = None,
) -> None:
    """Write a commented station file and recipe for your own pictures, measured from them; nothing is overwritten."""
    refuse_existing(folder)
    if pictures is None:
        pictures = folder / "pictures" if (folder / "pictures").is_dir() else folder
    cameras = find_cameras(pictures)
    check_names(cameras, pictures)
    shown, empty = _paths(pictures, cameras)
    measured = measure_pictures(shown)
    surface = Surface(
        measured.width_px, measured.height_px, measured.least_mean, measured.most_mean, measured.least_deviation
    )
    engines = find_engines((folder / "engines", SHIPPED_ENGINES), surface.width_px, surface.height_px)
    start = Start(folder, pictures, tuple(cameras), surface, engines)
    write_files(start)
    parts = len(shown) // len(cameras)
    typer.echo(f"{folder / STATION_FILE} and {folder / RECIPE_FILE}: written")
    typer.echo(
        f"  cameras {', '.join(cameras)}; {parts} parts; {surface.width_px} × {surface.height_px} px (width × height)"
    )
    engine_size = (
        f"{start.view_px[0]} × {start.view_px[1]} px: pictures are padded to it" if start.is_padded else "this size"
    )
    for engine in engines:
        typer.echo(f"  engine {engine.manifest.name} for {engine.manifest.defect} was made for {engine_size}")
    if not engines:
        typer.echo(f"  no engine here was made for this size; {folder / RECIPE_FILE} says how to come to one")
    typer.echo("still to do:")
    for line in _to_do(folder, surface, [measure_pictures([path]) for path in empty]):
        typer.echo(f"  - {line}")


def _paths(pictures: Path, cameras: list[str]) -> tuple[list[Path], list[Path]]:
    """Return the pictures of parts, camera by camera, and those of the empty belt."""
    recording = load_plain_folder(pictures, cameras, PlainFolderTiming())
    paths = dict.fromkeys(frame.path for track in recording.cameras.values() for frame in track.frames)
    return [path for path in paths if path.stem != EMPTY_STEM], [path for path in paths if path.stem == EMPTY_STEM]


def _to_do(folder: Path, surface: Surface, empty: list[PictureMeasures]) -> list[str]:
    recipe = folder / RECIPE_FILE
    lines = [f"{recipe}: mm_per_px is assumed; measure it"]
    if not empty:
        lines.append(
            f"{recipe}: presence must refuse a picture without a part; put one beside a camera's pictures as "
            f"{EMPTY_STEM}.jpg, and it is shown between the parts"
        )
    if any(surface.takes_for_a_part(each.least_mean, each.least_deviation) for each in empty):
        lines.append(f"{recipe}: presence takes the picture `{EMPTY_STEM}` for a part; use `kind: silhouette`")
    station = folder / STATION_FILE
    try:
        load_station(station)
    except DocumentError as error:
        return [*error.faults, *lines]
    return [*lines, f"play it: edge-inspector play {station}"]
