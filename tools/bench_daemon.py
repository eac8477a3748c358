"""What the daemon adds around the engine, and the highest rate that stays free of UNINSPECTED.

    .venv/bin/python tools/bench_daemon.py [--seconds 60] [--json]

Plays generated straws (no wrong parts) through the real belt and daemon of docs/examples/straw: first one part every 3 s
for the latency, then rising rates in short runs, then the highest of them for `--seconds`. CPU and memory are of the
supervisor and all its workers, sampled every half second: CPU in cores, memory as PSS (shared pages counted once).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import yaml

from edge_inspector.cli.play_report import PlayReport, make_report
from edge_inspector.simulation import playthrough
from edge_inspector.simulation.bins import FILE_NAME
from edge_inspector.simulation.evidence import read_evidence
from edge_inspector.simulation.station_recording import load_station_recording
from edge_inspector.station.load import load_station
from edge_inspector.supervisor.client import NotRunning, find_daemon
from edge_inspector.synthesis.session import SPEED_MM_S, write_session

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "docs/examples/straw"
SPACINGS_MS = (2500, 2000, 1700, 1400, 1200, 1000, 850, 700, 600, 500)  # below 375 ms parts would touch at 200 mm/s
SAMPLE_S = 0.5


@dataclass(frozen=True)
class Run:
    """One play: `uninspected` counts every part without a judgement, good or not."""

    spacing_ms: int
    parts: int
    fed: int
    uninspected: int
    escapes: int
    false_rejects: int
    contradictions: int
    parts_per_s: float
    cpu_of_one_core: float
    pss_mib: float
    stages_ms: dict[str, dict[str, float]]


class Usage:
    """Samples the daemon's process tree."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.pss_mib: list[float] = []
        self._processes: dict[int, psutil.Process] = {}

    def sample(self, pid: int) -> None:
        """Add one sample; the first of each process only starts its clock."""
        try:
            tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            known = [self._processes.setdefault(process.pid, process) for process in tree]
            self.cpu.append(sum(process.cpu_percent() for process in known))
            self.pss_mib.append(sum(process.memory_full_info().pss for process in known) / 2**20)
        except psutil.NoSuchProcess:
            return


def make_station(folder: Path, spacing_ms: int) -> Path:
    """Write the example's station, with the spacings that this rate needs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    station = yaml.safe_load((EXAMPLE / "station.yaml").read_text(encoding="utf-8"))
    spacing_mm = spacing_ms / 1000 * SPEED_MM_S
    length = {"min": 55.0, "max": 64.0}
    station["line"]["part_length_mm"] = length
    station["line"]["min_spacing_mm"] = min(150.0, spacing_mm - 1)
    gap_ms = (station["line"]["min_spacing_mm"] - length["max"]) / SPEED_MM_S * 1000
    for ejector in station["line"]["ejectors"]:
        ejector["tolerance_ms"] = min(40.0, gap_ms / 2 - 1)
    station["line"]["confirm_tolerance_ms"] = min(60.0, gap_ms)
    station["line"]["heartbeat_timeout_ms"] = min(200.0, gap_ms - 1)
    (folder / "station.yaml").write_text(yaml.safe_dump(station), encoding="utf-8")
    recipe = yaml.safe_load((EXAMPLE / "recipe.yaml").read_text(encoding="utf-8"))
    recipe["engines"] = {name: str((EXAMPLE / path).resolve()) for name, path in recipe["engines"].items()}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return folder / "station.yaml"


def play(folder: Path, spacing_ms: int, parts: int, seed: int) -> Run:
    """Generate, play, measure."""
    station_path = make_station(folder, spacing_ms)
    write_session(folder / "recording", seed, parts, 1 / 3, 0.0, spacing_ms)
    loaded = load_station(station_path)
    recording = load_station_recording(loaded.station, station_path)
    usage = Usage()
    next_sample = 0.0
    for progress in playthrough.play_through(loaded.station, station_path, recording, loaded.state_dir):
        now = time.monotonic()
        if progress.phase is playthrough.Phase.PLAYING and now >= next_sample:
            next_sample = now + SAMPLE_S
            session = find_daemon(loaded.state_dir)
            if not isinstance(session, NotRunning):
                usage.sample(session.supervisor_pid)
    report = make_report(read_evidence(loaded.state_dir), recording, loaded.state_dir, loaded.state_dir / FILE_NAME)
    return summarise(report, spacing_ms, parts, usage)


def summarise(report: PlayReport, spacing_ms: int, parts: int, usage: Usage) -> Run:
    """Take the figures out of a report."""
    counts = report.counts
    busy = usage.cpu[2:] or [0.0]  # the first samples start the clocks
    return Run(
        spacing_ms=spacing_ms,
        parts=parts,
        fed=counts.fed,
        uninspected=counts.uninspected + len(report.not_fed),
        escapes=counts.escapes or 0,
        false_rejects=counts.false_rejects or 0,
        contradictions=len(report.faults),
        parts_per_s=round(1000 / spacing_ms, 2),
        cpu_of_one_core=round(statistics.mean(busy) / 100, 2),
        pss_mib=round(statistics.median(usage.pss_mib or [0.0])),
        stages_ms={name: {k: round(v, 1) for k, v in asdict(p).items()} for name, p in report.stages.items()},
    )


def say(run: Run, quiet: bool) -> None:
    """One line a run."""
    if not quiet:
        overhead = run.stages_ms.get("daemon_overhead_ms", {})
        whole = run.stages_ms.get("picture_to_verdict_ms", {})
        print(
            f"{run.parts_per_s:5.2f} parts/s  {run.fed:4d} parts  uninspected {run.uninspected}  escapes {run.escapes}  "
            f"false rejects {run.false_rejects}  CPU {run.cpu_of_one_core:.2f} cores  PSS {run.pss_mib:.0f} MiB  "
            f"last picture to verdict p50 {whole.get('p50', 0)} p99 {whole.get('p99', 0)} ms, of it "
            f"added by the daemon p50 {overhead.get('p50', 0)} p95 {overhead.get('p95', 0)} p99 {overhead.get('p99', 0)} ms",
            flush=True,
        )


def main() -> int:
    """Run the benchmark; exit 1 when something escaped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="length of the last run")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runs = [play(options.folder, 3000, 30, seed=3000)]
    say(runs[0], options.json)
    best = None
    for spacing_ms in SPACINGS_MS:
        runs.append(play(options.folder, spacing_ms, max(12, 15_000 // spacing_ms), seed=3001))
        say(runs[-1], options.json)
        if runs[-1].uninspected:
            break
        best = spacing_ms
    while best is not None:
        runs.append(play(options.folder, best, options.seconds * 1000 // best, seed=3002))
        say(runs[-1], options.json)
        slower = [spacing for spacing in SPACINGS_MS if spacing > best]
        if not runs[-1].uninspected or not slower:
            break
        best = slower[-1]
    if options.json:
        print(json.dumps({"cores": os.cpu_count(), "runs": [asdict(run) for run in runs]}, indent=1))
    return 1 if any(run.escapes or run.contradictions for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
