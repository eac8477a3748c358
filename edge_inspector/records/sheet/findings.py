"""The list of findings beside the pictures: number, kind, sizes, place, cameras; and whether none means none."""

from __future__ import annotations

from collections.abc import Sequence

from edge_inspector.records.part_evidence import PartEvidence
from edge_inspector.records.sheet.canvas import BOLD, DIM, PANEL, TEXT, Canvas
from edge_inspector.records.sheet.tags import Tag
from edge_inspector.records.unjudged import is_all_judged
from edge_inspector.records.wording import place_words

ROW_PX = 104
TITLE_PX = 50
GAP_PX = 20
_PAD_PX = 16
_MORE_PX = 34


def list_height_px(count: int, columns: int) -> int:
    """Return how high the list of so many findings is; without any it is a title alone."""
    rows = -(-count // columns)
    return TITLE_PX + rows * ROW_PX


def findings_title(evidence: PartEvidence) -> str:
    """Return how many findings there are; that there is none only where every engine judged every view."""
    details = evidence.details
    if details.findings:
        return f"{len(details.findings)} finding{'s' if len(details.findings) > 1 else ''}"
    if evidence.why_no_verdict:
        return "findings not known"
    if all(judged.score is None for judged in details.judgements):
        return "not judged"
    is_whole = is_all_judged(details, [view.camera for view in evidence.views], evidence.engines)
    return "no finding" if is_whole else "no finding in what was judged"


def draw_findings(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    height: int,
    title: str,
    tags: Sequence[Tag],
    measures: Sequence[str] = (),
    *,
    columns: int = 1,
) -> None:
    """Draw the findings in columns, those that reject first; what does not fit into the height is counted.

    `measures` of the part stand beside the title.
    """
    end = canvas.text(x, y + 26, title, 23, TEXT, BOLD)
    if tags:
        rejecting = sum(tag.finding.rejects for tag in tags)
        end = canvas.text(end + 14, y + 26, f"{rejecting or 'none'} reject{'s' if rejecting < 2 else ''}", 20, DIM)
    canvas.text(x + width, y + 26, "  ·  ".join(measures), 20, DIM, align=1, most_px=x + width - end - 20)
    room = max(1, (height - TITLE_PX) // ROW_PX) * columns
    if len(tags) > room:
        room = max(1, (height - TITLE_PX - _MORE_PX) // ROW_PX) * columns
    ordered = sorted(tags, key=lambda tag: not tag.finding.rejects)
    column_px = (width - (columns - 1) * GAP_PX) / columns
    for index, tag in enumerate(ordered[:room]):
        row, column = divmod(index, columns)
        _draw_row(canvas, x + column * (column_px + GAP_PX), y + TITLE_PX + row * ROW_PX, column_px, tag)
    if len(ordered) > room:
        rows = -(-room // columns)
        more = f"and {len(ordered) - room} more, see `parts show`"
        canvas.text(x, y + TITLE_PX + rows * ROW_PX + 22, more, 20, DIM)


def _draw_row(canvas: Canvas, x: float, y: float, width: float, tag: Tag) -> None:
    finding = tag.finding
    canvas.box(x, y, width, ROW_PX - 14, 10, PANEL)
    left, room = x + _PAD_PX, width - 2 * _PAD_PX
    label_px = canvas.pill(left, y + 13, str(tag.number), 19, tag.colour, is_filled=finding.rejects)
    sizes = (
        f"{finding.length_mm:.1f} mm" if finding.width_mm is None else f"{finding.length_mm:.1f} × {finding.width_mm:.2f} mm"
    )
    head = f"{finding.defect}  {sizes}"
    canvas.text(left + label_px + 12, y + 34, head, 21, TEXT, BOLD, most_px=room - label_px - 12)
    place = place_words(finding)
    line = "  ·  ".join(filter(None, (f"at {place}" if place else "", f"{finding.area_mm2:.2f} mm²")))
    canvas.text(left, y + 60, line, 18, TEXT, most_px=room)
    rest = f"score {finding.score:.2f}  ·  {', '.join(finding.cameras)}" + (
        "" if finding.rejects else "  ·  does not reject"
    )
    canvas.text(left, y + 82, rest, 18, DIM, most_px=room)
