"""One exposure of one camera: rods before a dark background, lit, through a lens, with noise, as MJPG; and exact masks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.synthesis.defects import MASK_LEVEL, DefectKind
from edge_inspector.synthesis.projection import HEIGHT, WIDTH, Camera, Hits, cast
from edge_inspector.synthesis.surface import MM_PER_COLUMN, ROWS, Surface

STAIN_TINT_RGB = (0.80, 1.0, 1.25)  # a stain takes more of the blue light
DEFOCUS_PX = (0.5, 1.0)  # of a camera that is looked after
FLAT_INCIDENCE_DEG = 62.0  # what is seen at a flatter angle is another view's to judge
NOISE_FIELDS = 8
VIBRATION_PX = 1.0  # most that a running belt moves a camera's picture, either way, along and across

Float = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Piece:
    """One rod as it lies on the belt, with the profile of each kind of defect it has, float32 like its surface's layers."""

    surface: Surface
    profiles: Mapping[DefectKind, Float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """How one camera of a station sees: where it stands, its light, lens, gain and background. Fixed for a session."""

    camera: Camera
    glint_deg: float  # the lamp's reflection lies so far beside the line that faces the camera
    glint_width_deg: float
    gain: float
    ambient: float  # share of the light that comes from everywhere
    defocus_px: float
    noise: float  # grey levels at black
    jpeg_quality: int
    background: Float  # float32 (HEIGHT, WIDTH, 3)

    def shaken(self, rng: np.random.Generator) -> Look:
        """The look of one exposure on a running belt: its camera is moved by vibration."""
        x, y = np.add(self.camera.centre_px, rng.uniform(-VIBRATION_PX, VIBRATION_PX, 2))
        return replace(self, camera=replace(self.camera, centre_px=(float(x), float(y))))


@dataclass(frozen=True, slots=True)
class Exposure:
    """`rgb` uint8 (HEIGHT, WIDTH, 3); `masks` uint8 (HEIGHT, WIDTH), 255 on the defect, of every kind that a piece has;
    `flat` bool: on a rod, but seen at more than `FLAT_INCIDENCE_DEG`."""

    rgb: Picture
    masks: Mapping[DefectKind, Picture]
    flat: NDArray[np.bool_]


def draw_look(rng: np.random.Generator, camera: Camera, defocus_px: tuple[float, float] = DEFOCUS_PX) -> Look:
    """Draw one camera's ways; its defocus lies between the two."""
    coarse = rng.standard_normal((8, 39)).astype(np.float32)
    texture = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    slope = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :] * np.float32(rng.uniform(-5, 5))
    level = np.asarray(rng.uniform(24, 36) * rng.uniform(0.92, 1.08, 3), np.float32)
    return Look(
        camera,
        glint_deg=float(rng.uniform(-40, 40)),
        glint_width_deg=float(rng.uniform(5, 11)),
        gain=float(rng.uniform(0.88, 1.06)),
        ambient=float(rng.uniform(0.36, 0.5)),
        defocus_px=float(rng.uniform(*defocus_px)),
        noise=float(rng.uniform(1.2, 2.4)),
        jpeg_quality=int(rng.integers(80, 93)),
        background=np.asarray(level + (2.0 * texture + slope)[..., None], np.float32),
    )


