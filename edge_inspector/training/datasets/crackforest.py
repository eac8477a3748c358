"""CrackForest: `image/NNN.jpg` with `groundTruth/NNN.mat`, roads and their cracks; or an `index.csv` with PNG masks.

Shi, Cui, Qi, Meng, Chen 2016, "Automatic road crack detection using random structured forests", IEEE T-ITS; for research
only, so neither its pictures nor a network trained on them may ship. Of a .mat file only label 2 is crack: 1 is the road, 3
and 4 are what cracks enclose (science.md §5.2). An index's masks are taken as they are: those seen count label 4 as crack
too, in five pictures, which are told.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import INDEX_FILE, read_rows
from edge_inspector.training.datasets.labelled_picture import (
    ANY_GREY,
    Canvas,
    Label,
    LabelledPicture,
    LabelledSet,
    MaskFile,
    Runs,
)
from edge_inspector.training.datasets.run_lengths import encode_runs

DEFECT = "crack"
CRACK = 2
LABELS = frozenset({1, 2, 3, 4})
FOREIGN = frozenset({"042"})  # its ground truth is another picture's
_DAMAGE = (  # what loadmat was seen to raise, or documents, for files that are cut off, altered or of another version
    *(OSError, LookupError, TypeError, ValueError, ArithmeticError, NameError, MemoryError),
    *(NotImplementedError, MatReadError, zlib.error),
)
_COLUMNS = ("path", "mask", "label4_pixels", "pair_ok")


def read_crackforest(folder: Path) -> LabelledSet:
    """Read the folder that holds image/ and groundTruth/, or `index.csv`; every picture is a part.

    Left out, and told as oddities: a picture with the mask of another one. Unknown, and told: pictures without ground truth.
    Raises TrainingDataError naming the file at fault, and in an index the line.
    """
    return _read_index(folder) if (folder / INDEX_FILE).is_file() else _read_original(folder)


def _read_index(folder: Path) -> LabelledSet:
    found, oddities = [], []
    for row in read_rows(folder, _COLUMNS):
        picture, mask = row.file("path"), row.file("mask")
        if not row.is_set("pair_ok"):
            oddities.append(f"{mask}: is the mask of another picture; both are left out")
            continue
        if enclosed_px := row.count("label4_pixels"):
            oddities.append(f"{mask}: counts {enclosed_px} px of label 4 as crack, which read from a .mat file are none")
        found.append(_picture(picture, MaskFile(mask, ANY_GREY)))
    return LabelledSet("crackforest", (DEFECT,), tuple(found), tuple(oddities))


def _read_original(folder: Path) -> LabelledSet:
    pictures = {path.stem: path for path in sorted((folder / "image").glob("*.jpg"))}
    truths = {path.stem: path for path in sorted((folder / "groundTruth").glob("*.mat"))}
    if not pictures or not truths:
        raise TrainingDataError(f"{folder}: holds neither {INDEX_FILE} nor image/NNN.jpg and groundTruth/NNN.mat")
    oddities = [f"{path}: has no picture and is left out" for stem, path in truths.items() if stem not in pictures]
    unknown = [path for stem, path in pictures.items() if stem not in truths]
    if unknown:
        oddities.append(f"{folder / 'image'}: nothing is known of {len(unknown)} pictures without ground truth")
    found = []
    for stem, path in pictures.items():
        if stem in FOREIGN and stem in truths:
            oddities.append(f"{truths[stem]}: is the ground truth of another picture; both are left out")
        else:
            found.append(_picture(path, _read_truth(truths[stem]) if stem in truths else None))
    return LabelledSet("crackforest", (DEFECT,), tuple(found), tuple(oddities))


def _picture(path: Path, label: Label | None) -> LabelledPicture:
    return LabelledPicture(path, path.stem, "", {DEFECT: label}, "crackforest")


def _read_truth(path: Path) -> Runs:
    try:
        labels = np.asarray(loadmat(path)["groundTruth"]["Segmentation"][0, 0])
    except _DAMAGE as error:
        raise TrainingDataError(f"{path}: holds no groundTruth.Segmentation that can be read ({error})") from error
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise TrainingDataError(f"{path}: its Segmentation is no picture of whole numbers; restore it")
    foreign = set(np.unique(labels).tolist()) - LABELS
    if foreign:
        raise TrainingDataError(f"{path}: holds label {min(foreign)}, allowed are 1 to 4; restore it")
    height_px, width_px = labels.shape
    return Runs((encode_runs(labels == CRACK),), Canvas(str(path), height_px, width_px))
