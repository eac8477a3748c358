"""COCO files: the real ones where they are at hand, pixels as pycocotools reads them, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.coco import read_coco
from edge_inspector.training.datasets.labelled_picture import CLEAN, Drawn, Runs, Somewhere, read_mask
from edge_inspector.training.datasets.regions import Polygon
from edge_inspector.training.datasets.run_lengths import encode_counts, pack_counts
from tests.training.real_data import real_data

BOX = np.zeros((40, 50), bool)
BOX[6:11, 5:15] = True
POLYGON = [[5, 6, 15, 6, 15, 11, 5, 11]]  # corners, not middles of pixels


def picture(key: object, name: object, height: object = 40, width: object = 50) -> dict[str, object]:
    return {"id": key, "file_name": name, "height": height, "width": width}


IMAGES = [picture(1, "a.png"), picture(2, "b.png")]
CATEGORIES = [{"id": 0, "name": "all"}, {"id": 7, "name": "Crack"}]


def write(folder: Path, *segmentations: object, **more: Any) -> Path:
    annotation = {"image_id": 1, "category_id": 7, "bbox": [5, 6, 10, 5]} | more
    return write_lists(
        folder, annotations=[annotation | {"id": 10 + i, "segmentation": each} for i, each in enumerate(segmentations)]
    )


def write_lists(folder: Path, **lists: object) -> Path:
    for name in ("a.png", "b.png"):
        assert cv2.imwrite(str(folder / name), np.zeros((40, 50, 3), np.uint8))
    path = folder / "coco.json"
    path.write_text(json.dumps({"images": IMAGES, "categories": CATEGORIES, "annotations": []} | lists))
    return path


@pytest.mark.parametrize(
    "segmentation",
    [
        POLYGON,
        {"size": [40, 50], "counts": encode_counts(BOX)},
        {"size": [40, 50], "counts": pack_counts(encode_counts(BOX))},
    ],
)
def test_an_outline_says_the_same_in_every_form(tmp_path: Path, segmentation: object) -> None:
    found = read_coco(write(tmp_path, segmentation))
    assert found.defects == ("crack",)
    label = found.pictures[0].labels["crack"]
    assert isinstance(label, Drawn | Runs)
    assert np.array_equal(read_mask(label, 40, 50) > 0, BOX)
    assert found.pictures[1].labels == {"crack": CLEAN}


def test_polygons_and_run_lengths_of_one_picture_are_put_together(tmp_path: Path) -> None:
    more = np.zeros_like(BOX)
    more[30:, 40:] = True
    label = (
        read_coco(write(tmp_path, POLYGON, {"size": [40, 50], "counts": encode_counts(more)})).pictures[0].labels["crack"]
    )
    assert isinstance(label, Runs)
    assert np.array_equal(read_mask(label, 40, 50) > 0, BOX | more)


@pytest.mark.parametrize("segmentation", [[], None])
def test_a_box_without_an_outline_says_that_the_defect_is_there_and_not_where(tmp_path: Path, segmentation: object) -> None:
    for segmentations in ([segmentation], [segmentation, POLYGON]):
        assert read_coco(write(tmp_path, *segmentations)).pictures[0].labels == {"crack": Somewhere()}


def test_an_outline_off_the_picture_is_refused_beside_a_mask_as_well(tmp_path: Path) -> None:
    outside = [[80, 6, 90, 6, 90, 11]]
    with pytest.raises(TrainingDataError, match=r"a labelled polygon covers no pixel of the picture of 50 x 40 px"):
        read_coco(write(tmp_path, {"size": [40, 50], "counts": encode_counts(BOX)}, outside))


def test_a_picture_without_annotations_is_clean_only_where_all_were_looked_at(tmp_path: Path) -> None:
    assert read_coco(write(tmp_path, POLYGON), is_complete=False).pictures[1].labels == {"crack": None}


def test_a_picture_of_another_size_than_the_file_says_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, POLYGON)
    for picture in read_coco(path).pictures:
        label = picture.labels["crack"]
        assert isinstance(label, Drawn)
        with pytest.raises(
            TrainingDataError, match=rf"{path}: [ab]\.png: was labelled at 50 x 40 px, but its picture is 50 x 41"
        ):
            read_mask(label, 41, 50)


def test_pictures_of_one_name_in_two_folders_are_two_parts(tmp_path: Path) -> None:
    path = write(tmp_path, POLYGON)
    path.write_text(path.read_text().replace("a.png", "a/0.png").replace("b.png", "b/0.png"))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.png").rename(tmp_path / name / "0.png")
    assert [each.part for each in read_coco(path).pictures] == ["a/0", "b/0"]


def test_a_missing_picture_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, POLYGON)
    (tmp_path / "a.png").unlink()
    found = read_coco(path)
    assert [picture.part for picture in found.pictures] == ["b"]
    assert found.oddities == (f"{path}: a.png is not in {tmp_path}; its annotations are left out",)


@pytest.mark.parametrize(
    ("segmentation", "more", "said"),
    [
        ([[0.0]], {}, "annotation 10: a polygon of 1 numbers, needed are x, y of at least 3 points"),
        ([], {"bbox": None}, r"annotation 10: has no outline \(`segmentation`\), nor a box; export the file again"),
        (POLYGON, {"score": 0.31}, "annotation 10: has a score, 0.31: it is a network's guess, no label"),
        ({"size": [40, 50], "counts": [2000]}, {}, "annotation 10: its mask has no pixel"),
        (POLYGON, {"bbox": [5, 6, -10, 5]}, "annotation 10: its box is -10 x 5, allowed is above 0"),
        ([], {"bbox": [100, 6, 5, 5]}, "annotation 10: its box at 100, 6 lies off its picture of 50 x 40 px"),
        ([], {"bbox": [5, -5, 5, 5]}, "annotation 10: its box at 5, -5 lies off its picture of 50 x 40 px"),
        (POLYGON, {"image_id": 9}, "annotation 10: is of image 9 and category 7, which the file does not have"),
        ({"size": [9, 9], "counts": [81]}, {}, "annotation 10: its mask is 9 x 9 px, its picture 50 x 40 px"),
        ({"size": [40, 50], "counts": [81]}, {}, "annotation 10: counts of 1 runs add up to 81 px"),
        ({"size": [40, 50], "counts": "1P"}, {}, "annotation 10: packed counts '1P' are cut off"),
        ({"size": [40, 50], "counts": None}, {}, "annotation 10: its counts are null, allowed are a text or whole numbers"),
        ({"size": [40, 50], "counts": ["1"]}, {}, r'annotation 10: its counts are \["1"\], allowed are a text or'),
        ([["1", "2", "3", "4", "5", "6"]], {}, 'annotation 10: its polygon has "1", allowed are numbers from -1000000'),
        ([[1, 2, None, 4, 5, 6]], {}, "annotation 10: its polygon has null, allowed are numbers"),
        ([[1, 2, 3, 4, 5, math.nan]], {}, "annotation 10: its polygon has NaN, allowed are numbers"),
        ([1, 2, 3, 4, 5, 6], {}, "annotation 10: a polygon of no numbers"),
        (POLYGON, {"bbox": ["5", "6", "9", "5"]}, 'annotation 10: its bbox has "5", allowed are numbers'),
        (POLYGON, {"bbox": "5 6 9 5"}, 'annotation 10: its bbox is "5 6 9 5", needed is a list of numbers'),
        (
            POLYGON,
            {"image_id": [1]},
            r"annotation 10: its image_id is \[1\], allowed are numbers and texts; export the file",
        ),
        (POLYGON, {"category_id": None}, "annotation 10: its category_id is null, allowed are numbers and texts"),
    ],
)
def test_what_can_not_be_meant_is_refused(tmp_path: Path, segmentation: object, more: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainingDataError, match=rf"coco\.json: {said}"):
        read_coco(write(tmp_path, segmentation, **more))


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({"images": [*IMAGES, picture(2, "c.png")]}, r"images\[2\]: the id 2 is of b\.png and of c\.png; export the file"),
        ({"images": [*IMAGES, picture(3, "./a.png")]}, r"images\[2\]: \./a\.png has the ids 1 and 3; export the file again"),
        ({"categories": [*CATEGORIES, {"id": 7, "name": "hole"}]}, r"categories\[2\]: the id 7 is of crack and of hole"),
    ],
)
def test_pictures_and_categories_that_share_an_id_are_refused_for_their_labels_would_move(
    tmp_path: Path, lists: dict[str, object], said: str
) -> None:
    with pytest.raises(TrainingDataError, match=rf"coco\.json: {said}"):
        read_coco(write_lists(tmp_path, **lists))


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        (
            {"annotations": [[]]},
            r"annotations\[0\]: is \[\], needed is an object with keys and values; export the file again",
        ),
        ({"annotations": [{"image_id": 1}]}, r"annotations\[0\]: lacks category_id"),
        ({"annotations": [{"id": {}}]}, r"annotations\[0\]: its id is {}, allowed are numbers and texts"),
        ({"images": [picture([1], "a.png")]}, r"images\[0\]: its id is \[1\], allowed are numbers and texts"),
        ({"images": [picture(1, None)]}, r"images\[0\]: its file_name is null, needed is a text"),
        (
            {"images": [picture(1, "a.png", height="tall")]},
            r'images\[0\]: its height is "tall", allowed are whole numbers from 1',
        ),
        ({"images": [picture(1, "a.png", width=0)]}, r"images\[0\]: its width is 0, allowed are whole numbers from 1"),
        ({"categories": ["crack"]}, r'categories\[0\]: is "crack", needed is an object'),
        ({"categories": [{"id": 7, "name": " "}]}, r'categories\[0\]: its name is " ", needed is a name'),
        ({"categories": [{"id": 7, "name": None}]}, r"categories\[0\]: its name is null, needed is a name"),
    ],
)
def test_an_entry_of_another_kind_is_said_with_its_place(tmp_path: Path, lists: dict[str, object], said: str) -> None:
    with pytest.raises(TrainingDataError, match=rf"coco\.json: {said}"):
        read_coco(write_lists(tmp_path, **lists))


def test_a_broken_real_file_is_refused_and_not_trained_on() -> None:
    with pytest.raises(TrainingDataError, match=r"coco_train\.json: annotation"):
        read_coco(real_data("coco_via_pair") / "coco_train.json")


def test_the_real_set_is_read_and_its_mere_parent_category_is_no_defect() -> None:
    folder = real_data("lpbf_coco")
    found = read_coco(next(folder.glob("*.json")), next(p.parent for p in folder.rglob("*.jpg")))
    assert (found.defects, len(found.pictures), found.oddities) == (("defect",), 20, ())
    labels = [picture.labels["defect"] for picture in found.pictures]
    assert sum(len(label.regions) for label in labels if isinstance(label, Drawn)) == 579
    assert sum(label == CLEAN for label in labels) == 2


def test_pycocotools_reads_the_same_pixels_but_for_some_of_the_outline() -> None:
    coco_mask = pytest.importorskip("pycocotools.mask")
    folder = real_data("lpbf_coco")
    found = read_coco(next(folder.glob("*.json")), next(p.parent for p in folder.rglob("*.jpg")))
    for picture in found.pictures:
        label = picture.labels["defect"]
        assert isinstance(label, Drawn)
        ours = read_mask(label, 600, 600) > 0
        if not label.regions:
            assert not ours.any()
            continue
        polygons = [(np.ravel(region.points) + 0.5).tolist() for region, _ in label.regions if isinstance(region, Polygon)]
        theirs = coco_mask.decode(coco_mask.frPyObjects(polygons, 600, 600)).any(axis=2)
        assert (ours & theirs).sum() >= 0.85 * (ours | theirs).sum()
        assert ours.sum() == pytest.approx(theirs.sum(), rel=0.1)


def test_packed_counts_are_those_of_pycocotools() -> None:
    coco_mask = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(2)
    for share in (0.0, 0.02, 0.5, 1.0):
        mask = rng.random((37, 53)) < share
        packed = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
        assert pack_counts(encode_counts(mask)) == packed
