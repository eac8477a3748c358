"""Plots of a judged set as SVG text, for a page that needs no other file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from edge_inspector.training.metrics.ranking import precision_recall
from edge_inspector.training.part_scores import Counted, PartScores

GOOD, DEFECTIVE, CUT = "#2a6f97", "#c0392b", "#222222"
SIZE_INCHES = (4.6, 3.2)
CALIBRATION_BINS = 10


def score_plot(parts: PartScores, cuts: Sequence[float]) -> str:
    """Scores of good and defective parts as logits, with the cut between them, or the cut of each fold."""
    figure, axes = _begin("score", "how many")
    good, defective = (_drawn(each) for each in (parts.good, parts.defective))
    edges = np.linspace(-7.0, 7.0, 43).tolist()
    axes.hist([_logit(good), _logit(defective)], edges, color=[GOOD, DEFECTIVE], label=["good", "defective"], stacked=True)
    _draw_cuts(axes, cuts)
    axes.legend(fontsize=8, loc="upper center")
    return _svg(figure)


def precision_recall_plot(scores: ArrayLike, defective: ArrayLike) -> str:
    """Precision against recall of parts, at each distinct score taken as the cut."""
    figure, axes = _begin("recall", "precision")
    precision, recall = precision_recall(scores, defective)
    axes.step(np.append(0.0, recall), np.append(1.0, precision), where="pre", color=DEFECTIVE)
    axes.set(xlim=(0, 1.01), ylim=(0, 1.02))
    return _svg(figure)


def roc_plot(scores: ArrayLike, defective: ArrayLike, of: Counted = "parts") -> str:
    """Share of defective parts, or pictures, rejected against share of good ones rejected."""
    figure, axes = _begin(f"good {of} rejected", f"defective {of} rejected")
    values, labels = np.asarray(scores, np.float64), np.asarray(defective, bool)
    cuts = np.append(np.inf, np.unique(values)[::-1])
    rejected = values[None, :] >= cuts[:, None]  # (cuts, n)
    axes.step(rejected[:, ~labels].mean(1), rejected[:, labels].mean(1), where="post", color=DEFECTIVE)
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    axes.set(xlim=(-0.01, 1.01), ylim=(0, 1.02))
    return _svg(figure)


def overlap_plot(ious: Sequence[float], dices: Sequence[float]) -> str:
    """How IoU and Dice of the pictures with the defect are spread."""
    figure, axes = _begin("overlap of found and labelled", "pictures")
    edges = np.linspace(0.0, 1.0, 21).tolist()
    axes.hist([np.asarray(ious), np.asarray(dices)], edges, color=[GOOD, "#e09f3e"], label=["IoU", "Dice"])
    axes.legend(fontsize=8)
    return _svg(figure)


def calibration_plot(probability: NDArray[np.float32], labelled: NDArray[np.bool_]) -> str:
    """Share of defective pixels against the mean probability, in ten equal bins of it, with how many pixels each holds."""
    figure, axes = _begin("probability", "share that is defective")
    bins = np.minimum((probability * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    filled = np.unique(bins)
    points = [(float(probability[bins == b].mean()), float(labelled[bins == b].mean())) for b in filled]
    axes.plot(*zip(*points, strict=True), color=GOOD, marker="o", markersize=4)
    for point, b in zip(points, filled, strict=True):
        axes.annotate(_short(int((bins == b).sum())), point, xytext=(4, -9), textcoords="offset points", fontsize=7)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    return _svg(figure)


def cost_plot(parts: PartScores, cuts_chosen: Sequence[float], defective_share: float, counted: Counted = "parts") -> str:
    """Escapes and false rejects of 1,000 parts against the cut, of which `defective_share` are defective.

    What holds at a score taken as the cut holds from the score below on.
    """
    figure, axes = _begin("cut", "parts of 1,000" if counted == "parts" else "pictures of 1,000")
    good, defective = (np.sort(_drawn(each)) for each in (parts.good, parts.defective))
    cuts = np.unique(np.concatenate(([0.001], good, defective, [0.999])))
    escapes = 1000 * defective_share * np.searchsorted(defective, cuts, side="left") / len(defective)
    rejects = 1000 * (1 - defective_share) * (1 - np.searchsorted(good, cuts, side="left") / len(good))
    axes.step(_logit(cuts), escapes, where="pre", color=DEFECTIVE, label="escapes")
    axes.step(_logit(cuts), rejects, where="pre", color=GOOD, label="false rejects")
    _draw_cuts(axes, cuts_chosen)
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_yticks((0, 1, 10, 100, 1000), ("0", "1", "10", "100", "1000"))
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)
    return _svg(figure)


def _draw_cuts(axes: Axes, cuts: Sequence[float]) -> None:
    """On an axis of logits, whose ticks say probabilities."""
    for cut in cuts:
        axes.axvline(float(_logit(np.array([cut]))[0]), color=CUT, linestyle="--", label=f"cut {cut:g}")
    ticks = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
    axes.set_xticks(_logit(np.array(ticks)), [f"{tick:g}" for tick in ticks])


def _begin(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure) -> str:
    """The plot as one <svg> element; its texts stay texts, so that they can be searched."""
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "edge_inspector"}):
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})  # type: ignore[no-untyped-call]
    text = out.getvalue()
    return text[text.index("<svg") :]


def _short(count: int) -> str:
    """
    >>> [_short(n) for n in (7, 999, 12_345, 4_600_000)]
    ['7', '999', '12k', '4.6M']
    """
    return f"{count}" if count < 1000 else f"{count / 1e3:.0f}k" if count < 999_500 else f"{count / 1e6:.1f}M"


def _drawn(scores: Mapping[str, float]) -> NDArray[np.float64]:
    """What could not be judged does not pass, as if it scored highest."""
    return np.asarray(np.nan_to_num(np.array(list(scores.values())), nan=1.0), np.float64)


def _logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(p, 1e-3, 1.0 - 1e-3)
    return np.asarray(np.log(clipped / (1.0 - clipped)), np.float64)
