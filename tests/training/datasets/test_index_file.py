"""An index is read whole, and its rows tell where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import Row, read_rows


def write(folder: Path, text: str | bytes) -> Path:
    (folder / "index.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def row(folder: Path, text: str) -> Row:
    (found,) = read_rows(write(folder, f"path\n{text}\n"), ["path"])
    return found


def test_a_row_stands_on_its_line_of_the_file_even_after_a_blank_one(tmp_path: Path) -> None:
    rows = read_rows(write(tmp_path, "path,mask,more\na,b,c\n\nd,e,f\n"), ["path", "mask"])
    assert [each.where for each in rows] == [f"{tmp_path}/index.csv:2", f"{tmp_path}/index.csv:4"]
    assert [each.texts["mask"] for each in rows] == ["b", "e"]


def test_a_table_says_the_same_with_a_byte_order_mark(tmp_path: Path) -> None:
    (found,) = read_rows(write(tmp_path, b"\xef\xbb\xbfpath,mask\na,b\n"), ["path", "mask"])
    assert found.texts == {"path": "a", "mask": "b"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,more\na,b\n", r"index\.csv:1: lacks the columns mask"),
        ("", r"index\.csv:1: lacks the columns path, mask"),
        ("path,mask\n", r"index\.csv: names no picture"),
        ("path,mask\na,b\nc\n", r"index\.csv:3: has not as many fields as line 1"),
        ("path,mask\na,b,c\n", r"index\.csv:2: has not as many fields as line 1"),
        ('path,mask\na,"b\n', r"index\.csv: can not be read"),
        (b"path,mask\n\xff,b\n", r"index\.csv: can not be read"),
    ],
)
def test_a_file_that_is_cut_off_or_of_another_kind_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_rows(write(tmp_path, text), ["path", "mask"])


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"index\.csv: is missing; name the folder that holds the set"):
        read_rows(tmp_path, ["path"])


def test_numbers_and_names_are_what_they_say(tmp_path: Path) -> None:
    assert row(tmp_path, "0042").count("path") == 42
    assert row(tmp_path, "1").is_set("path")
    assert not row(tmp_path, "0").is_set("path")
    assert row(tmp_path, " g1 ").name("path") == "g1"
    assert row(tmp_path, "index.csv").file("path") == tmp_path / "index.csv"


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "٣", '""', "9" * 5000])
def test_what_is_no_whole_number_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TrainingDataError, match=r"index\.csv:2: path is .*, allowed are whole numbers"):
        row(tmp_path, text).count("path")
