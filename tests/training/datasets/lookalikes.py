"""Look-alikes of public sets: small, in their own layout, the same at every run, and with masks that are known to the pixel.

What is known comes back by picture and defect: where the defect is; SOMEWHERE, if the set does not say where; None, if it
does not say whether.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from edge_inspector.training.datasets.labelled_picture import Drawn, LabelledSet, MaskFile, Runs, Somewhere, read_mask

Mask = NDArray[np.bool_]
Grey = NDArray[np.uint8]
SOMEWHERE = Somewhere()
Truth = dict[Path, dict[str, Mask | Somewhere | None]]
MAT_TEXT = b"MATLAB 5.0 MAT-file, of no date".ljust(116)  # in its place scipy writes the time


def assert_same(found: LabelledSet, truth: Truth) -> None:
    """What a reader found is what was drawn: the same pictures, defects and pixels."""
    assert {each.picture for each in found.pictures} == set(truth)
    assert len(found.pictures) == len(truth)
    for each in found.pictures:
        assert set(each.labels) == set(truth[each.picture]) == set(found.defects)
        size = cv2.imread(str(each.picture)).shape[:2]
        for defect, drawn in truth[each.picture].items():
            label = each.labels[defect]
            if isinstance(drawn, np.ndarray):
                assert isinstance(label, MaskFile | Drawn | Runs), (each.picture, defect)
                assert np.array_equal(read_mask(label, *size), drawn), (each.picture, defect)
            else:
                assert label == drawn, (each.picture, defect)


def write_kolektor(folder: Path) -> Truth:
    """KolektorSDD: three commutators of eight sides, each with a crack on one side that touches the right border."""
    rng, truth = np.random.default_rng(1), Truth()
    for number, cracked in ((1, 5), (2, 3), (7, 0)):
        for side in range(8):
            mask = _none(124, 50)
            if side == cracked:
                mask = _line(mask, (20, 30 + 9 * side), (49, 33 + 9 * side), 3)
            picture = folder / f"kos{number:02d}" / f"Part{side}.jpg"
            write_grey(picture, _surface(rng, mask))
            write_grey(picture.with_name(f"Part{side}_label.bmp"), _white(mask))
            truth[picture] = {"crack": mask}
    return truth


def write_kolektor2(folder: Path) -> dict[str, Truth]:
    """KolektorSDD2: colour pictures, four to train on and three to test, half of them with a spot."""
    rng, truths = np.random.default_rng(2), {"train": Truth(), "test": Truth()}
    for published, numbers in (("train", range(10000, 10004)), ("test", range(20000, 20003))):
        for number in numbers:
            mask = _none(63, 23 + number % 2)
            if number % 2:
                mask = _ellipse(mask, (12, 20 + number % 7), (6, 4), 30)
            picture = folder / published / f"{number}.png"
            write_grey(picture, cv2.merge([_surface(rng, mask)] * 3))
            write_grey(picture.with_name(f"{number}_GT.png"), _white(mask))
            truths[published][picture] = {"defect": mask}
    return truths


def write_dagm(folder: Path) -> dict[Path, Truth]:
    """DAGM 2007, by folder: two classes of texture, each half of four pictures; ellipses; Labels.txt with CRLF."""
    rng, truths = np.random.default_rng(3), {}
    for place in (folder / name / half for name in ("Class1", "Class2") for half in ("Train", "Test")):
        lines, truths[place] = ["1"], Truth()
        for number in range(1, 5):
            mask = _none(64, 64)
            if number == 3:
                mask = _ellipse(mask, (30, 40), (14, 5), float(rng.integers(0, 180)))
                write_grey(place / "Label" / f"{number:04d}_label.PNG", _white(mask))
            lines.append(f"{number}\t{int(number == 3)}\t{number:04d}.PNG\t0\t")
            lines[-1] += f"{number:04d}_label.PNG" if number == 3 else "0\t"
            write_grey(place / f"{number:04d}.PNG", _surface(rng, mask))
            truths[place][place / f"{number:04d}.PNG"] = {"defect": mask}
        (place / "Label" / "Labels.txt").write_bytes("\r\n".join(lines).encode())
    return truths


def write_severstal(folder: Path) -> Truth:
    """Severstal: four pictures of the right size; one clean, one with two classes, one with two rows of a class."""
    rng, truth, rows = np.random.default_rng(4), Truth(), ["ImageId,ClassId,EncodedPixels"]
    size = (256, 1600)
    drawn = {
        "0002cc93b.jpg": {1: [_ellipse(_none(*size), (300, 90), (60, 25), 20)]},
        "00031f466.jpg": {},
        "000418bfc.jpg": {
            3: [_line(_none(*size), (700, 0), (720, 255), 9)],
            4: [_ellipse(_none(*size), (1500, 200), (99, 90), 0)],
        },
        "000789191.jpg": {2: [_line(_none(*size), (9, 9), (40, 60), 5), _line(_none(*size), (900, 9), (940, 60), 5)]},
    }
    for name, classes in drawn.items():
        masks = {number: np.logical_or.reduce(found) for number, found in classes.items()}
        write_grey(folder / "train_images" / name, _surface(rng, np.logical_or.reduce([_none(*size), *masks.values()])))
        truth[folder / "train_images" / name] = {f"class_{n}": masks.get(n, _none(*size)) for n in range(1, 5)}
        rows += [f"{name},{number},{_runs(mask)}" for number, found in classes.items() for mask in found]
    (folder / "train.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    return truth


def write_magnetic_tile(folder: Path) -> Truth:
    """Magnetic tiles: six, with soft borders. The first is cracked and counts as good at other exposures; one mask is black.

    By (class, E, N): 97..103, 110..112, 114..115, 120, 121..122 and 90001 are a tile each.
    """
    rng, truth = np.random.default_rng(5), Truth()
    named = [("Free", 1, 97), ("Free", 2, 99), ("Crack", 3, 100), ("Free", 5, 103)]
    named += [("Blowhole", 1, 110), ("Break", 2, 111), ("Free", 6, 112), ("Uneven", 2, 114), ("Uneven", 3, 115)]
    named += [("Fray", 3, 120), ("Free", 1, 121), ("Free", 4, 122), ("Free", 4, 90001)]
    unknown = {"crack": (97, 99, 103), "blowhole": (111, 112), "break": (110, 112)}
    for kind, exposure, number in named:
        mask = _none(60 + number % 9, 40 + number % 7)
        if kind != "Free" and number != 114:
            mask = _ellipse(mask, (20, 30), (9, 3 + number % 4), number)
        picture = folder / f"MT_{kind}" / "Imgs" / f"exp{exposure}_num_{number}.jpg"
        write_grey(picture, _surface(rng, mask, 40 + 20 * exposure))
        soft = np.where(mask, 128 + rng.integers(0, 128, mask.shape), np.where(_border(mask), 127, 0))
        write_grey(picture.with_suffix(".png"), soft.astype(np.uint8))
        labels: dict[str, Mask | Somewhere | None] = {
            defect: None if number in unknown.get(defect, ()) else _none(*mask.shape)
            for defect in ("blowhole", "break", "crack", "fray", "uneven")
        }
        if kind != "Free":
            labels[kind.lower()] = SOMEWHERE if number == 114 else mask
        truth[picture] = labels
    return truth


def write_crackforest(folder: Path) -> Truth:
    """CrackForest: four roads, three with a ground truth, one of these with labels 3 and 4 that are no cracks."""
    rng, truth = np.random.default_rng(6), Truth()
    for number in range(1, 5):
        crack = _line(_none(32, 48), (0, 5 * number), (47, 31 - 3 * number), 1)
        segmentation = np.where(crack, 2, 1).astype(np.uint8)
        if number == 2:
            segmentation[:6, :9][~crack[:6, :9]] = 3
            segmentation[28:, 40:][~crack[28:, 40:]] = 4
        picture = folder / "image" / f"{number:03d}.jpg"
        write_grey(picture, cv2.merge([_surface(rng, crack)] * 3))
        truth[picture] = {"crack": crack if number < 4 else None}
        if number < 4:
            write_segmentation(folder / "groundTruth" / f"{number:03d}.mat", segmentation)
    return truth


def write_segmentation(path: Path, labels: NDArray[np.generic]) -> None:
    """A ground truth of CrackForest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"groundTruth": {"Segmentation": labels, "Boundaries": labels == 2}}, do_compression=True)
    path.write_bytes(MAT_TEXT + path.read_bytes()[len(MAT_TEXT) :])


