"""`edge-inspector init FOLDER`: a first station file and recipe, for your own pictures or for those a training held back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

import edge_inspector
from edge_inspector.cli.engine_words import caution_words
from edge_inspector.cli.progress_bar import PATIENCE_S, ProgressBar
from edge_inspector.domain.errors import ConfigurationError, DocumentError
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
    read_engines,
    refuse_existing,
    write_files,
)

SHIPPED_ENGINES = Path(edge_inspector.__file__).resolve().parents[1] / "engines"
PICTURES_FOLDER = "pictures"
TRIAL_SAMPLE = 400  # of the pictures that engines were made of: what they have on average decides what counts as a part


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="where station.yaml and recipe.yaml go")],
    pictures: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="CAMERA/*.jpg|png, or *.jpg|png of one camera; default FOLDER/pictures, or FOLDER"
        ),
    ] = None,
    trained: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="output folder of `train`; its engines judge the pictures it held back",
        ),
    ] = None,
) -> None:
    """Write a commented station file and recipe for your own pictures, measured from them; nothing is overwritten."""
    if trained is not None and pictures is not None:
        raise ConfigurationError("--pictures and --trained: use one of the two; --trained brings its own pictures")
    refuse_existing(folder)
    start, empty = _of_pictures(folder, pictures) if trained is None else _of_training(folder, trained)
    try:
        write_files(start)
    except BaseException:
        if trained is not None:
            shutil.rmtree(folder / PICTURES_FOLDER)  # written just now, and of no use without the files
        raise
    typer.echo(f"{folder / STATION_FILE} and {folder / RECIPE_FILE}: written")
    _tell_engines(start)
    typer.echo("still to do:")
    for line in _to_do(folder, start.surface, empty):
        typer.echo(f"  - {line}")


def _of_pictures(folder: Path, pictures: Path | None) -> tuple[Start, list[PictureMeasures]]:
    """What the files are made from, and the empty belt's pictures as measured."""
    if pictures is None:
        pictures = folder / PICTURES_FOLDER if (folder / PICTURES_FOLDER).is_dir() else folder
    cameras = find_cameras(pictures)
    check_names(cameras, pictures)
    shown, empty = _paths(pictures, cameras)
    surface = _surface(measure_pictures(shown))
    engines = find_engines((folder / "engines", SHIPPED_ENGINES), surface.width_px, surface.height_px)
    is_smaller = bool(engines) and (engines[0].width_px, engines[0].height_px) != (surface.width_px, surface.height_px)
    start = Start(folder, pictures, tuple(cameras), surface, engines, "pad" if is_smaller else "exact")
    parts = len(shown) // len(cameras)
    typer.echo(f"cameras {', '.join(cameras)}; {parts} parts; {surface.width_px} × {surface.height_px} px (width × height)")
    return start, [measure_pictures([path]) for path in empty]


def _of_training(folder: Path, trained: Path) -> tuple[Start, list[PictureMeasures]]:
    """What the files are made from; the recording, which nothing of a training's output is changed for, is written."""
    from edge_inspector.training.datasets.wording import counted
    from edge_inspector.training.defect_set import ViewFit
    from edge_inspector.training.trial import refuse_recording, trial_of, write_recording

    refuse_recording(folder / PICTURES_FOLDER)
    trial = trial_of(trained)
    engines = read_engines(trial.engines)
    view = ViewFit(trial.fit, engines[0].width_px, engines[0].height_px)
    surface = _surface(measure_pictures(trial.learned_from, TRIAL_SAMPLE, view.read_own, may_differ=True))
    with ProgressBar(silent_s=PATIENCE_S) as bar:
        write_recording(trial, folder / PICTURES_FOLDER, lambda share: bar.show("pictures are copied", share, 1.0))
    start = Start(folder, folder / PICTURES_FOLDER, tuple(trial.pictures), surface, engines, trial.fit)
    defective = sum(bool(told.defects) for told in trial.truth.values())
    typer.echo(
        f"cameras {', '.join(trial.pictures)}; {len(trial.truth)} parts that the training held back, {defective} of them "
        f"defective; {folder / PICTURES_FOLDER / 'truth.csv'} says which"
    )
    if trial.left_out:
        typer.echo(f"  {counted(trial.left_out, 'picture')} left out: not every engine's defect was labelled in them")
    return start, []


def _surface(measured: PictureMeasures) -> Surface:
    return Surface(measured.width_px, measured.height_px, measured.least_mean, measured.most_mean, measured.least_deviation)


def _tell_engines(start: Start) -> None:
    ways = {
        "exact": "this size",
        "pad": "{} × {} px: pictures are padded to it",
        "resize": "{} × {} px: pictures are scaled",
    }
    for engine in start.engines:
        size = ways[start.fit].format(*start.view_px)
        typer.echo(f"  engine {engine.manifest.name} for {engine.manifest.defect} was made for {size}")
        typer.echo(f"    cut {engine.manifest.threshold.score:g}: {engine.manifest.threshold.evidence}")
        for caution in caution_words(engine.manifest):
            typer.echo(f"    {caution}")
    if not start.engines:
        typer.echo(f"  no engine here takes such pictures; {start.folder / RECIPE_FILE} says how to come to one")


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
