"""The commands of `parts` over records that were written as the daemon writes them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from edge_inspector.cli import parts_export
from edge_inspector.cli.parts import app
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import AlarmRecord, FindingRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records.export import FINDING_COLUMNS, PART_COLUMNS
from edge_inspector.records.indexer import Indexer
from edge_inspector.records.latency import STAGE_NAMES
from edge_inspector.records.measures import MEASURE_NAMES
from tests.records import history as made
from tests.records.history import History
from tests.records.rod_part import write_part

REJECT, UNINSPECTED = VerdictKind.REJECT, VerdictKind.UNINSPECTED
QUOTED = 'stain "ä", 3 mm²\r\nand more'


def write_history(state_dir: Path) -> None:
    """Run 1: nine parts of 7 o'clock in turn ACCEPT, REJECT, UNINSPECTED from the third; 10 under way. Run 2: a stain."""
    history = History(state_dir)
    history.write_parts(1, 9)
    history.write(made.verdict(10, UNINSPECTED))
    history.close()
    later = History(state_dir)
    at_utc = "2024-05-07T10:00:00.000+00:00"
    crack = FindingRecord("cracks", "crack", 0.95, 9.0, 1.0, ("c2",), 1, 2, 3, 4, False)
    stain = FindingRecord("stains", "stain", 0.8, 5.0, 2.5, ("c1", "c2"), 5, 6, 7, 8, True)
    later.write(
        msgspec.structs.replace(made.arrival(1, run=2), at_utc=at_utc, lot="L-7"),
        msgspec.structs.replace(made.verdict(1, REJECT, run=2, reasons=(QUOTED, "second")), findings=(crack, stain)),
        msgspec.structs.replace(
            made.outcome(1, REJECT, run=2), outcome=Outcome.EJECTION_FAILED, reason=QUOTED, lane="rejects"
        ),
        AlarmRecord("ejection_failed", "part 2-1 is in the good lane", True, 5, at_utc),
        AlarmRecord("uninspected_limit", "5 in a row", True, 6, at_utc),
        AlarmRecord("ejection_failed", "part 2-1 is in the good lane", False, 7, "2024-05-07T10:05:00.000+00:00", "kim"),
        AlarmRecord("from_the_future", "flux low", True, 8, "2024-05-08T00:00:00.000+00:00"),
    )
    later.close()
    indexer = Indexer(state_dir)
    while indexer.turn().has_more:
        pass
    indexer.turn()
    indexer.close()


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    write_history(folder)
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "300"}).invoke(app, [str(argument) for argument in arguments])


def listed(state_dir: Path, *options: str) -> list[str]:
    result = run("list", "--state", state_dir, "--json", *options)
    assert result.exit_code == 0, result.output
    return [part["part"] for part in json.loads(result.stdout)]


def exported(state_dir: Path, *options: str) -> list[dict[str, str]]:
    result = run("export", "-", "--state", state_dir, *options)
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8"), newline="")))


FILTERS = [
    (("--verdict", "reject"), ["1-1", "1-4", "1-7", "2-1"]),
    (("--verdict", "reject", "--verdict", "UNINSPECTED"), ["1-1", "1-2", "1-4", "1-5", "1-7", "1-8", "1-10", "2-1"]),
    (("--outcome", "ejection_failed"), ["2-1"]),
    (("--outcome", "passed", "--last", "2"), ["1-6", "1-9"]),
    (("--defect", "crack"), ["1-1", "1-4", "1-7", "2-1"]),
    (("--defect", "stain"), ["2-1"]),
    (("--run", "2"), ["2-1"]),
    (("--lot", "L-7"), ["2-1"]),
    (("--lot", "L-7", "--lot", "L-8", "--verdict", "accept"), []),
    (("--since", "2024-05-07"), ["2-1"]),
    (("--until", "2024-05-06", "--last", "1"), ["1-10"]),
    (("--since", "2024-05-06T07:08:09", "--until", "2024-05-06T07:08:09", "--defect", "crack"), ["1-1", "1-4", "1-7"]),
    (("--defect", "crack", "--verdict", "reject", "--run", "1", "--last", "2"), ["1-4", "1-7"]),
    (("--since", "1h"), []),
]


@pytest.mark.parametrize(("options", "expected"), FILTERS)
def test_list_and_export_give_the_parts_that_meet_every_option(
    state_dir: Path, options: tuple[str, ...], expected: list[str]
) -> None:
    assert listed(state_dir, *options) == expected
    assert [row["part"] for row in exported(state_dir, *options)] == expected


