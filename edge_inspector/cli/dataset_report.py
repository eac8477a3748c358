"""What an inspection of a set found, for a person: two tables, the copies, and of every kind of warning the first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from edge_inspector.training.datasets.copies import Copies
from edge_inspector.training.datasets.inspection import DefectCounts, Inspection
from edge_inspector.training.datasets.near_duplicates import ALIKE
from edge_inspector.training.datasets.set_warning import About
from edge_inspector.training.datasets.wording import counted, listed

CLEAN_IF_COMPLETE = frozenset({"coco", "via", "labelme", "cvat"})  # readers that may take pictures without labels for clean
SIZES_NAMED = 3
LINES_OF_A_KIND = 5  # of warnings, and of copies; --json has all


def print_inspection(console: Console, found: Inspection) -> None:
    """Print all of it; nothing is wrapped or coloured but for the words that matter."""
    for line in _head(found):
        console.print(line, markup=False)
    console.print(_label_table(found.defects))
    if any(defect.areas for defect in found.defects):
        console.print(_area_table(found.defects))
    console.print("\ncopies", style="bold")
    for line in _copy_lines(found):
        console.print(f"  {line}", markup=False)
    _print_warnings(console, found)


def _head(found: Inspection) -> Iterator[str]:
    yield f"{found.folder}: {counted(found.pictures, 'picture')} of {counted(found.parts, 'part')}, read as {found.source}"
    if found.unread:
        yield f"  {counted(found.unread, 'picture')} can not be used and count nowhere below"
    if found.sizes:
        yield f"  {'; '.join(_size_words(found))} (width × height)"
        yield f"  {_colour_words(found)}"
    if found.unlabelled:
        way_out = "; if every picture was looked at, say --complete" if found.source in CLEAN_IF_COMPLETE else ""
        yield f"  {counted(found.unlabelled, 'picture')} without any label: nothing is known of them{way_out}"


def _colour_words(found: Inspection) -> str:
    if any(found.bands):
        kinds = " and ".join(f"{count} bands" if count else "colours" for count in found.bands)
        return kinds if len(found.bands) == 1 else f"{kinds}: an engine takes pictures of one kind"
    in_colour = found.pictures - found.unread - found.grey
    if not in_colour:
        return "all grey"
    return f"{found.grey} grey, {in_colour} in colour" if found.grey else "all in colour"


def _size_words(found: Inspection) -> Iterator[str]:
    if len(found.sizes) <= SIZES_NAMED:
        for size in found.sizes:
            many = "" if len(found.sizes) == 1 else f" {size.count} times"
            yield f"{size.width_px} × {size.height_px} px{many}"
        return
    sides = (_range([size.width_px for size in found.sizes]), _range([size.height_px for size in found.sizes]))
    yield f"{len(found.sizes)} sizes, {' × '.join(sides)} px"


def _range(sides_px: Sequence[int]) -> str:
    least, most = min(sides_px), max(sides_px)
    return str(least) if least == most else f"{least} to {most}"


def _label_table(defects: Sequence[DefectCounts]) -> Table:
    """Where nothing is labelled without its place there is no column for that."""
    has_placeless = any(each.placeless for each in defects)
    placeless = ["not where"] if has_placeless else []
    table = _table("labels: pictures (parts)", "defect", "defective", *placeless, "clean", "unknown")
    for each in defects:
        table.add_row(
            each.defect,
            f"{each.defective + each.placeless} ({each.parts_defective})",
            *([f"{each.placeless} of these"] if has_placeless else []),
            f"{each.clean} ({each.parts_clean})",
            f"{each.unknown} ({each.parts_unknown})",
        )
    return table


def _area_table(defects: Sequence[DefectCounts]) -> Table:
    heads = ("defect", "pieces", "least", "5 %", "median", "95 %", "most", "of pixels", "soft masks")
    table = _table("defects as drawn: area in px", *heads)
    for each in defects:
        if (areas := each.areas) is not None:
            sizes = (areas.least_px, areas.low_px, areas.median_px, areas.high_px, areas.most_px)
            share = f"{100 * each.share:.2g} %"
            table.add_row(each.defect, str(areas.count), *(f"{size:.0f}" for size in sizes), share, str(each.soft_masks))
    return table


def _copy_lines(found: Inspection) -> Iterator[str]:
    yield from _groups("equal pixel for pixel", found.equal)
    yield from _groups(f"alike, also mirrored or turned (likeness from {ALIKE} on)", found.alike)
    if found.structureless:
        yield f"{counted(found.structureless, 'picture')} of too little structure to be compared"


def _groups(how: str, groups: Sequence[Copies]) -> Iterator[str]:
    if not groups:
        yield f"{how}: none"
        return
    yield f"{how}: {counted(len(groups), 'group')} of {sum(len(group.pictures) for group in groups)} pictures"
    for group in groups[:LINES_OF_A_KIND]:
        likeness = "" if group.is_equal else f"  {group.likeness:.2f}{' turned' if group.is_turned else ''}"
        yield f"  {listed(group.pictures)}{likeness}"
    if len(groups) > LINES_OF_A_KIND:
        yield f"  … and {len(groups) - LINES_OF_A_KIND} more; --json has all"


def _print_warnings(console: Console, found: Inspection) -> None:
    if not found.warnings:
        console.print("\nno warnings", style="bold")
        return
    console.print(f"\n{counted(len(found.warnings), 'warning')}", style="bold yellow")
    texts: dict[About, list[str]] = defaultdict(list)
    for warning in found.warnings:
        texts[warning.about].append(warning.text)
    for about in About:
        if about not in texts:
            continue
        console.print(f"  {about.heading}: {len(texts[about])} ({about.advice})", style="yellow", markup=False)
        for text in texts[about][:LINES_OF_A_KIND]:
            console.print(f"    {text}", markup=False)
        if len(texts[about]) > LINES_OF_A_KIND:
            console.print(f"    … and {len(texts[about]) - LINES_OF_A_KIND} more; --json has all", markup=False)


def _table(title: str, *heads: str) -> Table:
    """An empty table no wider than it must be; all but the first column stand to the right."""
    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), title=f"\n{title}", title_justify="left", header_style="bold"
    )
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", no_wrap=True)
    return table
