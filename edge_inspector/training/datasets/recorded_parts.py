"""Makes a set of parts that a station has recorded: its kept pictures, as views or as frames, for somebody to label.

An engine's findings can be written as masks to start from. They are guesses, and stand in `guesses.csv` until a person has
corrected them; where an engine found nothing no mask is written, for what it missed is not clean.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.decision.regions import cut_level
from edge_inspector.domain.errors import ConfigurationError, PictureDamagedError
from edge_inspector.domain.records import VerdictRecord
from edge_inspector.domain.view import MissingReason
from edge_inspector.imaging.decode import decode_jpeg
from edge_inspector.imaging.overlay import probability_map
from edge_inspector.imaging.view_cut import cut_view
from edge_inspector.records.cameras_note import read_cameras
from edge_inspector.records.database import read_only
from edge_inspector.records.part_filter import PartFilter, why_none
from edge_inspector.records.part_setup import recipe_of
from edge_inspector.records.picture_store import camera_pictures
from edge_inspector.records.queries import PartDetails, list_parts, show_part
from edge_inspector.records.verdict_record import read_verdict
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Camera
from edge_inspector.training.datasets.plain import GUESSES_FILE, LABEL_COLUMNS, ORIGINS_FILE
from edge_inspector.training.datasets.plain_writer import (
    PlainSetWriter,
    encode_png,
    new_plain_set,
    plain_stems,
    safe_names,
)
from edge_inspector.training.survey import LEAST_AREA_PX

NO_VIEW = frozenset(  # what a camera's picture is then is not what engines judge
    {
        *(MissingReason.FRAME_SHARED, MissingReason.STALE, MissingReason.DAMAGED, MissingReason.EMPTY),
        *(MissingReason.TWO_PARTS, MissingReason.HALF_PART, MissingReason.FOREIGN, MissingReason.OUT_OF_PLACE),
        MissingReason.UNHEALTHY,
    }
)
ORIGIN_COLUMNS = ("stem", "picture", "part", "camera", "time_utc", "lot", "verdict", "recipe")
UNKNOWN_CUT = "nobody knows any more how views were cut"
PART_COLUMN = ORIGIN_COLUMNS.index("part")


@dataclass(frozen=True, slots=True)
class PartsOrder:
    """Which recorded parts become a set, and how. `as_views`: cut as the station cuts them, else as the cameras gave them.

    `with_findings` needs `as_views`: what engines mark are places of views.
    """

    state_dir: Path
    wanted: PartFilter
    out: Path
    as_views: bool = True
    with_findings: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many pictures were left out for one reason; `example` says it of one of them."""

    why: str
    pictures: int
    example: str


@dataclass(frozen=True, slots=True)
class PartsSet:
    """What was written to `folder`, and what was not. `guesses`: masks by defect."""

    folder: str
    parts: int
    pictures: int
    guesses: dict[str, int]
    parts_without_pictures: int
    parts_without_findings: int  # their verdict's record is lost, so nobody knows what was found
    left_out: tuple[LeftOut, ...]


def write_recorded_parts(order: PartsOrder, progress: Callable[[float], None] = lambda share: None) -> PartsSet:
    """Write pictures of recorded parts as a set of our own layout; `origins.csv` says of each what the records say.

    A part's pictures share its name, RUN-NUMBER, and the camera is the view. Raises ConfigurationError if no part is meant,
    no picture of one is kept, none can be used, or `out` is there already or can not be written.
    """
    if order.with_findings and not order.as_views:
        raise ConfigurationError("findings are places of views, so they can not be masks of whole frames; ask for views")
    with read_only(order.state_dir) as connection:
        names = [summary.part for summary in list_parts(connection, order.wanted)]
        if not names:
            raise ConfigurationError(why_none(connection, order.wanted))
        kept = {name: found for name in names if (found := camera_pictures(order.state_dir, name))}
        details = [show_part(connection, name) for name in kept]
    if not kept:
        raise ConfigurationError(
            f"none of the {len(names)} parts has pictures that are kept; the station's `records` say of which parts they "
            "are, and for how long"
        )
    named = [(part, path) for part, paths in kept.items() for path in paths]
    stems = plain_stems([(part, path.stem) for part, path in named])
    with new_plain_set(order.out) as made:
        writing = _Writing(order, made, {path: stem for (_, path), stem in zip(named, stems, strict=True)})
        for done, part in enumerate(details, 1):
            writing.add_part(part, kept[part.summary.part])
            progress(done / len(details))
        if not writing.origins:
            raise ConfigurationError(f"no picture can be used: {'; '.join(writing.examples.values())}")
        made.add_table(ORIGINS_FILE, ORIGIN_COLUMNS, writing.origins)
        if writing.guesses:
            made.add_table(GUESSES_FILE, LABEL_COLUMNS, writing.guesses)
    return PartsSet(
        folder=str(order.out),
        parts=len({origin[PART_COLUMN] for origin in writing.origins}),
        pictures=len(writing.origins),
        guesses=dict(Counter(defect for _, defect in writing.guesses)),
        parts_without_pictures=len(names) - len(kept),
        parts_without_findings=writing.parts_without_findings,
        left_out=tuple(LeftOut(why, count, writing.examples[why]) for why, count in writing.left_out.most_common()),
    )


