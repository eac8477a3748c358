"""`parts show`: one part in words, tables and one picture."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from edge_inspector.domain.errors import ConfigurationError
from tests.cli.parts_history import UNINSPECTED, run, write_history
from tests.records import history as made
from tests.records.history import write_damaged_journal
from tests.records.rod_part import write_part


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    write_history(folder)
    return folder


def test_a_part_whose_verdict_was_lost_is_shown_with_the_reason(tmp_path: Path) -> None:
    write_damaged_journal(tmp_path)
    path = tmp_path / "journal" / "0000000001.seg"
    result = run("show", "1-2", "--state", tmp_path)
    assert "verdict REJECT (decided: not known, reached the line: REJECT)" in result.stdout
    why = f"the journal holds no verdict of this part, although REJECT reached the line: {path}: damaged at byte"
    assert f"  {why}" in result.stdout
    assert "verdicts and findings are missing here" in result.stderr
    shown = run("show", "1-2", "--state", tmp_path, "--json")
    content = json.loads(shown.stdout)
    assert content["why_no_verdict"].startswith(why)
    assert [(damage["folder"], damage["segment"]) for damage in content["damage"]] == [("journal", 1)]
    assert "verdicts and findings are missing here" in shown.stderr


def test_records_that_are_whole_are_told_without_a_warning(state_dir: Path) -> None:
    shown = run("show", "1-1", "--state", state_dir, "--json")
    assert shown.stderr == ""
    assert (json.loads(shown.stdout)["damage"], json.loads(shown.stdout)["why_no_verdict"]) == ([], "")


def lines_of(text: str) -> list[list[str]]:
    """Return the cells of every line, without the blanks between them."""
    return [line.split() for line in text.splitlines()]


def test_a_part_is_shown_with_its_reasons_and_what_was_judged(state_dir: Path) -> None:
    result = run("show", "1-1", "--state", state_dir)
    assert result.exit_code == 0
    assert "verdict REJECT (decided: REJECT, reached the line: REJECT)" in result.stdout
    assert "outcome ejected, 60.0 mm at the sensor" in result.stdout
    assert "  crack 3.4 mm long (limit 2.0)" in result.stdout
    lines = lines_of(result.stdout)
    assert ["1", "crack", "0.900", "3.4", "1.50", "(4,", "5)", "px", "c1", "yes"] in lines
    assert ["c1", "+1.5", "0.250", "(1)"] in lines
    assert ["daemon", "overhead", "35.0"] in lines
    assert "no sheet: no picture of part 1-1 is kept" in result.stdout


def test_a_missing_view_is_shown_with_its_reason(state_dir: Path) -> None:
    result = run("show", "1-2", "--state", state_dir)
    assert ["c2", "+1.5", "0.250", "(0)", "no_frame", "none", "within", "18", "ms"] in lines_of(result.stdout)


def test_lot_and_lane_are_shown_where_there_are_any(state_dir: Path) -> None:
    shown = run("show", "2-1", "--state", state_dir).stdout
    assert "lot L-7" in shown
    assert "outcome ejection_failed, by rejects, 60.0 mm at the sensor" in shown
    assert "lot" not in run("show", "1-1", "--state", state_dir).stdout
    listed = run("list", "--state", state_dir).stdout.splitlines()
    assert listed[0].split()[:5] == ["part", "time", "(UTC)", "lot", "verdict"]
    assert listed[11].split()[:5] == ["2-1", "2024-05-07", "10:00:00", "L-7", "REJECT"]
    assert "lot" not in run("list", "--state", state_dir, "--run", "1").stdout


def test_places_measures_and_the_sheet_of_a_part_on_a_surface_are_shown(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    result = run("show", "1-1", "--state", tmp_path)
    assert "measures length 60.0 mm, Ø 8.00 mm, bow 0.00 mm, taper 0.00 mm, oval 0.00 mm, 100.0% of the surface seen" in (
        result.stdout
    )
    cells = ["1", "crack", "0.980", "4.0", "1.70", "6.70", "20", "mm,", "130°", "c3,", "c4,", "c2", "yes"]
    assert cells in lines_of(result.stdout)
    assert result.stdout.splitlines()[-1] == f"sheet {folder}/1-1-sheet.jpg"
    assert f"picture {folder}/c6.jpg" in result.stdout
    assert f"picture {folder}/1-1-sheet.jpg" not in result.stdout
    assert (folder / "1-1-sheet.jpg").read_bytes().startswith(b"\xff\xd8")


def test_a_program_gets_a_part_whole_and_the_sheet_where_it_asked_for_it(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    to = tmp_path / "mine.jpg"
    shown = json.loads(run("show", "1-1", "--state", tmp_path, "--json", "--sheet", to).stdout)
    assert (shown["sheet"], shown["why_no_sheet"], to.is_file()) == (str(to), "", True)
    assert [Path(path).name for path in shown["pictures"]] == [f"c{k}.jpg" for k in range(1, 7)]
    assert shown["measures"]["diameter_mm"] == 8.0
    assert (shown["findings"][0]["along_mm"], shown["findings"][0]["width_mm"]) == (20.0, 1.7)
    assert not (folder / "1-1-sheet.jpg").exists()


def test_the_views_of_a_part_that_nobody_judged_are_shown_with_that(tmp_path: Path) -> None:
    record = msgspec.structs.replace(made.verdict(1, UNINSPECTED), judgements=(), missing=())
    write_part(tmp_path, record)
    lines = lines_of(run("show", "1-1", "--state", tmp_path, "--no-sheet").stdout)
    assert ["view", "frame", "ms", "off", "cracks"] in lines
    assert all([f"c{k}", "not", "judged", "in", "time"] in lines for k in range(1, 7))


def test_a_name_typed_with_zeros_is_the_same_part_and_its_old_sheet_is_no_picture(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    for options in (("--json",), ("--json", "--no-sheet")):
        shown = json.loads(run("show", "01-01", "--state", tmp_path, *options).stdout)
        assert shown["pictures"] == [f"{folder}/c{k}.jpg" for k in range(1, 7)]
        assert shown["sheet"] == (None if "--no-sheet" in options else f"{folder}/1-1-sheet.jpg")
    assert "-sheet.jpg" not in run("show", "1-1", "--state", tmp_path, "--no-sheet").stdout


def test_no_sheet_is_drawn_when_none_is_wanted(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    shown = json.loads(run("show", "1-1", "--state", tmp_path, "--json", "--no-sheet").stdout)
    assert (shown["sheet"], shown["why_no_sheet"]) == (None, "")
    assert not list(folder.glob("*-sheet.jpg"))


def test_a_sheet_that_was_asked_for_and_can_not_be_is_an_error(state_dir: Path, tmp_path: Path) -> None:
    nowhere = run("show", "1-1", "--state", state_dir, "--sheet", tmp_path / "s.jpg")
    assert isinstance(nowhere.exception, ConfigurationError)
    assert "no picture of part 1-1 is kept" in str(nowhere.exception)
    both = run("show", "1-1", "--state", state_dir, "--sheet", tmp_path / "s.jpg", "--no-sheet")
    assert "give one of the two" in str(both.exception)
