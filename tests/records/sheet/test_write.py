from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.records.database import read_only
from edge_inspector.records.picture_store import list_pictures
from edge_inspector.records.queries import PartDetails, show_part
from edge_inspector.records.sheet import sheet_of, write_sheet
from tests.records.rod_part import write_part


def details_of(state_dir: Path) -> PartDetails:
    with read_only(state_dir) as connection:
        return show_part(connection, "1-1")


def test_a_sheet_lies_beside_the_pictures_and_replaces_the_one_before(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    path = sheet_of(tmp_path, "1-1")
    assert path == folder / "1-1-sheet.jpg"
    first = path.read_bytes()
    assert cv2.imread(str(path)).shape[1] == 2000
    path.write_bytes(b"old")
    assert sheet_of(tmp_path, "1-1").read_bytes() == first
    assert path in list_pictures(tmp_path, "1-1")
    assert sorted(other.suffix for other in folder.iterdir()) == [".jpg"] * 7 + [".json"]


def test_a_sheet_can_be_written_elsewhere(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    to = tmp_path / "mine.jpg"
    assert write_sheet(tmp_path, details_of(tmp_path), to) == to
    assert cv2.imread(str(to)).shape[1] == 2000
    assert not list(folder.glob("*-sheet.jpg"))


def test_a_place_that_can_not_be_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    write_part(tmp_path)
    to = tmp_path / "no" / "such.jpg"
    with pytest.raises(ConfigurationError, match=r"such\.jpg: the sheet can not be written .*name a file with --sheet"):
        write_sheet(tmp_path, details_of(tmp_path), to)


def test_a_file_of_another_kind_is_not_written(tmp_path: Path) -> None:
    write_part(tmp_path)
    with pytest.raises(ConfigurationError, match=r"mine\.png: the sheet is a JPEG; name a file that ends in \.jpg"):
        write_sheet(tmp_path, details_of(tmp_path), tmp_path / "mine.png")
    assert not (tmp_path / "mine.png").exists()
