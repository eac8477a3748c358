"""The words of `session.yaml`, and reading it with a line for every fault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from edge_inspector.domain.errors import RecordingError

FORMAT = 1

CameraName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class CameraEntry(BaseModel):
    """How one camera of the session runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period_ms: float = Field(gt=0, allow_inf_nan=False)
    latency_ms: float = Field(ge=0, allow_inf_nan=False)
    width: int = Field(gt=0, strict=True)
    height: int = Field(gt=0, strict=True)


class SessionEntry(BaseModel):
    """`session.yaml` as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    kind: Literal["generated", "recorded"]
    speed_mm_s: float = Field(gt=0, allow_inf_nan=False)
    mm_per_px: float = Field(gt=0, allow_inf_nan=False)
    loop: bool = Field(strict=True)
    lead_in_ms: float = Field(ge=0, allow_inf_nan=False)
    duration_ms: float = Field(gt=0, allow_inf_nan=False)
    cameras: dict[CameraName, CameraEntry] = Field(min_length=1)


def read_session_entry(path: Path) -> SessionEntry:
    """Read and check `session.yaml` whole. Raises RecordingError with one FILE:LINE a fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: can not be read ({error}); copy the session again or record it anew") from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RecordingError(f"{path}:{line}: is not YAML: {error.problem}; correct the line") from error
    except yaml.YAMLError as error:
        raise RecordingError(f"{path}:1: is not YAML: {error}; write the file as UTF-8 text") from error
    try:
        return SessionEntry.model_validate(content)
    except ValidationError as error:
        faults = []
        for fault in error.errors():
            where = ".".join(str(step) for step in fault["loc"]) or "the document"
            faults.append(f"{path}:{_line_of(root, fault['loc'])}: {where}: {fault['msg']}; correct the line")
        raise RecordingError("\n".join(faults)) from error


def _line_of(node: yaml.Node | None, keys: tuple[int | str, ...]) -> int:
    """The line (from 1) of the deepest of `keys` that the document has."""
    line = 1
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            break
        found = next(((k, v) for k, v in node.value if k.value == str(key)), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
