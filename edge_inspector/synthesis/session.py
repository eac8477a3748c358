"""A generated session: straws run past free-running cameras, and every frame is rendered where the part then is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_inspector.recordings import PartKind, RecordedTrigger, RecordedTruth, SessionWriter
from edge_inspector.recordings.session_schema import CameraEntry, SessionEntry
from edge_inspector.synthesis.camera_view import (
    HEIGHT,
    WIDTH,
    CameraGeometry,
    View,
    add_noise,
    belt_pictures,
    draw_cameras,
    encode_jpeg,
    noise_fields,
    paste,
    render_view,
)
from edge_inspector.synthesis.straw import DIAMETER_MM, LENGTH_MM, MM_PER_PX, Straw, draw_straw

SPEED_MM_S = 200.0
PERIOD_NS = 33_333_333
LATENCY_NS = 30_000_000
OFFSET_NS = 500_000_000  # the leading edge is 30 mm past the middle of every view this long after the sensor
NOMINAL_LENGTH_MM = 60.0
LEAD_IN_MS = 1500.0
TAIL_MS = 3000.0
EMPTY_VARIANTS = 5
WRONG_KINDS = (PartKind.EMPTY, PartKind.TWO, PartKind.HALF)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One straw of a part: where it lies off the belt's middle (mm across, at an angle around the belt), and how."""

    straw: Straw
    distance_mm: float
    direction_deg: float
    lag_mm: float  # how far its leading edge is behind the sensor's edge
    row_px: float
    tilt_deg: float


@dataclass(frozen=True, slots=True)
class _Part:
    trigger: RecordedTrigger
    truth: RecordedTruth
    pieces: tuple[_Piece, ...]


