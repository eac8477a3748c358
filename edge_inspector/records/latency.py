"""Where a part's time went, taken apart from the stamps of its records. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_inspector.domain.clock import ns_to_ms


class JudgementTimes(Protocol):
    """The stamps of one judgement, ns; `started_ns` and `ended_ns` are 0 when no engine ran."""

    @property
    def stamp_ns(self) -> int:
        """The driver's stamp of the frame."""

    @property
    def chosen_ns(self) -> int:
        """The frame was chosen."""

    @property
    def received_ns(self) -> int:
        """The view reached the inference worker."""

    @property
    def started_ns(self) -> int:
        """The request that held this view began."""

    @property
    def ended_ns(self) -> int:
        """The request ended."""


@dataclass(frozen=True, slots=True)
class Stages:
    """One part's way in milliseconds; None where a stamp is missing. The first six add up to `total_ms`.

    Inference that ran while another view of the part was still awaited is hidden in `wait_for_frame_ms` or `transport_ms`;
    `daemon_overhead_ms` likewise subtracts only inference after the last frame's stamp.
    """

    wait_for_frame_ms: float | None = None  # trigger → last frame chosen
    transport_ms: float | None = None  # → last view at the inference worker: decoding, cropping, sending
    inference_queue_ms: float | None = None  # → last request ended, less the time in which an engine ran for this part
    inference_ms: float | None = None  # an engine ran for this part, after its last view was there
    decision_ms: float | None = None  # → verdict decided
    to_line_ms: float | None = None  # → verdict at the line worker
    total_ms: float | None = None  # trigger → verdict at the line worker
    picture_to_verdict_ms: float | None = None  # last frame's stamp → verdict at the line worker
    daemon_overhead_ms: float | None = None  # the same, less inference


STAGE_NAMES: tuple[str, ...] = tuple(Stages.__dataclass_fields__)


def stages(
    trigger_ns: int | None, judgements: Sequence[JudgementTimes], decided_ns: int | None, verdict_at_ns: int | None
) -> Stages:
    """Take one part's way apart.

    Args:
        trigger_ns: the sensor's edge (`ArrivalRecord`).
        judgements: of the part's verdict (`VerdictRecord`).
        decided_ns: when it was decided (`VerdictRecord`).
        verdict_at_ns: when the verdict reached the line worker (`OutcomeRecord`).
    """
    judged = [j for j in judgements if j.started_ns and j.ended_ns]
    judgements = judged or judgements  # a view that was dropped as too late delayed nothing
    intervals = [(j.started_ns, j.ended_ns) for j in judged]
    chosen_ns = max((j.chosen_ns for j in judgements if j.chosen_ns), default=None)
    received_ns = max((j.received_ns for j in judgements if j.received_ns), default=None)
    ended_ns = max((ended for _, ended in intervals), default=None)
    stamp_ns = max((j.stamp_ns for j in judgements if j.stamp_ns), default=None)
    visible_ns = None if received_ns is None else union_ns(intervals, since_ns=received_ns)
    overhead_ns = None
    if stamp_ns is not None and verdict_at_ns is not None:
        overhead_ns = verdict_at_ns - stamp_ns - union_ns(intervals, since_ns=stamp_ns)
    until_ended_ns = None if ended_ns is None or received_ns is None else ended_ns - received_ns
    queue_ns = None if until_ended_ns is None or visible_ns is None else until_ended_ns - visible_ns
    return Stages(
        wait_for_frame_ms=_between(trigger_ns, chosen_ns),
        transport_ms=_between(chosen_ns, received_ns),
        inference_queue_ms=_ms(queue_ns),
        inference_ms=_ms(visible_ns if intervals else None),
        decision_ms=_between(ended_ns, decided_ns),
        to_line_ms=_between(decided_ns, verdict_at_ns),
        total_ms=_between(trigger_ns, verdict_at_ns),
        picture_to_verdict_ms=_between(stamp_ns, verdict_at_ns),
        daemon_overhead_ms=_ms(overhead_ns),
    )


def union_ns(intervals: Iterable[tuple[int, int]], since_ns: int = 0) -> int:
    """Return how long at least one of the intervals ran, after `since_ns`, in nanoseconds.

    >>> union_ns([(10, 20), (15, 30), (40, 50)], since_ns=12)
    28
    """
    total_ns, covered_until_ns = 0, since_ns
    for started_ns, ended_ns in sorted(intervals):
        total_ns += max(0, ended_ns - max(started_ns, covered_until_ns))
        covered_until_ns = max(covered_until_ns, ended_ns)
    return total_ns


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of `count` values: each is a value that was measured (nearest rank)."""

    count: int
    p50: float
    p95: float
    p99: float


def percentiles(values: Iterable[float | None]) -> Percentiles | None:
    """Return median, 95th and 99th percentile of the values that are there, or None when there is none.

    >>> percentiles([3.0, None, 1.0, 2.0])
    Percentiles(count=3, p50=2.0, p95=3.0, p99=3.0)
    """
    ranked = sorted(value for value in values if value is not None)
    if not ranked:
        return None
    p50, p95, p99 = (ranked[max(0, math.ceil(share * len(ranked)) - 1)] for share in (0.50, 0.95, 0.99))
    return Percentiles(len(ranked), p50, p95, p99)


def _between(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else ns_to_ms(end_ns - start_ns)


def _ms(duration_ns: int | None) -> float | None:
    return None if duration_ns is None else ns_to_ms(duration_ns)
