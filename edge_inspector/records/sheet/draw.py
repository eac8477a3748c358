"""The sheet: head, views, surface, findings; one picture that says what became of a part, and why."""

from __future__ import annotations

from collections.abc import Sequence

from edge_inspector.imaging.decode import Pixels
from edge_inspector.imaging.overlay import Colour
from edge_inspector.records.part_evidence import PartEvidence
from edge_inspector.records.sheet.canvas import BOLD, DIM, LINE, REGULAR, TEXT, Canvas, wrapped
from edge_inspector.records.sheet.findings import draw_findings, findings_title, list_height_px
from edge_inspector.records.sheet.surface import AXIS_PX, draw_surface, surface_height_px, unroll
from edge_inspector.records.sheet.tags import tags_of
from edge_inspector.records.sheet.views import NOTE_COLOUR, draw_views, grid_of
from edge_inspector.records.wording import measure_words, reasons_and_rest

WIDTH_PX = 2000
MARGIN_PX = 56
SECTION_PX = 34  # between two sections
HEAD_PX = 74  # without the reasons
REASON_PX = 31  # one line of them
REASON_SIZE = 24
MOST_REASONS = 3
MOST_LINES_A_REASON = 2
LIST_PX = 440  # wide, beside the surface; at least so wide beside a few small views
LIST_COLUMNS = 4  # below the views, without a surface
VERDICT_COLOURS: dict[str | None, Colour] = {
    "REJECT": (255, 82, 82),
    "UNINSPECTED": (255, 196, 61),
    "ACCEPT": (82, 214, 138),
}


def draw_sheet(evidence: PartEvidence) -> Pixels:
    """Return the picture, uint8 (height, 2000, 3), RGB; as high as it takes."""
    room = WIDTH_PX - 2 * MARGIN_PX
    tags = tags_of(evidence)
    head = head_lines(evidence, room)
    shape = next((view.picture.shape for view in evidence.views if view.picture is not None), (256, 1248, 3))
    grid = grid_of(len(evidence.views), shape[1], shape[0], room)
    surface = None if evidence.verdict is None else evidence.verdict.surface
    flat = None if surface is None else unroll(evidence, surface, room - LIST_PX - SECTION_PX - AXIS_PX)
    views_y = MARGIN_PX + HEAD_PX + len(head) * REASON_PX + SECTION_PX // 2
    bottom_y = views_y + grid.height_px + SECTION_PX
    beside_px = room - grid.width_px - SECTION_PX
    is_beside = flat is None and beside_px >= LIST_PX
    bottom_px = 0 if is_beside else list_height_px(len(tags), LIST_COLUMNS) if flat is None else surface_height_px(flat)
    canvas = Canvas(WIDTH_PX, bottom_y + bottom_px + MARGIN_PX // 2)
    _draw_head(canvas, evidence, head)
    draw_views(canvas, MARGIN_PX, views_y, grid, evidence, tags)
    title, measures = findings_title(evidence), measure_words(evidence.details.measures)
    right = WIDTH_PX - MARGIN_PX
    if is_beside:
        place = (right - beside_px, views_y, beside_px, grid.height_px)
        draw_findings(canvas, *place, title, tags, measures, columns=beside_px // LIST_PX)
        return canvas.pixels
    canvas.line(MARGIN_PX, bottom_y - SECTION_PX / 2 + 4, right, bottom_y - SECTION_PX / 2 + 4, LINE)
    if flat is None:
        draw_findings(canvas, MARGIN_PX, bottom_y, room, bottom_px, title, tags, measures, columns=LIST_COLUMNS)
    else:
        draw_surface(canvas, MARGIN_PX, bottom_y, room - LIST_PX - SECTION_PX, flat, tags, measures)
        draw_findings(canvas, right - LIST_PX, bottom_y, LIST_PX, bottom_px, title, tags)
    return canvas.pixels


def _draw_head(canvas: Canvas, evidence: PartEvidence, lines: Sequence[tuple[str, Colour]]) -> None:
    summary = evidence.details.summary
    baseline, right = MARGIN_PX + 34, WIDTH_PX - MARGIN_PX
    end = canvas.text(MARGIN_PX, baseline, f"Part {summary.part}", 50, TEXT, BOLD)
    colour = VERDICT_COLOURS.get(summary.verdict, DIM)
    end += 26 + canvas.pill(end + 26, baseline - 36, summary.verdict or "no verdict yet", 28, colour)
    end = canvas.text(end + 22, baseline - 5, (summary.outcome or "under way").replace("_", " "), 26, DIM)
    total_ms = summary.stages.total_ms
    facts = [
        evidence.product,
        evidence.details.station or "",
        f"lot {summary.lot}" if summary.lot else "",
        f"{summary.at_utc[:19].replace('T', ' ')} UTC",
        "" if total_ms is None else f"verdict after {total_ms:.0f} ms",
    ]
    words = "  ·  ".join(filter(None, facts))
    canvas.text(right, baseline - 5, words, 22, DIM, align=1, most_px=right - end - 40)
    for index, (line, colour) in enumerate(lines):
        canvas.text(MARGIN_PX, MARGIN_PX + HEAD_PX + 6 + index * REASON_PX, line, REASON_SIZE, colour, REGULAR)


def head_lines(evidence: PartEvidence, room_px: int) -> list[tuple[str, Colour]]:
    """Return the lines below the part's name: the reasons, and why the verdict's record can not be had."""
    details = evidence.details
    reasons = details.reasons or ((details.summary.reason,) if details.summary.reason else ())
    why_not = f"what was marked is not known: {evidence.why_no_verdict}" if evidence.why_no_verdict else ""
    return [
        *((line, TEXT) for line in reason_lines(reasons, room_px)),
        *((line, NOTE_COLOUR) for line in _lines(why_not, room_px)),
    ]


def reason_lines(reasons: Sequence[str], room_px: int) -> list[str]:
    """Return the reasons as lines that fit; of many, the first ones and how many more there were, unwritten ones included.

    >>> reason_lines(("crack", "stain", "hole", "dent"), 1888)
    ['crack', 'stain', 'and 2 more reasons, see `parts show`']
    """
    written, unwritten = reasons_and_rest(reasons)
    shown = written if len(written) + unwritten <= MOST_REASONS else written[: MOST_REASONS - 1]
    lines = [line for reason in shown for line in _lines(reason, room_px)]
    left = len(written) - len(shown)
    where = f"{left} of them in `parts show`" if unwritten else "see `parts show`"
    return [*lines, f"and {left + unwritten} more reasons, {where}"] if left + unwritten else lines


def _lines(words: str, room_px: int) -> list[str]:
    return wrapped(words, REASON_SIZE, REGULAR, room_px, MOST_LINES_A_REASON)
