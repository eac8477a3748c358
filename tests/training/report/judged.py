"""A judged set made by hand: parts whose scores and masks are known."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.training.datasets.labelled_picture import CLEAN, Label
from edge_inspector.training.defect_set import defect_set
from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.judging import JudgedSet, judge_set
from edge_inspector.training.part_scores import Cuts
from tests.training.labelled import HEIGHT_PX, WIDTH_PX, labelled_set, square, write_mask


class GreyEngine:
    """Its probability is the grey level: what a picture shows is what is found."""

    def probability(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return pictures[..., 0].astype(np.float32) / np.float32(255)


ENGINE = cast(ExportedEngine, GreyEngine())


def at(cut: float, judged: JudgedSet) -> Cuts:
    """The same cut for every part."""
    return {each.sample.part: cut for each in judged.pictures}


def judged_set(folder: Path, good: list[int], defective: list[int]) -> JudgedSet:
    """Parts of one view, by how bright (0..255) the square is that each shows; of defective ones it is the label too."""
    labels: dict[str, dict[str, Label | None]] = {f"good{n}-c1": {"spot": CLEAN} for n in range(len(good))}
    for n in range(len(defective)):
        labels[f"bad{n}-c1"] = {"spot": write_mask(folder / "masks" / f"{n}.png", square(10 + n, 12, 8 + n))}
    drawn = labelled_set(folder, labels)
    for n, grey in enumerate((*good, *defective)):
        picture = np.full((HEIGHT_PX, WIDTH_PX, 3), 20 + n, np.uint8)
        k = max(n - len(good), 0)
        picture[square(10 + k, 12, 8 + k) > 0] = grey
        assert cv2.imwrite(str(drawn.pictures[n].picture), picture)
    return judge_set(defect_set(drawn, "spot"), ENGINE, 9)
