"""What pictures of good parts have in common: their size, their brightness and their texture. A start for a recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from edge_inspector.domain.errors import PictureDamagedError, RecordingError
from edge_inspector.imaging.decode import Pixels, decode_jpeg

SAMPLE = 48  # pictures of a set that are opened, spread evenly over it, unless more are wanted


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """Size, that of the largest where they differ, and grey levels (0..255) of a sample of pictures."""

    width_px: int
    height_px: int
    least_mean: float
    most_mean: float
    least_deviation: float  # smallest standard deviation within one picture


def read_as_a_station(path: Path) -> Pixels:
    """Decode a JPEG or PNG file, RGB uint8 (h, w, 3). Raises PictureDamagedError naming it."""
    try:
        return decode_jpeg(path.read_bytes(), from_camera=False)
    except OSError as error:
        raise PictureDamagedError(f"{path}: can not be read ({error.strerror}); make it readable, or remove it") from error
    except PictureDamagedError as error:
        raise PictureDamagedError(f"{path}: {error}; replace the picture, or remove it with its part") from error


def measure_pictures(
    paths: Sequence[Path],
    most: int = SAMPLE,
    read: Callable[[Path], Pixels] = read_as_a_station,
    *,
    may_differ: bool = False,
) -> PictureMeasures:
    """Open at most so many of the pictures, the first and the last among them, and measure them.

    Raises:
        PictureDamagedError: one can not be read or decoded.
        RecordingError: they differ in size and may not, or there are none.
    """
    if not paths:
        raise RecordingError("there is no picture to measure; give at least one of each camera")
    sizes_px: list[tuple[int, int]] = []
    means, deviations = [], []
    for path in _sample(paths, most):
        pixels = read(path)
        height_px, width_px = pixels.shape[:2]
        sizes_px.append((width_px, height_px))
        if sizes_px[0] != (width_px, height_px) and not may_differ:
            first = sizes_px[0]
            raise RecordingError(
                f"{path}: is {width_px} × {height_px} px (width × height), but {paths[0]} is {first[0]} × {first[1]}; "
                "all pictures of a recipe have one size: crop them alike"
            )
        mean, deviation = cv2.meanStdDev(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
        means.append(float(mean[0, 0]))
        deviations.append(float(deviation[0, 0]))
    widths, heights = zip(*sizes_px, strict=True)
    return PictureMeasures(max(widths), max(heights), min(means), max(means), min(deviations))


def _sample(paths: Sequence[Path], most: int) -> list[Path]:
    count = min(most, len(paths))
    last = len(paths) - 1
    return [paths[k * last // max(1, count - 1)] for k in range(count)]
