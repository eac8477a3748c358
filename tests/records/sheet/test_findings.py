"""The list's title: that there is no finding is said only where all was judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from edge_inspector.records.part_evidence import PartEvidence
from edge_inspector.records.sheet.findings import ROW_PX, TITLE_PX, findings_title, list_height_px
from tests.records.rod_part import write_part
from tests.records.sheet.test_labels import FINDING
from tests.records.test_part_evidence import evidence_of


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> PartEvidence:
    """All six views judged, and nothing found."""
    folder = tmp_path_factory.mktemp("state")
    write_part(folder)
    return told(evidence_of(folder), findings=())


def told(evidence: PartEvidence, **changes: Any) -> PartEvidence:  # Any: fields of PartDetails
    return replace(evidence, details=msgspec.structs.replace(evidence.details, **changes))


def test_a_part_that_was_judged_whole_has_no_finding(clean: PartEvidence) -> None:
    assert findings_title(clean) == "no finding"


def test_a_part_that_nobody_judged_is_not_judged(clean: PartEvidence) -> None:
    assert findings_title(told(clean, judgements=())) == "not judged"
    unscored = tuple(msgspec.structs.replace(j, score=None, not_judged="too_late") for j in clean.details.judgements)
    assert findings_title(told(clean, judgements=unscored)) == "not judged"


def test_a_part_that_was_judged_in_part_has_no_finding_in_that(clean: PartEvidence) -> None:
    assert findings_title(told(clean, judgements=clean.details.judgements[:5])) == "no finding in what was judged"
    *judged, last = clean.details.judgements
    late = msgspec.structs.replace(last, score=None, not_judged="too_late")
    assert findings_title(told(clean, judgements=(*judged, late))) == "no finding in what was judged"


@pytest.mark.parametrize("is_judged", [True, False])
def test_without_the_record_of_the_verdict_nobody_says_that_there_is_no_finding(
    clean: PartEvidence, is_judged: bool
) -> None:
    lost = replace(clean, verdict=None, why_no_verdict="damaged")
    assert findings_title(lost if is_judged else told(lost, judgements=())) == "findings not known"


@pytest.mark.parametrize(("count", "title"), [(1, "1 finding"), (2, "2 findings"), (64, "64 findings")])
def test_findings_are_counted(clean: PartEvidence, count: int, title: str) -> None:
    assert findings_title(told(clean, findings=(FINDING,) * count)) == title


@pytest.mark.parametrize(("count", "rows"), [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_a_list_is_as_high_as_its_rows(count: int, rows: int) -> None:
    assert list_height_px(count, columns=4) == TITLE_PX + rows * ROW_PX