class Sensor:
    """Sensor noise, drawn once and shifted: a fresh field for each frame would cost more than the straw."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._fields = rng.standard_normal((NOISE_FIELDS, HEIGHT, WIDTH, 3), dtype=np.float32)

    def read(self, rng: np.random.Generator, light: Float, noise: float) -> Picture:
        """Grey levels float32 (h, w, 3) as the sensor gives them, uint8; shot noise grows with the light."""
        field = self._fields[int(rng.integers(NOISE_FIELDS))]
        field = np.roll(field, (int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))), (0, 1))
        spread = np.sqrt(np.float32(noise * noise) + np.float32(0.02) * np.maximum(light, 0))
        return np.asarray(np.clip(np.rint(light + field * spread), 0, 255), np.uint8)


def expose(rng: np.random.Generator, sensor: Sensor, look: Look, pieces: Sequence[Piece], lead_mm: float) -> Exposure:
    """Take the picture of a part whose leading end is at z = `lead_mm`; nearer pieces hide farther ones."""
    light = look.background.copy()
    masks = {kind: np.zeros((HEIGHT, WIDTH), np.uint8) for piece in pieces for kind in piece.profiles}
    flat = np.zeros((HEIGHT, WIDTH), np.bool_)
    seen = [(piece, cast(piece.surface.body, look.camera, lead_mm)) for piece in pieces]
    seen.sort(key=lambda pair: -float(np.min(pair[1].depth_mm[pair[1].coverage > 0], initial=np.inf)))
    for piece, hits in seen:
        rows = np.flatnonzero(hits.coverage.any(axis=1))
        if not rows.size:
            continue
        band = slice(int(rows[0]), int(rows[-1]) + 1)
        shade, marks = _shade(rng, look, piece, hits, band)
        alpha = hits.coverage[band]
        light[band] += alpha[..., None] * (shade - light[band])
        is_front = alpha >= 0.5
        for kind, mask in masks.items():
            marked = marks.get(kind)
            mask[band][is_front] = 0 if marked is None else np.where(marked[is_front], 255, 0)
        flat[band][is_front] = hits.facing[band][is_front] < math.cos(math.radians(FLAT_INCIDENCE_DEG))
    light = cv2.GaussianBlur(light, (0, 0), sigmaX=math.hypot(look.defocus_px, 0.3), sigmaY=look.defocus_px)
    return Exposure(sensor.read(rng, np.asarray(light, np.float32), look.noise), masks, flat)


def _shade(
    rng: np.random.Generator, look: Look, piece: Piece, hits: Hits, band: slice
) -> tuple[Float, dict[DefectKind, NDArray[np.bool_]]]:
    """Light that comes back from a rod's rows, float32 (rows, WIDTH, 3), and where each kind of defect is."""
    surface = piece.surface
    angle, facing = hits.angle_rad[band], hits.facing[band]
    row = np.mod(angle * np.float32(ROWS / (2 * math.pi)), np.float32(ROWS))
    column = hits.along_mm[band] / np.float32(MM_PER_COLUMN) - np.float32(0.5)

    def sample(layer: Float) -> Float:
        joined = np.concatenate([layer, layer[:1]])  # row ROWS is row 0 again
        return np.asarray(cv2.remap(joined, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)

    tone = sample(surface.tone)
    aside = np.mod(angle - np.float32(math.radians(look.camera.angle_deg)) + np.float32(math.pi), np.float32(2 * math.pi))
    aside -= np.float32(math.pi)
    glint = (aside - np.float32(math.radians(look.glint_deg))) / np.float32(math.radians(look.glint_width_deg))
    waves = cv2.resize(rng.uniform(0.4, 1.2, (1, 24)).astype(np.float32), (WIDTH, 1), interpolation=cv2.INTER_CUBIC)
    gloss = np.float32(surface.gloss) * np.exp(np.float32(-0.5) * glint * glint) * waves * tone
    level = tone * (np.float32(look.ambient) + np.float32(1 - look.ambient) * facing)
    stain = sample(surface.stain) if surface.stain.any() else None
    shade = np.empty((*level.shape, 3), np.float32)
    for channel, (colour, tint) in enumerate(zip(surface.colour_rgb, STAIN_TINT_RGB, strict=True)):
        back = level * np.float32(colour)
        if stain is not None:
            back *= np.float32(1) - np.float32(tint) * stain
        shade[..., channel] = np.float32(look.gain) * (back + gloss)
    marks = {kind: sample(profile) >= MASK_LEVEL for kind, profile in piece.profiles.items()}
    return shade, marks


def encode_jpeg(rgb: Picture, quality: int) -> bytes:
    """Encode as the camera's MJPG does: 4:2:2."""
    options = (cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422)
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    assert done  # an in-memory encode of a well-shaped picture
    return encoded.tobytes()
