"""`dataset inspect|convert|from-parts|readers`: sets of labelled pictures on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from typer.testing import CliRunner

from edge_inspector.cli.dataset import app
from edge_inspector.cli.dataset_report import LINES_OF_A_KIND
from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.datasets.registry import READERS
from tests.records.rod_part import CAMERAS, write_part
from tests.training.datasets.lookalikes import write_grey, write_magnetic_tile
from tests.training.datasets.surfaces import coded, surface

PAGE = Path(__file__).parents[2] / "docs" / "datasets.md"
HEIGHT, WIDTH = 96, 128


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "300"}).invoke(app, [str(argument) for argument in arguments])


def inspected(*arguments: str | Path) -> dict[str, object]:
    result = run("inspect", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def mask(side: int = 0) -> NDArray[np.uint8]:
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    drawn[20 : 20 + side, 30 : 30 + side] = 255
    return drawn


def write_set(folder: Path) -> Path:
    """Four parts of two views, cracks of 100 and 9 px in the first two, the last one not looked at for stains."""
    for part in range(4):
        for view in range(2):
            stem = f"p{part}-c{view}"
            write_grey(folder / "images" / f"{stem}.png", surface(10 * part + view, HEIGHT, WIDTH))
            write_grey(folder / "masks" / "crack" / f"{stem}.png", mask({0: 10, 1: 3}.get(part, 0) if view == 0 else 0))
            if part < 3:
                write_grey(folder / "masks" / "stain" / f"{stem}.png", mask())
    return folder


def test_a_sound_set_is_told_in_tables_without_a_warning(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "tiles")
    result = run("inspect", folder, "--strict")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[:3] == [f"{folder}: 8 pictures of 4 parts, read as plain", "  128 × 96 px (width × height)", "  all grey"]
    cells = [line.split() for line in lines]
    assert ["defect", "defective", "clean", "unknown"] in cells
    assert ["crack", "2", "(2)", "6", "(2)", "0", "(0)"] in cells
    assert ["stain", "0", "(0)", "6", "(3)", "2", "(1)"] in cells
    assert ["crack", "2", "9", "14", "54", "95", "100", "0.11", "%", "0"] in cells
    assert "  equal pixel for pixel: none" in lines
    assert lines[-1] == "no warnings"


def test_copies_and_odd_labels_are_warnings_and_strict_makes_them_an_error(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "tiles")
    turned = coded(np.ascontiguousarray(np.rot90(surface(0, HEIGHT, WIDTH))), 80)
    write_grey(folder / "images" / "p9-c0.jpg", turned)
    write_grey(folder / "images" / "p8-c0.png", surface(11, HEIGHT, WIDTH))
    write_grey(folder / "masks" / "crack" / "p8-c0.png", mask(40))
    write_grey(folder / "masks" / "crack" / "p7-c0.png", mask(2))
    write_grey(folder / "images" / "p7-c0.png", surface(70, HEIGHT, WIDTH))
    said = run("inspect", folder).stdout
    assert "  equal pixel for pixel: 1 group of 2 pictures\n    images/p1-c1.png, images/p8-c0.png\n" in said
    assert "    images/p0-c0.png, images/p9-c0.jpg  0.9" in said
    assert " turned\n" in said
    assert "    images/p1-c1.png, images/p8-c0.png: equal pixel for pixel, of parts p1, p8" in said
    assert "but crack is clean in some and not in others" in said
    assert "  tiny pieces: 1 (no engine finds so few pixels; were they meant?)\n    images/p7-c0.png: 1 of 1 pieces" in said
    assert run("inspect", folder).exit_code == 0
    assert run("inspect", folder, "--strict").exit_code == 1
    assert run("inspect", folder, "--strict", "--json").exit_code == 1


def test_a_program_gets_every_warning_and_a_person_the_first_of_a_kind(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "tiles")
    count = LINES_OF_A_KIND + 3
    for number in range(count):
        write_grey(folder / "images" / f"q{number}-c0.png", surface(100 + number, HEIGHT, WIDTH))
        write_grey(folder / "masks" / "crack" / f"q{number}-c0.png", mask(2))
    warnings = inspected(folder)["warnings"]
    assert isinstance(warnings, list)
    assert [warning["about"] for warning in warnings] == ["tiny"] * count
    said = run("inspect", folder).stdout
    assert said.count("pieces of crack under 9 px") == LINES_OF_A_KIND
    assert "    … and 3 more; --json has all" in said


def test_what_can_not_be_used_is_told_whole_and_the_rest_still_counted(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "tiles")
    for stem in ("p0-c0", "p3-c1"):
        (folder / "images" / f"{stem}.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    result = run("inspect", folder)
    assert result.exit_code == 0
    assert "  2 pictures can not be used and count nowhere below" in result.stdout
    assert f"    {folder}/images/p0-c0.png: PNG of 16 bytes has no end: it is cut off; replace" in result.stdout
    assert f"    {folder}/images/p3-c1.png: PNG" in result.stdout


def test_pictures_of_which_nothing_is_known_are_told_with_the_way_out(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_grey(tmp_path / name, surface(1 if name == "a.png" else 2, HEIGHT, WIDTH))
    shapes = [{"label": "crack", "points": [[2, 2], [30, 30]], "shape_type": "rectangle"}]
    (tmp_path / "a.json").write_text(json.dumps({"shapes": shapes}))
    said = run("inspect", tmp_path).stdout
    assert "  1 picture without any label: nothing is known of them; if every picture was looked at, say --complete" in said
    assert "without any label" not in run("inspect", tmp_path, "--complete").stdout


def test_labels_without_a_place_have_a_column(tmp_path: Path) -> None:
    write_magnetic_tile(tmp_path)
    rows = [line.split() for line in run("inspect", tmp_path).stdout.splitlines()]
    assert ["defect", "defective", "not", "where", "clean", "unknown"] in rows
    assert ["uneven", "2", "(1)", "1", "of", "these", "11", "(5)", "0", "(0)"] in rows


def test_a_sheet_is_drawn_where_it_was_asked_for(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "tiles")
    sheet = tmp_path / "sheet.png"
    assert run("inspect", folder, "--sheet", sheet).stdout.splitlines()[-1] == f"sheet {sheet}"
    picture = cv2.imread(str(sheet))
    assert picture is not None
    assert picture.shape[1] == 1900
    refused = run("inspect", folder, "--sheet", tmp_path / "sheet.jpg")
    assert isinstance(refused.exception, ConfigurationError)
    assert "name a file that ends in .png" in str(refused.exception)


def test_a_set_is_named_by_reader_and_labels(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "tiles")
    assert inspected(folder, "--reader", "plain")["source"] == "plain"
    wrong = run("inspect", folder, "--reader", "coco", "--subset", "train")
    assert isinstance(wrong.exception, ConfigurationError)
    assert "reader coco has no use for subset" in str(wrong.exception)


def test_a_converted_set_is_read_as_the_one_before(tmp_path: Path) -> None:
    write_magnetic_tile(tmp_path / "tiles")
    out = tmp_path / "out"
    result = run("convert", tmp_path / "tiles", out)
    assert result.exit_code == 0
    said = result.stdout.splitlines()
    assert said[0] == f"{out}: 13 pictures of 6 parts, read as magnetic_tile"
    assert "  masks/crack: 10 masks" in said
    assert "  placeless.csv: 1 picture of uneven, of which nobody said where it is" in said
    before, after = inspected(tmp_path / "tiles"), inspected(out)
    for key in ("pictures", "parts", "defects", "sizes"):
        assert before[key] == after[key], key
    again = run("convert", tmp_path / "tiles", out)
    assert isinstance(again.exception, ConfigurationError)
    assert "is there already, and is not replaced" in str(again.exception)
    as_json = json.loads(run("convert", tmp_path / "tiles", tmp_path / "other", "--json").stdout)
    assert (as_json["masks"]["crack"], as_json["placeless"]) == (10, {"uneven": 1})


def test_a_set_that_can_not_be_read_leaves_nothing(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "tiles")
    (folder / "images" / "p1-c1.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    result = run("convert", folder, tmp_path / "out")
    assert isinstance(result.exception, TrainingDataError)
    assert [path.name for path in tmp_path.iterdir()] == ["tiles"]


def test_recorded_parts_become_a_set_that_waits_for_its_labels(tmp_path: Path) -> None:
    write_part(tmp_path / "state")
    out = tmp_path / "out"
    result = run("from-parts", tmp_path / "state", out)
    assert result.stdout.splitlines() == [
        f"{out}: 6 pictures of 1 part",
        "  no masks: draw them in masks/DEFECT/, of the same stems, all 0 where a picture is clean",
    ]
    assert sorted(path.stem for path in (out / "images").iterdir()) == [f"1-1-{camera}" for camera in CAMERAS]
    unlabelled = run("inspect", out)
    assert isinstance(unlabelled.exception, TrainingDataError)
    assert "masks: no such folder" in str(unlabelled.exception)


def test_guesses_are_called_guesses_and_only_made_when_asked_for(tmp_path: Path) -> None:
    write_part(tmp_path / "state")
    said = run("from-parts", tmp_path / "state", tmp_path / "out", "--with-findings", "--verdict", "reject").stdout
    assert "  masks/crack: 3 masks GUESSED by an engine" in said
    assert "a picture without a mask is unknown, not clean" in said
    assert len(read_plain(tmp_path / "out").oddities) == 1
    both = run("from-parts", tmp_path / "state", tmp_path / "frames", "--with-findings", "--frames")
    assert isinstance(both.exception, ConfigurationError)


def test_parts_are_chosen_by_the_options_of_parts_list(tmp_path: Path) -> None:
    write_part(tmp_path / "state")
    for option in ("--verdict=ACCEPT", "--outcome=passed", "--defect=stain", "--lot=L-9", "--until=2020-01-01", "--run=7"):
        none = run("from-parts", tmp_path / "state", tmp_path / "out", option)
        assert isinstance(none.exception, ConfigurationError)
        assert "no part with" in str(none.exception)
    done = json.loads(run("from-parts", tmp_path / "state", tmp_path / "out", "--last", "3", "--json").stdout)
    assert (done["parts"], done["pictures"], done["parts_without_pictures"]) == (1, 6, 0)


def test_a_station_file_names_its_records_too(tmp_path: Path) -> None:
    missing = run("from-parts", tmp_path / "gone", tmp_path / "out")
    assert isinstance(missing.exception, ConfigurationError)
    assert "there is no such folder; name the station file" in str(missing.exception)
    example = Path(__file__).parents[2] / "docs" / "examples" / "straw" / "station.yaml"
    station = tmp_path / "station.yaml"
    station.write_text(example.read_text().replace("state_dir: state", "state_dir: records"))
    assert "state_dir: records" in station.read_text()
    write_part(tmp_path / "records")
    assert run("from-parts", station, tmp_path / "out").exit_code == 0


def test_every_reader_is_listed_and_stands_on_the_page() -> None:
    said = run("readers").stdout
    page = PAGE.read_text(encoding="utf-8")
    listed = json.loads(run("readers", "--json").stdout)
    assert list(listed) == list(READERS)
    assert said.strip() in page
    for name, reader in READERS.items():
        assert f"{name:<14} FOLDER holds {reader.folder}" in said


def test_a_help_needs_neither_numbers_nor_pictures() -> None:
    code = "import sys; sys.argv = ['edge-inspector', 'dataset']; from edge_inspector.cli.main import build_app\n"
    code += "build_app('dataset'); print(*(name for name in ('numpy', 'cv2', 'scipy', 'torch') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("command", ["inspect", "convert"])
def test_a_folder_that_is_none_ends_with_a_sentence(tmp_path: Path, command: str) -> None:
    arguments = [command, tmp_path / "gone", *([tmp_path / "out"] if command == "convert" else [])]
    result = run(*arguments)
    assert isinstance(result.exception, ConfigurationError)
    assert "gone: there is no such folder; name the one that holds the set" in str(result.exception)
