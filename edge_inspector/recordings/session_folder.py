"""Reads a session folder, or a plain folder of pictures, whole and checked, before anything is played."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge_inspector.domain.errors import RecordingError
from edge_inspector.recordings.plain_folder import PlainFolderTiming, load_plain_folder
from edge_inspector.recordings.recording import (
    CameraTrack,
    RecordedFrame,
    RecordedTrigger,
    Recording,
)
from edge_inspector.recordings.session_schema import CameraEntry, read_session_entry
from edge_inspector.recordings.table import read_table
from edge_inspector.recordings.truth import TRUTH_FILE, read_truth

SESSION_FILE = "session.yaml"
TRIGGERS_FILE = "triggers.csv"
FRAMES_FILE = "frames.csv"
TRIGGER_COLUMNS = ("part", "t_ns", "length_mm")
FRAME_COLUMNS = ("sequence", "stamp_ns", "file")


def load_recording(path: Path, camera_ids: Sequence[str] | None = None, plain: PlainFolderTiming | None = None) -> Recording:
    """Read the recording at `path`; a folder without `session.yaml` is a plain folder and needs `plain`.

    `camera_ids` names the cameras wanted (None: all); one that the recording lacks is an error. Raises RecordingError
    with FILE:LINE and what to do for anything that can not be played, before the first frame is.
    """
    if not path.is_dir():
        raise RecordingError(f"{path}: no such folder; correct the path or generate the recording first")
    if not (path / SESSION_FILE).exists():
        if plain is None:
            raise RecordingError(
                f"{path}: has no {SESSION_FILE}; name a session folder, or give the timing of a plain folder of pictures"
            )
        return load_plain_folder(path, camera_ids, plain)
    entry = read_session_entry(path / SESSION_FILE)
    wanted = list(entry.cameras) if camera_ids is None else list(camera_ids)
    missing = [camera for camera in wanted if camera not in entry.cameras]
    if missing:
        raise RecordingError(
            f"{path / SESSION_FILE}: has no camera {', '.join(missing)}, only {', '.join(entry.cameras)}; "
            "correct the station's cameras or choose another recording"
        )
    triggers = _read_triggers(path / TRIGGERS_FILE)
    return Recording(
        path=path,
        cameras={camera: _read_track(path / "cameras" / camera, entry.cameras[camera]) for camera in wanted},
        triggers=triggers,
        truth=read_truth(path / TRUTH_FILE, [trigger.part for trigger in triggers]),
        duration_ns=round(entry.duration_ms * 1e6),
        loop=entry.loop,
        lead_in_ns=round(entry.lead_in_ms * 1e6),
        speed_mm_s=entry.speed_mm_s,
        mm_per_px=entry.mm_per_px,
    )


def _read_triggers(path: Path) -> tuple[RecordedTrigger, ...]:
    triggers: list[RecordedTrigger] = []
    parts: set[str] = set()
    for row in read_table(path, TRIGGER_COLUMNS):
        trigger = RecordedTrigger(row.text("part"), row.whole("t_ns"), row.positive("length_mm"))
        if trigger.part in parts:
            raise row.fault(f"part {trigger.part!r} appears twice; give each part its own name")
        if triggers and trigger.t_ns <= triggers[-1].t_ns:
            raise row.fault(f"t_ns {trigger.t_ns} does not follow {triggers[-1].t_ns}; sort the lines by time")
        parts.add(trigger.part)
        triggers.append(trigger)
    return tuple(triggers)


def _read_track(folder: Path, entry: CameraEntry) -> CameraTrack:
    frames: list[RecordedFrame] = []
    try:
        present = {child.name for child in folder.iterdir()}
    except OSError as error:
        raise RecordingError(f"{folder}: can not be read ({error}); copy the session again") from error
    for row in read_table(folder / FRAMES_FILE, FRAME_COLUMNS):
        name = row.text("file")
        frame = RecordedFrame(row.whole("sequence"), row.whole("stamp_ns"), folder / name)
        if name not in present:
            raise row.fault(f"{frame.path} is missing; copy the session again or record it anew")
        if frames and frame.stamp_ns <= frames[-1].stamp_ns:
            raise row.fault(f"stamp_ns {frame.stamp_ns} does not follow {frames[-1].stamp_ns}; stamps must increase")
        if frames and frame.sequence <= frames[-1].sequence:
            raise row.fault(f"sequence {frame.sequence} does not follow {frames[-1].sequence}; numbers must increase")
        frames.append(frame)
    if not frames:
        raise RecordingError(f"{folder / FRAMES_FILE}:1: names no frame; record the session anew")
    return CameraTrack(tuple(frames), round(entry.period_ms * 1e6), round(entry.latency_ms * 1e6), entry.width, entry.height)
