"""A plain folder of pictures, one a part, played as if cameras had taken them.

`FOLDER/*.jpg|png` is one camera; `FOLDER/CAMERA/*.jpg|png` is several, each with as many pictures. The pictures
sorted by name are the parts in order; a part carries the file name (without its ending) of the first camera's picture.
FOLDER may hold a `truth.csv` like that of a session.

Timing is made up from `PlainFolderTiming`: part i triggers at lead_in + i * spacing and its picture is stamped
trigger + offset + latency. A picture named `empty` is the empty belt and fills the lead-in, the time between parts and
a tail, one frame a period. Without it the first picture stands in during the lead-in (something must prove the camera)
and between parts there is nothing: a frame chosen at a wrong time is then missing, never another part's picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_inspector.domain.errors import RecordingError
from edge_inspector.recordings.recording import CameraTrack, RecordedFrame, RecordedTrigger, Recording
from edge_inspector.recordings.truth import TRUTH_FILE, read_truth

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png")
EMPTY_STEM = "empty"
TAIL_MS = 3000.0


@dataclass(frozen=True, slots=True)
class PlainFolderTiming:
    """When the parts of a plain folder come. `offset_ms` per camera: from trigger to mid-exposure of the part's picture."""

    lead_in_ms: float = 1500.0
    spacing_ms: float = 600.0
    length_mm: float = 60.0
    period_ms: float = 1000.0 / 30.0
    latency_ms: float = 0.0
    offset_ms: Mapping[str, float] = field(default_factory=dict)
    default_offset_ms: float = 500.0
    loop: bool = False


def load_plain_folder(path: Path, camera_ids: Sequence[str] | None, timing: PlainFolderTiming) -> Recording:
    """Read a plain folder. A flat one is the only camera of `camera_ids`, or `c1`. Raises RecordingError."""
    if timing.spacing_ms <= 1.5 * timing.period_ms:
        raise RecordingError(
            f"{path}: spacing_ms {timing.spacing_ms:g} leaves no frame between parts at period_ms {timing.period_ms:g}; "
            "use a spacing of more than one and a half periods"
        )
    folders = _camera_folders(path, camera_ids)
    pictures = {camera: _pictures(folder) for camera, folder in folders.items()}
    first, count = next((camera, len(found)) for camera, found in pictures.items())
    for camera, found in pictures.items():
        if len(found) != count:
            raise RecordingError(
                f"{folders[camera]}: has {len(found)} pictures but {folders[first]} has {count}; "
                "give every camera one picture a part"
            )
    triggers = tuple(
        RecordedTrigger(picture.stem, _ns(timing.lead_in_ms + i * timing.spacing_ms), timing.length_mm)
        for i, picture in enumerate(pictures[first])
    )
    twice = [a.part for a, b in itertools.pairwise(triggers) if a.part == b.part]
    if twice:
        raise RecordingError(f"{folders[first]}: two pictures are named {twice[0]!r}; give each part its own name")
    cameras = {
        camera: CameraTrack(
            _frames(found, _empty(folders[camera]), timing, timing.offset_ms.get(camera, timing.default_offset_ms)),
            _ns(timing.period_ms),
            _ns(timing.latency_ms),
        )
        for camera, found in pictures.items()
    }
    end_ns = max(track.frames[-1].stamp_ns for track in cameras.values())
    duration_ns = max(end_ns, triggers[-1].t_ns + _ns(TAIL_MS)) + _ns(timing.period_ms)
    truth = read_truth(path / TRUTH_FILE, [trigger.part for trigger in triggers])
    return Recording(path, cameras, triggers, truth, duration_ns, timing.loop, _ns(timing.lead_in_ms))


def find_cameras(path: Path) -> list[str]:
    """Return the cameras of a plain folder: its folders that hold pictures, or `c1` when it holds pictures itself.

    Raises:
        RecordingError: there is no picture in it and none in its folders.
    """
    if not path.is_dir():
        raise RecordingError(f"{path}: is no folder; name the folder that holds the pictures, or one folder a camera")
    if any(_is_picture(child) for child in path.iterdir()):
        return ["c1"]
    folders = (child for child in sorted(path.iterdir()) if child.is_dir() and not child.name.startswith("."))
    found = [folder.name for folder in folders if any(_is_picture(child) for child in folder.iterdir())]
    if not found:
        raise RecordingError(f"{path}: holds no pictures; put them at {path}/*.jpg or {path}/CAMERA/*.jpg (.jpeg, .png)")
    return found


def _ns(ms: float) -> int:
    return round(ms * 1e6)


def _camera_folders(path: Path, camera_ids: Sequence[str] | None) -> dict[str, Path]:
    if any(_is_picture(child) for child in path.iterdir()):
        if camera_ids is not None and len(camera_ids) != 1:
            raise RecordingError(
                f"{path}: is a flat folder of pictures, which is one camera, but {len(camera_ids)} are wanted; "
                "use one folder a camera: FOLDER/CAMERA/*.jpg"
            )
        return {camera_ids[0] if camera_ids else "c1": path}
    found = {child.name: child for child in sorted(path.iterdir()) if child.is_dir() and not child.name.startswith(".")}
    wanted = list(found) if camera_ids is None else list(camera_ids)
    missing = [camera for camera in wanted if camera not in found]
    if missing or not wanted:
        lacks = f"has no folder {', '.join(missing)}" if missing else "holds no pictures and no folders"
        raise RecordingError(f"{path}: {lacks}; put the pictures at FOLDER/*.jpg or FOLDER/CAMERA/*.jpg")
    return {camera: found[camera] for camera in wanted}


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_ENDINGS and path.is_file()


def _pictures(folder: Path) -> list[Path]:
    shown = (child for child in folder.iterdir() if _is_picture(child) and child.stem != EMPTY_STEM)
    found = sorted(shown, key=lambda picture: (picture.stem, picture.suffix))  # whatever a camera's files end in
    if not found:
        raise RecordingError(f"{folder}: holds no picture of a part; allowed are {', '.join(PICTURE_ENDINGS)}")
    return found


def _empty(folder: Path) -> Path | None:
    return next((child for child in sorted(folder.iterdir()) if _is_picture(child) and child.stem == EMPTY_STEM), None)


def _frames(
    pictures: Sequence[Path], empty: Path | None, timing: PlainFolderTiming, offset_ms: float
) -> tuple[RecordedFrame, ...]:
    due_ms = [timing.lead_in_ms + i * timing.spacing_ms + offset_ms for i in range(len(pictures))]
    if due_ms[0] < 0:
        raise RecordingError(f"{pictures[0]}: would be taken before the recording starts; lengthen lead_in_ms")
    lead_in_count = int(due_ms[0] // timing.period_ms)
    timed: list[tuple[float, Path]] = [
        (due_ms[0] - k * timing.period_ms, empty or pictures[0]) for k in range(lead_in_count, 0, -1)
    ]
    for i, picture in enumerate(pictures):
        timed.append((due_ms[i], picture))
        if empty is not None:
            until_ms = due_ms[i + 1] if i + 1 < len(due_ms) else due_ms[i] + TAIL_MS
            k = 1
            while due_ms[i] + (k + 0.5) * timing.period_ms < until_ms:
                timed.append((due_ms[i] + k * timing.period_ms, empty))
                k += 1
    return tuple(
        RecordedFrame(sequence, _ns(t_ms + timing.latency_ms), picture) for sequence, (t_ms, picture) in enumerate(timed)
    )
