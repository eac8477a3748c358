"""Several engines of one set side by side: IoU of every defect, and the means that are published of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from edge_inspector.training.judging import JudgedSet
from edge_inspector.training.metrics.overlap import Overlap, kaggle_dice, kaggle_dice_of_silence, macro_iou
from edge_inspector.training.report.figures import Figure, mean_iou_figure, pooled_iou_figure, shown_iou_figure
from edge_inspector.training.report.files import replace_json


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One engine: on how many pictures with its defect and without, and how well its masks agree.

    IoU is `pooled` over all of these pictures, or over those that show its defect alone, or the `mean` of the latter.
    """

    engine: str
    defect: str
    shown: int
    clean: int
    pooled: Figure
    pooled_of_shown: Figure
    mean: Figure


@dataclass(frozen=True, slots=True)
class Summary:
    """A row an engine; the background; and means of pooled IoU over the engines alone, and over them and the background.

    `macro_of_shown`: the former where each engine is asked only about pictures with its own defect.

    `kaggle`: Severstal's score, the mean of Dice over pictures and engines, 1 where both masks are empty (science.md §4.1);
    `kaggle_of_silence`: what empty masks alone would get.
    """

    rows: tuple[EngineRow, ...]
    background: float
    macro: float
    macro_of_shown: float
    macro_with_background: float
    kaggle: float
    kaggle_of_silence: float


def summarise(judged: Mapping[str, JudgedSet]) -> Summary:
    """What engines, by name, each for another defect, made of one set."""
    rows = tuple(_row(name, each) for name, each in judged.items())
    overlaps = {name: [each.overlap for each in one.comparisons()] for name, one in judged.items()}
    background = background_iou(judged.values())
    every = [overlap for each in overlaps.values() for overlap in each]
    return Summary(
        rows,
        background,
        macro=macro_iou(overlaps),
        macro_of_shown=fmean(row.pooled_of_shown.value for row in rows),
        macro_with_background=fmean([*(row.pooled.value for row in rows), background]),
        kaggle=kaggle_dice(every),
        kaggle_of_silence=kaggle_dice_of_silence(every),
    )


def background_iou(judged: Iterable[JudgedSet]) -> float:
    """Of pixels in which no defect is labelled, or none found; each picture once, with the defects that are known for it.

    Defects found in one place by two engines are counted twice, so that this errs on the low side.
    """
    marked: dict[Path, list[Overlap]] = defaultdict(list)
    for each in judged:
        for picture in each.pictures:
            if picture.comparison is not None:
                marked[picture.sample.picture].append(picture.comparison.overlap)
    both = union = 0
    for overlaps in marked.values():
        pixels = overlaps[0].pixels
        both += pixels - min(sum(one.union for one in overlaps), pixels)
        union += pixels - sum(one.both for one in overlaps)
    return both / union


def summary_table(summary: Summary) -> str:
    """As Markdown, in per cent."""
    lines = [
        "| engine | pictures with its defect / without | IoU, pooled | 95 % by part | of those with it | their mean |",
        "|---|---|---|---|---|---|",
    ]
    for row in summary.rows:
        pooled, of_shown, mean = (100 * each.value for each in (row.pooled, row.pooled_of_shown, row.mean))
        low, high = (100 * end for end in row.pooled.interval or (row.pooled.value, row.pooled.value))
        interval = f"{low:.1f} to {high:.1f}"
        lines.append(
            f"| {row.engine} | {row.shown} / {row.clean} | {pooled:.1f} | {interval} | {of_shown:.1f} | {mean:.1f} |"
        )
    count = len(summary.rows)
    lines += [
        f"| **mean of the {count}** | | **{100 * summary.macro:.1f}** | | {100 * summary.macro_of_shown:.1f} | |",
        f"| background | | {100 * summary.background:.1f} | | | |",
        f"| **mean of the {count} and the background** | | **{100 * summary.macro_with_background:.1f}** | | | |",
        "",
        f"Dice as Kaggle counts it, over pictures and engines: {100 * summary.kaggle:.1f}; empty masks alone would get "
        f"{100 * summary.kaggle_of_silence:.1f}.",
    ]
    return "\n".join(lines)


def write_summary(summary: Summary, path: Path, run: Mapping[str, str]) -> None:
    """The same for programs, as shares; `run` says how it came about."""
    replace_json(path, {"run": dict(run), **asdict(summary)})


def _row(name: str, judged: JudgedSet) -> EngineRow:
    placed = [each for each in judged.pictures if each.comparison is not None]
    shown = sum(each.sample.is_defective for each in placed)
    figures = (pooled_iou_figure(judged), shown_iou_figure(judged), mean_iou_figure(judged))
    return EngineRow(name, judged.defect, shown, len(placed) - shown, *figures)