def write_neu_seg(folder: Path) -> Truth:
    """NEU-Seg: four pictures, one of each defect and one of two; the numbers of the classes are the grey levels."""
    rng, truth = np.random.default_rng(7), Truth()
    defects = ("inclusion", "patches", "scratches")
    for name, shown in (("000001", (1,)), ("000002", (2,)), ("000003_test", (3,)), ("000004", (1, 3))):
        index = np.zeros((40, 40), np.uint8)
        for number in shown:
            index[_ellipse(_none(40, 40), (8 * number, 20), (3, 15), 5 * number)] = number
        picture = folder / "images" / f"{name}.jpg"
        write_grey(picture, cv2.merge([_surface(rng, index > 0)] * 3))
        write_grey(folder / "annotations" / f"{name}.png", index)
        truth[picture] = {defect: index == number for number, defect in enumerate(defects, 1)}
    return truth


def write_grey(path: Path, picture: NDArray[np.generic]) -> None:
    """A picture of 8 bit, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def _surface(rng: np.random.Generator, mask: Mask, grey: int = 150) -> Grey:
    """A rough surface, darker where the defect is."""
    return (grey + rng.integers(-9, 10, mask.shape) - np.where(mask, 40, 0)).astype(np.uint8)


def _none(height_px: int, width_px: int) -> Mask:
    return np.zeros((height_px, width_px), bool)


def _white(mask: Mask) -> Grey:
    return np.where(mask, 255, 0).astype(np.uint8)


def _line(mask: Mask, start: tuple[int, int], end: tuple[int, int], thick_px: int) -> Mask:
    return cv2.line(mask.astype(np.uint8), start, end, 1, thick_px) > 0


def _ellipse(mask: Mask, middle: tuple[int, int], half: tuple[int, int], turn_deg: float) -> Mask:
    return cv2.ellipse(mask.astype(np.uint8), middle, half, turn_deg, 0, 360, 1, -1) > 0


def _border(mask: Mask) -> Mask:
    return (cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~mask


def _runs(mask: Mask) -> str:
    """Start and length of each run down the columns, from 1: pixel by pixel, not as the package does it."""
    words, position = [], 1
    for is_inside, pixels in groupby(mask.T.ravel().tolist()):
        length = len(list(pixels))
        if is_inside:
            words.append(f"{position} {length}")
        position += length
    return " ".join(words)
