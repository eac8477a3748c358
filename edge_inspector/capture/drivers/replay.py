"""A camera that plays a recording, and misbehaves on request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

from edge_inspector.capture.drivers.replay_faults import FaultPlan
from edge_inspector.capture.drivers.replay_timeline import ReplayTimeline
from edge_inspector.capture.frame import Frame
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.errors import CameraError, RecordingError
from edge_inspector.recordings import Recording
from edge_inspector.station.station import ReplayFaults

T0_INTERVAL_NS = 50 * NS_PER_MS
CACHED_PICTURES = 16
CUT_SHARE = 0.6  # of a damaged JPEG arrives


class ReplayCamera:
    """Plays one camera's track of `recording`.

    `read_t0_ns` says when the recording begins in CLOCK_MONOTONIC, or None while nobody knows; it is asked at most every
    50 ms, also later: with a new belt the recording begins anew.
    """

    def __init__(
        self, recording: Recording, camera: str, read_t0_ns: Callable[[], int | None], faults: ReplayFaults | None = None
    ) -> None:
        if camera not in recording.cameras:
            raise RecordingError(f"{recording.path}: has no camera {camera}, only {', '.join(recording.cameras)}")
        self._camera = camera
        self._read_t0_ns = read_t0_ns
        self._asked_ns: int | None = None
        self._cache: OrderedDict[Path, bytes] = OrderedDict()
        self._played_count = 0
        track = recording.cameras[camera]
        self._timeline = ReplayTimeline(
            track,
            loop_ns=recording.duration_ns if recording.loop else None,
            lead_in_ns=recording.lead_in_ns,
            plan=FaultPlan(faults),
        )
        self.longest_gap_ns = self._timeline.longest_gap_ns
        self.is_camera = track.width is not None  # a plain folder's pictures are nobody's stream

    def start(self, now_ns: int) -> None:
        """Begin to play; what the recording holds for earlier instants is skipped."""
        self._timeline.start(now_ns)

    def poll(self, now_ns: int) -> list[Frame]:
        """Return the frames due since the last call. Raises CameraError when a picture can not be read."""
        timeline = self._timeline
        if self._asked_ns is None or now_ns - self._asked_ns >= T0_INTERVAL_NS:
            self._asked_ns = now_ns
            timeline.begin_at(self._read_t0_ns())
        frames = []
        for due in timeline.take_due(now_ns):
            encoded = self._read(due.path)
            if due.is_cut:
                encoded = encoded[: round(CUT_SHARE * len(encoded))]
            frames.append(Frame(due.number, due.stamp_ns, encoded))
        self._played_count += len(frames)
        return frames

    def next_due_ns(self, now_ns: int) -> int | None:
        """Return when the next frame is due."""
        return self._timeline.next_due_ns(now_ns)

    @property
    def facts(self) -> Mapping[str, str | int | float | bool | None]:
        """`ended`: the recording is over, and its lead-in is shown again to keep the camera alive."""
        return {
            "driver": "replay",
            "frames_played": self._played_count,
            "frames_dropped": self._timeline.dropped_count,
            "began": self._timeline.t0_ns is not None,
            "ended": self._timeline.has_ended,
        }

    def close(self) -> None:
        """Forget the pictures read."""
        self._cache.clear()

    def _read(self, path: Path) -> bytes:
        if path in self._cache:
            self._cache.move_to_end(path)
            return self._cache[path]
        try:
            encoded = path.read_bytes()
        except OSError as error:
            raise CameraError(
                f"camera {self._camera}: {path}: can not be read ({error}); copy the recording again"
            ) from error
        self._cache[path] = encoded
        if len(self._cache) > CACHED_PICTURES:
            self._cache.popitem(last=False)
        return encoded
