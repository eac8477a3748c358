"""Writes the report of one engine: an HTML file that needs no other, and the same figures as JSON.

What is reported was measured at once, or fold by fold, each by a network that never saw it: then all of it is pooled.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import jinja2
import numpy as np

from edge_inspector.imaging.overlay import COLOURS, colour_of, draw_outline, draw_probability, encode_jpeg
from edge_inspector.imaging.pages import as_rgb
from edge_inspector.training.datasets.labelled_picture import Somewhere
from edge_inspector.training.defect_set import Sample, read_picture
from edge_inspector.training.judging import JudgedPicture, JudgedSet, pool
from edge_inspector.training.part_scores import Counted, Cuts
from edge_inspector.training.report import plots
from edge_inspector.training.report.breakdown import Quarter, breakdown, suspects, worst_false_rejects, worst_misses
from edge_inspector.training.report.figures import Figure, mask_figures, pixel_figures
from edge_inspector.training.report.files import replace_json, replace_text
from edge_inspector.training.report.fold_rows import FoldRow, Measured, fold_row
from edge_inspector.training.report.verdict_figures import part_figures, picture_figures

SHOWN = 12  # pictures of each kind
TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, slots=True)
class Reported:
    """What is reported of an engine. `words` name the set, `evidence` says how the cut came about.

    `counted` is what the rows of folds count and rank. `defective_share` is that of parts in production.
    """

    engine: str
    defect: str
    colour: str
    width_px: int
    height_px: int
    measured: Sequence[Measured]  # several are the folds of a cross-validation
    evidence: str
    words: str
    run: Mapping[str, str]  # how it was trained: name and value
    defective_share: float = 0.01
    counted: Counted = "parts"

    def cuts(self) -> Cuts:
        """Every part's own cut; empty where none was chosen."""
        return {part: each.cut for each in self.measured if each.cut is not None for part in each.parts()}

    def by_part(self) -> dict[str, Measured]:
        """By part, where it was measured."""
        return {part: each for each in self.measured for part in each.parts()}

    def mask_words(self) -> str:
        """From which probability on masks were found."""
        cuts = sorted({each.mask_cut for each in self.measured})
        return f"{cuts[0]:g}" if len(cuts) == 1 else f"{cuts[0]:g} to {cuts[-1]:g}"


@dataclass(frozen=True, slots=True)
class _Shown:
    """One picture on the page: JPEG as base64, and its line of text."""

    jpeg: str
    text: str


def write_report(reported: Reported, html: Path, progress: Callable[[float], None] = lambda share: None) -> None:
    """Write `html`, and beside it the same name with .json; each file changes only when it is whole."""
    judged, cuts = pool([each.judged for each in reported.measured]), reported.cuts()
    tables = {
        "parts": part_figures(judged, cuts),
        "pictures": picture_figures(judged, cuts),
        "masks": mask_figures(judged),
        "pixels": pixel_figures(judged),
    }
    folds = [fold_row(each, reported.counted) for each in reported.measured if each.fold]
    quarters = breakdown(judged, cuts)
    progress(0.4)
    doubted = [(each.picture, each.why) for each in suspects(judged, SHOWN, cuts)]
    beside = " beside their fold's cut" if folds and cuts else ""
    shown = {
        f"defective {reported.counted} that score lowest{beside}": _told(
            worst_misses(judged, SHOWN, cuts, reported.counted), cuts
        ),
        f"good {reported.counted} that score highest{beside}": _told(
            worst_false_rejects(judged, SHOWN, cuts, reported.counted), cuts
        ),
        "labels to look at again": doubted,
    }
    pictures = {title: _drawn(told, reported) for title, told in shown.items()}
    progress(0.9)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"number": _number, "value": _value, "interval": _interval, "short": _short}
    text = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        reported=reported,
        tables=tables,
        folds=folds,
        plots=_plots(judged, reported),
        quarters=quarters,
        pictures=pictures,
        colour=reported.colour,
    )
    replace_text(html, text)
    replace_json(html.with_suffix(".json"), _as_json(reported, judged, tables, folds, quarters, shown))
    progress(1.0)


def _plots(judged: JudgedSet, reported: Reported) -> dict[str, str]:
    cuts = sorted(set(reported.cuts().values()))
    scored = judged.scores(reported.counted)
    ious = [c.overlap.iou for c in judged.comparisons() if c.overlap.labelled]
    dices = [c.overlap.dice for c in judged.comparisons() if c.overlap.labelled]
    found = {}
    if judged.sampled_p:
        p, y = np.concatenate(judged.sampled_p), np.concatenate(judged.sampled_y)
        found["Calibration of pixels"] = plots.calibration_plot(p, y)
    if ious:
        found["Overlap of pictures with the defect"] = plots.overlap_plot(ious, dices)
    if scored.good and scored.defective:
        ranked = judged.at(None).scores(reported.counted)
        scores = [*ranked.good.values(), *ranked.defective.values()]
        labels = [False] * len(scored.good) + [True] * len(scored.defective)
        share, of = reported.defective_share, reported.counted
        costs = f"Escapes and false rejects of 1,000 {of}, {100 * share:g} % of them defective"
        found = {
            f"Scores of {of}": plots.score_plot(scored, cuts),
            costs: plots.cost_plot(scored, cuts, share, of),
            f"Precision and recall of {of}": plots.precision_recall_plot(scores, labels),
            f"ROC of {of}": plots.roc_plot(scores, labels, of),
            **found,
        }
    return found


