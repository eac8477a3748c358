"""Trains an engine a defect on folds of magnetic tiles and runs the daemon over a fold that they never saw, with one camera.

    .venv/bin/python tools/real_tiles.py --data ../shared/data/magnetic_tile --out build/tiles --minutes 12 \\
        --weights ../shared/data/weights/mobilenet_v2_imagenet_encoder.safetensors

Each engine trains for --minutes. Networks are kept: with the same settings and pictures none is trained twice, so that after
Ctrl-C or with `--no-play` the same command goes on with the first one that is missing; --again trains all anew. The tables
go to OUT/results.md. Nothing below OUT may be committed: the pictures have no licence, and so have engines made of them.

Every view is a tile at its own resolution, padded to 640 x 416 px: one camera gives one size of view to all engines.
Half the resolution would do for unevenness and fraying, but the smallest blowholes (26 to 60 px) would be three or four
pixels across, and the network's first layer and its output already halve. What the whole tile must tell is in reach at full
size too: the deepest layers look 491 px far. Engines for defects as large as the tile train on whole views, the others on
crops.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from real_station import JudgedParts, digest_of, play_known_parts, run_tool

from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.recordings import PartKind, RecordedTruth
from edge_inspector.simulation.bin_events import Bin
from edge_inspector.simulation.reconcile import Row
from edge_inspector.station.engine_manifest import EnginePackage, ParityLimits, ScaleRange
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.cuts import Cheapest
from edge_inspector.training.defect_set import read_picture
from edge_inspector.training.kept_network import keep_network
from edge_inspector.training.magnetic_tile import (
    VIEW_HEIGHT_PX,
    VIEW_WIDTH_PX,
    FoldSplit,
    Tile,
    cut_tiles,
    good_groups,
    known_for,
    read_tiles,
    split_folds,
    tile_mask,
    views_for,
    write_parts,
)
from edge_inspector.training.models.unet.encoder_weights import encoder_from
from edge_inspector.training.package import EngineSets, EngineSheet, Progress, package_engine
from edge_inspector.training.proof import grey_range, is_marked, rejecting_engines
from edge_inspector.training.survey import smallest_defect_px
from edge_inspector.training.tile_report import JudgedTile, class_table, rate_lines, score_table
from edge_inspector.training.train import TrainedNetwork, TrainingSettings, has_fast_bf16, train

CAMERA = "c1"
ESCAPE_COST = 10.0  # false rejects: with labels this doubtful, a cut below every defective tile rejects nearly all
NOMINAL_MM_PER_PX = 0.1  # nobody says how large a pixel of this set is, so the rules measure nothing in mm
# Cuts may be low here; then much of a map lies near `t_low`: 0.4 % of the pixels crossed it between PyTorch and OpenVINO.
PARITY = ParityLimits(max_abs_diff=0.05, max_crossing_share=0.02)
GREY_MARGIN = 20.0  # grey levels beyond what training and validation pictures have on average


@dataclass(frozen=True, slots=True)
class Lesson:
    """How the engine of one defect trains: on crops where it is small, on whole views where it is as large as a tile.

    `patience`: how many times --steps it learns.
    """

    colour: str
    crop_height: int
    crop_width: int
    batch: int
    patience: int = 1


LESSONS = {
    "blowhole": Lesson("blue", 256, 256, 8),
    "break": Lesson("orange", 256, 256, 8, patience=3),  # after 600 steps its validation showed that it had learned nothing
    "crack": Lesson("red", 256, 256, 8),
    "fray": Lesson("magenta", VIEW_HEIGHT_PX, VIEW_WIDTH_PX, 4),
    "uneven": Lesson("yellow", VIEW_HEIGHT_PX, VIEW_WIDTH_PX, 4),
}

STATION = """\
format: 1
station: tiles
simulation: true
recipe: recipe.yaml
state_dir: state
recording: {{path: parts, plain: {{lead_in_ms: 2000, spacing_ms: {spacing_ms}, length_mm: 60}}}}
cameras:
  {camera}: {{driver: replay, period_ms: 33.333, latency_ms: 30, offset_ms: 500, fit: pad}}
line: # slow, so that a busy machine still judges every part in time: this measures verdicts, not speed
  speed_mm_s: 100
  part_length_mm: {{min: 50, max: 70}}
  min_spacing_mm: 100
  stop_distance_mm: 10
  ejectors: [{{name: good, for: [ACCEPT], at_mm: 500}}]
  uninspected_limit: {{in_a_row: 1000, of_last: 1000, most: 999}} # none may stop the feed: they are counted
