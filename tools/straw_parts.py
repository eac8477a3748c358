"""Measures the shipped engines, fusion and rules on straws that nobody trained on: whole parts, as the daemon judges them.

    .venv/bin/python tools/straw_parts.py [--good 500] [--must-find 500] [--other 100] [--wrong 40] [--seed N]
        [--precision f32] [--json FILE]

Parts are drawn from seeds of their own (synthesis.measured_parts), judged by docs/examples/straw, and counted: escapes and
false rejects with exact intervals, by kind, size and contrast; wrong parts that were accepted; good ones that nobody could
judge; how often one defect was counted once, how well its length and place were measured. Pictures of what went wrong go to
build/straw_parts, one line a part to build/straw_parts/rows.jsonl. Kinds of parts take turns: Ctrl-C ends with a report of
the parts judged so far, and the same command goes on with the others. Another seed or precision, other engines, rules or
code begin anew: rows of before are lost then, unless --out names another folder.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import as_completed
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_inspector.cli.progress_bar import ProgressBar
from edge_inspector.decision import Criteria, EngineDefect, Viewpoints
from edge_inspector.domain.finding import Finding
from edge_inspector.domain.records import SurfaceRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.geometry import RingCamera, Rod, surface_of_pixels
from edge_inspector.inference.engines.protocol import engine_opener
from edge_inspector.rejudging import Eye, PartJudge, Rejudged
from edge_inspector.rejudging.generated import take
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import EnginePackage, Precision, file_digest, load_engine_package
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Station
from edge_inspector.synthesis.defects import MASK_LEVEL, Defect, DefectKind
from edge_inspector.synthesis.drawing_pool import drawing_pool
from edge_inspector.synthesis.measured_parts import MeasuredPart, Stratum, draw_measured_part
from edge_inspector.synthesis.surface import MM_PER_COLUMN, ROWS
from edge_inspector.training.kept_lines import KeptLines, code_digest
from edge_inspector.training.metrics.intervals import proportion_interval, upper_bound

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "docs/examples/straw"
SEED = 73_000  # of parts that nobody has looked at: another one for other engines
WRONG = (Stratum.EMPTY, Stratum.TWO, Stratum.HALF, Stratum.TILTED, Stratum.FOREIGN)
LOW_CONTRAST = {DefectKind.CRACK: 0.29, DefectKind.STAIN: 0.18, DefectKind.HOLE: 0.5}  # the faintest quarter or so
GRIDS = {  # mm of width (of a crack) or diameter, and shares of the light, between which escapes are counted
    DefectKind.CRACK: ((0.1, 0.16, 0.2, 0.25, 0.3), (0.24, 0.29, 0.36, 0.45)),
    DefectKind.STAIN: ((2.0, 3.0, 5.0, 9.0), (0.13, 0.18, 0.24, 0.32)),
    DefectKind.HOLE: ((2.0, 2.5, 3.0, 3.5), (0.4, 0.5, 0.65, 0.8)),
}
ROWS_FILE = "rows.jsonl"
NEAR_MM = 3.0  # a finding so near to the drawn defect is of it
Floats = NDArray[np.float64]
SMALL_MM = 3.5  # a defect up to this size has a middle that two views can agree on


_opened: list[tuple[PartJudge, str]] = []  # in each process of the pool: its judge, and the precision of that


@dataclass(frozen=True)
class Row:
    """One part: what it was, what was said, and how well its defect was measured."""

    stratum: str
    number: int
    truth: str
    kind: str
    size_mm: float
    width_mm: float  # of a crack; else the size once more
    contrast: float
    verdict: str
    reasons: tuple[str, ...]
    counted: int  # findings of the defect drawn
    views: int  # cameras that saw it
    true_length_mm: float
    length_mm: float
    angles_apart_deg: tuple[float, ...]  # of the defect's middle, between each two views
    along_apart_mm: tuple[float, ...]
    scores: dict[str, float]  # of each engine: the highest that reaches the cut, else 0
    precision: str  # in which the engines computed


def main() -> int:
    arguments = _arguments()
    packages = _packages(arguments.precision)
    out: Path = arguments.out
    lines = KeptLines(out / ROWS_FILE, facts(arguments.seed, arguments.precision, packages))
    rows_before = msgspec.convert(lines.lines, list[Row])
    kept = {(Stratum(row.stratum), row.number): row for row in rows_before}
    asked = list(_todo(arguments))
    todo = [part for part in asked if part not in kept]
    rows = [kept[part] for part in asked if part in kept]
    with (
        suppress(KeyboardInterrupt),
        ProgressBar(quiet=arguments.json is not None) as bar,
        closing(_judged_side_by_side(packages, partial(_judged, arguments.seed, out), todo)) as judged,
    ):
        for row in judged:
            rows.append(row)
            lines.append(asdict(row))
            bar.show("straws", len(rows), len(asked))
    report = summarise(rows)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    for line in report_lines(report):
        print(line)
    return 0 if len(rows) == len(asked) else 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--good", type=int, default=500, help="good straws")
    parser.add_argument("--must-find", type=int, default=500, help="straws with one defect of more than 2 mm")
    parser.add_argument("--other", type=int, default=100, help="straws each with one of 1-2 mm, or with a thin crack")
    parser.add_argument("--wrong", type=int, default=40, help="parts of each wrong kind")
    parser.add_argument("--seed", type=int, default=SEED, help="of the parts")
    parser.add_argument("--precision", choices=["f32", "bf16"], help="of the engines; default: what a station takes here")
    parser.add_argument("--json", type=Path, help="write the result for a program, show no progress")
    parser.add_argument("--out", type=Path, default=ROOT / "build/straw_parts", help="rows, and pictures of what went wrong")
    return parser.parse_args()


def _todo(arguments: argparse.Namespace) -> Iterator[tuple[Stratum, int]]:
    counts = {Stratum.GOOD: arguments.good, Stratum.MUST_FIND: arguments.must_find}
    counts |= {Stratum.SMALL: arguments.other, Stratum.THIN: arguments.other} | dict.fromkeys(WRONG, arguments.wrong)
    turns = [((number + 0.5) / count, stratum, number) for stratum, count in counts.items() for number in range(count)]
    for _, stratum, number in sorted(turns):
        yield stratum, number


def facts(seed: int, precision: Precision | None, packages: dict[str, EnginePackage]) -> dict[str, object]:
    """All that decides what a part's row says: rows of other facts are not gone on with."""
    station = load_document(EXAMPLE / "station.yaml", Station)
    return {
        "seed": seed,
        "precision": precision,
        "engines": {name: package.digest for name, package in packages.items()},
        "rules": {name: file_digest(EXAMPLE / name) for name in ("station.yaml", station.recipe)},
        "code": code_digest(),
    }


