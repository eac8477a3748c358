"""A generated session: straws run past free-running cameras in a ring, every frame where the part then is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from edge_inspector.recordings import PartKind, RecordedTrigger, RecordedTruth, SessionWriter
from edge_inspector.recordings.session_schema import CameraEntry, SessionEntry
from edge_inspector.synthesis.body import draw_body
from edge_inspector.synthesis.defects import RANGES, Defect, DefectKind, choose_defect
from edge_inspector.synthesis.drawing_pool import drawing_pool
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


@dataclass(frozen=True, slots=True)
class Contents:
    """What a session shows. A defect lies within `within_deg` of the direction of some camera, so that a station of few
    cameras sees it."""

    kinds: tuple[DefectKind, ...] = tuple(DefectKind)
    wrong_kinds: tuple[PartKind, ...] = WRONG_KINDS
    within_deg: float = 180.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the seed decides before anything is drawn: the part's name, kind and instant."""

    number: int
    name: str
    kind: PartKind
    t_ns: int


@dataclass(frozen=True, slots=True)
class _Ring:
    """What every process that draws must know: the seed, the cameras with their angles, and what is shown."""

    seed: int
    cameras: tuple[tuple[str, float], ...]
    contents: Contents

    @property
    def names(self) -> tuple[str, ...]:
        """The cameras' names."""
        return tuple(name for name, _ in self.cameras)


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
    angles_deg: Sequence[float] | None = None,
    contents: Contents | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Write a session of `parts` parts, the same bytes for the same arguments.

    The counts are exact, not drawn: round(parts * defect_share) parts have 1-3 defects of all kinds in turn and
    round(parts * wrong_share) are in turn of each wrong kind, in an order that the seed shuffles. The cameras stand at
    `angles_deg`, by default evenly around the belt. `progress(done, of)` is called per part.
    """
    contents = contents or Contents()
    ring = _Ring(seed, tuple(zip(cameras, angles_deg or _evenly(len(cameras)), strict=True)), contents)
    counts = round(parts * defect_share), round(parts * wrong_share)
    plans = _plan(np.random.default_rng(seed), parts, *counts, contents.wrong_kinds, spacing_ms)
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
    with SessionWriter(path, entry) as writer, drawing_pool() as pool:
        for name, variants in zip(cameras, pool.map(partial(_empty_pictures, ring), cameras), strict=True):
            for i, jpeg in enumerate(variants):
                writer.write_picture(name, f"empty-{i}.jpg", jpeg)
        shown: dict[tuple[str, int], str] = {}
        rows = []
        for plan, (trigger, truth, shots) in zip(plans, pool.map(partial(_show_part, ring), plans), strict=True):
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


def _evenly(count: int) -> list[float]:
    return [360.0 * k / count for k in range(count)]


def _plan(
    rng: np.random.Generator, count: int, defective: int, wrong: int, wrong_kinds: tuple[PartKind, ...], spacing_ms: float
) -> list[_Plan]:
    kinds = [wrong_kinds[i % len(wrong_kinds)] for i in range(wrong)]
    kinds += [PartKind.DEFECTIVE] * defective
    kinds += [PartKind.GOOD] * (count - len(kinds))
    return [
        _Plan(i, f"p{i + 1:04d}", kinds[k], round(1e6 * (LEAD_IN_MS + i * spacing_ms)))
        for i, k in enumerate(rng.permutation(count))
    ]


@functools.lru_cache(maxsize=2)
def _looks(ring: _Ring) -> Mapping[str, Look]:
    """Each camera's ways, as one station has them: fixed for a session."""
    return {
        name: draw_look(np.random.default_rng((ring.seed, 1, k)), Camera(angle_deg))
        for k, (name, angle_deg) in enumerate(ring.cameras)
    }


def _phase_ns(seed: int, camera: int) -> int:
    return int(np.random.default_rng((seed, 2, camera)).integers(PERIOD_NS))


@functools.lru_cache(maxsize=2)
def _sensor(seed: int) -> Sensor:
    return Sensor(np.random.default_rng((seed, 3)))


def _empty_pictures(ring: _Ring, camera: str) -> list[bytes]:
    look, sensor = _looks(ring)[camera], _sensor(ring.seed)
    rng = np.random.default_rng((ring.seed, 4, ring.names.index(camera)))
    return [encode_jpeg(expose(rng, sensor, look, (), 0.0).rgb, look.jpeg_quality) for _ in range(EMPTY_VARIANTS)]


def _draw(rng: np.random.Generator, ring: _Ring, plan: _Plan) -> Part:
    """A part of a session: defects are large enough to be found, and every kind has its turn."""
    if plan.kind in WRONG_KINDS:
        return draw_wrong(rng, plan.kind)
    body = draw_body(rng)
    wanted: list[Defect] = []
    if plan.kind is PartKind.DEFECTIVE:
        kinds, within_deg = ring.contents.kinds, ring.contents.within_deg
        for i in range(int(rng.integers(1, 4))):
            kind = kinds[(plan.number + i) % len(kinds)]
            most = min(DEMO_SIZE_MM[1], RANGES[kind].size_mm[1])
            defect = choose_defect(rng, kind, body.length_mm, (DEMO_SIZE_MM[0], most), width_mm=DEMO_WIDTH_MM)
            facing_deg = ring.cameras[int(rng.integers(len(ring.cameras)))][1]
            angle_deg = facing_deg + (defect.angle_deg - 180) * within_deg / 180
            wanted.append(replace(defect, angle_deg=angle_deg % 360))
    return draw_straw(rng, tuple(wanted), body)


def _show_part(ring: _Ring, plan: _Plan) -> tuple[RecordedTrigger, RecordedTruth, list[_Shot]]:
    """Draw one part and every frame that shows it."""
    part = _draw(np.random.default_rng((ring.seed, 5, plan.number)), ring, plan)
    shots: list[_Shot] = []
    for k, name in enumerate(ring.names):
        rng = np.random.default_rng((ring.seed, 6, plan.number, k))
        shots += _show(rng, _sensor(ring.seed), name, _looks(ring)[name], part, plan, _phase_ns(ring.seed, k))
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
        sequence: expose(rng, sensor, look.shaken(rng), part.pieces, SPEED_MM_S * (mid_ns - plan.t_ns) / 1e9).rgb
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
