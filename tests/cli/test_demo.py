"""What `demo` and `play` print, and one real demo with few parts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from edge_inspector.cli.play_report import make_report, print_json, print_report
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import AlarmRecord, ArrivalRecord, OutcomeRecord, PartKeyRecord, VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.recordings import PartKind, RecordedTruth, Recording
from edge_inspector.simulation.bin_events import Bin, Fed, FellInto, NotFed
from edge_inspector.simulation.evidence import Evidence

REASON = "crack 3.1 mm long (limit 1.0), area 0.71 mm² (limit 0.2), score 1.00 (limit 0.5), at 45 mm, seen by c1, c2 and c3"


def a_report(folder, *, escapes=0, false_rejects=0, goods=3, not_fed=0):
    """A run of good, falsely rejected and escaped parts, and of some that never came."""
    bins = [NotFed(f"q{number}", number, "feed is off") for number in range(not_fed)]
    ledger, journal, truth = [AlarmRecord("code", "text", True, 0, "")], [], {}
    kinds = ["good"] * goods + ["escape"] * escapes + ["false_reject"] * false_rejects
    for seq, kind in enumerate(kinds, 1):
        part, key = f"p{seq}", PartKeyRecord(1, seq, seq, "0" * 64)
        passes = kind != "false_reject"
        verdict = VerdictKind.ACCEPT if passes else VerdictKind.REJECT
        truth[part] = RecordedTruth(PartKind.DEFECTIVE if kind == "escape" else PartKind.GOOD)
        bins += [Fed(part, seq, 60.0), FellInto(part, Bin.GOOD if passes else Bin.REJECT, seq + 5)]
        ledger.append(ArrivalRecord(key, seq, 0, ""))
        journal.append(VerdictRecord(key, verdict, () if passes else (REASON,), (), (), (), seq, seq, seq, seq, ""))
        what = Outcome.PASSED if passes else Outcome.EJECTED
        ledger.append(
            OutcomeRecord(key, what, verdict, verdict, "", 0, "", verdict_at_ns=9_000_000, last_frame_ns=2_000_000)
        )
        picture = folder / "pictures" / "2026-01-01" / key.name / "c1.jpg"
        picture.parent.mkdir(parents=True)
        picture.touch()
    recording = Recording(folder, {}, (), truth, 1, False)
    return make_report(Evidence(bins, ledger, journal), recording, folder, folder / "bins.jsonl")


def printed(report, width=100):
    console = Console(width=width, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    print_report(report, console)
    return console.export_text()


def test_one_escape_fails_a_run(tmp_path):
    assert a_report(tmp_path / "a").is_good
    assert not a_report(tmp_path / "b", escapes=1).is_good


def test_a_run_of_which_parts_were_not_fed_is_not_good(tmp_path):
    assert not a_report(tmp_path, not_fed=1).is_good


def test_a_run_that_judged_nothing_is_not_good(tmp_path):
    assert not a_report(tmp_path, goods=0).is_good


def test_a_second_false_reject_fails_a_run(tmp_path):
    assert a_report(tmp_path / "a", false_rejects=1).is_good
    assert not a_report(tmp_path / "b", false_rejects=2).is_good


@pytest.mark.parametrize("width", [80, 100, 200])
def test_every_part_has_one_line_that_fits(tmp_path, width):
    lines = printed(a_report(tmp_path, false_rejects=2), width).splitlines()
    rows = [line for line in lines if line.startswith(("p1 ", "p2 ", "p3 ", "p4 ", "p5 "))]
    assert len(rows) == 5
    assert all(len(line) <= width for line in rows)
    assert all(word in rows[3] for word in ("good", "REJECT", "reject", "7", "crack 3.1 mm long"))


def test_a_wide_terminal_shows_the_whole_reason(tmp_path):
    assert REASON in printed(a_report(tmp_path, false_rejects=1), 200)


def test_counts_alarms_unfed_parts_and_pictures_are_said(tmp_path):
    text = printed(a_report(tmp_path, escapes=1, false_rejects=1, not_fed=3))
    assert "escapes 1, false rejects 1, uninspected 0" in text
    assert "3 parts were not fed, feed is off: q0 to q2" in text
    assert "daemon.log" in text
    assert "alarm code: text" in text
    assert f"p5  {tmp_path}/pictures/2026-01-01/1-5/" in text
    assert f"{tmp_path}/pictures/2026-01-01/1-1/" not in text  # accepted


def test_a_program_gets_everything_whole(tmp_path, capsys):
    print_json(a_report(tmp_path, false_rejects=1))
    content = json.loads(capsys.readouterr().out)
    assert content["is_good"] is True
    assert content["parts"][3] | {"fed_ns": 0} == content["parts"][3] | {"fed_ns": 0, "reason": REASON, "bin": "reject"}
    assert content["counts"]["false_rejects"] == 1
    assert content["pictures"]["1-4"] == [str(tmp_path / "pictures/2026-01-01/1-4/c1.jpg")]


def run_demo(folder, *arguments):
    command = [sys.executable, "-m", "edge_inspector.cli.main", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)


def test_a_real_demo_ends_with_a_table_that_bins_and_ledger_agree_on(tmp_path):
    done = run_demo(tmp_path, "demo", "--parts", "3", "--json")
    content = json.loads(done.stdout)
    assert done.returncode == 0 or content["not_fed"], done.stderr  # a machine too busy to be in time says so
    assert content["contradictions"] == []
    assert content["counts"]["escapes"] == 0
    assert len(content["parts"]) + len(content["not_fed"]) == 3
    assert all(part["outcomes"] == 1 for part in content["parts"])
    again = run_demo(tmp_path, "play", "build/demo/station.yaml")  # on the same state folder: only this play is told
    assert again.returncode == 0 or "not fed" in again.stdout, again.stderr + again.stdout
    assert "contradiction" not in again.stdout.lower()
    assert [line.split()[0] for line in again.stdout.splitlines()[1:4]] == ["p0001", "p0002", "p0003"]
    assert not list((tmp_path / "build/demo/state").glob("belt.json"))


def test_a_station_that_is_no_simulation_is_not_played(tmp_path):
    (tmp_path / "station.yaml").write_text("format: 1\nsimulation: false\n")
    done = run_demo(tmp_path, "play", "station.yaml")
    assert done.returncode == 1
    assert "station.yaml:1:" in done.stderr