supervision: {{beat_timeout_ms: 15000, pending_timeout_ms: 15000}} # nor may five engines on a busy machine
"""

RECIPE = """\
format: 1
product: magnetic_tile
view: {{height_px: {height}, width_px: {width}}}
mm_per_px: {mm_per_px}
presence: {{kind: full_frame, mean_grey: [{least_grey:.0f}, {most_grey:.0f}], min_grey_deviation: {deviation:.1f}}}
fusion: any
engines: {{{engines}}}
rules:
{rules}
"""


def main() -> int:
    arguments = parse_arguments()
    return run_tool(lambda progress: work(arguments, progress))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the set, with index.csv")
    parser.add_argument("--out", type=Path, default=Path("build/tiles"), help="where everything goes")
    parser.add_argument("--fold", type=int, default=4, help="the fold that is held back and judged")
    parser.add_argument("--weights", type=Path, help="safetensors file of a MobileNetV2 encoder; default: random weights")
    parser.add_argument("--minutes", type=float, default=12.0, help="each engine's training ends after so many minutes")
    parser.add_argument("--steps", type=int, default=4000, help="or after so many batches, if that is sooner")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--spacing-ms", type=float, default=3000.0, help="one part to the next")
    parser.add_argument("--again", action="store_true", help="train all anew")
    parser.add_argument("--no-play", action="store_true", help="only train and package")
    return parser.parse_args()


def work(arguments: argparse.Namespace, progress: Progress) -> str:
    out: Path = arguments.out
    if arguments.again:
        shutil.rmtree(out / "networks", ignore_errors=True)
    split = split_folds(read_tiles(arguments.data), arguments.fold)
    packages = {defect: make_engine(arguments, split, defect, progress) for defect in LESSONS}
    if arguments.no_play:
        return f"{out / 'engines'}: {len(packages)} engines; play with the same command"
    report = play(arguments, split, packages, progress)
    (out / "results.md").write_text(report, encoding="utf-8")
    return report


def make_engine(arguments: argparse.Namespace, split: FoldSplit, defect: str, progress: Progress) -> EnginePackage:
    """Take the network trained with these settings on these pictures, or train it, and make a package of it."""
    lesson = LESSONS[defect]
    settings = TrainingSettings(
        seed=arguments.seed,
        steps=lesson.patience * arguments.steps,
        minutes=arguments.minutes,
        crops=CropPlan(batch=lesson.batch, height_px=lesson.crop_height, width_px=lesson.crop_width),
        learning_rate=1e-3,
        bf16=has_fast_bf16(),
        threads=arguments.threads,
    )
    weights: Path | None = arguments.weights
    training = views_for(defect, known_for(defect, split.training))
    validation = views_for(defect, cut_tiles(defect, split.validation))
    test = views_for(defect, cut_tiles(defect, split.held_back))

    def learn(checkpoint: Checkpoint) -> TrainedNetwork:
        stage = f"{defect}: training"
        return train(
            [training],
            settings,
            lambda step, share, loss: progress(stage, share),
            encoder_from(weights),
            checkpoint=checkpoint,
        )

    sources = {"pictures": training.digest, "weights": digest_of(weights)}
    trained = keep_network(arguments.out / "networks" / f"{defect}.pt", settings, sources, learn)
    encoder = f" --weights {weights.name}" if weights else ""
    seen = known_for(defect, (*split.training, *split.validation))
    sheet = EngineSheet(
        defect=defect,
        colour=lesson.colour,
        mm_per_px=ScaleRange(min=NOMINAL_MM_PER_PX / 2, max=NOMINAL_MM_PER_PX * 2),
        smallest_defect_px=smallest_defect_px([tile.label_px for tile in seen if tile.defect == defect]),
        seed=arguments.seed,
        training_digest=training.digest,
        command=f"tools/real_tiles.py --data FOLDER --fold {arguments.fold}{encoder} --minutes {arguments.minutes:g} "
        f"--seed {arguments.seed}",
        validation_words="the fold that chose the cut: tiles with this defect, and good ones known to be free of it",
        test_words="the fold held back: tiles with this defect, and good ones known to be free of it",
        cut_rule=Cheapest(ESCAPE_COST),
        parity=PARITY,
    )
    return package_engine(
        arguments.out / "engines" / engine_name(defect),
        trained,
        EngineSets(validation, test, validation),
        sheet,
        lambda stage, share: progress(f"{defect}: {stage}", share),
    ).package


def engine_name(defect: str) -> str:
    return f"tile_{defect}"


def play(arguments: argparse.Namespace, split: FoldSplit, packages: Mapping[str, EnginePackage], progress: Progress) -> str:
    """Write station, recipe and recording, run belt and daemon over the fold held back, and say what became of each tile."""
    out: Path = arguments.out
    tiles = {tile.name: tile for tile in split.held_back if tile.is_labelled}
    defective = write_parts(tiles.values(), out / "parts")
    truth = {name: RecordedTruth(PartKind.DEFECTIVE if is_bad else PartKind.GOOD) for name, is_bad in defective.items()}
    grey = grey_range(read_picture(tile.picture)[..., 0] for tile in (*split.training, *split.validation))
    cuts = {defect: package.manifest.threshold.score for defect, package in packages.items()}
    recipe = RECIPE.format(
        height=VIEW_HEIGHT_PX,
        width=VIEW_WIDTH_PX,
        mm_per_px=NOMINAL_MM_PER_PX,
        least_grey=max(0.0, grey.least_mean - GREY_MARGIN),
        most_grey=min(255.0, grey.most_mean + GREY_MARGIN),
        deviation=grey.least_deviation / 2,
        engines=", ".join(f"{engine_name(defect)}: engines/{engine_name(defect)}" for defect in cuts),
        rules="\n".join(
            f"  - {{name: {defect}, engine: {engine_name(defect)}, min_score: {cut}}}" for defect, cut in cuts.items()
        ),
    )
    (out / "recipe.yaml").write_text(recipe, encoding="utf-8")
    station = STATION.format(camera=CAMERA, spacing_ms=arguments.spacing_ms)
    (out / "station.yaml").write_text(station, encoding="utf-8")
    parts = play_known_parts(out / "station.yaml", truth, progress)
    judged = [judge_tile(tiles[row.part], row, parts) for row in parts.rows]
    return write_report(split, judged, parts.rows, packages)


def judge_tile(tile: Tile, row: Row, parts: JudgedParts) -> JudgedTile:
    """What the ledger, the journal and the bins say of one tile. One that nobody decided on has no scores."""
    verdict = parts.verdicts.get(row.arrival)
    defect_of = {engine_name(defect): defect for defect in LESSONS}
    is_rejected = verdict is not None and row.verdict is VerdictKind.REJECT
    return JudgedTile(
        tile,
        row.verdict or VerdictKind.UNINSPECTED,
        frozenset(defect_of[engine] for engine in rejecting_engines(verdict)) if verdict and is_rejected else frozenset(),
        bool(
            verdict
            and is_rejected
            and tile.defect
            and is_marked(verdict, CAMERA, tile_mask(tile.mask), engine_name(tile.defect))
        ),
        row.bin is Bin.GOOD,
        {defect_of[one.engine]: one.score for one in verdict.judgements if one.score is not None} if verdict else {},
    )


def write_report(split: FoldSplit, judged: list[JudgedTile], rows: list[Row], packages: Mapping[str, EnginePackage]) -> str:
    sure = good_groups(split.tiles)
    lines = [*class_table(judged, sure), "", *rate_lines(judged, sure), "- bins and ledger agree for every part", ""]
    lines += [*score_table(judged, {defect: package.manifest.threshold.score for defect, package in packages.items()}), ""]
    for defect, package in packages.items():
        manifest = package.manifest
        known = known_for(defect, split.training)
        dice = manifest.metrics["test_dice"]
        lines.append(
            f"- {defect}: trained on {sum(tile.defect == defect for tile in known)} tiles with it and "
            f"{sum(tile.defect != defect for tile in known)} without, {manifest.training.steps} steps, "
            f"{manifest.training.minutes} minutes; score over {manifest.smallest_defect_px} px; Dice held back {dice.value} "
            f"({dice.low} to {dice.high}, n = {dice.n}); {manifest.threshold.evidence}"
        )
    for name in ("training", "validation", "held_back"):
        found: tuple[Tile, ...] = getattr(split, name)
        folds = ", ".join(str(fold) for fold in sorted({tile.fold for tile in found}))
        lines.append(f"- {name}: fold {folds}, {len(found)} pictures of {len({tile.group for tile in found})} groups")
    left_out = sorted(tile.name for tile in split.tiles if not tile.is_labelled)
    lines.append(f"- left out, labelled as uneven by masks of less than 9 px: {', '.join(left_out)}")
    lines += ["", "| tile | class | group | verdict | bin | why |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.part} | {one.tile.defect or 'good'} | {one.tile.group} | {row.verdict} | {row.bin} | {row.reason} |"
        for row, one in sorted(zip(rows, judged, strict=True), key=lambda pair: pair[0].part)
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