def write_session(
    path: Path,
    seed: int,
    parts: int = 26,
    defect_share: float = 1 / 3,
    wrong_share: float = 0.12,
    spacing_ms: float = 600.0,
    cameras: Sequence[str] = ("c1", "c2", "c3"),
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Write a session of `parts` parts, the same bytes for the same arguments.

    The counts are exact, not drawn: round(parts * defect_share) parts have 1-2 cracks and round(parts * wrong_share)
    are in turn empty, two straws and half a straw, in an order that the seed shuffles. The cameras stand evenly around
    the belt. `progress(done, of)` is called per part and camera.
    """
    rng = np.random.default_rng(seed)
    geometry = draw_cameras(rng, tuple(360.0 * k / len(cameras) for k in range(len(cameras))))
    line = _draw_parts(rng, parts, round(parts * defect_share), round(parts * wrong_share), spacing_ms)
    duration_ns = round(1e6 * (LEAD_IN_MS + TAIL_MS)) + (line[-1].trigger.t_ns - line[0].trigger.t_ns if line else 0)
    entry = SessionEntry(
        format=1,
        kind="generated",
        speed_mm_s=SPEED_MM_S,
        mm_per_px=MM_PER_PX,
        loop=False,
        lead_in_ms=LEAD_IN_MS,
        duration_ms=duration_ns / 1e6,
        cameras={
            camera: CameraEntry(period_ms=PERIOD_NS / 1e6, latency_ms=LATENCY_NS / 1e6, width=WIDTH, height=HEIGHT)
            for camera in cameras
        },
    )
    with SessionWriter(path, entry) as writer:
        for k, camera in enumerate(cameras):
            _write_camera(
                writer,
                camera,
                geometry[k],
                line,
                duration_ns,
                np.random.default_rng((seed, k)),
                functools.partial(_report, progress, k * len(line), len(cameras) * len(line)),
            )
        writer.finish([(part.trigger, part.truth) for part in line])


def _report(progress: Callable[[int, int], None], before: int, of: int, done: int) -> None:
    progress(before + done, of)


def _draw_parts(rng: np.random.Generator, count: int, defective: int, wrong: int, spacing_ms: float) -> list[_Part]:
    kinds = [WRONG_KINDS[i % len(WRONG_KINDS)] for i in range(wrong)]
    kinds += [PartKind.DEFECTIVE] * defective
    kinds += [PartKind.GOOD] * (count - len(kinds))
    return [
        _draw_part(rng, f"p{i + 1:04d}", kinds[k], round(1e6 * (LEAD_IN_MS + i * spacing_ms)))
        for i, k in enumerate(rng.permutation(count))
    ]


def _draw_part(rng: np.random.Generator, name: str, kind: PartKind, t_ns: int) -> _Part:
    """Wrong parts: an empty belt under a trigger of usual length, two straws side by side, a piece of 25-38 mm."""
    if kind is PartKind.EMPTY:
        return _Part(RecordedTrigger(name, t_ns, NOMINAL_LENGTH_MM), RecordedTruth(kind, "nothing on the belt"), ())
    n_cracks = int(rng.integers(1, 3)) if kind is PartKind.DEFECTIVE else 0
    if kind is PartKind.TWO:
        direction = float(rng.uniform(0, 360))
        lag_mm = float(rng.uniform(1.0, 4.0))
        pieces: tuple[_Piece, ...] = (
            _Piece(draw_straw(rng), DIAMETER_MM / 2, direction, 0.0, 0.0, 0.0),
            _Piece(draw_straw(rng), DIAMETER_MM / 2, direction + 180.0, lag_mm, 0.0, 0.0),
        )
        defects = f"two straws, {lag_mm:.1f} mm apart"
    else:
        length_mm = float(rng.uniform(25.0, 38.0)) if kind is PartKind.HALF else float(rng.uniform(*LENGTH_MM))
        straw = draw_straw(rng, n_cracks, length_mm)
        pieces = (_Piece(straw, 0.0, 0.0, 0.0, float(rng.uniform(-4, 4)), float(rng.uniform(-0.3, 0.3))),)
        defects = f"{length_mm:.1f} mm long" if kind is PartKind.HALF else "; ".join(c.describe() for c in straw.cracks)
    length_mm = max(piece.straw.length_mm + piece.lag_mm for piece in pieces)
    return _Part(RecordedTrigger(name, t_ns, round(length_mm, 2)), RecordedTruth(kind, defects), pieces)


def _write_camera(
    writer: SessionWriter,
    camera: str,
    geometry: CameraGeometry,
    line: Sequence[_Part],
    duration_ns: int,
    rng: np.random.Generator,
    progress: Callable[[int], None],
) -> None:
    belts = belt_pictures(rng, EMPTY_VARIANTS)
    noise = noise_fields(rng, EMPTY_VARIANTS)
    for i, belt in enumerate(belts):
        writer.write_picture(camera, f"empty-{i}.jpg", encode_jpeg(belt))
    phase_ns = int(rng.integers(PERIOD_NS))
    gone = 0  # parts before this one have left the picture
    views: dict[int, list[tuple[View, float]]] = {}
    for sequence in range((duration_ns - phase_ns - LATENCY_NS) // PERIOD_NS + 1):
        mid_ns = phase_ns + sequence * PERIOD_NS
        picture = None
        for i in range(gone, len(line)):
            lead_px = _leading_edge_px(line[i], mid_ns)
            if lead_px <= 0:
                break
            if i not in views:
                views[i] = _view_part(line[i], geometry)
            if lead_px - _extent_px(views[i]) >= WIDTH:
                if i == gone:
                    del views[i]
                    gone += 1
                    progress(gone)
                continue
            for view, lag_px in views[i]:
                left_px = round(lead_px - lag_px) - view.mask.shape[1]
                if left_px < WIDTH and left_px + view.mask.shape[1] > 0:
                    picture = belts[sequence % EMPTY_VARIANTS].copy() if picture is None else picture
                    paste(picture, None, view, left_px)
        if picture is None:
            name = f"empty-{sequence % EMPTY_VARIANTS}.jpg"
        else:
            name = f"{sequence:06d}.jpg"
            picture = add_noise(picture, noise[int(rng.integers(EMPTY_VARIANTS))])
            writer.write_picture(camera, name, encode_jpeg(picture))
        writer.add_frame(camera, mid_ns + LATENCY_NS, name, sequence)


def _leading_edge_px(part: _Part, mid_ns: int) -> float:
    """Column of the part's leading edge at `mid_ns`; parts travel towards higher columns."""
    past_due_mm = SPEED_MM_S * (mid_ns - part.trigger.t_ns - OFFSET_NS) / 1e9
    return WIDTH / 2 + (NOMINAL_LENGTH_MM / 2 + past_due_mm) / MM_PER_PX


def _extent_px(views: Sequence[tuple[View, float]]) -> float:
    return max((lag_px + view.mask.shape[1] for view, lag_px in views), default=0.0)


def _view_part(part: _Part, geometry: CameraGeometry) -> list[tuple[View, float]]:
    """A part's pieces as the camera sees them, the farthest first, each with its lag in columns."""
    seen: list[tuple[float, View, float]] = []
    for piece in part.pieces:
        turn = np.radians(piece.direction_deg - geometry.angle_deg)
        row_px = piece.row_px + piece.distance_mm * float(np.sin(turn)) / MM_PER_PX
        view = render_view(piece.straw, geometry, row_px, piece.tilt_deg)
        seen.append((piece.distance_mm * float(np.cos(turn)), view, piece.lag_mm / MM_PER_PX))
    seen.sort(key=lambda nearness: nearness[0])
    return [(view, lag_px) for _, view, lag_px in seen]
