"""KolektorSDD as training sets and as parts for a station: surfaces by item, a split that no item straddles.

Tabernik et al. 2019, "Segmentation-Based Deep-Learning Approach for Surface-Defect Detection", Journal of Intelligent
Manufacturing; CC BY-NC-SA 4.0, so neither its pictures nor a network trained on them may ship. An item is one physical
commutator; its eight surfaces are alike, so a split by picture would measure memory. Read here in the form of
`index.csv`: path, mask, number, item, group, defective, duplicate_of. `group` joins what must stay together: an item with
the copies of its pictures under another number, and the block whose items can not be told apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import read_rows
from edge_inspector.training.split import dealing_key

WIDTH, HEIGHT = 256, 640  # from 500 x 1235..1284: half the resolution, the two axes within 4 % of each other
JPEG_QUALITY = 95
VIEWS = 3  # good surfaces an item has here, and cameras of the station
_COLUMNS = ("path", "mask", "number", "item", "group", "defective", "duplicate_of")
_JPEG_START = b"\xff\xd8"
_JPEG_COMMENT = b"\xff\xfe"


@dataclass(frozen=True, slots=True)
class Surface:
    """One picture of one side of an item, and its mask."""

    picture: Path
    mask: Path
    number: str
    group: str
    is_defective: bool


@dataclass(frozen=True, slots=True)
class Split:
    """Groups, each with its surfaces, of three sets that share none. Held-back and validation groups are single items."""

    training: dict[str, list[Surface]]
    validation: dict[str, list[Surface]]
    held_back: dict[str, list[Surface]]


def read_surfaces(folder: Path) -> list[Surface]:
    """Every picture of the set but the copies (`duplicate_of`). Raises TrainingDataError naming the file at fault."""
    return [
        Surface(row.file("path"), row.file("mask"), row.texts["number"], row.texts["group"], row.is_set("defective"))
        for row in read_rows(folder, _COLUMNS)
        if not row.texts["duplicate_of"]
    ]


def split_surfaces(surfaces: Iterable[Surface], held_back: int, validation: int) -> Split:
    """Deal groups to held-back, validation, training, in the order of the SHA-256 of their names: chance, but repeatable.

    Only groups that make one good and one defective part are dealt (three good surfaces, one defective); the others, the
    joint block among them, all train. Raises TrainingDataError if there are too few to deal.
    """
    groups: dict[str, list[Surface]] = defaultdict(list)
    for surface in surfaces:
        groups[surface.group].append(surface)
    dealt = sorted((name for name, found in groups.items() if _makes_two_parts(found)), key=dealing_key)
    if len(dealt) < held_back + validation:
        raise TrainingDataError(
            f"{len(dealt)} items have {VIEWS} good surfaces and one defective, but {held_back} + {validation} are wanted; "
            "hold fewer back"
        )
    back, choosing = set(dealt[:held_back]), set(dealt[held_back : held_back + validation])
    return Split(
        training={name: found for name, found in groups.items() if name not in back | choosing},
        validation={name: groups[name] for name in sorted(choosing)},
        held_back={name: groups[name] for name in sorted(back)},
    )


def _makes_two_parts(surfaces: Sequence[Surface]) -> bool:
    defective = sum(surface.is_defective for surface in surfaces)
    return defective == 1 and len(surfaces) - defective == VIEWS


def write_set(groups: dict[str, list[Surface]], folder: Path) -> None:
    """Write reduced pictures and masks as `images/GROUP-KIND-NNN.jpg` and `masks/GROUP-KIND-NNN.png`.

    KIND is good or defective. So a plain folder counts an item's good surfaces as one part and its defective ones as
    another: judged without good surfaces beside it, a crack that is missed can not hide behind a false mark on those.
    """
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for group, surfaces in groups.items():
        for surface in surfaces:
            stem = f"{group.replace('-', '_')}-{'defective' if surface.is_defective else 'good'}-{surface.number}"
            (folder / "images" / f"{stem}.jpg").write_bytes(reduced_jpeg(surface.picture))
            if not cv2.imwrite(str(folder / "masks" / f"{stem}.png"), reduced_mask(surface.mask)):
                raise OSError(f"{folder / 'masks' / stem}.png could not be written")


def reduced_jpeg(path: Path) -> bytes:
    """The picture at WIDTH x HEIGHT, one channel, as a JPEG file. Raises TrainingDataError."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise TrainingDataError(f"{path}: can not be decoded; restore it")
    reduced = cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    encoded, jpeg = cv2.imencode(".jpg", reduced, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert encoded
    return jpeg.tobytes()


def reduced_mask(path: Path) -> NDArray[np.uint8]:
    """The mask at WIDTH x HEIGHT: 255 where at least half of what a pixel covers is defective. Raises TrainingDataError."""
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise TrainingDataError(f"{path}: can not be decoded; restore it")
    covered = cv2.resize(np.where(mask > 0, 255, 0).astype(np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.where(covered > 127, 255, 0).astype(np.uint8)


def camera_of_defect(group: str) -> int:
    """Which of the cameras, 0..2, sees the defective surface of an item: by hash, so nobody chose it.

    >>> {camera_of_defect(f"i{n:02d}") for n in range(20)} == {0, 1, 2}
    True
    """
    return int(dealing_key(f"camera of {group}"), 16) % VIEWS


def write_parts(groups: dict[str, list[Surface]], folder: Path, cameras: Sequence[str]) -> dict[str, bool]:
    """Write a plain folder of parts, FOLDER/CAMERA/PART.jpg, two parts an item; return whether each part is defective.

    GROUP-good shows the three good surfaces; GROUP-defective the same, but for the defective one in one camera. So a good
    surface is a view of two parts, while a station takes a picture whose bytes it has seen for a frozen camera's. Each
    file therefore carries the name of its part in a JPEG comment: other bytes, the same pixels, and no rule is bent.
    """
    truth = {}
    for group, surfaces in groups.items():
        good = [surface for surface in surfaces if not surface.is_defective]
        (defective,) = (surface for surface in surfaces if surface.is_defective)
        seeing = camera_of_defect(group)
        for kind in ("good", "defective"):
            part = f"{group}-{kind}"
            truth[part] = kind == "defective"
            for k, camera in enumerate(cameras):
                shown = defective if kind == "defective" and k == seeing else good[k]
                (folder / camera).mkdir(parents=True, exist_ok=True)
                jpeg = with_comment(reduced_jpeg(shown.picture), f"{part} {shown.number}")
                (folder / camera / f"{part}.jpg").write_bytes(jpeg)
    return truth


def with_comment(jpeg: bytes, comment: str) -> bytes:
    """The same picture with a comment segment (ITU-T T.81, B.2.4.5) right behind its start."""
    text = comment.encode()
    assert jpeg.startswith(_JPEG_START)
    return _JPEG_START + _JPEG_COMMENT + (len(text) + 2).to_bytes(2, "big") + text + jpeg[len(_JPEG_START) :]
