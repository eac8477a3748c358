"""Mask parity: does an engine on this device still draw the masks that it was shipped with?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import EngineFaultError, EngineFileError, PictureDamagedError
from edge_inspector.imaging.pages import decode_pages
from edge_inspector.inference.engines.protocol import Engine
from edge_inspector.inference.map_regions import FloatMap, byte_floor, to_bytes
from edge_inspector.station.engine_manifest import EnginePackage, ParityLimits


@dataclass(frozen=True, slots=True)
class Golden:
    """A golden picture, uint8 (h, w, c), and the map expected of it, uint8 (h, w): round(255 p)."""

    name: str
    picture: NDArray[np.uint8]
    expected: NDArray[np.uint8]


def load_golden(package: EnginePackage) -> tuple[Golden, ...]:
    """Return the golden pictures of a package.

    Raises:
        EngineFileError: one can not be decoded or has another size than the engine's input.
    """
    taken = package.manifest.input
    shape = (taken.height, taken.width)
    decode_picture = _decode_bands if taken.other_bands else _decode_colours
    return tuple(
        Golden(
            pair.picture,
            _decoded(package.folder / pair.picture, (*shape, taken.channel_count), decode_picture),
            _decoded(package.folder / pair.mask, shape, _decode_grey),
        )
        for pair in package.manifest.golden
    )


def check_parity(engine: Engine, golden: Sequence[Golden], limits: ParityLimits, t_low: float) -> None:
    """Judge golden pictures and compare the maps with the expected ones, both in 8 bits.

    Raises:
        EngineFaultError: a map is too far from the expected one, or holds values that are no probabilities.
    """
    for one in golden:
        (probability,) = engine.judge([one.picture])
        _compare(engine.name, one, probability, limits, t_low)


def _compare(engine: str, golden: Golden, probability: FloatMap, limits: ParityLimits, t_low: float) -> None:
    remedy = "restore or rebuild the engine, or use one made for this processor"
    if not (float(probability.min()) >= 0.0 and float(probability.max()) <= 1.0):
        raise EngineFaultError(
            f"engine {engine} fails parity: the map of {golden.name} has values that are no probabilities; {remedy}"
        )
    judged = to_bytes(probability)
    largest = float(cv2.absdiff(judged, golden.expected).max()) / 255.0
    cut = byte_floor(t_low)
    crossing = float(np.count_nonzero((judged >= cut) != (golden.expected >= cut))) / judged.size
    if largest <= limits.max_abs_diff and crossing <= limits.max_crossing_share:
        return
    raise EngineFaultError(
        f"engine {engine} fails parity: on {golden.name} a pixel's probability differs by {largest:.3f} (limit "
        f"{limits.max_abs_diff:g}) and {crossing:.3%} of the pixels cross t_low {t_low:g} (limit "
        f"{limits.max_crossing_share:.3%}); {remedy}"
    )


def _decoded(path: Path, shape: tuple[int, ...], decode: Callable[[NDArray[np.uint8]], object]) -> NDArray[np.uint8]:
    """A file's pixels, of this shape: (h, w) or (h, w, c)."""
    try:
        encoded = np.fromfile(path, np.uint8)
        decoded = decode(encoded) if encoded.size else None
    except (OSError, PictureDamagedError) as error:
        raise EngineFileError(f"{path}: can not be read ({error}); restore or rebuild the engine") from error
    if decoded is None:
        raise EngineFileError(f"{path}: can not be decoded as a picture; restore or rebuild the engine")
    pixels = np.asarray(decoded, np.uint8)
    if pixels.shape != shape:
        raise EngineFileError(
            f"{path}: is {_size_words(pixels.shape)}, but the engine takes {_size_words(shape)}; rebuild the engine"
        )
    return pixels


def _decode_colours(encoded: NDArray[np.uint8]) -> object:
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB)


def _decode_grey(encoded: NDArray[np.uint8]) -> object:
    return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)


def _decode_bands(encoded: NDArray[np.uint8]) -> object:
    return decode_pages(encoded.tobytes())


def _size_words(shape: tuple[int, ...]) -> str:
    """Width and height, and how many bands where that is not the usual.

    >>> _size_words((64, 96, 3)), _size_words((64, 96)), _size_words((64, 96, 4))
    ('96 x 64 px', '96 x 64 px', '96 x 64 px of 4 bands')
    """
    bands = f" of {shape[2]} bands" if len(shape) == 3 and shape[2] != 3 else ""
    return f"{shape[1]} x {shape[0]} px{bands}"