class _Writing:
    """One set in the making, and what is counted on the way."""

    def __init__(self, order: PartsOrder, made: PlainSetWriter, stems: Mapping[Path, str]) -> None:
        self._order = order
        self._made = made
        self._stems = stems
        self.origins: list[tuple[str, ...]] = []
        self.guesses: list[tuple[str, str]] = []
        self.parts_without_findings = 0
        self.left_out: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def add_part(self, part: PartDetails, pictures: Sequence[Path]) -> None:
        """Write what can be used of a part's pictures, and count what can not."""
        if not self._order.as_views:
            for path in pictures:
                self._add_frame(part, path)
            return
        try:
            cameras, recipe = read_cameras(pictures[0].parent), recipe_of(self._order.state_dir, part)
        except ConfigurationError as error:
            self._leave_out(UNKNOWN_CUT, str(error), len(pictures))
            return
        verdict = None
        if self._order.with_findings:
            verdict, _ = read_verdict(self._order.state_dir, part)
            self.parts_without_findings += verdict is None
        for path in pictures:
            if self._add_view(part, path, cameras, recipe) and verdict is not None:
                self._add_guesses(path, verdict, recipe)

    def _add_frame(self, part: PartDetails, path: Path) -> None:
        try:
            encoded = path.read_bytes()
            decode_jpeg(encoded, from_camera=False)
        except (OSError, PictureDamagedError) as error:
            self._leave_out("damaged", f"{path}: {error}")
            return
        self._made.add_picture(self._stems[path], encoded)
        self._note(part, path)

    def _add_view(self, part: PartDetails, path: Path, cameras: Mapping[str, Camera], recipe: Recipe) -> bool:
        """Write a view, as the camera's own file where nothing of it was cut or turned; return whether there is one."""
        missing = next((view for view in part.missing_views if view.camera == path.stem and view.reason in NO_VIEW), None)
        if missing is not None:
            self._leave_out(f"no view to the station: {missing.reason}", f"{path}: {missing.detail}")
            return False
        try:
            encoded = path.read_bytes()
            frame = decode_jpeg(encoded, from_camera=False)
            view = cut_view(frame, cameras[path.stem], recipe.view)
        except KeyError:
            self._leave_out(UNKNOWN_CUT, f"{path}: its camera is not noted beside it")
            return False
        except (OSError, PictureDamagedError) as error:
            self._leave_out("damaged, or of another size than the view needs", f"{path}: {error}")
            return False
        stem, pixels = self._stems[path], view.pixels
        self._made.add_picture(stem, encoded if np.array_equal(pixels, frame) else encode_png(pixels))
        if view.seen.shape != pixels.shape:
            is_padding = np.ones(pixels.shape[:2], np.bool_)
            is_padding[: view.seen_height_px, : view.seen_width_px] = False
            self._made.add_ignored(stem, is_padding)  # it mirrors what is labelled already
        self._note(part, path)
        return True

    def _add_guesses(self, path: Path, verdict: VerdictRecord, recipe: Recipe) -> None:
        """Write as masks what engines marked in a view, of the defects that were found in it."""
        found: dict[str, set[str]] = defaultdict(set)
        for finding in verdict.findings:
            if path.stem in finding.cameras:
                found[finding.defect].add(finding.engine)
        size = (recipe.view.width_px, recipe.view.height_px)
        for defect, engines in found.items():
            marked = np.zeros(size[::-1], np.bool_)
            for judged in verdict.judgements:
                if judged.camera == path.stem and judged.engine in engines:
                    lowest = min((rule.min_score for rule in recipe.rules if rule.engine == judged.engine), default=0.0)
                    marked |= probability_map(judged.regions, *size) >= cut_level(lowest)
            mask = _without_specks(marked)
            if mask.any():
                (name,) = safe_names([defect])
                self._made.add_mask(name, self._stems[path], mask)
                self.guesses.append((self._stems[path], name))

    def _note(self, part: PartDetails, path: Path) -> None:
        said = part.summary
        picture = str(path.resolve())
        self.origins.append(
            (self._stems[path], picture, said.part, path.stem, said.at_utc, said.lot, said.verdict or "", part.recipe or "")
        )

    def _leave_out(self, why: str, example: str, pictures: int = 1) -> None:
        self.left_out[why] += pictures
        self.examples.setdefault(why, example)


def _without_specks(marked: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """What is marked, 255, without the pieces of fewer pixels than any engine's smallest defect has."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=8)
    large = [number for number in range(1, count) if boxes[number, cv2.CC_STAT_AREA] >= LEAST_AREA_PX]
    return np.where(np.isin(labels, large), np.uint8(255), np.uint8(0))
