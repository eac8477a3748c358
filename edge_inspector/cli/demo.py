"""`edge-inspector demo`: a whole line in small, with generated straws; and `play`: the same for a station of your own."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import edge_inspector
from edge_inspector.cli.play_report import PLAIN_WIDTH, make_report, print_json, print_report
from edge_inspector.cli.progress_bar import ProgressBar
from edge_inspector.domain.errors import AlreadyRunningError, ConfigurationError
from edge_inspector.recordings import Recording
from edge_inspector.simulation import playthrough
from edge_inspector.simulation.belt_process import lock_belt
from edge_inspector.simulation.bins import FILE_NAME
from edge_inspector.simulation.evidence import Evidence, mark_evidence, read_evidence
from edge_inspector.simulation.station_recording import load_station_recording
from edge_inspector.station.document import load_document
from edge_inspector.station.load import load_station
from edge_inspector.station.station import Station
from edge_inspector.supervisor.client import NotRunning, find_daemon
from edge_inspector.synthesis.session import write_session

EXAMPLE = Path("docs/examples/straw")
DEFECT_SHARE = 1 / 3
WRONG_SHARE = 0.2
SPACING_MS = 2000.0  # two slow cores judge six views for three defects in two thirds of that


def demo(
    parts: Annotated[int, typer.Option(min=1, max=5000, help="how many parts")] = 26,
    seed: Annotated[int, typer.Option(help="another seed, another recording")] = 2026,
    folder: Annotated[Path, typer.Option(help="where the demo's files go")] = Path("build/demo"),
    keep: Annotated[bool, typer.Option(help="play the recording that is there again, instead of making a new one")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the result for a program")] = False,
) -> None:
    """Generate straws, run the whole line over them, and compare what fell into the bins with the ledger.

    Exit code 1: something passed wrongly, nothing was judged, or not every part was fed.
    """
    _end_children_on_signals()
    station_path = _write_files(folder)
    state_dir = folder / "state"
    _refuse_running(state_dir)
    recording_path = folder / "recording"
    with ProgressBar(quiet=as_json) as bar:
        if not (keep and (recording_path / "session.yaml").exists()):
            _make_recording(recording_path, load_document(station_path, Station), parts, seed, bar)
        shutil.rmtree(state_dir, ignore_errors=True)
        _play(station_path, bar, as_json=as_json)


def play(
    station: Annotated[Path, typer.Argument(metavar="STATION", help="a station file with `simulation: true`")],
    as_json: Annotated[bool, typer.Option("--json", help="print the result for a program")] = False,
) -> None:
    """Play a station's recording once through belt and daemon, and compare what fell into the bins with the ledger."""
    _end_children_on_signals()
    with ProgressBar(quiet=as_json) as bar:
        _play(station, bar, as_json=as_json)


def _play(station_path: Path, bar: ProgressBar, *, as_json: bool) -> None:
    loaded = load_station(station_path)
    if not loaded.station.simulation:
        raise ConfigurationError(f"{station_path}: says `simulation: false`; only a simulated station can be played")
    if loaded.station.line.trigger != "replay":
        raise ConfigurationError(
            f"{station_path}: its trigger is `{loaded.station.line.trigger}`, so nothing comes by itself; start `belt` and "
            "`run`, and ask for parts with `trigger`"
        )
    _refuse_running(loaded.state_dir)
    recording = load_station_recording(loaded.station, station_path)
    since = mark_evidence(loaded.state_dir)
    for progress in playthrough.play_through(loaded.station, station_path, recording, loaded.state_dir):
        bar.show(_WORDS[progress.phase], progress.done, progress.total)
    bar.close()
    _report(recording, loaded.state_dir, read_evidence(loaded.state_dir, since=since), as_json=as_json)


_WORDS = {
    playthrough.Phase.STARTING: "starting: engines are checked, the zone is purged",
    playthrough.Phase.PLAYING: "parts through the line",
    playthrough.Phase.DRAINING: "draining",
}


def _report(recording: Recording, state_dir: Path, evidence: Evidence, *, as_json: bool) -> None:
    report = make_report(evidence, recording, state_dir, state_dir / FILE_NAME)
    if as_json:
        print_json(report)
    else:
        print_report(report, _console())
    if not report.is_good:
        raise typer.Exit(1)


def _write_files(folder: Path) -> Path:
    """Copy the example's station and recipe, with the engine's path as seen from there; return the station file."""
    root = Path(edge_inspector.__file__).resolve().parents[1]
    example = root / EXAMPLE
    if not example.is_dir():
        raise ConfigurationError(f"{example}: is not there; the demo runs from a clone of the repository")
    folder.mkdir(parents=True, exist_ok=True)
    recipe = (example / "recipe.yaml").read_text(encoding="utf-8")
    engines = os.path.relpath(root / "engines", folder.resolve())
    (folder / "recipe.yaml").write_text(recipe.replace("../../../engines", engines), encoding="utf-8")
    shutil.copyfile(example / "station.yaml", folder / "station.yaml")
    return folder / "station.yaml"


def _make_recording(path: Path, station: Station, parts: int, seed: int, bar: ProgressBar) -> None:
    shutil.rmtree(path, ignore_errors=True)
    write_session(
        path,
        seed,
        parts,
        DEFECT_SHARE,
        WRONG_SHARE,
        SPACING_MS,
        tuple(station.cameras),
        progress=lambda done, of: bar.show("pictures of straws are generated", done, of),
    )


def _refuse_running(state_dir: Path) -> None:
    """Raise AlreadyRunningError while a belt or a daemon works on the state folder."""
    os.close(lock_belt(state_dir))
    session = find_daemon(state_dir)
    if not isinstance(session, NotRunning):
        raise AlreadyRunningError(f"{state_dir}: a daemon (pid {session.supervisor_pid}) runs on it; stop it first")


def _end_children_on_signals() -> None:
    """Let SIGTERM and a closed terminal end belt and daemon as Ctrl-C does."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH)
