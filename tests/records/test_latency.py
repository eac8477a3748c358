from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.records.latency import percentiles, stages, union_ns
from tests.records.history import MS, judgement

INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)).map(lambda pair: (pair[0], sum(pair))), max_size=8)


def test_the_stages_of_a_part_are_taken_from_its_stamps() -> None:
    found = stages(0, [judgement(0, "c1", 115), judgement(0, "c2", 125)], 150 * MS, 155 * MS)
    assert found.wait_for_frame_ms == 100
    assert found.transport_ms == 10
    assert found.inference_queue_ms == 5
    assert found.inference_ms == 30  # 115..135 and 125..145 overlap
    assert found.decision_ms == 5
    assert found.to_line_ms == 5
    assert found.total_ms == 155
    assert found.picture_to_verdict_ms == 155 - 90
    assert found.daemon_overhead_ms == 155 - 90 - 30


def test_inference_before_the_last_frame_is_not_taken_off_the_overhead() -> None:
    early = judgement(0, "c1", 60)  # ran 60..80, the last frame's stamp is 90
    late = judgement(0, "c2", 120)
    assert stages(0, [early, late], 150 * MS, 155 * MS).daemon_overhead_ms == 155 - 90 - 20


def test_a_part_without_judgements_has_only_the_stages_that_its_stamps_tell() -> None:
    found = stages(0, [], 150 * MS, 155 * MS)
    assert (found.to_line_ms, found.total_ms) == (5, 155)
    assert found.wait_for_frame_ms is found.inference_ms is found.daemon_overhead_ms is None


def test_a_part_whose_verdict_never_reached_the_line_has_no_total() -> None:
    found = stages(0, [judgement(0, "c1", 115)], 150 * MS, None)
    assert (found.to_line_ms, found.total_ms, found.daemon_overhead_ms) == (None, None, None)
    assert found.decision_ms == 15


@given(st.lists(st.integers(110, 200), min_size=1, max_size=6))
def test_the_stages_add_up_to_the_total(starts_ms: list[int]) -> None:
    found = stages(0, [judgement(0, f"c{i}", start) for i, start in enumerate(starts_ms)], 300 * MS, 305 * MS)
    assert sum(astuple(found)[:6]) == pytest.approx(found.total_ms)
    assert min(astuple(found)) >= 0


@given(INTERVALS, st.integers(0, 100))
def test_the_union_is_the_number_of_instants_that_any_interval_covers(
    intervals: list[tuple[int, int]], since_ns: int
) -> None:
    covered = {t for start, end in intervals for t in range(start, end) if t >= since_ns}
    assert union_ns(intervals, since_ns) == len(covered)


def test_percentiles_are_values_that_were_measured() -> None:
    found = percentiles([float(i) for i in range(1, 101)])
    assert found is not None
    assert (found.count, found.p50, found.p95, found.p99) == (100, 50, 95, 99)


def test_there_are_no_percentiles_of_nothing() -> None:
    assert percentiles([None, None]) is None
