"""What a camera must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from edge_inspector.capture.frame import Frame


class CameraDriver(Protocol):
    """A free-running camera. A lost one is not revived: a new process opens it again.

    Stamps and numbers of the frames delivered strictly increase. `longest_gap_ns` is the longest time between two
    frames of a healthy stream. `is_camera` is false for pictures that no camera took, which may repeat and have flat
    borders by right.
    """

    longest_gap_ns: int
    is_camera: bool

    def start(self, now_ns: int) -> None:
        """Begin to stream.

        Raises:
            CameraError: the camera is not there or refuses.
        """

    def poll(self, now_ns: int) -> list[Frame]:
        """Return the frames that arrived since the last call, oldest first, without waiting.

        Raises:
            CameraError: the camera is lost.
        """

    def next_due_ns(self, now_ns: int) -> int | None:
        """Return when to poll again; None where the driver can not know."""

    @property
    def facts(self) -> Mapping[str, str | int | float | bool | None]:
        """What the status shows of this camera."""

    def close(self) -> None:
        """Stop streaming and release the camera."""
