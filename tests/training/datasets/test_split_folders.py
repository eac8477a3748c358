"""What a labelling service split into train/, valid/ and test/ is one set, and its folders are its folds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, Drawn, Label, LabelledPicture, LabelledSet
from edge_inspector.training.datasets.regions import Polygon
from edge_inspector.training.datasets.registry import SetRequest, open_set, recognise
from edge_inspector.training.datasets.split_folders import join_folds
from tests.training.datasets.test_registry import write_coco, write_labelme, write_via, write_voc, write_voc_masks

CRACK = Drawn(((Polygon(((1.0, 1.0), (5.0, 1.0), (5.0, 5.0))), 1.0),))


WRITERS = [("coco", write_coco), ("voc", write_voc), ("voc_masks", write_voc_masks)]


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_folders_of_a_split_are_read_as_one_set_with_folds(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / "alone")
    alone = open_set(SetRequest(tmp_path / "alone", complete=name != "voc"))
    for fold in ("train", "valid", "test"):
        shutil.copytree(tmp_path / "alone", tmp_path / "set" / fold)
    assert recognise(tmp_path / "set") == name
    for reader in ("auto", name):
        found = open_set(SetRequest(tmp_path / "set", reader, complete=name != "voc"))
        assert (found.source, found.defects) == (name, alone.defects)
        assert [(each.fold, each.picture.name) for each in found.pictures] == [
            (fold, each.picture.name) for fold in ("train", "valid", "test") for each in alone.pictures
        ]
        assert len({each.part for each in found.pictures}) == len(found.pictures)  # same names, other pictures
        assert [each.labels.keys() for each in found.pictures] == [each.labels.keys() for each in alone.pictures] * 3


def test_xml_files_of_voc_may_lie_beside_their_pictures(tmp_path: Path) -> None:
    for fold in ("train", "valid"):
        write_voc(tmp_path / fold)
        for path in (*(tmp_path / fold).glob("*/*"),):
            path.rename(tmp_path / fold / path.name)
        for folder in ("JPEGImages", "Annotations"):
            (tmp_path / fold / folder).rmdir()
    assert recognise(tmp_path / "train") == recognise(tmp_path) == "voc"
    assert [each.fold for each in open_set(SetRequest(tmp_path)).pictures] == ["train", "valid"]


def test_folders_of_different_layouts_are_no_set(tmp_path: Path) -> None:
    write_coco(tmp_path / "train")
    write_via(tmp_path / "valid")
    with pytest.raises(ConfigurationError, match="looks like no layout that is known"):
        recognise(tmp_path)


def test_a_fold_of_good_pictures_alone_is_a_fold(tmp_path: Path) -> None:
    for fold in ("train", "test"):
        write_coco(tmp_path / fold)
    file = tmp_path / "test" / "annotations.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"annotations": []}))
    found = open_set(SetRequest(tmp_path, complete=True))
    assert {(each.fold, each.labels["crack"] == CLEAN) for each in found.pictures} == {
        ("train", False),
        ("train", True),
        ("test", True),
    }
    unsaid = open_set(SetRequest(tmp_path))
    assert {each.labels["crack"] for each in unsaid.pictures if each.fold == "test"} == {None}
    (tmp_path / "train" / "annotations.json").write_text(file.read_text())
    with pytest.raises(TrainingDataError, match="none of train, test shows a defect"):
        open_set(SetRequest(tmp_path))


def test_a_link_to_another_fold_is_not_read_a_second_time(tmp_path: Path) -> None:
    for fold in ("train", "valid"):
        write_coco(tmp_path / fold)
    (tmp_path / "val").symlink_to("valid")
    found = open_set(SetRequest(tmp_path, complete=True))
    assert [each.fold for each in found.pictures] == ["train", "train", "valid", "valid"]


def test_a_file_of_voc_is_known_by_the_picture_beside_it(tmp_path: Path) -> None:
    write_coco(tmp_path)
    (tmp_path / "a.png.aux.xml").write_text("<PAMDataset/>")
    (tmp_path / "notes.xml").write_text("<notes/>")
    assert recognise(tmp_path) == "coco"


def picture(name: str, labels: dict[str, Label | None]) -> LabelledPicture:
    return LabelledPicture(Path(name), name, "", labels, "coco")


@pytest.mark.parametrize(
    ("listed", "absent"), [(None, CLEAN), (frozenset({"crack", "hole"}), CLEAN), (frozenset({"crack"}), None)]
)
def test_a_defect_that_only_other_folds_show_is_absent_where_it_was_looked_for_and_else_unknown(
    listed: frozenset[str] | None, absent: Label | None
) -> None:
    train = LabelledSet(
        "coco", ("crack",), (picture("a", {"crack": CRACK}), picture("b", {"crack": None})), ("odd",), listed
    )
    test = LabelledSet("coco", ("hole",), (picture("a", {"hole": CRACK}), picture("c", {"hole": CLEAN})), ("odder",))
    found = join_folds({"train": train, "test": test})
    assert found.defects == ("crack", "hole")
    assert {each.part: dict(each.labels) for each in found.pictures} == {
        "train/a": {"crack": CRACK, "hole": absent},
        "b": {"crack": None, "hole": None},
        "test/a": {"crack": CLEAN, "hole": CRACK},
        "c": {"crack": CLEAN, "hole": CLEAN},
    }
    assert found.oddities == ("odd", "odder")


@pytest.mark.parametrize(("name", "write"), [("via", write_via), ("labelme", write_labelme)])
def test_folders_whose_layout_is_read_one_by_one_are_named(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    """What a region is that does not say it follows from all regions of its file, so that files are not put together."""
    for fold in ("train", "val"):
        write(tmp_path / fold)
    with pytest.raises(ConfigurationError, match=f"holds train and val, each read as {name} for itself; name one of them"):
        recognise(tmp_path)


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(ConfigurationError, match="is empty; name the folder that holds the set"):
        recognise(tmp_path)
