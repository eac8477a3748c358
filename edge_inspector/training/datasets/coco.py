"""COCO: one JSON file for many pictures; outlines as polygons, or as run lengths that begin outside (science.md §10.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any  # JSON that others wrote

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.json_entry import Entry, Key, entry_of, shown
from edge_inspector.training.datasets.json_file import read_json
from edge_inspector.training.datasets.labelled_picture import (
    Canvas,
    Drawn,
    Label,
    LabelledPicture,
    LabelledSet,
    Runs,
    Somewhere,
    read_mask,
)
from edge_inspector.training.datasets.regions import Polygon
from edge_inspector.training.datasets.run_lengths import decode_counts, encode_runs

LISTS = ("images", "annotations", "categories")
Outline = Polygon | str | None  # run lengths, starts named, as text; None: only a box is there
REMEDY = "export the file again"


@dataclass(frozen=True, slots=True)
class _Image:
    """What the file says of a picture."""

    name: str
    height_px: int
    width_px: int


def read_coco(path: Path, pictures: Path | None = None, *, is_complete: bool = True, shows_any: bool = True) -> LabelledSet:
    """Read an annotation file; pictures lie in `pictures`, or beside it. Every category with annotations is a defect.

    Pictures without annotations are clean if `is_complete`, else nothing is known of them. Missing pictures are oddities.
    A file without annotations is refused if it has to show any defect, as one of several folds has not.
    A box without an outline says that the defect is there, not which pixels it has. Raises TrainingDataError for an
    annotation with neither, for one whose outline or box can not be meant: a file that was converted wrongly is refused, not
    trained on; for a network's guess (`score`); and for pictures or categories that share an id. A picture of another size
    than the file says is refused when it is read.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not all(isinstance(content.get(name), list) for name in LISTS):
        raise TrainingDataError(f"{path}: is no COCO file, needed are the lists {', '.join(LISTS)}")
    defect_of = _categories(path, content["categories"])
    images = _images(path, content["images"])
    outlines: dict[Key, dict[str, list[Outline]]] = defaultdict(lambda: defaultdict(list))
    for number, value in enumerate(content["annotations"]):
        annotation = _annotation(path, number, value)
        of_image, category = annotation.key("image_id"), annotation.key("category_id")
        if of_image not in images or category not in defect_of:
            raise annotation.refused(f"is of image {of_image} and category {category}, which the file does not have")
        outlines[of_image][defect_of[category]] += _outlines(annotation, images[of_image])
    defects = tuple(sorted({defect for each in outlines.values() for defect in each}))
    if shows_any and not defects:
        raise TrainingDataError(f"{path}: holds no annotation; name the file that was exported with them")
    folder, found, oddities = pictures or path.parent, [], []
    for key, image in images.items():
        if not (folder / image.name).is_file():
            oddities.append(f"{path}: {image.name} is not in {folder}; its annotations are left out")
            continue
        labels: dict[str, Label | None] = dict.fromkeys(defects)
        if key in outlines or is_complete:
            canvas = Canvas(f"{path}: {image.name}", image.height_px, image.width_px)
            labels = {defect: _label(outlines[key][defect], canvas) for defect in defects}
        part = Path(image.name).with_suffix("").as_posix()
        found.append(LabelledPicture(folder / image.name, part, "", labels, "coco"))
    if not found:
        raise TrainingDataError(f"{path}: none of its {len(images)} pictures is in {folder}; name their folder")
    return LabelledSet("coco", defects, tuple(found), tuple(oddities), frozenset(defect_of.values()))


def _categories(path: Path, values: Sequence[object]) -> dict[Key, str]:
    """Of every id the defect."""
    found: dict[Key, str] = {}
    for number, value in enumerate(values):
        category = entry_of(f"{path}: categories[{number}]", value, REMEDY)
        key, name = category.key("id"), category.name("name")
        if key in found:
            raise category.refused(f"the id {key} is of {found[key]} and of {name}")
        found[key] = name
    return found


