"""The contact sheet shows pictures with their masks outlined, and what is too small to see under a lens."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.imaging.overlay import COLOURS, Colour
from edge_inspector.training.datasets import contact_sheet
from edge_inspector.training.datasets.contact_sheet import (
    WIDTH_PX,
    draw_contact_sheet,
    refuse_sheet_name,
    write_contact_sheet,
)
from edge_inspector.training.datasets.labelled_picture import Label, LabelledPicture, MaskFile, Somewhere
from edge_inspector.training.datasets.looking import SeenPicture, look_at
from tests.training.datasets.lookalikes import write_grey

HEIGHT, WIDTH = 200, 300
RED = COLOURS["red"]


def square(side: int) -> NDArray[np.uint8]:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[50 : 50 + side, 60 : 60 + side] = 255
    return mask


def look(folder: Path, name: str, label: Label | NDArray[np.uint8] | None) -> SeenPicture:
    write_grey(folder / f"{name}.png", np.full((HEIGHT, WIDTH), 120, np.uint8))
    if isinstance(label, np.ndarray):
        write_grey(folder / f"{name}-mask.png", label)
        label = MaskFile(folder / f"{name}-mask.png")
    seen = look_at(LabelledPicture(folder / f"{name}.png", name, "", {"crack": label}, "made up"))
    assert isinstance(seen, SeenPicture)
    return seen


def draw(*seen: SeenPicture) -> NDArray[np.uint8]:
    return draw_contact_sheet("made up", ("crack",), seen, [each.picture.picture.name for each in seen])


def pixels_like(sheet: NDArray[np.uint8], colour: Colour) -> int:
    return int((np.abs(sheet.astype(int) - colour).max(-1) < 40).sum())


def test_a_sheet_has_a_row_for_each_kind_and_is_the_same_at_every_run(tmp_path: Path) -> None:
    labels = {"a": square(0), "b": square(40), "c": Somewhere(), "d": None}
    seen = [look(tmp_path, name, label) for name, label in labels.items()]
    heights = [draw(*seen[:count]).shape[0] for count in (1, 2, 3, 4)]
    assert len(set(np.diff(heights))) == 1
    assert heights[0] < heights[1]
    assert draw(seen[0], seen[0]).shape == (heights[0], WIDTH_PX, 3)
    again = [look(tmp_path, name, label) for name, label in labels.items()]
    assert np.array_equal(draw(*seen), draw(*again))


def test_a_mask_is_outlined_in_its_defects_colour_and_a_clean_picture_is_not(tmp_path: Path) -> None:
    clean = draw(look(tmp_path, "a", np.zeros((HEIGHT, WIDTH), np.uint8)))
    assert pixels_like(clean, RED) == 0
    assert pixels_like(draw(look(tmp_path, "b", square(100))), RED) > 300


def test_a_piece_too_small_to_see_is_shown_larger_under_a_lens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tinted_px() -> int:
        sheet = draw(look(tmp_path, "a", square(8))).astype(int)
        return int(((sheet[..., 0] - sheet[..., 1] > 20) & (sheet[..., 0] < 200)).sum())  # within an outline

    under_lens = tinted_px()
    monkeypatch.setattr(contact_sheet, "LENS_BELOW_PX", 0)
    assert under_lens > 10 * tinted_px() > 0


@pytest.mark.parametrize(("height", "width"), [(1200, 40), (40, 1200), (3, 5)])
def test_pictures_of_any_form_fit_into_their_cells(tmp_path: Path, height: int, width: int) -> None:
    mask = np.zeros((height, width), np.uint8)
    mask[1, 1:3] = 255
    write_grey(tmp_path / "a.png", np.full((height, width), 120, np.uint8))
    write_grey(tmp_path / "mask.png", mask)
    label = MaskFile(tmp_path / "mask.png")
    seen = look_at(LabelledPicture(tmp_path / "a.png", "a", "", {"crack": label}, "made up"))
    assert isinstance(seen, SeenPicture)
    assert draw(seen).shape[1] == WIDTH_PX


def test_a_sheet_is_written_whole_and_replaces_the_old_one(tmp_path: Path) -> None:
    seen = look(tmp_path, "a", square(40))
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "sheet.png"
    path.write_text("old")
    write_contact_sheet(path, "made up", ("crack",), [seen], ["a"])
    assert np.array_equal(cv2.imread(str(path))[..., ::-1], draw_contact_sheet("made up", ("crack",), [seen], ["a"]))
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(ConfigurationError, match=r"gone/sheet\.png: the sheet can not be written \(No such file"):
        write_contact_sheet(tmp_path / "gone" / "sheet.png", "made up", ("crack",), [seen], ["a"])


@pytest.mark.parametrize(("name", "said"), [("a.jpg", "is a PNG; name"), ("gone/a.png", "there is no folder")])
def test_a_name_that_can_not_be_is_refused_before_anything_is_looked_at(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        refuse_sheet_name(tmp_path / name)
    refuse_sheet_name(tmp_path / "a.PNG")


def test_without_a_picture_there_is_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="nothing to draw"):
        write_contact_sheet(tmp_path / "a.png", "made up", ("crack",), [], [])
