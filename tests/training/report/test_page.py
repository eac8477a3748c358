"""The report is one file that needs no other, says what was measured, and is replaced whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edge_inspector.training.defect_set import DefectSet
from edge_inspector.training.judging import JudgedSet, judge_set
from edge_inspector.training.report.fold_rows import Measured
from edge_inspector.training.report.page import Reported, write_report
from tests.training.report.judged import ENGINE, judged_set


def report_of(*measured: Measured) -> Reported:
    return Reported(
        engine="spot_finder",
        defect="spot",
        colour="red",
        width_px=96,
        height_px=64,
        measured=measured,
        evidence="as was chosen",
        words="nine <drawn> parts",
        run={"seed": "5"},
    )


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    return judged_set(tmp_path / "set", [60, 60, 60, 60, 230], [250, 240, 250, 30])


@pytest.fixture
def reported(judged: JudgedSet) -> Reported:
    return report_of(Measured(judged, ENGINE, 0.5, mask_cut=0.35))


def test_the_page_needs_no_other_file_and_shows_figures_plots_and_pictures(reported: Reported, tmp_path: Path) -> None:
    write_report(reported, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count("<svg") == 6
    assert page.count("data:image/jpeg;base64,") == 4 + 5  # every defective and every good part, no suspect
    assert "nine &lt;drawn&gt; parts" in page
    assert "as was chosen" in page
    assert "bad3" in page
    assert "Fold by fold" not in page


def test_the_same_figures_are_there_for_programs(reported: Reported, tmp_path: Path) -> None:
    write_report(reported, tmp_path / "report.html")
    content = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (content["engine"], content["cut"], content["mask_cut"], content["folds"]) == ("spot_finder", 0.5, 0.35, [])
    rates = {row["name"]: row for row in content["figures"]["parts"]}
    assert rates["escape rate"]["value"] == 0.25
    assert content["run"] == {"seed": "5"}
    lowest = content["pictures"]["defective parts that score lowest"]
    assert [each["score"] for each in lowest] == sorted(each["score"] for each in lowest)
    assert {each["why"] for each in lowest} == {"passed", "rejected"}
    assert {"part", "picture"} <= lowest[0].keys()
    scores = content["scores"]
    assert sum(each["defective"] and each["score"] < each["cut"] for each in scores) == 1
    assert len(scores) == 9
    assert {row["quantity"].split(",")[0] for row in content["quarters"]} == {"mean grey", "defect area", "defect contrast"}


def test_folds_are_pooled_each_part_at_its_own_cut_and_told_one_by_one(judged: JudgedSet, tmp_path: Path) -> None:
    samples = tuple(each.sample for each in judged.pictures)
    first, second = (
        judge_set(DefectSet("drawn", "spot", chosen), ENGINE, 9) for chosen in (samples[:5] + samples[-1:], samples[5:-1])
    )
    write_report(
        report_of(Measured(first, ENGINE, 0.95, "1", mask_cut=0.2), Measured(second, ENGINE, 0.96, "2", mask_cut=0.35)),
        tmp_path / "report.html",
    )
    content = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    rates = {row["name"]: row["value"] for row in content["figures"]["parts"]}
    assert (rates["escape rate"], rates["false reject rate"]) == (2 / 4, 0)  # 240 of 255 lies below the second cut alone
    assert content["cut"] is content["mask_cut"] is None
    folds = [(row["fold"], row["cut"], row["escapes"], row["good"]) for row in content["folds"]]
    assert folds == [("1", 0.95, 1, 5), ("2", 0.96, 1, 0)]
    assert content["folds"][1]["area_under_roc"] is None
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Fold by fold" in page
    assert "How well masks agree, p of 0.2 to 0.35 and more" in page
    assert [row["mask_cut"] for row in content["folds"]] == [0.2, 0.35]
    assert "cut 0.95" in page
    assert "cut 0.96" in page


def test_without_a_cut_masks_are_reported_and_no_part_is_said_to_pass(judged: JudgedSet, tmp_path: Path) -> None:
    write_report(report_of(Measured(judged, ENGINE, None)), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "escape rate at the cut that rejects" in page
    assert "How well masks agree, p of 0.5 and more" in page
    assert "false reject rate" not in page
    assert "passed" not in page
    assert "no cut" in page


def test_a_set_of_good_parts_alone_makes_a_page_too(tmp_path: Path) -> None:
    judged = judged_set(tmp_path / "set", [60, 60], [])
    write_report(report_of(Measured(judged, ENGINE, None)), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What becomes of parts" not in page
    assert "clean pictures with any pixel found" in page


def test_an_interrupt_leaves_the_report_before(reported: Reported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(reported, tmp_path / "report.html")
    before = (tmp_path / "report.html").read_bytes()

    def interrupt(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_report(reported, tmp_path / "report.html", interrupt)
    assert (tmp_path / "report.html").read_bytes() == before
    assert not list(tmp_path.glob("*.partial"))


def test_the_same_judgements_make_the_same_page(reported: Reported, tmp_path: Path) -> None:
    write_report(reported, tmp_path / "first.html")
    write_report(reported, tmp_path / "second.html")
    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()