def test_a_list_that_is_cut_says_of_how_many(state_dir: Path) -> None:
    result = run("list", "--state", state_dir, "--last", "2", "--run", "1")
    assert result.stderr == "the newest 2 of 10 parts; --last 10 lists them all\n"
    assert run("list", "--state", state_dir).stderr == ""


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--defect", "dent"), "no part with defect dent; defects in the records: crack, stain\n"),
        (
            ("--run", "7", "--verdict", "reject"),
            "no part with verdict REJECT, run 7; there are runs 1 to 2, from 2024-05-06T07:08:09.000+00:00 to "
            "2024-05-07T10:00:00.000+00:00\n",
        ),
        (("--outcome", "purged"), "no part with outcome purged\n"),
        (("--lot", "L-8"), "no part with lot L-8; lots in the records: L-7\n"),
    ],
)
def test_a_list_of_no_part_says_what_there_is_instead(state_dir: Path, options: tuple[str, ...], why: str) -> None:
    result = run("list", "--state", state_dir, *options)
    assert (result.exit_code, result.stderr) == (0, why)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--since", "soon"), "--since 'soon' is no time"),
        (("--since", "2024-05-07", "--until", "2024-05-06"), "nothing lies between them"),
    ],
)
def test_times_that_mean_nothing_are_said(state_dir: Path, options: tuple[str, ...], why: str) -> None:
    for command in (("list",), ("export", "-")):
        result = run(*command, "--state", state_dir, *options)
        assert isinstance(result.exception, ConfigurationError)
        assert why in str(result.exception)


def test_an_outcome_that_there_is_not_is_refused_with_those_that_there_are(state_dir: Path) -> None:
    result = run("list", "--state", state_dir, "--outcome", "vanished")
    assert result.exit_code == 2
    assert "ejection_failed" in result.output


def test_every_part_is_a_row_with_every_column(state_dir: Path) -> None:
    rows = exported(state_dir)
    assert len(rows) == 11
    assert list(rows[0]) == list(PART_COLUMNS)
    worst = rows[-1]
    assert worst["reasons"] == f"{QUOTED}; second"
    assert {name: worst[name] for name in worst if name.startswith("worst_")} == {
        "worst_defect": "stain",
        "worst_engine": "stains",
        "worst_score": "0.8",
        "worst_area_mm2": "5.0",
        "worst_length_mm": "2.5",
        "worst_cameras": "c1; c2",
        "worst_rejects": "true",
        "worst_width_mm": "",
        "worst_along_mm": "",
        "worst_angle_deg": "",
    }
    assert (worst["run"], worst["seq"], worst["finding_count"], worst["total_ms"]) == ("2", "1", "2", "155.0")
    assert [(row["lot"], row["lane"]) for row in rows[-2:]] == [("", ""), ("L-7", "rejects")]
    assert (worst["arrival_utc"], worst["outcome_utc"]) == ("2024-05-07T10:00:00.000+00:00", made.UTC)
    under_way = rows[-2]
    assert (under_way["verdict"], under_way["journal_verdict"], under_way["outcome"]) == ("", "UNINSPECTED", "")
    assert (under_way["finding_count"], under_way["worst_defect"], under_way["arrival_utc"]) == ("0", "", made.UTC)
    assert all(rows[0][name] for name in STAGE_NAMES)


