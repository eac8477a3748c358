"""COCO: one JSON file for many pictures; outlines as polygons, or as run lengths that begin outside (science.md §10.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any  # JSON that others wrote

import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.json_file import read_json
from edge_inspector.training.datasets.labelled_picture import Canvas, Drawn, Label, LabelledPicture, LabelledSet, Runs
from edge_inspector.training.datasets.regions import Polygon, draw
from edge_inspector.training.datasets.run_lengths import decode_counts, encode_runs

LISTS = ("images", "annotations", "categories")
Outline = Polygon | NDArray[np.bool_]


def read_coco(path: Path, pictures: Path | None = None, *, is_complete: bool = True) -> LabelledSet:
    """Read an annotation file; pictures lie in `pictures`, or beside it. Every category with annotations is a defect.

    Pictures without annotations are clean if `is_complete`, else nothing is known of them. Missing pictures are oddities.
    Raises TrainingDataError for an annotation without an outline (a box alone does not say which pixels), and for one whose
    outline or box can not be meant: a file that was converted wrongly is refused, not trained on. A picture of another size
    than the file says is refused when it is read.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not all(isinstance(content.get(name), list) for name in LISTS):
        raise TrainingDataError(f"{path}: is no COCO file, needed are the lists {', '.join(LISTS)}")
    try:
        names = {each["id"]: str(each["name"]).strip().lower() for each in content["categories"]}
        images = {
            each["id"]: (str(each["file_name"]), int(each["height"]), int(each["width"])) for each in content["images"]
        }
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingDataError(f"{path}: an image or a category lacks {error}") from error
    outlines: dict[Any, dict[str, list[Outline]]] = defaultdict(lambda: defaultdict(list))
    for annotation in content["annotations"]:
        where = f"{path}: annotation {annotation.get('id', '?')}"
        image, category = annotation.get("image_id"), annotation.get("category_id")
        if image not in images or category not in names:
            raise TrainingDataError(f"{where}: is of image {image} and category {category}, which the file does not have")
        outlines[image][names[category]] += _outlines(where, annotation, *images[image][1:])
    defects = tuple(sorted({defect for each in outlines.values() for defect in each}))
    if not defects:
        raise TrainingDataError(f"{path}: holds no annotation; name the file that was exported with them")
    folder, found, oddities = pictures or path.parent, [], []
    for key, (name, height, width) in images.items():
        if not (folder / name).is_file():
            oddities.append(f"{path}: {name} is not in {folder}; its annotations are left out")
            continue
        labels: dict[str, Label | None] = dict.fromkeys(defects)
        if key in outlines or is_complete:
            canvas = Canvas(f"{path}: {name}", height, width)
            labels = {defect: _label(outlines[key][defect], canvas) for defect in defects}
        found.append(LabelledPicture(folder / name, Path(name).stem, "", labels, "coco"))
    if not found:
        raise TrainingDataError(f"{path}: none of its {len(images)} pictures is in {folder}; name their folder")
    return LabelledSet("coco", defects, tuple(found), tuple(oddities))


def _outlines(where: str, annotation: Mapping[str, Any], height: int, width: int) -> list[Outline]:
    box = annotation.get("bbox")
    if isinstance(box, list) and len(box) == 4 and not (box[2] > 0 and box[3] > 0):
        raise TrainingDataError(f"{where}: its box is {box[2]:g} x {box[3]:g}, allowed is above 0; convert the file again")
    match annotation.get("segmentation"):
        case {"counts": counts, "size": [int(high), int(wide)]}:
            if (high, wide) != (height, width):
                raise TrainingDataError(f"{where}: its mask is {wide} x {high} px, its picture {width} x {height} px")
            return [decode_counts(counts, high, wide)]
        case [*polygons] if polygons:
            return [_polygon(where, numbers) for numbers in polygons]
        case _:
            raise TrainingDataError(f"{where}: has no outline (`segmentation`); a box alone does not say which pixels")


def _polygon(where: str, numbers: Sequence[float]) -> Polygon:
    if not isinstance(numbers, list) or len(numbers) % 2 or len(numbers) < 6:
        count = len(numbers) if isinstance(numbers, list) else "no"
        raise TrainingDataError(f"{where}: a polygon of {count} numbers, needed are x, y of at least 3 points")
    points = zip(numbers[::2], numbers[1::2], strict=True)
    return Polygon(tuple((x - 0.5, y - 0.5) for x, y in points), is_outlined=False)  # COCO's (0, 0) is the picture's corner


def _label(outlines: Sequence[Outline], canvas: Canvas) -> Label:
    polygons = tuple(each for each in outlines if isinstance(each, Polygon))
    if len(polygons) == len(outlines):
        return Drawn(tuple((polygon, 1.0) for polygon in polygons), canvas)
    mask = draw(polygons, canvas.height_px, canvas.width_px)
    for each in outlines:
        if not isinstance(each, Polygon):
            mask |= each
    return Runs((encode_runs(mask),), canvas)
