"""What every engine driver offers, and the one table of drivers. A driver is imported only when a station names it."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from edge_inspector.station.engine_manifest import EnginePackage

DRIVERS = {
    "openvino": "edge_inspector.inference.engines.openvino:OpenVinoEngine",
}


class Engine(Protocol):
    """One network for one defect type, ready on one device."""

    @property
    def name(self) -> str:
        """Name of the engine package."""
        ...

    @property
    def input_shape(self) -> tuple[int, int]:
        """Height and width in px of every view it takes."""
        ...

    @property
    def precision(self) -> str:
        """The one of its manifest's precisions in which it runs."""
        ...

    def judge(self, views: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the defect probability of every pixel: float32 (n, h, w), 0..1 if the network is sound.

        `views` are uint8 (h, w, c), of `input_shape`: RGB, or the bands of the manifest's `input.channels`. They are not
        written to and not kept.

        Raises:
            EngineFaultError: the device or the vendor's library failed; the process must not judge again.
        """
        ...

    def close(self) -> None:
        """Let go of the device; the engine can not be used again."""
        ...


class EngineOpener(Protocol):
    """A driver's class: makes an engine from a verified package."""

    def __call__(self, package: EnginePackage, *, threads: int) -> Engine:
        """Compile the package's model. Takes up to seconds.

        Raises:
            EngineFileError: the model can not be used by this driver, or is not what its manifest says.
        """
        ...


def engine_opener(driver: str) -> EngineOpener:
    """Return the driver of that name; it must be one of `DRIVERS` (the station schema sees to it)."""
    module, _, name = DRIVERS[driver].partition(":")
    return cast(EngineOpener, getattr(importlib.import_module(module), name))
