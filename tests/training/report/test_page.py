"""The report is one file that needs no other, says what was measured, and is replaced whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edge_inspector.station.engine_manifest import EngineManifest, load_engine_package
from edge_inspector.training.report.page import Reported, write_report
from tests.training.report.judged import ENGINE, judged_set

ENGINES = Path(__file__).parents[3] / "engines"


@pytest.fixture
def manifest() -> EngineManifest:
    return load_engine_package(ENGINES / "straw_crack").manifest


@pytest.fixture
def reported(tmp_path: Path, manifest: EngineManifest) -> Reported:
    judged = judged_set(tmp_path / "set", [60, 60, 60, 60, 230], [250, 240, 250, 30])
    return Reported(manifest, judged, ENGINE, "nine <drawn> parts", {"seed": "5"})


def test_the_page_needs_no_other_file_and_shows_figures_plots_and_pictures(reported: Reported, tmp_path: Path) -> None:
    write_report(reported, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count("<svg") == 6
    assert page.count("data:image/jpeg;base64,") == 4 + 5  # every defective and every good part, no suspect
    assert "nine &lt;drawn&gt; parts" in page
    assert reported.manifest.threshold.evidence in page
    assert "bad3" in page


def test_the_same_figures_are_there_for_programs(reported: Reported, tmp_path: Path) -> None:
    write_report(reported, tmp_path / "report.html")
    content = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert content["engine"] == "straw_crack"
    rates = {row["name"]: row for row in content["figures"]["parts"]}
    assert rates["escape rate"]["value"] == 0.25
    assert content["run"] == {"seed": "5"}
    assert {row["quantity"].split(",")[0] for row in content["quarters"]} == {"mean grey", "defect area", "defect contrast"}


def test_a_set_of_good_parts_alone_makes_a_page_too(manifest: EngineManifest, tmp_path: Path) -> None:
    judged = judged_set(tmp_path / "set", [60, 60], [])
    write_report(Reported(manifest, judged, ENGINE, "two good parts", {}), tmp_path / "report.html")
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
