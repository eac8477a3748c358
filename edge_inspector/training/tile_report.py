"""What a station made of magnetic tiles, as tables: by class and by engine. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.training.magnetic_tile import DEFECTS, Tile
from edge_inspector.training.proof import interval_words


@dataclass(frozen=True, slots=True)
class JudgedTile:
    """A tile that went through the line.

    `rejected_by`: defects by whose engine. `is_marked`: a finding of its own defect's engine that rejects holds labelled
    pixels. `is_passed`: it lies in the good bin. `scores`: by defect, of the engines that judged it.
    """

    tile: Tile
    verdict: VerdictKind
    rejected_by: frozenset[str]
    is_marked: bool
    is_passed: bool
    scores: Mapping[str, float]


def class_table(judged: Sequence[JudgedTile], surely_good: Iterable[str]) -> list[str]:
    """A line a class, then all defective tiles, the good ones, and of these the ones of groups in `surely_good`."""
    lines = [
        "| class | tiles | groups | REJECT by its own engine | marked where labelled | REJECT by any | ACCEPT | UNINSPECTED "
        "| in the good bin |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for defect in DEFECTS:
        found = [one for one in judged if one.tile.defect == defect]
        if found:
            lines.append(_class_line(defect, found, has_engine=True))
    lines.append(_class_line("**all defective**", [one for one in judged if one.tile.defect], has_engine=True))
    good = [one for one in judged if not one.tile.defect]
    lines.append(_class_line("**good**", good, has_engine=False))
    sure = set(surely_good)
    certain = [one for one in good if one.tile.group in sure]
    lines.append(_class_line("good, of tiles that no picture labels", certain, has_engine=False))
    return lines


def _class_line(name: str, found: Sequence[JudgedTile], *, has_engine: bool) -> str:
    groups = len({one.tile.group for one in found})
    own = sum(one.tile.defect in one.rejected_by for one in found)
    marked = sum(one.is_marked for one in found)
    rejected, accepted, uninspected = (
        sum(one.verdict is verdict for one in found)
        for verdict in (VerdictKind.REJECT, VerdictKind.ACCEPT, VerdictKind.UNINSPECTED)
    )
    passed = sum(one.is_passed for one in found)
    own_words = f"{own} | {marked}" if has_engine else "– | –"
    return f"| {name} | {len(found)} | {groups} | {own_words} | {rejected} | {accepted} | {uninspected} | {passed} |"


def rate_lines(judged: Sequence[JudgedTile], surely_good: Iterable[str]) -> list[str]:
    """The three rates with their intervals, never mixed."""
    defective = [one for one in judged if one.tile.defect]
    good = [one for one in judged if not one.tile.defect]
    sure = set(surely_good)
    certain = [one for one in good if one.tile.group in sure]

    def rejects(found: Sequence[JudgedTile]) -> str:
        return interval_words(sum(one.verdict is VerdictKind.REJECT for one in found), len(found))

    uninspected = sum(one.verdict is VerdictKind.UNINSPECTED for one in judged)
    return [
        f"- escapes {interval_words(sum(one.is_passed for one in defective), len(defective))}",
        f"- false rejects {rejects(good)}; of tiles that no picture labels {rejects(certain)}",
        f"- uninspected {interval_words(uninspected, len(judged))}",
    ]


def score_table(judged: Sequence[JudgedTile], cuts: Mapping[str, float]) -> list[str]:
    """A line an engine: its cut, its scores of its own defect and of good tiles, and how many good ones it rejects.

    `cuts` by defect. Scores are of whole views; tiles that the engine did not judge have none.
    """
    lines = [
        "| engine | cut | scores of its defect: least, median | scores of good tiles: median, most | good tiles rejected |",
        "|---|---|---|---|---|",
    ]
    good = [one for one in judged if not one.tile.defect]
    for defect, cut in cuts.items():
        of_defect = [one.scores[defect] for one in judged if one.tile.defect == defect and defect in one.scores]
        of_good = [one.scores[defect] for one in good if defect in one.scores]
        low = f"{min(of_defect):.4f}, {statistics.median(of_defect):.4f}" if of_defect else "–"
        high = f"{statistics.median(of_good):.4f}, {max(of_good):.4f}" if of_good else "–"
        rejects = sum(defect in one.rejected_by for one in good)
        lines.append(f"| {defect} | {cut} | {low} | {high} | {interval_words(rejects, len(good))} |")
    return lines