def _images(path: Path, values: Sequence[object]) -> dict[Key, _Image]:
    """Of every id the picture."""
    found: dict[Key, _Image] = {}
    ids: dict[Path, Key] = {}
    for number, value in enumerate(values):
        entry = entry_of(f"{path}: images[{number}]", value, REMEDY)
        key, image = entry.key("id"), _Image(entry.text("file_name"), entry.whole("height", 1), entry.whole("width", 1))
        if key in found:
            raise entry.refused(f"the id {key} is of {found[key].name} and of {image.name}")
        if Path(image.name) in ids:
            raise entry.refused(f"{image.name} has the ids {ids[Path(image.name)]} and {key}")
        found[key], ids[Path(image.name)] = image, key
    return found


def _annotation(path: Path, number: int, value: object) -> Entry:
    """An annotation, which people find by its id."""
    annotation = entry_of(f"{path}: annotations[{number}]", value, REMEDY)
    return (
        replace(annotation, where=f"{path}: annotation {annotation.key('id')}") if "id" in annotation.fields else annotation
    )


def _outlines(annotation: Entry, image: _Image) -> list[Outline]:
    if annotation.fields.get("score") is not None:
        raise annotation.refused(f"has a score, {shown(annotation.fields['score'])}: it is a network's guess, no label")
    box = annotation.numbers("bbox") if annotation.fields.get("bbox") is not None else []
    if len(box) == 4 and not (box[2] > 0 and box[3] > 0):
        raise annotation.refused(f"its box is {box[2]:g} x {box[3]:g}, allowed is above 0")
    if len(box) == 4 and not (-box[2] < box[0] < image.width_px and -box[3] < box[1] < image.height_px):
        raise annotation.refused(
            f"its box at {box[0]:g}, {box[1]:g} lies off its picture of {image.width_px} x {image.height_px} px"
        )
    match annotation.fields.get("segmentation"):
        case {"counts": counts, "size": [int(high), int(wide)]}:
            if (high, wide) != (image.height_px, image.width_px):
                raise annotation.refused(
                    f"its mask is {wide} x {high} px, its picture {image.width_px} x {image.height_px} px"
                )
            return [_runs(annotation, counts, image)]
        case [*polygons] if polygons:
            return [_polygon(annotation, numbers) for numbers in polygons]
        case [] | None if len(box) == 4:
            return [None]
        case _:
            raise annotation.refused("has no outline (`segmentation`), nor a box")


def _runs(annotation: Entry, counts: Any, image: _Image) -> str:
    is_list = isinstance(counts, list) and all(isinstance(each, int) and not isinstance(each, bool) for each in counts)
    if not is_list and not isinstance(counts, str):
        raise annotation.refused(f"its counts are {shown(counts)}, allowed are a text or whole numbers of pixels")
    try:
        mask = decode_counts(counts, image.height_px, image.width_px)
    except TrainingDataError as error:
        raise annotation.refused(f"{error}") from error
    if not mask.any():
        raise annotation.refused("its mask has no pixel")
    return encode_runs(mask)


def _polygon(annotation: Entry, values: object) -> Polygon:
    if not isinstance(values, list) or len(values) % 2 or len(values) < 6:
        count = len(values) if isinstance(values, list) else "no"
        raise annotation.refused(f"a polygon of {count} numbers, needed are x, y of at least 3 points")
    numbers = annotation.numbers_of(values, "polygon")
    points = zip(numbers[::2], numbers[1::2], strict=True)
    return Polygon(tuple((x - 0.5, y - 0.5) for x, y in points), is_outlined=False)  # COCO's (0, 0) is the picture's corner


def _label(outlines: Sequence[Outline], canvas: Canvas) -> Label:
    if any(each is None for each in outlines):
        return Somewhere(canvas)
    polygons = Drawn(tuple((each, 1.0) for each in outlines if isinstance(each, Polygon)), canvas)
    runs = [each for each in outlines if isinstance(each, str)]
    if runs and polygons.regions:
        runs.append(encode_runs(read_mask(polygons, canvas.height_px, canvas.width_px) > 0))
    return Runs(tuple(runs), canvas) if runs else polygons
