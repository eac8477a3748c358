"""Writes the report of one engine: an HTML file that needs no other, and the same figures as JSON."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import jinja2
import numpy as np

from edge_inspector.imaging.overlay import COLOURS, colour_of, draw_outline, draw_probability, encode_jpeg
from edge_inspector.station.engine_manifest import EngineManifest
from edge_inspector.training.datasets.labelled_picture import Somewhere
from edge_inspector.training.defect_set import Sample, read_picture
from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.judging import MASK_CUT, JudgedPicture, JudgedSet
from edge_inspector.training.report import plots
from edge_inspector.training.report.breakdown import Quarter, breakdown, suspects, worst_false_rejects, worst_misses
from edge_inspector.training.report.figures import Figure, mask_figures, part_figures, pixel_figures

SHOWN = 12  # pictures of each kind
TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, slots=True)
class Reported:
    """What is reported: parts that chose nothing. `words` name the set; `defective_share` is that of production."""

    manifest: EngineManifest
    judged: JudgedSet
    engine: ExportedEngine
    words: str
    run: dict[str, str]  # how it was trained: name and value
    defective_share: float = 0.01


@dataclass(frozen=True, slots=True)
class _Shown:
    """One picture on the page: JPEG as base64, and its line of text."""

    jpeg: str
    text: str


def write_report(reported: Reported, html: Path, progress: Callable[[float], None] = lambda share: None) -> None:
    """Write `html`, and beside it the same name with .json; each file changes only when it is whole."""
    judged, cut = reported.judged, reported.manifest.threshold.score
    tables = {"parts": part_figures(judged, cut), "masks": mask_figures(judged), "pixels": pixel_figures(judged)}
    quarters = breakdown(judged, cut)
    progress(0.4)
    pictures = {
        "defective parts that score lowest": _shown(worst_misses(judged, SHOWN), reported),
        "good parts that score highest": _shown(worst_false_rejects(judged, SHOWN), reported),
        "labels to look at again": [_draw(each.picture, reported, each.why) for each in suspects(judged, SHOWN)],
    }
    progress(0.9)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"number": _number, "interval": _interval}
    text = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        manifest=reported.manifest,
        words=reported.words,
        run=reported.run,
        tables=tables,
        plots=_plots(reported),
        quarters=quarters,
        pictures=pictures,
        colour=reported.manifest.colour,
    )
    _replace(html, text)
    _replace(html.with_suffix(".json"), json.dumps(_as_json(reported, tables, quarters), indent=1, allow_nan=False) + "\n")
    progress(1.0)


def _plots(reported: Reported) -> dict[str, str]:
    judged, cut = reported.judged, reported.manifest.threshold.score
    parts = judged.parts()
    ious = [c.overlap.iou for c in judged.comparisons() if c.overlap.labelled]
    dices = [c.overlap.dice for c in judged.comparisons() if c.overlap.labelled]
    p, y = np.concatenate(judged.sampled_p), np.concatenate(judged.sampled_y)
    found = {"Calibration of pixels": plots.calibration_plot(p, y)}
    if ious:
        found["Overlap of pictures with the defect"] = plots.overlap_plot(ious, dices)
    if parts.good and parts.defective:
        scores = [*parts.good.values(), *parts.defective.values()]
        labels = [False] * len(parts.good) + [True] * len(parts.defective)
        share = reported.defective_share
        costs = f"Escapes and false rejects of 1,000 parts, {100 * share:g} % of them defective"
        found = {
            "Scores of parts": plots.score_plot(parts, cut),
            costs: plots.cost_plot(parts, cut, share),
            "Precision and recall of parts": plots.precision_recall_plot(scores, labels),
            "ROC of parts": plots.roc_plot(scores, labels),
            **found,
        }
    return found


def _shown(pictures: Sequence[JudgedPicture], reported: Reported) -> list[_Shown]:
    cut = reported.manifest.threshold.score
    return [_draw(each, reported, "rejected" if not each.score < cut else "passed") for each in pictures]


def _draw(each: JudgedPicture, reported: Reported, why: str) -> _Shown:
    """The view with what was found in the engine's colour, and the label outlined in white."""
    sample: Sample = each.sample
    picture = read_picture(sample.picture)
    rgb = sample.view_of(picture)
    probability = reported.engine.probability(rgb[None])[0]
    drawn = draw_probability(rgb, np.rint(255 * probability).astype(np.uint8), colour_of(reported.manifest.colour), MASK_CUT)
    if not isinstance(sample.label, Somewhere):
        drawn = draw_outline(drawn, sample.mask_of(picture) >= 128, COLOURS["white"])
    text = f"{sample.part}, {sample.picture.name}: score {each.score:.4f}, {why}"
    return _Shown(base64.b64encode(encode_jpeg(drawn)).decode(), text)


def _as_json(reported: Reported, tables: dict[str, list[Figure]], quarters: list[Quarter]) -> dict[str, object]:
    manifest = reported.manifest
    return {
        "engine": manifest.name,
        "defect": manifest.defect,
        "cut": manifest.threshold.score,
        "evidence": manifest.threshold.evidence,
        "set": reported.words,
        "run": reported.run,
        "figures": {name: [_finite(asdict(row)) for row in rows] for name, rows in tables.items()},
        "quarters": [_finite(asdict(quarter)) for quarter in quarters],
    }


def _finite(row: dict[str, object]) -> dict[str, object]:
    """JSON has no NaN: null says that there is no such value."""
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}


def _number(value: float) -> str:
    """Three digits, small numbers whole.

    >>> [_number(v) for v in (0.98765, 0.000123, 12345.6, float("nan"))]
    ['0.988', '0.000123', '12,346', '-']
    """
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.3g}"


def _interval(interval: tuple[float, float] | None) -> str:
    """
    >>> _interval((0.0, 0.01494)), _interval(None)
    ('0.000 to 0.015', '')
    """
    return "" if interval is None else f"{_number(interval[0])} to {_number(interval[1])}"


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