def _told(pictures: Sequence[JudgedPicture], cuts: Cuts) -> list[tuple[JudgedPicture, str]]:
    """Pictures with what became of them."""

    def told(each: JudgedPicture) -> str:
        if not cuts:
            return "no cut"
        if math.isnan(each.score):
            return "not judged: too many places"
        return "passed" if each.score < cuts[each.sample.part] else "rejected"

    return [(each, told(each)) for each in pictures]


def _drawn(told: Sequence[tuple[JudgedPicture, str]], reported: Reported) -> list[_Shown]:
    measured = reported.by_part()
    return [_draw(each, measured[each.sample.part], reported.colour, why) for each, why in told]


def _draw(each: JudgedPicture, measured: Measured, colour: str, why: str) -> _Shown:
    """What of the view is the picture's own, what was found in the engine's colour, and the label outlined in white."""
    sample: Sample = each.sample
    picture = read_picture(sample.picture)
    view, own = sample.view_of(picture), sample.own_of(picture)
    probability = np.where(sample.judged_of(picture), measured.engine.probability(view[None])[0], np.float32(0))[own]
    drawn = draw_probability(
        np.ascontiguousarray(as_rgb(view[own])),
        np.rint(255 * probability).astype(np.uint8),
        colour_of(colour),
        measured.mask_cut,
    )
    if not isinstance(sample.label, Somewhere):
        drawn = draw_outline(drawn, sample.mask_of(picture)[own] >= 128, COLOURS["white"])
    text = f"{_named(sample)}: score {each.score:.4f}, {why}"
    return _Shown(base64.b64encode(encode_jpeg(drawn)).decode(), text)


def _named(sample: Sample) -> str:
    """The picture, and its part where the picture's name does not say it."""
    name = sample.picture.name
    return name if name.startswith(sample.part) else f"{sample.part}, {name}"


def _as_json(
    reported: Reported,
    judged: JudgedSet,
    tables: dict[str, list[Figure]],
    folds: list[FoldRow],
    quarters: list[Quarter],
    shown: Mapping[str, Sequence[tuple[JudgedPicture, str]]],
) -> dict[str, object]:
    """`cut` and `mask_cut` are null in a cross-validation, whose folds have their own, as `scores` and `folds` say; of each
    picture both scores, so that curves can be drawn again."""
    cuts = reported.cuts()
    return {
        "engine": reported.engine,
        "defect": reported.defect,
        "cut": None if folds else reported.measured[0].cut,
        "mask_cut": None if folds else reported.measured[0].mask_cut,
        "evidence": reported.evidence,
        "set": reported.words,
        "run": dict(reported.run),
        "figures": {name: [asdict(row) for row in rows] for name, rows in tables.items()},
        "counted": reported.counted,
        "folds": [asdict(row) for row in folds],
        "quarters": [asdict(quarter) for quarter in quarters],
        "scores": [
            {
                "part": each.sample.part,
                "picture": each.sample.picture.name,
                "defective": each.sample.is_defective,
                "score": each.score,
                "map_score": each.map_score,
                "cut": cuts.get(each.sample.part),
            }
            for each in judged.pictures
        ],
        "pictures": {
            title: [
                {"part": each.sample.part, "picture": each.sample.picture.name, "score": each.score, "why": why}
                for each, why in told
            ]
            for title, told in shown.items()
        },
    }


def _number(value: float | None) -> str:
    """Three digits, small numbers and counts whole.

    >>> [_number(v) for v in (0.98765, 0.000123, 12345.6, float("nan"), None, 3)]
    ['0.988', '0.000123', '12,346', '-', '-', '3']
    """
    if value is None or not math.isfinite(value):
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.3g}"


def _short(value: float) -> str:
    """
    >>> [_short(v) for v in (87.1234, 0.04567, 12345.6)]
    ['87.1', '0.0457', '12,346']
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _value(figure: Figure) -> str:
    """
    >>> _value(Figure("escape rate", 1 / 33, None, 33, "parts", 1)), _value(Figure("AUC", 0.98765, None, 33, "parts"))
    ('1 of 33, 3.03 %', '0.988')
    """
    if figure.count is None:
        return _number(figure.value)
    return f"{figure.count:,} of {figure.n:,}, {_percent(figure.value)} %"


def _interval(figure: Figure) -> str:
    """
    >>> _interval(Figure("AUC", 0.9, (0.8, 0.95), 9, "")), _interval(Figure("escape rate", 0, (0, 0.106), 33, "", 0))
    ('0.800 to 0.950', '0 to 10.6 %')
    """
    if figure.interval is None:
        return ""
    low, high = figure.interval
    return f"{_number(low)} to {_number(high)}" if figure.count is None else f"{_percent(low)} to {_percent(high)} %"


def _percent(share: float) -> str:
    return f"{100 * share:.3g}"
