"""Trains an engine on items of KolektorSDD and runs the daemon over items it never saw, as a three-camera station.

    .venv/bin/python tools/real_pictures.py --data ../shared/data/kolektor_sdd --out build/kolektor

Training is kept: with the same settings and pictures it is not repeated, so that after Ctrl-C or with `--no-play` the same
command goes on where it stopped (training itself begins anew). The table goes to OUT/results.md. Nothing below OUT may be
committed: the licence of the pictures (CC BY-NC-SA 4.0) covers the engine trained on them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from real_station import JudgedParts, digest_of, play_known_parts, run_tool

from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.recordings import PartKind, RecordedTruth
from edge_inspector.simulation.bin_events import Bin
from edge_inspector.simulation.reconcile import tally
from edge_inspector.station.engine_manifest import EngineManifest, EnginePackage, ScaleRange
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.kept_network import keep_network
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
from edge_inspector.training.models.unet.encoder_weights import encoder_from
from edge_inspector.training.package import EngineSets, EngineSheet, Progress, package_engine
from edge_inspector.training.proof import grey_range, interval_words, is_marked
from edge_inspector.training.train import TrainedNetwork, TrainingSettings, has_fast_bf16, train

ENGINE = "kolektor_crack"
CAMERAS = ("c1", "c2", "c3")
HELD_BACK, VALIDATION = 15, 6  # items
SMALLEST_DEFECT_PX = 100  # half of the smallest mask of training and validation: the masks are wider than the cracks
NOMINAL_MM_PER_PX = 0.1  # nobody says how large a pixel of this set is, so the rule measures nothing in mm
GREY_MARGIN = 20.0  # grey levels beyond what training and validation pictures have on average

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
  stop_distance_mm: 10
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


def main() -> int:
    arguments = parse_arguments()
    return run_tool(lambda progress: work(arguments, progress))


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


def work(arguments: argparse.Namespace, progress: Progress) -> str:
    out: Path = arguments.out
    split = split_surfaces(read_surfaces(arguments.data), HELD_BACK, VALIDATION)
    sets = {}
    for k, name in enumerate(("training", "validation", "held_back")):
        progress("reducing pictures", k / 3)
        shutil.rmtree(out / "sets" / name, ignore_errors=True)
        write_set(getattr(split, name), out / "sets" / name)
        sets[name] = defect_set(read_plain(out / "sets" / name, "crack", is_complete=True), "crack")
    progress("reducing pictures", 1.0)
    trained = train_or_take(arguments, sets["training"], progress)
    package = package_engine(
        out / "engines" / ENGINE,
        trained,
        EngineSets(validation=sets["validation"], test=sets["held_back"], golden=sets["validation"]),
        describe_engine(arguments, sets["training"]),
        progress,
    ).package
    if arguments.no_play:
        return f"{package.folder}: trained {trained.steps} steps, {trained.minutes:.1f} minutes; play with the same command"
    report = play(out, split, package, (sets["training"], sets["validation"]), progress)
    (out / "results.md").write_text(report, encoding="utf-8")
    return report


def train_or_take(arguments: argparse.Namespace, folder: DefectSet, progress: Progress) -> TrainedNetwork:
    """Take the network trained with these settings on these pictures, if it is there; train it otherwise."""
    settings = TrainingSettings(
        seed=arguments.seed,
        steps=arguments.steps,
        minutes=arguments.minutes,
        crops=CropPlan(height_px=192, width_px=WIDTH),
        learning_rate=1e-3,
        bf16=has_fast_bf16(),
        threads=arguments.threads,
    )
    weights: Path | None = arguments.weights
    sources = {"pictures": folder.digest, "weights": digest_of(weights)}

    def learn(checkpoint: Checkpoint) -> TrainedNetwork:
        return train(
            [folder],
            settings,
            lambda step, share, loss: progress("training", share),
            encoder_from(weights),
            checkpoint=checkpoint,
        )

    return keep_network(arguments.out / "trained.pt", settings, sources, learn)


def describe_engine(arguments: argparse.Namespace, training: DefectSet) -> EngineSheet:
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


def play(out: Path, split: Split, package: EnginePackage, seen: tuple[DefectSet, ...], progress: Progress) -> str:
    """Write station, recipe and recording, run belt and daemon over them, and say what became of each part."""
    shutil.rmtree(out / "parts", ignore_errors=True)
    truth = {
        part: RecordedTruth(PartKind.DEFECTIVE if is_defective else PartKind.GOOD)
        for part, is_defective in write_parts(split.held_back, out / "parts", CAMERAS).items()
    }
    grey = grey_range(sample.read()[0] for folder in seen for sample in folder.samples)
    recipe = RECIPE.format(
        height=HEIGHT,
        width=WIDTH,
        mm_per_px=NOMINAL_MM_PER_PX,
        least_grey=grey.least_mean - GREY_MARGIN,
        most_grey=grey.most_mean + GREY_MARGIN,
        deviation=grey.least_deviation / 2,
        engine=ENGINE,
        cut=package.manifest.threshold.score,
    )
    (out / "recipe.yaml").write_text(recipe, encoding="utf-8")
    (out / "station.yaml").write_text(STATION, encoding="utf-8")
    parts = play_known_parts(out / "station.yaml", truth, progress)
    return write_report(parts, split, package.manifest)


def count_marked_where_labelled(parts: JudgedParts, split: Split) -> int:
    """Rejected defective parts with a rejecting finding whose box holds labelled pixels, in the camera that sees them."""
    count = 0
    for row in parts.rows:
        if row.truth is not PartKind.DEFECTIVE or row.verdict is not VerdictKind.REJECT:
            continue
        group = row.part.rpartition("-")[0]
        (defective,) = (surface for surface in split.held_back[group] if surface.is_defective)
        camera = CAMERAS[camera_of_defect(group)]
        count += is_marked(parts.verdicts[row.arrival], camera, reduced_mask(defective.mask), ENGINE)
    return count


def scores_by_truth(parts: JudgedParts) -> dict[PartKind, list[float]]:
    """Each part's score, the largest of its views. A part with a view that was not judged has none."""
    scores: dict[PartKind, list[float]] = {PartKind.GOOD: [], PartKind.DEFECTIVE: []}
    for row in parts.rows:
        judgements = parts.verdicts[row.arrival].judgements
        judged = [judgement.score for judgement in judgements if judgement.score is not None]
        if row.truth is not None and len(judged) == len(CAMERAS):
            scores[row.truth].append(max(judged))
    return scores


def write_report(parts: JudgedParts, split: Split, manifest: EngineManifest) -> str:
    rows = parts.rows
    counts = tally(rows)
    assert counts.escapes is not None
    assert counts.false_rejects is not None
    by_truth = {kind: [row for row in rows if row.truth is kind] for kind in (PartKind.GOOD, PartKind.DEFECTIVE)}
    good, defective = len(by_truth[PartKind.GOOD]), len(by_truth[PartKind.DEFECTIVE])
    marked = count_marked_where_labelled(parts, split)
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
        f"- of {rejected_defective} defective parts rejected, {marked} were marked where the label is",
        *(f"- scores of {kind} parts: {min(s):.4f} to {max(s):.4f}" for kind, s in scores_by_truth(parts).items() if s),
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


if __name__ == "__main__":
    sys.exit(main())
