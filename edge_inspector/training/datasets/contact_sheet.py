"""One picture of a whole set: of each defect some pieces from the smallest to the largest, then clean pictures.

Masks are outlined as an engine's marks are. A piece that would be too small to see is shown once more under a lens.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.imaging.overlay import Colour, colour_of, draw_probability
from edge_inspector.imaging.pages import as_rgb
from edge_inspector.records.sheet.canvas import BOLD, DIM, PANEL, TEXT, Canvas
from edge_inspector.training.datasets.defect_colours import defect_colours
from edge_inspector.training.datasets.labelled_picture import Somewhere, read_mask
from edge_inspector.training.datasets.looking import MARKED_FROM, SeenPicture
from edge_inspector.training.datasets.plain_writer import encode_png
from edge_inspector.training.datasets.sheet_choice import Section, Shown, choose_sections
from edge_inspector.training.defect_set import Picture, read_ignored, read_picture

WIDTH_PX = 1900
LEAST_SHOWN = 5  # of each kind, where there are as many: broad pictures take two rows
CELL_AREA_PX = 64_000  # room for one picture
NARROWEST_PX, LOWEST_PX, HIGHEST_PX = 190, 120, 420
MOST_SCALE = 4.0  # of a small picture
MARGIN_PX, GAP_PX = 28, 16
HEAD_PX, SECTION_PX, CAPTION_PX = 92, 50, 72
LENS_BELOW_PX = 26  # a piece that is drawn smaller than this gets a lens
LENS_SHARE = 0.46  # of a cell's width, at most
LEAST_IN_LENS_PX = 20  # of the picture, either way
_CUT = MARKED_FROM / 255


@dataclass(frozen=True, slots=True)
class _Open:
    """A picture that is opened to be drawn: its pixels, and of each defect with a mask that, uint8 (h, w)."""

    pixels: Picture
    masks: Mapping[str, Picture]
    judged: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle in pixels."""

    x: int
    y: int
    width: int
    height: int


def refuse_sheet_name(path: Path) -> None:
    """Raise ConfigurationError unless a sheet can be written there: before a set is looked at for minutes."""
    if path.suffix.lower() != ".png":
        raise ConfigurationError(f"{path}: the sheet is a PNG; name a file that ends in .png")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path}: there is no folder {path.parent}; make it, or name another file")


def write_contact_sheet(
    path: Path, title: str, defects: Sequence[str], seen: Sequence[SeenPicture], names: Sequence[str]
) -> None:
    """Draw the sheet of a set and write it in one step; `names` are what people know the pictures by.

    Raises ConfigurationError if it can not be written, TrainingDataError if there is no picture, or one has changed.
    """
    if not seen:
        raise TrainingDataError(f"{path}: no picture can be used, so there is nothing to draw")
    content = encode_png(draw_contact_sheet(title, defects, seen, names))
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the sheet can not be written ({error.strerror}); name a file elsewhere"
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def draw_contact_sheet(title: str, defects: Sequence[str], seen: Sequence[SeenPicture], names: Sequence[str]) -> Picture:
    """Return the sheet, uint8 (h, WIDTH_PX, 3), RGB. Raises TrainingDataError for a picture that has changed."""
    cell = _cell_of(seen)
    columns = (WIDTH_PX - 2 * MARGIN_PX + GAP_PX) // (cell.width + GAP_PX)
    sections = choose_sections(defects, seen, names, columns * math.ceil(LEAST_SHOWN / columns))
    row_px = cell.height + CAPTION_PX
    rows = sum(math.ceil(len(section.shown) / columns) for section in sections)
    canvas = Canvas(WIDTH_PX, HEAD_PX + len(sections) * SECTION_PX + rows * row_px + MARGIN_PX)
    canvas.text(MARGIN_PX, 52, title, 30, TEXT, BOLD, most_px=WIDTH_PX - 2 * MARGIN_PX)
    canvas.line(MARGIN_PX, 72, WIDTH_PX - MARGIN_PX, 72)
    sheet = _Sheet(canvas, {defect: colour_of(name) for defect, name in defect_colours(defects).items()})
    y = HEAD_PX
    for section in sections:
        sheet.draw_head(y, section)
        y += SECTION_PX
        for number, shown in enumerate(section.shown):
            row, column = divmod(number, columns)
            place = _Box(MARGIN_PX + column * (cell.width + GAP_PX), y + row * row_px, cell.width, cell.height)
            sheet.draw_picture(place, seen[shown.position], shown, section)
            sheet.draw_caption(place, names[shown.position], seen[shown.position], shown, section)
        y += math.ceil(len(section.shown) / columns) * row_px
    return canvas.pixels


