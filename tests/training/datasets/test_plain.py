"""Our own layout: one defect and several, parts and views, what is not judged, and what is odd or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import MaskFile, Somewhere, read_mask
from edge_inspector.training.datasets.plain import read_plain
from tests.training.datasets.lookalikes import write_grey


def write(folder: Path, *names: str) -> Path:
    for name in names:
        write_grey(folder / name, np.full((4, 5), 51, np.uint8))
    return folder


def test_masks_of_one_defect_lie_in_masks_and_the_caller_names_it(tmp_path: Path) -> None:
    found = read_plain(write(tmp_path, "images/p1-left.jpg", "masks/p1-left.png"), "crack")
    assert found.defects == ("crack",)
    (picture,) = found.pictures
    assert picture.labels == {"crack": MaskFile(tmp_path / "masks" / "p1-left.png")}
    assert picture.ignore is None


def test_a_mask_says_how_sure_it_is(tmp_path: Path) -> None:
    label = read_plain(write(tmp_path, "images/p1.jpg", "masks/p1.png")).pictures[0].labels["defect"]
    assert isinstance(label, MaskFile)
    assert np.allclose(read_mask(label, 4, 5), 0.2)


def test_masks_of_several_defects_lie_in_a_folder_each_and_a_missing_one_means_unknown(tmp_path: Path) -> None:
    write(tmp_path, "images/a.png", "images/b.jpeg", "masks/crack/a.png", "masks/stain/a.png", "masks/stain/b.PNG")
    found = read_plain(tmp_path)
    assert found.defects == ("crack", "stain")
    assert [each.labels["crack"] is None for each in found.pictures] == [False, True]
    assert found.pictures[1].labels["stain"] == MaskFile(tmp_path / "masks" / "stain" / "b.PNG")
    assert found.oddities == ()


def test_in_a_set_that_is_completely_labelled_a_missing_mask_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "images/a.png", "images/b.png", "masks/crack/a.png", "masks/stain/a.png", "masks/stain/b.png")
    with pytest.raises(TrainingDataError, match=r"images/b\.png: has no mask .*masks/crack/b\.png; draw it"):
        read_plain(tmp_path, is_complete=True)
    assert len(read_plain(write(tmp_path, "masks/crack/b.png"), is_complete=True).pictures) == 2


@pytest.mark.parametrize(
    ("stem", "part", "view"),
    [("p1-left", "p1", "left"), ("line-2-p1-c3", "line-2-p1", "c3"), ("p1", "p1", ""), ("-p1", "-p1", "")],
)
def test_a_part_ends_at_the_last_hyphen_and_what_follows_is_its_view(
    tmp_path: Path, stem: str, part: str, view: str
) -> None:
    (picture,) = read_plain(write(tmp_path, f"images/{stem}.jpg", f"masks/{stem}.png")).pictures
    assert (picture.part, picture.view) == (part, view)


def test_what_is_not_judged_belongs_to_its_picture(tmp_path: Path) -> None:
    write(tmp_path, "images/a.png", "images/b.png", "masks/a.png", "masks/b.png", "ignore/b.png")
    assert [each.ignore for each in read_plain(tmp_path).pictures] == [None, tmp_path / "ignore" / "b.png"]


def test_files_that_are_neither_picture_nor_mask_are_told_but_for_hidden_ones(tmp_path: Path) -> None:
    write(tmp_path, "images/a.png", "masks/crack/a.png")
    for name in ("images/notes.txt", "masks/notes.txt", "masks/crack/a.jpg", "images/.DS_Store"):
        (tmp_path / name).touch()
    assert sorted(read_plain(tmp_path).oddities) == [
        f"{tmp_path / 'images' / 'notes.txt'}: is no .jpg, .jpeg, .png, .tif, .tiff file and left out",
        f"{tmp_path / 'masks' / 'crack' / 'a.jpg'}: is no .png file and left out",
        f"{tmp_path / 'masks' / 'notes.txt'}: is no folder of masks and left out",
    ]


def test_what_shows_a_defect_without_a_mask_is_named_in_a_table(tmp_path: Path) -> None:
    write(tmp_path, "images/a.png", "images/b.png", "masks/crack/a.png")
    (tmp_path / "placeless.csv").write_text("stem,defect\nb,crack\na,stain\n")
    found = read_plain(tmp_path)
    assert found.defects == ("crack", "stain")
    first, second = (each.labels for each in found.pictures)
    assert first == {"crack": MaskFile(tmp_path / "masks" / "crack" / "a.png"), "stain": Somewhere()}
    assert second == {"crack": Somewhere(), "stain": None}
    with pytest.raises(TrainingDataError, match=r"images/b\.png: has no mask .*masks/stain/b\.png"):
        read_plain(tmp_path, is_complete=True)


@pytest.mark.parametrize("has_folder", [True, False])
def test_a_set_may_have_no_mask_at_all_if_the_table_says_what_is_shown(tmp_path: Path, has_folder: bool) -> None:
    write(tmp_path, "images/a.png")
    if has_folder:
        (tmp_path / "masks").mkdir()
    (tmp_path / "placeless.csv").write_text("stem,defect\na,dent\n")
    found = read_plain(tmp_path, is_complete=True)
    assert (found.defects, found.pictures[0].labels) == (("dent",), {"dent": Somewhere()})


def test_the_table_may_name_the_defect_of_masks_that_lie_in_no_folder_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "images/a.png", "images/b.png", "masks/a.png")
    (tmp_path / "placeless.csv").write_text("stem,defect\nb,crack\n")
    assert read_plain(tmp_path, "crack").pictures[1].labels == {"crack": Somewhere()}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("c,crack", r"placeless\.csv:2: there is no picture c in images; restore it, or remove this row"),
        ("a,crack", r"placeless\.csv:2: a has a mask, .*masks/a\.png; remove this row, or the mask"),
        ("b,stain", r"placeless\.csv:2: names stain, but the masks in .*masks are of one defect, crack"),
        ("b,", r"placeless\.csv:2: defect is empty"),
    ],
)
def test_a_line_of_the_table_that_can_not_be_meant_is_refused(tmp_path: Path, row: str, said: str) -> None:
    write(tmp_path, "images/a.png", "images/b.png", "masks/a.png")
    (tmp_path / "placeless.csv").write_text(f"stem,defect\n{row}\n")
    with pytest.raises(TrainingDataError, match=said):
        read_plain(tmp_path, "crack")


def test_masks_that_an_engine_drew_are_told_until_their_rows_or_they_are_gone(tmp_path: Path) -> None:
    write(tmp_path, "images/a.png", "images/b.png", "masks/crack/a.png", "masks/crack/b.png")
    guesses = tmp_path / "guesses.csv"
    guesses.write_text("stem,defect\na ,crack\nb,crack\n")
    assert read_plain(tmp_path).oddities == (
        f"{guesses}: 2 masks are an engine's guesses, not labels; correct each, and remove its row",
    )
    guesses.write_text("stem,defect\n")
    assert read_plain(tmp_path).oddities == ()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("masks/a.png",), "images: no such folder; a training set is images/ and masks/"),
        (("images/a.png",), "masks: no such folder"),
        (("images/a.txt.png", "masks/a.png"), r"masks/a\.png: has no picture a in images"),
        (("images/a.png", "masks/a.png", "ignore/b.png"), r"ignore/b\.png: has no picture b in images"),
        (("images/a.jpg", "images/a.png", "masks/a.png"), r"images/a\.png: has the same stem as a\.jpg"),
        (("images/a.png", "masks/a.png", "masks/crack/a.png"), r"masks/a\.png: lies beside the folder crack"),
    ],
)
def test_what_can_not_be_meant_is_refused(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_plain(write(tmp_path, *names))


@pytest.mark.parametrize("place", ["images", "masks", "masks/stain"])
def test_a_folder_without_files_is_refused(tmp_path: Path, place: str) -> None:
    write(tmp_path, *(name for name in ("images/a.png", "masks/crack/a.png") if not name.startswith(f"{place}/")))
    (tmp_path / place).mkdir(parents=True)
    with pytest.raises(TrainingDataError, match=rf"{place}: holds no \..* file; fill it"):
        read_plain(tmp_path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "a,hairline",
            r"guesses\.csv:2: there is no folder masks/hairline, so its guesses would count as labels; if it was",
        ),
        ("a.png,crack", r"guesses\.csv:2: there is no picture a\.png in images; restore it, or remove this row"),
        ("a,", r"guesses\.csv:2: defect is empty"),
    ],
)
def test_a_guess_whose_mask_was_renamed_is_refused_and_becomes_no_label(tmp_path: Path, row: str, said: str) -> None:
    write(tmp_path, "images/a.png", "masks/crack/a.png")
    (tmp_path / "guesses.csv").write_text(f"stem,defect\n{row}\n")
    with pytest.raises(TrainingDataError, match=said):
        read_plain(tmp_path)


def test_a_name_for_defects_that_folders_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "images/a.png", "masks/crack/a.png")
    with pytest.raises(
        TrainingDataError, match=r"masks: its folders name the defects \(crack\), so that `defect` is of no use"
    ):
        read_plain(tmp_path, "hole")
