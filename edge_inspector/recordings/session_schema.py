"""The words of `session.yaml`, and reading it with a line for every fault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from edge_inspector.domain.errors import DocumentError, RecordingError
from edge_inspector.station.document import load_document
from edge_inspector.station.model import FileModel

CameraName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class CameraEntry(FileModel):
    """How one camera of the session runs."""

    period_ms: float = Field(gt=0)
    latency_ms: float = Field(ge=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class SessionEntry(FileModel):
    """`session.yaml` as a whole."""

    format: Literal[1]
    kind: Literal["generated", "recorded"]
    speed_mm_s: float = Field(gt=0)
    mm_per_px: float = Field(gt=0)
    loop: bool
    lead_in_ms: float = Field(ge=0)
    duration_ms: float = Field(gt=0)
    cameras: dict[CameraName, CameraEntry] = Field(min_length=1)


def read_session_entry(path: Path) -> SessionEntry:
    """Read and check `session.yaml` whole. Raises RecordingError with one FILE:LINE a fault."""
    try:
        return load_document(path, SessionEntry)
    except DocumentError as error:
        raise RecordingError(f"{error}\ncorrect the file, copy the session again or record it anew") from error
