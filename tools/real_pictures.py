"""Trains an engine on items of KolektorSDD and runs the daemon over items it never saw, as a three-camera station.

    .venv/bin/python tools/real_pictures.py --data ../shared/data/kolektor_sdd --out build/kolektor

Training is kept: with the same settings and pictures it is not repeated, so that after Ctrl-C or with `--no-play` the same
command goes on where it stopped (training itself begins anew). The table goes to OUT/results.md. Nothing below OUT may be
committed: the licence of the pictures (CC BY-NC-SA 4.0) covers the engine trained on them.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import shutil
import signal
import sys
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from edge_inspector.domain.errors import ConfigurationError, EdgeInspectorError
from edge_inspector.domain.records import VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.recordings import PartKind, RecordedTruth
from edge_inspector.simulation.bin_events import Bin
from edge_inspector.simulation.evidence import Evidence, mark_evidence, read_evidence
from edge_inspector.simulation.playthrough import play_through
from edge_inspector.simulation.reconcile import Row, reconcile, tally, violations
from edge_inspector.simulation.station_recording import load_station_recording
from edge_inspector.station.engine_manifest import EngineManifest, EnginePackage, ScaleRange
from edge_inspector.station.load import load_station
from edge_inspector.training.kolektor import (
    HEIGHT,
    WIDTH,
    Split,
    camera_of_defect,
    read_surfaces,
    reduced_mask,
    split_surfaces,
    write_parts,
    write_set,
)
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.own_engine import encoder_from
from edge_inspector.training.package import EngineSets, EngineSheet, package_engine
from edge_inspector.training.plain_folder import PlainFolder, open_plain_folder
from edge_inspector.training.threshold import proportion_interval
from edge_inspector.training.train import TrainedNetwork, TrainingSettings, has_fast_bf16, train

ENGINE = "kolektor_crack"
CAMERAS = ("c1", "c2", "c3")
HELD_BACK, VALIDATION = 15, 6  # items
SMALLEST_DEFECT_PX = 100  # half of the smallest mask of training and validation: the masks are wider than the cracks
NOMINAL_MM_PER_PX = 0.1  # nobody says how large a pixel of this set is, so the rule measures nothing in mm
GREY_MARGIN = 20.0  # grey levels beyond what training and validation pictures have on average
INTERRUPTED = 130

STATION = """\
format: 1
station: kolektor
simulation: true
recipe: recipe.yaml
state_dir: state
recording: {path: parts, plain: {lead_in_ms: 2000, spacing_ms: 1500, length_mm: 60}}
cameras:
  c1: &camera {driver: replay, period_ms: 33.333, latency_ms: 30, offset_ms: 500}
  c2: *camera
  c3: *camera
line: # slow, so that a busy machine still judges every part in time: this measures verdicts, not speed
  speed_mm_s: 100
  part_length_mm: {min: 50, max: 70}
  min_spacing_mm: 100
  ejectors: [{name: good, for: [ACCEPT], at_mm: 250}]
"""

RECIPE = """\
format: 1
product: commutator
view: {{height_px: {height}, width_px: {width}}}
mm_per_px: {mm_per_px}
presence: {{kind: full_frame, mean_grey: [{least_grey:.0f}, {most_grey:.0f}], min_grey_deviation: {deviation:.1f}}}
engines: {{{engine}: engines/{engine}}}
rules: [{{name: crack, engine: {engine}, min_score: {cut}}}]
"""


class Bars:
    """One bar a stage; where there is no terminal, a line for each tenth of it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, int] = {}

    def show(self, stage: str, share: float) -> None:
        if self._progress.console.is_terminal:
            if stage not in self._tasks:
                self._tasks[stage] = self._progress.add_task(stage, total=1.0)
            self._progress.update(self._tasks[stage], completed=share)
        elif self._said.get(stage) != int(10 * share):
            self._said[stage] = int(10 * share)
            print(f"{stage}: {10 * self._said[stage]} %", file=sys.stderr, flush=True)


def main() -> int:
    arguments = parse_arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)  # belt and daemon end with this program
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            report = work(arguments, Bars(progress))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return INTERRUPTED
    except EdgeInspectorError as error:
        print(error, file=sys.stderr)
        return 1
    print(report)
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the set, with index.csv")
    parser.add_argument("--out", type=Path, default=Path("build/kolektor"), help="where everything goes")
    parser.add_argument("--weights", type=Path, help="safetensors file of a MobileNetV2 encoder; default: random weights")
    parser.add_argument("--minutes", type=float, default=12.0, help="training ends after so many minutes")
    parser.add_argument("--steps", type=int, default=4000, help="or after so many batches, if that is sooner")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-play", action="store_true", help="only train and package")
    return parser.parse_args()


def interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def work(arguments: argparse.Namespace, bars: Bars) -> str:
    out: Path = arguments.out
    split = split_surfaces(read_surfaces(arguments.data), HELD_BACK, VALIDATION)
    sets = {}
    for k, name in enumerate(("training", "validation", "held_back")):
        bars.show("reducing pictures", k / 3)
        shutil.rmtree(out / "sets" / name, ignore_errors=True)
        write_set(getattr(split, name), out / "sets" / name)
        sets[name] = open_plain_folder(out / "sets" / name)
    bars.show("reducing pictures", 1.0)
    trained = train_or_take(arguments, sets["training"], bars)
    package = package_engine(
        out / "engines" / ENGINE,
        trained,
        EngineSets(validation=sets["validation"], test=sets["held_back"], golden=sets["validation"]),
        describe_engine(arguments, sets["training"]),
        bars.show,
    )
    if arguments.no_play:
        return f"{package.folder}: trained {trained.steps} steps, {trained.minutes:.1f} minutes; play with the same command"
    report = play(out, split, package, (sets["training"], sets["validation"]), bars)
    (out / "results.md").write_text(report, encoding="utf-8")
    return report


def train_or_take(arguments: argparse.Namespace, folder: PlainFolder, bars: Bars) -> TrainedNetwork:
    """Take the network trained with these settings on these pictures, if it is there; train it otherwise."""
    settings = TrainingSettings(
        seed=arguments.seed,
        steps=arguments.steps,
        minutes=arguments.minutes,
        crop_height=192,
        crop_width=WIDTH,
        learning_rate=1e-3,
        bf16=has_fast_bf16(),
        threads=arguments.threads,
    )
    weights: Path | None = arguments.weights
    asked = {name: value for name, value in dataclasses.asdict(settings).items() if name != "threads"}
    asked |= {"pictures": folder.digest, "weights": digest(weights) if weights else "random"}
    path: Path = arguments.out / "trained.pt"
    if path.is_file():
        kept = torch.load(path, weights_only=True)
        if kept["asked"] == asked:
            network = LightUNet().eval()
            network.load_state_dict(kept["network"])
            return TrainedNetwork(network, settings, kept["alpha"], kept["steps"], kept["minutes"], kept["last_loss"])

    trained = train([folder], settings, lambda step, share, loss: bars.show("training", share), encoder_from(weights))
    bars.show("training", 1.0)
    named = {"alpha": trained.alpha, "steps": trained.steps, "minutes": trained.minutes, "last_loss": trained.last_loss}
    partial = path.with_suffix(".partial")
    torch.save({"asked": asked, "network": trained.network.state_dict(), **named}, partial)
    partial.replace(path)
    return trained


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe_engine(arguments: argparse.Namespace, training: PlainFolder) -> EngineSheet:
    encoder = f" --weights {arguments.weights.name}" if arguments.weights else ""
    return EngineSheet(
        defect="crack",
        colour="red",
        mm_per_px=ScaleRange(min=NOMINAL_MM_PER_PX / 2, max=NOMINAL_MM_PER_PX * 2),
        smallest_defect_px=SMALLEST_DEFECT_PX,
        seed=arguments.seed,
        training_digest=training.digest,
        command=f"tools/real_pictures.py --data FOLDER{encoder} --minutes {arguments.minutes:g} --seed {arguments.seed}",
        validation_words=f"{VALIDATION} items that chose the cut: good surfaces by threes, defective ones alone",
        test_words=f"{HELD_BACK} items held back: good surfaces by threes, defective ones alone",
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """Rejected defective parts marked where the label is, and every part's score (largest of its views) by its label."""

    marked_count: int
    scores: dict[PartKind, list[float]]


def play(out: Path, split: Split, package: EnginePackage, seen: tuple[PlainFolder, ...], bars: Bars) -> str:
    """Write station, recipe and recording, run belt and daemon over them, and say what became of each part."""
    shutil.rmtree(out / "parts", ignore_errors=True)
    truth = {
        part: RecordedTruth(PartKind.DEFECTIVE if is_defective else PartKind.GOOD)
        for part, is_defective in write_parts(split.held_back, out / "parts", CAMERAS).items()
    }
    least, most, deviation = grey_range(seen)
    recipe = RECIPE.format(
        height=HEIGHT,
        width=WIDTH,
        mm_per_px=NOMINAL_MM_PER_PX,
        least_grey=least - GREY_MARGIN,
        most_grey=most + GREY_MARGIN,
        deviation=deviation / 2,
        engine=ENGINE,
        cut=package.manifest.threshold.score,
    )
    (out / "recipe.yaml").write_text(recipe, encoding="utf-8")
    (out / "station.yaml").write_text(STATION, encoding="utf-8")
    loaded = load_station(out / "station.yaml")
    recording = load_station_recording(loaded.station, loaded.station_path)
    since = mark_evidence(loaded.state_dir)
    with closing(play_through(loaded.station, loaded.station_path, recording, loaded.state_dir)) as playing:
        for progress in playing:
            bars.show("parts through the line", progress.done / progress.total)
    evidence = read_evidence(loaded.state_dir, since=since)
    rows = reconcile(evidence.bins, evidence.ledger, truth, evidence.journal)
    faults = violations(rows)
    if faults or len(rows) != len(truth):
        said = "\n".join(faults) or f"{len(rows)} parts came, not {len(truth)}"
        raise ConfigurationError(f"{loaded.state_dir}: bins and ledger do not agree, so there is no result:\n{said}")
    found = Found(count_marked_where_labelled(rows, evidence, split), scores_by_truth(rows, evidence))
    return write_report(rows, found, split, package.manifest)


def grey_range(folders: tuple[PlainFolder, ...]) -> tuple[float, float, float]:
    """Least and most mean grey level, and least standard deviation, of pictures that are not held back."""
    means, deviations = [], []
    for folder in folders:
        for sample in folder.samples:
            rgb, _ = sample.read()
            mean, deviation = cv2.meanStdDev(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
            means.append(float(mean[0, 0]))
            deviations.append(float(deviation[0, 0]))
    return min(means), max(means), min(deviations)


def count_marked_where_labelled(rows: list[Row], evidence: Evidence, split: Split) -> int:
    """Rejected defective parts with a rejecting finding whose box holds labelled pixels, in the camera that sees them."""
    verdicts = {record.key.name: record for record in evidence.journal if isinstance(record, VerdictRecord)}
    count = 0
    for row in rows:
        if row.truth is not PartKind.DEFECTIVE or row.verdict is not VerdictKind.REJECT:
            continue
        group = row.part.rpartition("-")[0]
        (defective,) = (surface for surface in split.held_back[group] if surface.is_defective)
        mask = reduced_mask(defective.mask)
        camera = CAMERAS[camera_of_defect(group)]
        count += any(
            finding.rejects
            and camera in finding.cameras
            and np.any(mask[finding.y_px : finding.y_px + finding.height_px, finding.x_px : finding.x_px + finding.width_px])
            for finding in verdicts[row.arrival].findings
        )
    return count


def scores_by_truth(rows: list[Row], evidence: Evidence) -> dict[PartKind, list[float]]:
    """A part with a view that was not judged has no score."""
    verdicts = {record.key.name: record for record in evidence.journal if isinstance(record, VerdictRecord)}
    scores: dict[PartKind, list[float]] = {PartKind.GOOD: [], PartKind.DEFECTIVE: []}
    for row in rows:
        judged = [judgement.score for judgement in verdicts[row.arrival].judgements if judgement.score is not None]
        if row.truth is not None and len(judged) == len(CAMERAS):
            scores[row.truth].append(max(judged))
    return scores


def write_report(rows: list[Row], found_by_daemon: Found, split: Split, manifest: EngineManifest) -> str:
    counts = tally(rows)
    assert counts.escapes is not None
    assert counts.false_rejects is not None
    by_truth = {kind: [row for row in rows if row.truth is kind] for kind in (PartKind.GOOD, PartKind.DEFECTIVE)}
    good, defective = len(by_truth[PartKind.GOOD]), len(by_truth[PartKind.DEFECTIVE])
    rejected_defective = sum(row.verdict is VerdictKind.REJECT for row in by_truth[PartKind.DEFECTIVE])
    lines = ["| label | parts | ACCEPT | REJECT | UNINSPECTED | good bin |", "|---|---|---|---|---|---|"]
    for kind, found in by_truth.items():
        verdicts = [sum(row.verdict is verdict for row in found) for verdict in VerdictKind]
        accepted, uninspected, rejected = verdicts
        in_good_bin = sum(row.bin is Bin.GOOD for row in found)
        lines.append(f"| {kind} | {len(found)} | {accepted} | {rejected} | {uninspected} | {in_good_bin} |")
    record = manifest.training
    lines += [
        "",
        f"- escapes {interval_words(counts.escapes, defective)}",
        f"- false rejects {interval_words(counts.false_rejects, good)}",
        f"- uninspected {interval_words(counts.uninspected, len(rows))}",
        f"- of {rejected_defective} defective parts rejected, {found_by_daemon.marked_count} were marked where the label is",
        *(f"- scores of {kind} parts: {min(s):.4f} to {max(s):.4f}" for kind, s in found_by_daemon.scores.items() if s),
        f"- cut {manifest.threshold.score}: {manifest.threshold.evidence}",
        f"- trained {record.steps} steps, {record.minutes} minutes; {WIDTH} x {HEIGHT} px",
    ]
    lines += [
        f"- {key}: {metric.value} ({metric.low} to {metric.high}, n = {metric.n})"
        for key, metric in manifest.metrics.items()
    ]
    lines += [f"- {name}: {', '.join(sorted(getattr(split, name)))}" for name in ("training", "validation", "held_back")]
    lines += ["", "| part | camera of the defect | verdict | bin | why |", "|---|---|---|---|---|"]
    for row in sorted(rows, key=lambda row: row.part):
        is_defective = row.truth is PartKind.DEFECTIVE
        camera = CAMERAS[camera_of_defect(row.part.rpartition("-")[0])] if is_defective else ""
        lines.append(f"| {row.part} | {camera} | {row.verdict} | {row.bin} | {row.reason} |")
    return "\n".join(lines) + "\n"


def interval_words(count: int, n: int) -> str:
    """Count, share and its exact 95 % interval, one-sided where nothing or everything was counted."""
    low, high = proportion_interval(count, n)
    return f"{count} of {n}, {100 * count / n:.1f} % ({100 * low:.1f} to {100 * high:.1f} %)"


if __name__ == "__main__":
    sys.exit(main())
