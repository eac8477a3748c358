"""YOLO's boxes and polygons: the real files where they are at hand, each layout, and what is refused."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, Drawn, LabelledSet, Somewhere, read_mask
from edge_inspector.training.datasets.yolo import read_yolo
from tests.training.real_data import real_data

TRIANGLE = "0.1 0.1 0.5 0.1 0.5 0.5"


def put(folder: Path, labels: dict[str, str], names: str = "names: [Crack, stain]\n") -> Path:
    """An empty picture for each text: the reader opens none."""
    for stem, text in labels.items():
        for place, ending, content in (("images", "jpg", ""), ("labels", "txt", text)):
            path = folder / place / f"{stem}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    if names:
        (folder / "data.yaml").write_text(names)
    return folder


def labels_of(found: LabelledSet, stem: str) -> dict[str, object]:
    (labels,) = (each.labels for each in found.pictures if each.part == stem)
    return dict(labels)


def test_a_box_says_that_the_defect_is_there_and_a_polygon_where(tmp_path: Path) -> None:
    found = read_yolo(put(tmp_path, {"a": "0 0.5 0.5 0.1 0.2\n\n", "b": f"1 {TRIANGLE}\n", "c": ""}))
    assert found.defects == ("crack", "stain")
    assert labels_of(found, "a") == {"crack": Somewhere(), "stain": CLEAN}
    assert labels_of(found, "c") == {"crack": CLEAN, "stain": CLEAN}
    stain = labels_of(found, "b")["stain"]
    assert isinstance(stain, Drawn)
    drawn = read_mask(stain, 20, 40) > 0  # (4, 2), (20, 2), (20, 10)
    assert [drawn[y, x] for x, y in ((4, 2), (20, 2), (20, 10), (18, 5))] == [True] * 4
    assert [drawn[y, x] for x, y in ((4, 4), (21, 2), (20, 11), (3, 2))] == [False] * 4


def test_a_defect_with_a_box_beside_its_polygons_is_not_known_to_the_pixel(tmp_path: Path) -> None:
    found = read_yolo(put(tmp_path, {"a": f"0 {TRIANGLE}\n0 0.9 0.9 0.1 0.1\n"}))
    assert labels_of(found, "a")["crack"] == Somewhere()


def test_of_a_picture_without_a_text_file_nothing_is_known_unless_all_were_looked_at(tmp_path: Path) -> None:
    put(tmp_path, {"a": "0 0.5 0.5 0.1 0.1"})
    (tmp_path / "images" / "b.jpg").touch()
    found = read_yolo(tmp_path)
    assert labels_of(found, "b") == {"crack": None, "stain": None}
    assert found.oddities == (
        f"{tmp_path}: 1 picture without a text file, of which nothing is known: b.jpg; say `complete` if they are clean",
    )
    complete = read_yolo(tmp_path, is_complete=True)
    assert labels_of(complete, "b") == {"crack": CLEAN, "stain": CLEAN}
    assert complete.oddities == ()


def test_a_text_file_without_its_picture_is_told(tmp_path: Path) -> None:
    put(tmp_path, {"a": "", "b": "0 0.5 0.5 0.1 0.1"})
    (tmp_path / "images" / "b.jpg").unlink()
    (tmp_path / "runs" / "labels").mkdir(parents=True)
    (tmp_path / "runs" / "labels" / "a.txt").write_text("0 0.5 0.5 0.1 0.1")  # what a network guessed
    found = read_yolo(tmp_path)
    assert found.oddities == tuple(
        f"{tmp_path / place / 'labels'}: 1 text file without a picture left out: {name}"
        for place, name in (("", "b.txt"), ("runs", "a.txt"))
    )
    assert labels_of(found, "a") == {"crack": CLEAN, "stain": CLEAN}


@pytest.mark.parametrize("layout", ["{part}/{kind}", "{kind}/{part}"])
def test_the_folders_of_a_split_are_read_together_and_are_its_folds(tmp_path: Path, layout: str) -> None:
    for part, stem in (("train", "a"), ("valid", "b")):
        for kind, ending in (("images", "png"), ("labels", "txt")):
            path = tmp_path / layout.format(part=part, kind=kind) / f"{stem}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("" if kind == "images" else "0 0.5 0.5 0.1 0.1")
    (tmp_path / "data.yaml").write_text("names: {0: crack}")
    found = read_yolo(tmp_path)
    assert [(each.part, each.fold) for each in found.pictures] == [("a", "train"), ("b", "valid")]


def test_pictures_of_one_name_in_two_folders_are_two_parts_each_with_its_own_labels(tmp_path: Path) -> None:
    for part, text in (("train", "0 0.5 0.5 0.1 0.1"), ("val", "")):
        for kind in ("images", "labels"):
            (tmp_path / kind / part).mkdir(parents=True)
        (tmp_path / "images" / part / "0001.jpg").touch()
        (tmp_path / "labels" / part / "0001.txt").write_text(text)
    (tmp_path / "data.yaml").write_text("names: {'0': crack}")
    found = {each.part: each.labels["crack"] for each in read_yolo(tmp_path).pictures}
    assert found == {"train/0001": Somewhere(), "val/0001": CLEAN}


def test_where_every_outline_has_four_corners_they_are_turned_boxes(tmp_path: Path) -> None:
    box = "0 0.1 0.1 0.5 0.2 0.4 0.6 0.1 0.5"
    found = read_yolo(put(tmp_path, {"a": box, "b": ""}))
    assert labels_of(found, "a") == {"crack": Somewhere(), "stain": CLEAN}
    said = "every outline has four corners, so that they count as turned boxes: of their pixels nothing is known"
    assert found.oddities == (f"{tmp_path}: {said}",)
    among_others = read_yolo(put(tmp_path, {"b": f"0 {TRIANGLE}"}))
    assert isinstance(labels_of(among_others, "a")["crack"], Drawn)
    assert among_others.oddities == ()


def test_poses_are_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a": "0 0.5 0.5 0.2 0.2 0.4 0.4 0.6 0.6"}, names="names: [crack]\nkpt_shape: [2, 2]\n")
    with pytest.raises(TrainingDataError, match=r"data\.yaml: is of poses \(kpt_shape\), whose lines look like outlines"):
        read_yolo(tmp_path)


def test_pictures_and_texts_may_lie_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "a.txt").write_text("1 0.5 0.5 0.1 0.1")
    (tmp_path / "classes.txt").write_text("crack\nstain\n")
    (tmp_path / "README.txt").write_text("hello")
    found = read_yolo(tmp_path)
    assert labels_of(found, "a") == {"crack": CLEAN, "stain": Somewhere()}
    assert found.oddities == ()


def test_what_cvat_exports_for_darknet_is_read(tmp_path: Path) -> None:
    (tmp_path / "obj_train_data").mkdir()
    (tmp_path / "obj_train_data" / "a.jpg").touch()
    (tmp_path / "obj_train_data" / "a.txt").write_text("1 0.5 0.5 0.1 0.1")
    (tmp_path / "obj.names").write_text("crack\nstain\n")
    (tmp_path / "obj.data").write_text("classes = 2\n")
    (tmp_path / "train.txt").write_text("data/obj_train_data/a.jpg\n")
    assert labels_of(read_yolo(tmp_path), "a") == {"crack": CLEAN, "stain": Somewhere()}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("data.yaml", "path: ..\nnc: 2\nnames: [Crack, stain]"),
        ("set.yml", "names:\n  0: crack\n  1: Stain\n"),
        ("classes.txt", "crack\nstain\n\n"),
        ("labels/classes.txt", "\ufeffcrack\nstain"),
        ("obj.names", "crack\nstain\n"),
        ("labels/_darknet.labels", "crack\nstain\n"),
    ],
)
def test_a_file_names_the_classes(tmp_path: Path, file: str, text: str) -> None:
    put(tmp_path, {"a": "1 0.5 0.5 0.1 0.1"}, names="")
    (tmp_path / "other.yaml").write_text("[1, 2")  # somebody else's, and no YAML at all
    (tmp_path / "another.yaml").write_text("date: 2024-13-45")
    (tmp_path / "labels" / "._a.txt").write_bytes(b"\x00\xff")  # what macOS leaves
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert read_yolo(tmp_path).defects == ("crack", "stain")


def test_two_files_that_name_them_otherwise_are_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a": ""})
    (tmp_path / "classes.txt").write_text("crack\nstain\n")
    assert read_yolo(tmp_path).defects == ("crack", "stain")
    (tmp_path / "classes.txt").write_text("stain\ncrack\n")
    with pytest.raises(TrainingDataError, match=r"data\.yaml and .*classes\.txt name the classes otherwise; remove the one"):
        read_yolo(tmp_path)


def test_a_class_beyond_those_that_are_named_is_refused_and_a_name_that_is_not_needed(tmp_path: Path) -> None:
    put(tmp_path, {"a": "0 0.5 0.5 0.1 0.1\n5 0.5 0.5 0.1 0.1"})
    with pytest.raises(TrainingDataError, match=r"a\.txt:2: has class 5, and .*data\.yaml names 0, 1; add its name there"):
        read_yolo(tmp_path)
    put(tmp_path, {"a": ""})
    with pytest.raises(
        TrainingDataError, match=r"data\.yaml: names the classes, so that `defect` is of no use; leave it out"
    ):
        read_yolo(tmp_path, defect="dent")


def test_a_set_without_a_line_or_a_name_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a": ""}, names="")
    with pytest.raises(TrainingDataError, match=r"shows no class, and nothing says what that is; write .*classes\.txt"):
        read_yolo(tmp_path)
    assert labels_of(read_yolo(tmp_path, defect="dent"), "a") == {"dent": CLEAN}


def test_one_class_without_a_name_is_what_the_person_calls_it(tmp_path: Path) -> None:
    put(tmp_path, {"a": "3 0.5 0.5 0.1 0.1", "b": ""}, names="")
    assert read_yolo(tmp_path, defect="Dent").defects == ("dent",)
    with pytest.raises(
        TrainingDataError, match=r"a\.txt:1: has class 3, and nothing says what that is; write .*classes\.txt"
    ):
        read_yolo(tmp_path)
    put(tmp_path, {"b": "4 0.5 0.5 0.1 0.1"}, names="")
    with pytest.raises(TrainingDataError, match=r"b\.txt:1: has class 4, and nothing says what that is"):
        read_yolo(tmp_path, defect="dent")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("crack 0.5 0.5 0.1 0.1", "its class is 'crack', needed is a whole number; export the labels again"),
        ("-1 0.5 0.5 0.1 0.1", "its class is '-1', needed is a whole number"),
        ("0 320 240 64 48", "has 320, allowed are shares of the picture, 0 to 1"),
        ("0 0.5 nan 0.1 0.1", "has nan, allowed are shares"),
        ("0 0.5 x 0.1 0.1", "has x, allowed are shares"),
        ("0 0.5 0.5 0 0.1", "a box of width 0 and height 0.1"),
        ("0 0.5 0.5 0.1 0.1 0.93", "has a number more than a box: how sure a network was. Guesses are no labels"),
        ("0 0.5 0.5", "has 2 numbers after its class, needed are 4 of a box, or x, y of at least 3 points"),
        ("0 0.1 0.1 0.2 0.1 0.2 0.2 0.3", "has 7 numbers after its class"),
        ("0", "has 0 numbers after its class"),
    ],
)
def test_a_line_that_can_not_be_meant_is_refused(tmp_path: Path, line: str, said: str) -> None:
    put(tmp_path, {"a": f"0 0.5 0.5 0.1 0.1\n{line}\n"})
    with pytest.raises(TrainingDataError, match=rf"a\.txt:2: {said}"):
        read_yolo(tmp_path)


def test_what_rounding_puts_beyond_the_border_is_drawn_as_far_as_the_picture_goes(tmp_path: Path) -> None:
    label = labels_of(read_yolo(put(tmp_path, {"a": "0 0.5 -0.001 1.001 -0.001 1.001 1.001 0.5 1.001 0.5 0.3"})), "a")[
        "crack"
    ]
    assert isinstance(label, Drawn)
    assert np.array_equal(read_mask(label, 8, 8), np.repeat([[0.0] * 4 + [1.0] * 4], 8, axis=0))


def test_two_pictures_of_one_stem_and_a_folder_without_labels_are_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a": ""})
    (tmp_path / "images" / "a.png").touch()
    with pytest.raises(
        TrainingDataError, match=r"a\.png: its labels would be .*a\.txt, which are those of .*a\.jpg; rename"
    ):
        read_yolo(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingDataError, match=r"empty: holds no \.txt file of a picture's labels; name the folder"):
        read_yolo(tmp_path / "empty")
    (tmp_path / "images" / "a.png").unlink()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "z.txt").write_text("")
    with pytest.raises(TrainingDataError, match=r"elsewhere: none of the 1 \.txt files there is of a picture in "):
        read_yolo(tmp_path, tmp_path / "elsewhere")


def test_the_real_boxes_are_those_that_were_counted() -> None:
    folder = real_data("wood_yolo_boxes")
    names = ["quartzity", "live_knot", "marrow", "resin", "dead_knot", "knot_with_crack", "knot_missing", "crack"]
    lines = [line for path in (folder / "labels").glob("*.txt") for line in path.read_text().splitlines()]
    assert Counter(names[int(line.split()[0])] for line in lines) == {
        "live_knot": 9,
        "dead_knot": 6,
        "quartzity": 1,
        "crack": 1,
    }
    with pytest.raises(
        TrainingDataError, match=r"100000071\.txt:1: has class 7, and nothing says what"
    ):  # nothing there names them
        read_yolo(folder)


def test_the_real_boxes_are_read_with_their_names(tmp_path: Path) -> None:
    folder = real_data("wood_yolo_boxes")
    (tmp_path / "images").symlink_to(folder / "images")
    (tmp_path / "labels").symlink_to(folder / "labels")
    (tmp_path / "classes.txt").write_text(
        "quartzity\nlive_knot\nmarrow\nresin\ndead_knot\nknot_with_crack\nknot_missing\ncrack"
    )
    found = read_yolo(tmp_path)
    assert (len(found.pictures), len(found.defects), found.oddities) == (7, 8, ())
    shown = Counter(name for each in found.pictures for name, label in each.labels.items() if label == Somewhere())
    assert shown == {"live_knot": 5, "dead_knot": 3, "quartzity": 1, "crack": 1}


def test_the_real_polygons_are_the_masks_that_were_drawn_from_them() -> None:
    folder = real_data("kolektor_sdd")
    with (folder / "index.csv").open(encoding="utf-8") as file:
        defective = [row for row in csv.DictReader(file) if row["defective"] == "1"]
    found = {each.part: each for each in read_yolo(folder, folder / "labels_yolo_seg", "crack").pictures}
    assert len(found) == 156
    for row in defective:
        stem = Path(row["path"]).stem
        mask = cv2.imread(str(folder / row["mask"]), cv2.IMREAD_GRAYSCALE)
        label = found[stem].labels["crack"]
        assert isinstance(label, Drawn)
        assert np.array_equal(read_mask(label, *mask.shape) > 0, mask > 0), stem
    assert sum(each.labels["crack"] == CLEAN for each in found.values()) == 156 - len(defective)
