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

from edge_inspector.cli import parts_export
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.records.export import FINDING_COLUMNS, PART_COLUMNS
from edge_inspector.records.indexer import Indexer
from edge_inspector.records.latency import STAGE_NAMES
from edge_inspector.records.measures import MEASURE_NAMES
from tests.cli.parts_history import QUOTED, REJECT, run, write_history
from tests.records import history as made
from tests.records.history import History, write_damaged_journal


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    write_history(folder)
    return folder


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


def test_an_export_of_no_part_says_why_wherever_it_goes(state_dir: Path, tmp_path: Path) -> None:
    why = "no part with lot L-8; lots in the records: L-7\n"
    assert run("export", "-", "--state", state_dir, "--lot", "L-8").stderr == why
    file = tmp_path / "parts.csv"
    assert run("export", file, "--state", state_dir, "--lot", "L-8").stderr == f"{why}{file}: 0 parts\n"


def test_a_time_copied_from_the_list_finds_the_part_that_it_stands_beside(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.write(msgspec.structs.replace(made.arrival(1), at_utc="2024-05-06T07:08:09.640+00:00"))
    history.close()
    Indexer(tmp_path).turn()
    shown = run("list", "--state", tmp_path).stdout
    assert "2024-05-06 07:08:09 " in shown
    assert listed(tmp_path, "--since", "2024-05-06 07:08:09", "--until", "2024-05-06 07:08:09") == ["1-1"]
    assert listed(tmp_path, "--since", "20240506", "--until", "20240506") == ["1-1"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--since", "soon"), "--since 'soon' is no time"),
        (("--since", "2024-05-07", "--until", "2024-05-06"), "nothing lies between them"),
    ],
)
def test_times_that_mean_nothing_are_said(state_dir: Path, options: tuple[str, ...], why: str) -> None:
    for command in (("list",), ("export", "-"), ("alarms",)):
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


def test_a_long_export_says_how_far_it_is(state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_export, "PATIENCE_S", 0.0)
    monkeypatch.setattr("edge_inspector.records.export.ROWS_A_STEP", 5)
    result = run("export", tmp_path / "parts.csv", "--state", state_dir)
    assert result.stderr.splitlines()[:3] == [
        "parts written: 5 of 11",
        "parts written: 10 of 11",
        "parts written: 11 of 11",
    ]


@pytest.mark.parametrize("reader", ["true", "head -1"])
@pytest.mark.parametrize("command", ["list", "list --json", "export -", "show 1-1 --no-sheet", "alarms"])
def test_a_reader_of_any_command_that_has_enough_is_no_error(state_dir: Path, command: str, reader: str) -> None:
    command = f"set -o pipefail; {sys.executable} -m edge_inspector.cli.main parts {command} --state {state_dir} | {reader}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_can_not_be_read_is_said_beside_every_answer(tmp_path: Path) -> None:
    write_damaged_journal(tmp_path)
    lost = "verdicts and findings are missing here, those that this file holds from the damage on: "
    lost += f"{tmp_path}/journal/0000000001.seg: damaged at byte "
    for command in (("list",), ("list", "--json"), ("export", "-"), ("export", "-", "--findings"), ("alarms", "--json")):
        assert lost in run(*command, "--state", tmp_path).stderr, command
    listed = run("list", "--state", tmp_path, "--defect", "stain")
    assert listed.stderr.startswith(f"no part with defect stain; defects in the records: none\n{lost}")
    file = tmp_path / "parts.csv"
    assert run("export", file, "--findings", "--state", tmp_path).stderr.startswith(f"{file}: 0 findings\n{lost}")


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
