"""Whether one camera can be relied on: proven by its first good frames, lost when it falls silent."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.domain.health import WorkerState

PROOF_FRAMES = 3
LEAST_SILENCE_NS = 1 * NS_PER_S  # science.md §8.5
SILENCE_GAPS = 3  # a slower stream is lost after this many of its longest gaps


@dataclass(slots=True)
class CameraWatch:
    """Follows one camera from its start. `longest_gap_ns` is the longest time between two frames when all is well."""

    longest_gap_ns: int
    started_ns: int
    _proven_count: int = 0
    _was_ready: bool = False
    _lost: bool = False
    _last_frame_ns: int = field(init=False)
    _last_fault: str = ""

    def __post_init__(self) -> None:
        self._last_frame_ns = self.started_ns

    @property
    def needs_proof(self) -> bool:
        """Whether the next frame must be decoded to prove the camera."""
        return self._proven_count < PROOF_FRAMES

    def frame_arrived(self, now_ns: int) -> None:
        """A frame came, good or bad."""
        self._last_frame_ns = now_ns
        self._lost = False

    def frame_proven(self, fault: str | None) -> None:
        """A frame was decoded as a proof; `fault` says what was wrong with it."""
        if fault is None:
            self._proven_count += 1
            self._was_ready = self._was_ready or not self.needs_proof
        else:
            self._proven_count, self._last_fault = 0, fault

    def tick(self, now_ns: int) -> str | None:
        """Return why the camera is lost, once each time that it falls silent; then it must prove itself again."""
        silent_ns = now_ns - self._last_frame_ns
        limit_ns = max(LEAST_SILENCE_NS, SILENCE_GAPS * self.longest_gap_ns)
        if self._lost or silent_ns <= limit_ns:
            return None
        self._lost, self._proven_count, self._last_fault = True, 0, ""
        return self._lost_detail(limit_ns)

    def state(self, now_ns: int) -> tuple[WorkerState, str]:
        """Return the worker's state and, unless it is ready, what to look at."""
        if self._lost:
            return self._unready, self._lost_detail(now_ns - self._last_frame_ns)
        if not self.needs_proof:
            return WorkerState.READY, ""
        wait = f"{self._proven_count} of {PROOF_FRAMES} good frames so far"
        return self._unready, f"{wait}; last fault: {self._last_fault}" if self._last_fault else wait

    @property
    def _unready(self) -> WorkerState:
        return WorkerState.NOT_READY if self._was_ready else WorkerState.STARTING

    def _lost_detail(self, silent_ns: int) -> str:
        return f"camera lost: no frame for {silent_ns / NS_PER_S:.1f} s; check its cable, port and power"
