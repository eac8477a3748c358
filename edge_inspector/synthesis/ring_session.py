"""A generated session: straws run past free-running cameras in a ring, every frame where the part then is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from edge_inspector.recordings import PartKind, RecordedTrigger, RecordedTruth, SessionWriter
from edge_inspector.recordings.session_schema import CameraEntry, SessionEntry
from edge_inspector.synthesis.body import draw_body
from edge_inspector.synthesis.defects import Defect, DefectKind, choose_defect
from edge_inspector.synthesis.exposure import Look, Picture, Sensor, draw_look, encode_jpeg, expose
from edge_inspector.synthesis.part import WRONG_KINDS, Part, draw_straw, draw_wrong
from edge_inspector.synthesis.projection import HEIGHT, WIDTH, Camera

SPEED_MM_S = 200.0
PERIOD_NS = 33_333_333
LATENCY_NS = 30_000_000
OFFSET_NS = 500_000_000  # sensor's edge to the instant at which the part is in the middle of every view
MM_PER_PX = 0.056  # along the line of a straw of 8 mm that faces the camera
LEAD_IN_MS = 1500.0
TAIL_MS = 3000.0
EMPTY_VARIANTS = 5
EXACT_NS = PERIOD_NS // 2 + 4_000_000  # frames so near to the instant may be chosen, and are rendered where the part then is
DEMO_SIZE_MM = (2.5, 9.0)  # of the defects of a session: each must be found
DEMO_WIDTH_MM = (0.18, 0.3)
WRITERS = 2


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the seed decides before anything is drawn: the part's name, kind and instant."""

    number: int
    name: str
    kind: PartKind
    t_ns: int


@dataclass(frozen=True, slots=True)
class _Shot:
    """One frame that shows a part: camera, sequence number, picture."""

    camera: str
    sequence: int
    jpeg: bytes


