"""What the end of a play says of parts of each kind, which one it shows, and why when it can show none."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from edge_inspector.cli.play_report import PlayReport, make_report, most_telling, print_json, print_report
from edge_inspector.domain.records import FindingRecord, VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.recordings import PartKind, Recording
from edge_inspector.simulation.bin_events import Bin
from edge_inspector.simulation.evidence import Evidence
from edge_inspector.simulation.reconcile import Row, tally
from tests.records import history as made
from tests.records import rod_part

REJECT = VerdictKind.REJECT


def finding(defect: str, cameras: str = "c1 c2", *, rejects: bool = True, score: float = 0.9) -> FindingRecord:
    return FindingRecord(f"{defect}s", defect, score, 1.0, 3.0, tuple(cameras.split()), 1, 1, 1, 1, rejects)


def verdict(seq: int, *findings: FindingRecord) -> VerdictRecord:
    return msgspec.structs.replace(made.verdict(seq, REJECT), findings=findings)


CRACK, STAIN, HOLE = finding("crack"), finding("stain"), finding("hole")


@pytest.mark.parametrize(
    ("other", "best"),
    [
        ((CRACK,), (CRACK, STAIN)),
        ((CRACK, CRACK, CRACK), (CRACK, STAIN)),
        ((CRACK, finding("stain", "c1")), (CRACK, STAIN)),
        ((CRACK, finding("stain", rejects=False)), (CRACK, STAIN)),
        ((CRACK, finding("stain", score=0.5)), (CRACK, STAIN)),
        ((), (finding("crack", "c1"),)),
        ((CRACK, STAIN), (CRACK, STAIN, HOLE)),
    ],
)
def test_the_part_with_several_defects_that_two_cameras_saw_clearly_is_shown(
    other: tuple[FindingRecord, ...], best: tuple[FindingRecord, ...]
) -> None:
    for first, second in ((verdict(1, *best), verdict(2, *other)), (verdict(2, *other), verdict(1, *best))):
        assert most_telling([first, second], {"1-1", "1-2"}) == "1-1"


def test_a_part_without_pictures_is_not_shown() -> None:
    assert most_telling([verdict(1, CRACK, STAIN), verdict(2, CRACK)], {"1-2"}) == "1-2"
    assert most_telling([verdict(1, CRACK)], set()) is None


def report_of(state_dir: Path) -> PlayReport:
    ledger = [made.arrival(1), made.outcome(1, REJECT)]
    evidence = Evidence([], ledger, [rod_part.verdict()])
    return make_report(evidence, Recording(state_dir, {}, (), {}, 1, False), state_dir, state_dir / "bins.jsonl")


def printed(report: PlayReport) -> list[str]:
    console = Console(width=100, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    print_report(report, console)
    return console.export_text().splitlines()


def test_a_play_ends_by_naming_one_picture_of_a_rejected_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = rod_part.write_part(tmp_path)
    report = report_of(tmp_path)
    assert printed(report)[-1] == f"one rejected part in one picture: {folder}/1-1-sheet.jpg"
    assert (folder / "1-1-sheet.jpg").is_file()
    print_json(report)
    content = json.loads(capsys.readouterr().out)
    assert (content["sheet"], content["why_no_sheet"]) == (f"{folder}/1-1-sheet.jpg", "")
    assert [Path(path).name for path in content["pictures"]["1-1"]] == [f"c{k}.jpg" for k in range(1, 7)]


def test_a_play_that_can_show_no_part_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(report_of(tmp_path))[-1].endswith("no part was rejected of which pictures are kept")
    folder = rod_part.write_part(tmp_path)
    (folder / "cameras.json").unlink()
    report = report_of(tmp_path)
    assert "no picture of one rejected part: part 1-1: " in printed(report)[-1]
    print_json(report)
    content = json.loads(capsys.readouterr().out)
    assert content["sheet"] is None
    assert "cameras.json: not there" in content["why_no_sheet"]


def row(part: str, truth: PartKind, defects: str, verdict: VerdictKind, fell: Bin) -> Row:
    return Row(part, truth, 1, "", verdict, verdict, None, fell, "", defects=defects)


def test_parts_are_counted_by_what_they_really_are(tmp_path: Path) -> None:
    uninspected = VerdictKind.UNINSPECTED
    rows = [
        row("p1", PartKind.DEFECTIVE, "stain 5.2 mm, 31 % dark; hole 3.1 mm", REJECT, Bin.REJECT),
        row("p2", PartKind.GOOD, "", VerdictKind.ACCEPT, Bin.GOOD),
        row("p3", PartKind.GOOD, "", uninspected, Bin.REJECT),
        row("p4", PartKind.DEFECTIVE, "crack 2.9 mm", REJECT, Bin.REJECT),
        row("p5", PartKind.DEFECTIVE, "crack 0.2 mm; crack 0.3 mm", VerdictKind.ACCEPT, Bin.GOOD),
        row("p6", PartKind.TILTED, "tilted by 6.5 deg", uninspected, Bin.REJECT),
        row("p7", PartKind.DEFECTIVE, "", REJECT, Bin.REJECT),
    ]
    report = dataclasses.replace(report_of(tmp_path), rows=rows, counts=tally(rows))
    lines = printed(report)
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("what parts are")) :]
    assert [line.split() for line in table[:6]] == [
        ["what", "parts", "are", "parts", "ACCEPT", "UNINSPECTED", "REJECT", "in", "the", "good", "bin"],
        ["good", "2", "1", "1", "0", "1"],
        ["crack", "2", "1", "0", "1", "1"],
        ["defective", "1", "0", "0", "1", "0"],
        ["hole", "+", "stain", "1", "0", "0", "1", "0"],
        ["tilted", "1", "0", "1", "0", "0"],
    ]
