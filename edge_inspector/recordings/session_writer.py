"""Writes a session folder so that an interrupted writer leaves nothing that could be played."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import yaml

from edge_inspector.domain.errors import RecordingError
from edge_inspector.recordings.recording import RecordedTrigger, RecordedTruth
from edge_inspector.recordings.session_folder import (
    FRAME_COLUMNS,
    FRAMES_FILE,
    SESSION_FILE,
    TRIGGER_COLUMNS,
    TRIGGERS_FILE,
)
from edge_inspector.recordings.session_schema import SessionEntry
from edge_inspector.recordings.table import write_table
from edge_inspector.recordings.truth import TRUTH_FILE, write_truth


class SessionWriter:
    """A context manager: builds `PATH.partial` beside the target and renames it when everything is written.

    Leaving by an exception, Ctrl-C included, removes the partial folder. A target that already exists is refused: a
    recording is never written over.
    """

    def __init__(self, path: Path, entry: SessionEntry) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        self._entry = entry
        self._frames: dict[str, list[tuple[int, int, str]]] = {camera: [] for camera in entry.cameras}

    def __enter__(self) -> SessionWriter:
        if self._path.exists():
            raise RecordingError(f"{self._path}: exists already; remove it or choose another name")
        shutil.rmtree(self._partial, ignore_errors=True)  # an earlier writer that was killed
        try:
            for camera in self._entry.cameras:
                (self._partial / "cameras" / camera).mkdir(parents=True)
        except OSError as error:
            raise RecordingError(f"{self._partial}: can not be made ({error}); choose a folder you may write") from error
        return self

    def write_picture(self, camera: str, name: str, encoded: bytes) -> None:
        """Write one encoded picture (JPEG or PNG) of a camera, to be named by any number of frames."""
        (self._partial / "cameras" / camera / name).write_bytes(encoded)

    def add_frame(self, camera: str, stamp_ns: int, name: str, sequence: int | None = None) -> None:
        """Add one frame in order of time; the sequence number counts from 0 unless given."""
        frames = self._frames[camera]
        frames.append((len(frames) if sequence is None else sequence, stamp_ns, name))

    def finish(self, triggers: Sequence[tuple[RecordedTrigger, RecordedTruth | None]]) -> None:
        """Write the tables and the session file and give the folder its name. Truth is written if every part has one."""
        for camera, frames in self._frames.items():
            write_table(self._partial / "cameras" / camera / FRAMES_FILE, FRAME_COLUMNS, frames)
        rows = [(trigger.part, trigger.t_ns, repr(trigger.length_mm)) for trigger, _ in triggers]
        write_table(self._partial / TRIGGERS_FILE, TRIGGER_COLUMNS, rows)
        told = {trigger.part: truth for trigger, truth in triggers if truth is not None}
        if told and len(told) == len(rows):
            write_truth(self._partial / TRUTH_FILE, told)
        text = yaml.safe_dump(self._entry.model_dump(), sort_keys=False)
        (self._partial / SESSION_FILE).write_text(text, encoding="utf-8")
        self._partial.rename(self._path)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)
