"""Mask parity: does an engine on this device still draw the masks that it was shipped with, and score as they do?

Digests find a damaged file. This finds a device, or a version of the library on it, that computes wrongly. Measured on 42
golden pictures of engines that ship or shipped, 18 of them made on another processor, on an Intel Xeon with bf16 of its
own, at most, in f32 and in bf16: a pixel 0.020 and 0.098 off, 9.4e-6 and 1.1e-4 of the pixels across t_low, scores 0.0051
and 0.0059 off, the doubtful pixels of a picture 0.061 and 0.133 off together, in log-odds. Log-odds that are 0.5 off
everywhere may move a crack's score from 0.36 to 0.48, and those of sure pictures not at all: hence the last.
"""

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
from edge_inspector.inference.map_regions import ByteMap, FloatMap, byte_floor, map_score, to_bytes
from edge_inspector.station.engine_manifest import RESTORE, EngineManifest, EnginePackage, ParityLimits

REMEDY = (
    "its files are whole, so this processor or this version of the engine's library computes otherwise than where the "
    "engine was made; go back to what worked, or use an engine made for this processor"
)
MOST_SCORE_DIFF = 0.02  # three times what was measured
LEAST_DOUBTFUL_PX = 25  # of fewer the mean says little
DOUBTFUL = (26, 229)  # p of 0.1 to 0.9, where a step of 8 bits is at most 0.04 in log-odds
MOST_DRIFT = {"f32": 0.12, "bf16": 0.3, "f16": 0.3}  # log-odds: twice what was measured; f16 was not, it rounds finer
MASK_STEP = 0.004  # 1 / 255, rounded up: what 8 bits can not tell apart lies on no side of a cut
# What a manifest states holds for all its precisions, so it is as wide as the coarsest; each allows no more than this: twice
# the measured difference of a pixel, and nine times the share across t_low: another CPU rounds bf16 at other places.
WIDEST_LIMITS = {
    "f32": ParityLimits(max_abs_diff=0.05, max_crossing_share=2e-4),
    "bf16": ParityLimits(max_abs_diff=0.2, max_crossing_share=1e-3),
    "f16": ParityLimits(max_abs_diff=0.2, max_crossing_share=1e-3),  # not measured; it rounds finer than bf16
}


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


def limits_in(precision: str, stated: ParityLimits) -> ParityLimits:
    """Return the limits of a manifest as they hold in one of its precisions: the narrower of its own and the widest.

    >>> limits_in("f32", ParityLimits(max_abs_diff=0.4, max_crossing_share=0.0001)).model_dump()
    {'max_abs_diff': 0.05, 'max_crossing_share': 0.0001}
    """
    widest = WIDEST_LIMITS[precision]
    return ParityLimits(
        max_abs_diff=min(stated.max_abs_diff, widest.max_abs_diff),
        max_crossing_share=min(stated.max_crossing_share, widest.max_crossing_share),
    )


def check_parity(engine: Engine, golden: Sequence[Golden], manifest: EngineManifest) -> None:
    """Judge golden pictures and compare the maps with the expected ones, both in 8 bits, and the scores of both.

    Of all pictures together the doubtful pixels are compared as they are computed, where there are 25 of them.

    Raises:
        EngineFaultError: a map is too far from the expected one, or holds values that are no probabilities; or its score is
            more than 0.02 off, or on the other side of the cut than expected by more than a step of 8 bits; or doubtful
            pixels are all too high, or all too low.
    """
    maps = []
    for one in golden:
        (probability,) = engine.judge([one.picture])
        _compare(engine, one, probability, manifest)
        maps.append(probability)
    drift = odds_drift(np.stack(maps), np.stack([one.expected for one in golden]))
    most = MOST_DRIFT[engine.precision]
    if drift is not None and abs(drift) > most:
        raise EngineFaultError(
            f"engine {engine.name} fails parity in {engine.precision}: the doubtful pixels of {_names(golden)} come out too "
            f"{'high' if drift > 0 else 'low'}, by {abs(drift):.2f} in log-odds on average (limit {most:g}); {REMEDY}"
        )


def odds_drift(probability: FloatMap, expected: ByteMap) -> float | None:
    """How far the log-odds of doubtful pixels lie above the expected ones, on average; None where there are fewer than 25.

    `probability` float32, `expected` uint8 round(255 p), of one shape. Rounding moves pixels both ways; what computes
    wrongly moves them together.
    """
    doubtful = (expected >= DOUBTFUL[0]) & (expected <= DOUBTFUL[1])
    if np.count_nonzero(doubtful) < LEAST_DOUBTFUL_PX:
        return None
    judged = np.clip(probability[doubtful].astype(np.float64), 1e-4, 1 - 1e-4)
    wanted = expected[doubtful] / 255.0
    return float(np.mean(np.log(judged / (1 - judged)) - np.log(wanted / (1 - wanted))))


def _compare(engine: Engine, golden: Golden, probability: FloatMap, manifest: EngineManifest) -> None:
    fails = f"engine {engine.name} fails parity in {engine.precision}"
    if not (float(probability.min()) >= 0.0 and float(probability.max()) <= 1.0):
        raise EngineFaultError(f"{fails}: the map of {golden.name} has values that are no probabilities; {REMEDY}")
    limits, cut = limits_in(engine.precision, manifest.parity), manifest.threshold.score
    judged = to_bytes(probability)
    largest = float(cv2.absdiff(judged, golden.expected).max()) / 255.0
    floor = byte_floor(manifest.t_low)
    crossing = float(np.count_nonzero((judged >= floor) != (golden.expected >= floor))) / judged.size
    score = _score(judged, manifest.smallest_defect_px)
    expected = _score(golden.expected, manifest.smallest_defect_px)
    apart = abs(score - expected)
    changes_side = (score >= cut) != (expected >= cut) and apart > MASK_STEP
    is_near = largest <= limits.max_abs_diff and crossing <= limits.max_crossing_share and apart <= MOST_SCORE_DIFF
    if is_near and not changes_side:
        return
    raise EngineFaultError(
        f"{fails}: on {golden.name} a pixel's probability differs by {largest:.3f} (limit {limits.max_abs_diff:g}), "
        f"{crossing:.3%} of the pixels cross t_low {manifest.t_low:g} (limit {limits.max_crossing_share:.3%}), and the "
        f"score is {score:.3f} where {expected:.3f} is expected (limit {MOST_SCORE_DIFF:g} apart, on the same side of the "
        f"cut {cut:g}); {REMEDY}"
    )


def _names(golden: Sequence[Golden]) -> str:
    return golden[0].name if len(golden) == 1 else f"its {len(golden)} golden pictures"


def _score(mask: ByteMap, smallest_defect_px: int) -> float:
    return map_score(mask.astype(np.float32) / np.float32(255.0), smallest_defect_px)


def _decoded(path: Path, shape: tuple[int, ...], decode: Callable[[NDArray[np.uint8]], object]) -> NDArray[np.uint8]:
    """A file's pixels, of this shape: (h, w) or (h, w, c)."""
    try:
        encoded = np.fromfile(path, np.uint8)
        decoded = decode(encoded) if encoded.size else None
    except (OSError, PictureDamagedError) as error:
        raise EngineFileError(f"{path}: can not be read ({error}); {RESTORE}") from error
    if decoded is None:
        raise EngineFileError(f"{path}: can not be decoded as a picture; {RESTORE}")
    pixels = np.asarray(decoded, np.uint8)
    if pixels.shape != shape:
        raise EngineFileError(
            f"{path}: is {_size_words(pixels.shape)}, but the engine takes {_size_words(shape)}; use another engine"
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