def write_session(
    path: Path,
    seed: int,
    parts: int = 26,
    defect_share: float = 1 / 3,
    wrong_share: float = 0.12,
    spacing_ms: float = 600.0,
    cameras: Sequence[str] = ("c1", "c2", "c3", "c4", "c5", "c6"),
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Write a session of `parts` parts, the same bytes for the same arguments.

    The counts are exact, not drawn: round(parts * defect_share) parts have 1-3 defects of all kinds in turn and
    round(parts * wrong_share) are in turn of each wrong kind, in an order that the seed shuffles. The cameras stand evenly
    around the belt. `progress(done, of)` is called per part.
    """
    plans = _plan(np.random.default_rng(seed), parts, round(parts * defect_share), round(parts * wrong_share), spacing_ms)
    duration_ns = round(1e6 * (LEAD_IN_MS + TAIL_MS)) + (plans[-1].t_ns - plans[0].t_ns if plans else 0)
    camera = CameraEntry(period_ms=PERIOD_NS / 1e6, latency_ms=LATENCY_NS / 1e6, width=WIDTH, height=HEIGHT)
    entry = SessionEntry(
        format=1,
        kind="generated",
        speed_mm_s=SPEED_MM_S,
        mm_per_px=MM_PER_PX,
        loop=False,
        lead_in_ms=LEAD_IN_MS,
        duration_ms=duration_ns / 1e6,
        cameras=dict.fromkeys(cameras, camera),
    )
    with SessionWriter(path, entry) as writer, _pool() as pool:
        for name, variants in zip(cameras, pool.map(partial(_empty_pictures, seed, tuple(cameras)), cameras), strict=True):
            for i, jpeg in enumerate(variants):
                writer.write_picture(name, f"empty-{i}.jpg", jpeg)
        shown: dict[tuple[str, int], str] = {}
        rows = []
        for plan, (trigger, truth, shots) in zip(
            plans, pool.map(partial(_show_part, seed, tuple(cameras)), plans), strict=True
        ):
            for shot in shots:
                shown[shot.camera, shot.sequence] = f"{shot.sequence:06d}.jpg"
                writer.write_picture(shot.camera, shown[shot.camera, shot.sequence], shot.jpeg)
            rows.append((trigger, truth))
            progress(plan.number + 1, len(plans))
        for k, name in enumerate(cameras):
            phase_ns = _phase_ns(seed, k)
            for sequence in range((duration_ns - phase_ns - LATENCY_NS) // PERIOD_NS + 1):
                picture = shown.get((name, sequence), f"empty-{sequence % EMPTY_VARIANTS}.jpg")
                writer.add_frame(name, phase_ns + sequence * PERIOD_NS + LATENCY_NS, picture, sequence)
        writer.finish(rows)


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(WRITERS, initializer=cv2.setNumThreads, initargs=(1,))


def _plan(rng: np.random.Generator, count: int, defective: int, wrong: int, spacing_ms: float) -> list[_Plan]:
    kinds = [WRONG_KINDS[i % len(WRONG_KINDS)] for i in range(wrong)]
    kinds += [PartKind.DEFECTIVE] * defective
    kinds += [PartKind.GOOD] * (count - len(kinds))
    return [
        _Plan(i, f"p{i + 1:04d}", kinds[k], round(1e6 * (LEAD_IN_MS + i * spacing_ms)))
        for i, k in enumerate(rng.permutation(count))
    ]


@functools.lru_cache(maxsize=2)
def camera_looks(seed: int, cameras: tuple[str, ...]) -> Mapping[str, Look]:
    """Each camera's ways, evenly around the belt, as one station has them: fixed for a session."""
    return {
        name: draw_look(np.random.default_rng((seed, 1, k)), Camera(360.0 * k / len(cameras)))
        for k, name in enumerate(cameras)
    }


def _phase_ns(seed: int, camera: int) -> int:
    return int(np.random.default_rng((seed, 2, camera)).integers(PERIOD_NS))


@functools.lru_cache(maxsize=2)
def _sensor(seed: int) -> Sensor:
    return Sensor(np.random.default_rng((seed, 3)))


def _empty_pictures(seed: int, cameras: tuple[str, ...], camera: str) -> list[bytes]:
    look, sensor = camera_looks(seed, cameras)[camera], _sensor(seed)
    rng = np.random.default_rng((seed, 4, cameras.index(camera)))
    return [encode_jpeg(expose(rng, sensor, look, (), 0.0).rgb, look.jpeg_quality) for _ in range(EMPTY_VARIANTS)]


def _draw(rng: np.random.Generator, kind: PartKind, number: int) -> Part:
    """A part of a session: defects are large enough to be found, and every kind has its turn."""
    if kind in WRONG_KINDS:
        return draw_wrong(rng, kind)
    body = draw_body(rng)
    wanted: list[Defect] = []
    if kind is PartKind.DEFECTIVE:
        kinds = tuple(DefectKind)
        for i in range(int(rng.integers(1, 4))):
            chosen = kinds[(number + i) % len(kinds)]
            most = 3.5 if chosen is DefectKind.HOLE else DEMO_SIZE_MM[1]
            wanted.append(choose_defect(rng, chosen, body.length_mm, (DEMO_SIZE_MM[0], most), width_mm=DEMO_WIDTH_MM))
    return draw_straw(rng, tuple(wanted), body)


def _show_part(seed: int, cameras: tuple[str, ...], plan: _Plan) -> tuple[RecordedTrigger, RecordedTruth, list[_Shot]]:
    """Draw one part and every frame that shows it."""
    part = _draw(np.random.default_rng((seed, 5, plan.number)), plan.kind, plan.number)
    sensor, looks = _sensor(seed), camera_looks(seed, cameras)
    shots = [
        shot
        for k, name in enumerate(cameras)
        for shot in _show(
            np.random.default_rng((seed, 6, plan.number, k)), sensor, name, looks[name], part, plan, _phase_ns(seed, k)
        )
    ]
    trigger = RecordedTrigger(plan.name, plan.t_ns, round(part.length_mm, 2))
    return trigger, RecordedTruth(part.kind, part.words), shots


def _show(
    rng: np.random.Generator, sensor: Sensor, name: str, look: Look, part: Part, plan: _Plan, phase_ns: int
) -> Iterator[_Shot]:
    """The frames of one camera that show the part: exact where they may be chosen, else the nearest such one moved."""
    if not part.pieces:
        return
    due_ns = plan.t_ns + OFFSET_NS
    reach_ns = round(1e9 * (part.length_mm / 2 + WIDTH * MM_PER_PX / 2 + 2.0) / SPEED_MM_S)
    first, last = -(-(due_ns - reach_ns - phase_ns) // PERIOD_NS), (due_ns + reach_ns - phase_ns) // PERIOD_NS
    mids_ns = {sequence: phase_ns + sequence * PERIOD_NS for sequence in range(max(0, first), last + 1)}
    exact = {
        sequence: expose(rng, sensor, look, part.pieces, SPEED_MM_S * (mid_ns - plan.t_ns) / 1e9).rgb
        for sequence, mid_ns in mids_ns.items()
        if abs(mid_ns - due_ns) <= EXACT_NS
    }
    empty = expose(rng, sensor, look, (), 0.0).rgb
    for sequence, mid_ns in mids_ns.items():
        if sequence in exact:
            picture = exact[sequence]
        else:
            nearest = min(exact, key=lambda other: abs(other - sequence))
            moved_mm = SPEED_MM_S * (mid_ns - mids_ns[nearest]) / 1e9
            picture = _move(exact[nearest], empty, round(moved_mm / MM_PER_PX))
        yield _Shot(name, sequence, encode_jpeg(picture, look.jpeg_quality))


def _move(picture: Picture, empty: Picture, right_px: int) -> Picture:
    """The picture moved along by whole pixels, uint8 (HEIGHT, WIDTH, 3); what comes in is the empty belt."""
    moved = empty.copy()
    if right_px >= 0:
        moved[:, right_px:] = picture[:, : WIDTH - right_px]
    else:
        moved[:, :right_px] = picture[:, -right_px:]
    assert moved.shape == (HEIGHT, WIDTH, 3)
    return moved