def test_measures_and_places_are_columns_and_empty_where_there_are_none(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.write(made.arrival(1), made.rod_verdict(1), made.arrival(2), made.verdict(2, REJECT))
    history.close()
    Indexer(tmp_path).turn()
    rod, plain = exported(tmp_path)
    assert [rod[name] for name in MEASURE_NAMES] == ["60.1", "8.02", "0.3", "0.1", "0.2", "0.998"]
    assert [rod[f"worst_{name}"] for name in ("width_mm", "along_mm", "angle_deg")] == ["0.21", "41.2", "132.0"]
    assert not any(plain[name] for name in (*MEASURE_NAMES, "worst_along_mm", "worst_angle_deg"))
    crack, stain, other = exported(tmp_path, "--findings")
    places = ("width_mm", "along_mm", "angle_deg", "along_extent_mm", "angle_extent_deg")
    assert [crack[name] for name in places] == ["0.21", "41.2", "132.0", "3.4", "3.0"]
    assert [stain[name] for name in places] == ["1.1", "12.0", "359.0", "1.4", "15.8"]
    assert [other[name] for name in places] == ["", "", "", "", ""]


def test_the_columns_are_those_that_others_have_come_to_rely_on() -> None:
    assert list(PART_COLUMNS)[:14] == [
        "part",
        "run",
        "seq",
        "arrival_utc",
        "outcome_utc",
        "verdict",
        "decided",
        "journal_verdict",
        "outcome",
        "reason",
        "reasons",
        "flagged",
        "recipe",
        "length_mm",
    ]
    assert list(PART_COLUMNS)[14:23] == list(STAGE_NAMES)
    page = (Path(__file__).parents[2] / "docs" / "csv-export.md").read_text(encoding="utf-8")
    for columns in (PART_COLUMNS, FINDING_COLUMNS):
        assert "\n".join(f"| `{name}` | {meaning} |" for name, meaning in columns.items()) in page
    assert list(FINDING_COLUMNS) == [
        "part",
        "run",
        "seq",
        "number",
        "arrival_utc",
        "verdict",
        "outcome",
        "engine",
        "defect",
        "score",
        "area_mm2",
        "length_mm",
        "cameras",
        "x_px",
        "y_px",
        "width_px",
        "height_px",
        "rejects",
        "width_mm",
        "along_mm",
        "angle_deg",
        "along_extent_mm",
        "angle_extent_deg",
        "lot",
    ]


def test_every_finding_is_a_row_and_a_defect_asked_for_is_the_only_one(state_dir: Path) -> None:
    rows = exported(state_dir, "--findings")
    assert list(rows[0]) == list(FINDING_COLUMNS)
    assert [(row["part"], row["number"], row["defect"]) for row in rows] == [
        ("1-1", "0", "crack"),
        ("1-4", "0", "crack"),
        ("1-7", "0", "crack"),
        ("2-1", "0", "crack"),
        ("2-1", "1", "stain"),
    ]
    assert [row["cameras"] for row in exported(state_dir, "--findings", "--defect", "stain")] == ["c1; c2"]


def test_a_file_is_utf_8_with_the_line_ends_of_rfc_4180_and_replaces_the_old_one_whole(
    state_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "parts.csv"
    file.write_text("old")
    result = run("export", file, "--state", state_dir, "--run", "2")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"{file}: 1 part\n")
    content = file.read_bytes()
    assert content.startswith(b"part,run,seq,")
    assert content.endswith(b"\r\n")
    assert '"stain ""ä"", 3 mm²\r\nand more; second"'.encode() in content
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_that_fails_leaves_the_old_file_and_nothing_else(
    state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "parts.csv"
    file.write_text("old")

    def fail(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parts_export, "write_parts", fail)
    result = run("export", file, "--state", state_dir)
    assert isinstance(result.exception, ConfigurationError)
    assert "parts.csv: can not be written (No space left on device)" in str(result.exception)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize(
    ("name", "why"), [("", "is no file"), ("no/parts.csv", "there is no folder"), ("pipe", "is no file")]
)
def test_a_file_that_can_not_be_is_said(state_dir: Path, tmp_path: Path, name: str, why: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = run("export", tmp_path / name, "--state", state_dir)
    assert isinstance(result.exception, ConfigurationError)
    assert why in str(result.exception)


def test_a_big_export_says_how_far_it_is(state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_export, "BIG_EXPORT_ROWS", 3)
    monkeypatch.setattr("edge_inspector.records.export.ROWS_A_STEP", 5)
    result = run("export", tmp_path / "parts.csv", "--state", state_dir)
    assert result.stderr.splitlines()[:3] == [
        "parts written: 5 of 11",
        "parts written: 10 of 11",
        "parts written: 11 of 11",
    ]


def test_a_reader_of_the_export_that_has_enough_is_no_error(state_dir: Path) -> None:
    command = f"set -o pipefail; {sys.executable} -m edge_inspector.cli.main parts export - --state {state_dir} | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_alarms_are_listed_with_who_acknowledged_them_and_what_to_do(state_dir: Path) -> None:
    result = run("alarms", "--state", state_dir)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "2024-05-07 10:00:00  ejection_failed: part 2-1 is in the good lane  (run 2)",
        "  acknowledged 2024-05-07 10:05:00 by kim",
        "  what to do: take the rejected part out of the good bin, check the gate, then acknowledge",
        "2024-05-07 10:00:00  uninspected_limit: 5 in a row  (run 2)",
        "  not acknowledged in its run",
        "  what to do: see `edge-inspector parts list STATION --verdict UNINSPECTED` for why, then acknowledge",
        "2024-05-08 00:00:00  from_the_future: flux low  (run 2)",
        "  not acknowledged in its run",
    ]


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ((), ["ejection_failed", "uninspected_limit", "from_the_future"]),
        (("--code", "ejection_failed"), ["ejection_failed"]),
        (("--since", "2024-05-08"), ["from_the_future"]),
        (("--until", "2024-05-07"), ["ejection_failed", "uninspected_limit"]),
        (("--last", "1"), ["from_the_future"]),
        (("--run", "1"), []),
    ],
)
def test_alarms_can_be_chosen(state_dir: Path, options: tuple[str, ...], codes: list[str]) -> None:
    result = run("alarms", "--state", state_dir, "--json", *options)
    found = json.loads(result.stdout)
    assert [alarm["code"] for alarm in found] == codes
    assert all(alarm["who"] == ("kim" if alarm["code"] == "ejection_failed" else "") for alarm in found)
    assert all((alarm["remedy"] == "") == (alarm["code"] == "from_the_future") for alarm in found)


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