class _Sheet:
    """Draws sections and their pictures on a canvas."""

    def __init__(self, canvas: Canvas, colours: Mapping[str, Colour]) -> None:
        self._canvas = canvas
        self._colours = colours

    def draw_head(self, y: int, section: Section) -> None:
        """The name of a section, in its defect's colour."""
        if section.defect:
            x = MARGIN_PX + self._canvas.pill(MARGIN_PX, y, section.title, 22, self._colours[section.defect])
        else:
            x = self._canvas.text(MARGIN_PX, y + 25, section.title, 22, TEXT, BOLD)
        self._canvas.text(x + 14, y + 25, section.note, 20, DIM)

    def draw_picture(self, place: _Box, picture: SeenPicture, shown: Shown, section: Section) -> None:
        """A picture with all its masks, and where its piece is small a lens."""
        opened = _open(picture)
        scale = min(place.width / picture.width_px, place.height / picture.height_px, MOST_SCALE)
        width, height = (max(1, round(scale * side)) for side in (picture.width_px, picture.height_px))
        left, top = place.x + (place.width - width) // 2, place.y + (place.height - height) // 2
        self._canvas.box(place.x, place.y, place.width, place.height, 6, PANEL)
        self._canvas.paste(left, top, self._outlined(opened, _Box(0, 0, picture.width_px, picture.height_px), width, height))
        if shown.area_px is None:
            return
        piece = _piece(opened, section.defect, shown.area_px)
        if scale * max(piece.width, piece.height) < LENS_BELOW_PX:
            self._draw_lens(place, opened, piece, (left, top), scale, self._colours[section.defect])

    def draw_caption(self, place: _Box, name: str, picture: SeenPicture, shown: Shown, section: Section) -> None:
        """Its name, the size of its piece, and its part where that is named otherwise."""
        x, y, stem = place.x + 2, place.y + place.height, PurePath(name).stem
        self._canvas.text(x, y + 21, stem, 17, TEXT, most_px=place.width - 4)
        if shown.area_px is not None:
            x = round(self._canvas.text(x, y + 43, f"{shown.area_px} px", 17, self._colours[section.defect], BOLD)) + 12
        part = picture.picture.part
        if part != stem:
            self._canvas.text(x, y + 43, f"part {part}", 17, DIM, most_px=place.x + place.width - x - 2)

    def _draw_lens(
        self, place: _Box, opened: _Open, piece: _Box, corner: tuple[int, int], scale: float, colour: Colour
    ) -> None:
        """Show what surrounds a piece in the corner of its cell that is farthest from it, and where that was taken from.

        `corner` is the upper left one of the picture, which is drawn `scale` times as large as it is.
        """
        side = min(round(LENS_SHARE * place.width), place.height - 10)
        across = max(LEAST_IN_LENS_PX, round(2.2 * max(piece.width, piece.height)))
        taken = _around(piece, across, opened.pixels.shape[1], opened.pixels.shape[0])
        is_left = corner[0] + scale * (piece.x + piece.width / 2) < place.x + place.width / 2
        is_upper = corner[1] + scale * (piece.y + piece.height / 2) < place.y + place.height / 2
        x = place.x + (place.width - side - 5 if is_left else 5)
        y = place.y + (place.height - side - 5 if is_upper else 5)
        right, below = corner[0] + scale * (taken.x + taken.width), corner[1] + scale * (taken.y + taken.height)
        from_x, from_y = corner[0] + scale * taken.x, corner[1] + scale * taken.y
        corners = [(from_x, from_y), (right, from_y), (right, below), (from_x, below)]
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
            self._canvas.line(*start, *end, colour)
        self._canvas.box(x - 3, y - 3, side + 6, side + 6, 4, colour)
        self._canvas.paste(x, y, self._outlined(opened, taken, side, side))

    def _outlined(self, opened: _Open, taken: _Box, width: int, height: int) -> Picture:
        """What a box of a picture shows, drawn at this size with the masks in it."""
        rows, columns = slice(taken.y, taken.y + taken.height), slice(taken.x, taken.x + taken.width)
        is_smaller = width < taken.width
        drawn = cv2.resize(
            opened.pixels[rows, columns], (width, height), interpolation=cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
        )
        for defect, mask in opened.masks.items():
            drawn = draw_probability(np.asarray(drawn, np.uint8), mask[rows, columns], self._colours[defect], _CUT)
        return np.asarray(drawn, np.uint8)


def _cell_of(seen: Sequence[SeenPicture]) -> _Box:
    """A cell of the pictures' usual form, and always of about one area: tall pictures as large as broad ones."""
    form = float(np.median([each.height_px / each.width_px for each in seen]))
    width = max(NARROWEST_PX, round(math.sqrt(CELL_AREA_PX / form)))
    columns = max(1, (WIDTH_PX - 2 * MARGIN_PX + GAP_PX) // (width + GAP_PX))
    height = min(max(LOWEST_PX, round(width * form)), HIGHEST_PX)
    return _Box(0, 0, (WIDTH_PX - 2 * MARGIN_PX + GAP_PX) // columns - GAP_PX, height)


def _open(picture: SeenPicture) -> _Open:
    pixels = as_rgb(read_picture(picture.picture.picture))
    masks = {}
    for defect, label in picture.picture.labels.items():
        if label is not None and not isinstance(label, Somewhere):
            mask = np.rint(255 * read_mask(label, *pixels.shape[:2])).astype(np.uint8)
            if mask.any():
                masks[defect] = mask
    ignore, size = picture.picture.ignore, pixels.shape[:2]
    return _Open(pixels, masks, np.ones(size, np.bool_) if ignore is None else ~read_ignored(ignore, *size))


def _piece(opened: _Open, defect: str, area_px: int) -> _Box:
    """The box of the first 8-connected piece of this area."""
    is_marked = (opened.masks[defect] >= MARKED_FROM) & opened.judged
    _, _, boxes, _ = cv2.connectedComponentsWithStats(is_marked.astype(np.uint8), connectivity=8)
    x, y, width, height, _ = next(box for box in boxes[1:].tolist() if box[cv2.CC_STAT_AREA] == area_px)
    return _Box(x, y, width, height)


def _around(piece: _Box, across: int, width: int, height: int) -> _Box:
    """A square around the middle of a piece, moved into the picture, no larger than it."""
    side = min(across, width, height)
    x = min(max(piece.x + piece.width // 2 - side // 2, 0), width - side)
    y = min(max(piece.y + piece.height // 2 - side // 2, 0), height - side)
    return _Box(x, y, side, side)