def _judged_side_by_side(
    packages: dict[str, EnginePackage], judged: Callable[[tuple[Stratum, int]], Row], todo: list[tuple[Stratum, int]]
) -> Generator[Row]:
    """The rows of parts as they are ready, from a process on each core. Raises BrokenProcessPool if one ends."""
    pool = drawing_pool(_open_judge, packages)
    try:
        for done in as_completed([pool.submit(judged, part) for part in todo]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _open_judge(packages: dict[str, EnginePackage]) -> None:
    """In each process, once: it judges with one thread, and Ctrl-C is its parent's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _opened.append(_part_judge(packages, threads=1))


def _judged(seed: int, out: Path, part: tuple[Stratum, int]) -> Row:
    """Draw a part and judge it; keep its picture if what was said of it is wrong."""
    ((judge, precision),) = _opened
    stratum, number = part
    measured = draw_measured_part(seed, number, stratum)
    rejudged = judge.judge(take(measured))
    row = _row(stratum, number, measured, rejudged, precision)
    if _is_wrong(row):
        _keep(out / f"{stratum.value}-{number}.png", measured, rejudged)
    return row


def _packages(precision: Precision | None) -> dict[str, EnginePackage]:
    """Of the example's recipe, to be computed in this precision, else in the first of theirs that the CPU has."""
    station = load_document(EXAMPLE / "station.yaml", Station)
    recipe = load_document(EXAMPLE / station.recipe, Recipe)
    packages = {name: load_engine_package((EXAMPLE / folder).resolve()) for name, folder in recipe.engines.items()}
    if precision is None:
        return packages
    return {
        name: replace(each, manifest=each.manifest.model_copy(update={"precisions": [precision]}))
        for name, each in packages.items()
    }


def _part_judge(packages: dict[str, EnginePackage], threads: int) -> tuple[PartJudge, str]:
    """By the example's station and recipe, whose recording need not be there; and the precision of its engines."""
    station = load_document(EXAMPLE / "station.yaml", Station)
    recipe = load_document(EXAMPLE / station.recipe, Recipe)
    eyes, defects = {}, {}
    for name, package in packages.items():
        manifest = package.manifest
        engine = engine_opener(station.inference.driver)(package, threads=threads)
        eyes[name] = Eye(engine, manifest.t_low, manifest.smallest_defect_px)
        defects[name] = EngineDefect(manifest.defect, manifest.smallest_defect_px)
    places = {name: camera.place for name, camera in station.cameras.items()}
    viewpoints = Viewpoints(places, station.line.speed_mm_s, tuple(station.occlusions))
    (precision,) = {eye.engine.precision for eye in eyes.values()}
    return PartJudge(Criteria(recipe, defects, viewpoints), station.cameras, eyes), precision


def _row(stratum: Stratum, number: int, measured: MeasuredPart, rejudged: Rejudged, precision: str) -> Row:
    part, assessment = measured.part, rejudged.assessment
    defect = part.defects[0] if part.defects else None
    own = [found for found in assessment.findings if defect is not None and _is_of(found, defect, part.length_mm)]
    apart = _places_apart(measured, assessment.surface, defect) if defect is not None else []
    return Row(
        stratum.value,
        number,
        part.words,
        defect.kind.value if defect else "",
        defect.size_mm if defect else 0.0,
        defect.width_mm if defect else 0.0,
        defect.contrast if defect else 0.0,
        assessment.kind.value,
        assessment.reasons,
        len(own),
        max((len(found.cameras) for found in own), default=0),
        _true_length_mm(measured, defect) if defect else 0.0,
        max((found.length_mm for found in own), default=0.0),
        tuple(angle for angle, _ in apart),
        tuple(along for _, along in apart),
        {name: rejudged.score(name) for _, name in rejudged.judgements},
        precision,
    )


def _is_of(found: Finding, defect: Defect, length_mm: float) -> bool:
    """Whether a finding is of the defect's kind and at its place."""
    if found.defect != defect.kind.value or found.place is None:
        return False
    return abs(found.place.along_mm - defect.along_mm) <= NEAR_MM + (defect.size_mm + found.place.along_extent_mm) / 2


def _true_length_mm(measured: MeasuredPart, defect: Defect) -> float:
    """The largest distance between two cells of the drawn mask, on the unwrapped surface (small defects: nearly flat)."""
    piece = measured.part.pieces[0]
    mask = piece.profiles[defect.kind] >= MASK_LEVEL
    mask = np.roll(mask, ROWS // 2 - round(defect.angle_deg / 360 * ROWS), axis=0)  # away from the seam
    rows, columns = np.nonzero(mask)
    points = np.column_stack([columns * MM_PER_COLUMN, rows * piece.surface.mm_per_row]).astype(np.float32)
    hull = cv2.convexHull(points)[:, 0]
    return float(max((np.hypot(*(a - b)) for a, b in combinations(hull, 2)), default=0.0)) + MM_PER_COLUMN


def _places_apart(measured: MeasuredPart, surface: SurfaceRecord | None, defect: Defect) -> list[tuple[float, float]]:
    """How far apart two views put the middle of one small defect: degrees around and millimetres along."""
    if surface is None or defect.size_mm > SMALL_MM:
        return []
    rod = Rod.of_parameters(surface.rod)
    middles = []
    for view, place in zip(measured.views, surface.views, strict=True):
        mask = view.exposure.masks[defect.kind] > 0
        if not mask.any() or (mask & view.exposure.flat).any():
            continue  # not seen, or not whole
        camera = RingCamera(
            place.angle_deg, place.distance_mm, place.along_mm, place.focal_px, place.centre_x_px, place.centre_y_px
        )
        y, x = np.nonzero(mask)
        seen = surface_of_pixels(rod, camera, place.lead_mm, x.astype(np.float32), y.astype(np.float32))
        if np.isfinite(seen.along_mm).all():
            middles.append(_middle(seen.along_mm, seen.angle_deg, seen.cos_incidence))
    return [(abs((a[0] - b[0] + 180) % 360 - 180), abs(a[1] - b[1])) for a, b in combinations(middles, 2)]


def _middle(along_mm: Floats, angle_deg: Floats, cosine: Floats) -> tuple[float, float]:
    """Mean place by surface: a pixel that is seen flatter stands for more of it."""
    weight = 1.0 / np.maximum(cosine, 0.1)
    turn = np.radians(angle_deg)
    angle = math.degrees(math.atan2(float((weight * np.sin(turn)).sum()), float((weight * np.cos(turn)).sum())))
    return angle, float((weight * along_mm).sum() / weight.sum())


def _is_wrong(row: Row) -> bool:
    if row.stratum == Stratum.GOOD:
        return row.verdict != VerdictKind.ACCEPT
    return row.verdict == VerdictKind.ACCEPT


def _keep(path: Path, measured: MeasuredPart, rejudged: Rejudged) -> None:
    """Six views below each other, with the drawn mask outlined in white and what was found in red."""
    found = {camera: result for (camera, _), result in rejudged.judgements.items()}
    strips = []
    for k, view in enumerate(measured.views, 1):
        strip = cv2.cvtColor(view.exposure.rgb, cv2.COLOR_RGB2BGR)
        for mask in view.exposure.masks.values():
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(strip, outlines, -1, (255, 255, 255), 1)
        for (camera, _), judgement in rejudged.judgements.items():
            for region in getattr(judgement.result, "regions", ()) if camera == f"c{k}" else ():
                corner = (region.x_px + region.width_px, region.y_px + region.height_px)
                cv2.rectangle(strip, (region.x_px, region.y_px), corner, (0, 0, 255), 1)
        strips.append(strip)
    assert found or rejudged.missing
    cv2.imwrite(str(path), np.vstack(strips))


def summarise(rows: list[Row]) -> dict[str, object]:
    """Counts with exact 95 % intervals and one-sided 95 % bounds, and how well defects were measured."""
    good = [row for row in rows if row.stratum == Stratum.GOOD]
    must = [row for row in rows if row.stratum == Stratum.MUST_FIND]
    report: dict[str, object] = {
        "false_rejects": _share(good, VerdictKind.REJECT),
        "uninspected_good": _share(good, VerdictKind.UNINSPECTED),
        "escapes": _share(must, VerdictKind.ACCEPT),
        "uninspected_defective": _share(must, VerdictKind.UNINSPECTED),
    }
    for kind in DefectKind:
        of_kind = [row for row in must if row.kind == kind]
        faint = [row for row in of_kind if row.contrast < LOW_CONTRAST[kind]]
        report[f"escapes_{kind.value}"] = _share(of_kind, VerdictKind.ACCEPT)
        report[f"escapes_{kind.value}_faintest"] = _share(faint, VerdictKind.ACCEPT)
        small = [row for row in rows if row.stratum == Stratum.SMALL and row.kind == kind]
        report[f"passed_{kind.value}_1_to_2_mm"] = _share(small, VerdictKind.ACCEPT)
    report["passed_thin_cracks"] = _share([row for row in rows if row.stratum == Stratum.THIN], VerdictKind.ACCEPT)
    for stratum in WRONG:
        of_kind = [row for row in rows if row.stratum == stratum]
        report[f"accepted_{stratum.value}"] = _share(of_kind, VerdictKind.ACCEPT)
    thin = [row for row in rows if row.stratum == Stratum.THIN]
    for kind, (widths_mm, contrasts) in GRIDS.items():
        of_kind = [row for row in (*must, *thin) if row.kind == kind]
        report[f"escapes_{kind.value}_by_width_and_contrast"] = _grid(of_kind, widths_mm, contrasts)
    several = [row for row in must if row.views >= 2]
    report["counted_once"] = _counted([row.counted == 1 for row in several])
    lengths = [row for row in must if row.counted == 1]
    report["length_right"] = _counted(
        [abs(row.length_mm - row.true_length_mm) <= max(0.5, 0.1 * row.true_length_mm) for row in lengths]
    )
    report["length_error_mm"] = _spread([row.length_mm - row.true_length_mm for row in lengths])
    report["angle_between_views_deg"] = _spread([each for row in rows for each in row.angles_apart_deg])
    report["along_between_views_mm"] = _spread([each for row in rows for each in row.along_apart_mm])
    report["judged_in"] = dict(Counter(f"{row.stratum} in {row.precision}" for row in rows))
    report["reasons_good"] = dict(Counter(reason for row in good for reason in row.reasons[:1]).most_common(8))
    report["escaped"] = [f"{row.number}: {row.truth}" for row in must if row.verdict == VerdictKind.ACCEPT][:20]
    return report


def _grid(rows: list[Row], widths_mm: tuple[float, ...], contrasts: tuple[float, ...]) -> list[str]:
    """A line a width, with escapes of so many in each column of contrast."""
    lines = []
    for thin, wide in pairwise(widths_mm):
        cells = []
        for faint, dark in pairwise(contrasts):
            inside = [row for row in rows if thin <= row.width_mm < wide and faint <= row.contrast < dark]
            escaped = sum(row.verdict == VerdictKind.ACCEPT for row in inside)
            cells.append(f"{escaped} of {len(inside)} at {100 * faint:.0f} to {100 * dark:.0f} %")
        lines.append(f"{thin:g} to {wide:g} mm: {', '.join(cells)}")
    return lines


def _share(rows: list[Row], verdict: VerdictKind) -> dict[str, float]:
    return _counted([row.verdict == verdict for row in rows])


def _counted(hits: list[bool]) -> dict[str, float]:
    if not hits:
        return {"count": 0, "n": 0}
    low, high = proportion_interval(sum(hits), len(hits))
    bound = round(upper_bound(sum(hits), len(hits)), 5)
    return {"count": sum(hits), "n": len(hits), "low": round(low, 5), "high": round(high, 5), "at_most": bound}


def _spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {"n": 0}
    each = np.asarray(values)
    quantiles = {f"p{q}": round(float(np.percentile(each, q)), 3) for q in (1, 50, 95, 99)}
    return {"n": each.size, "mean": round(float(each.mean()), 3), **quantiles, "max": round(float(np.abs(each).max()), 3)}


def report_lines(report: dict[str, object]) -> Iterator[str]:
    """One line a figure."""
    for name, value in report.items():
        if isinstance(value, dict) and "n" in value and "count" in value:
            n, count = value["n"], value["count"]
            if n:
                interval = f"({100 * value['low']:.2f} to {100 * value['high']:.2f}; at most {100 * value['at_most']:.2f})"
                yield f"{name:32} {count:5} of {n:5}  {100 * count / n:6.2f} %  {interval}"
        elif isinstance(value, dict):
            yield f"{name:32} " + ", ".join(f"{key} {each}" for key, each in value.items())
        elif value:
            yield f"{name}:"
            yield from (f"    {each}" for each in value)  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
