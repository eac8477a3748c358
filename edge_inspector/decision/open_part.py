"""One part between its arrival and the end of its memory: who has spoken, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge_inspector.decision.assessment import Assessment
from edge_inspector.decision.criteria import Criteria, Pair
from edge_inspector.decision.part_judging import judge_part
from edge_inspector.domain.finding import Finding
from edge_inspector.domain.judgement import Judged, Judgement
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import (
    FindingRecord,
    JudgementRecord,
    MissingViewRecord,
    PartKeyRecord,
    RegionRecord,
    SurfacePlaceRecord,
    VerdictRecord,
)
from edge_inspector.domain.verdict import Verdict, VerdictKind
from edge_inspector.domain.view import ViewMissing


@dataclass(frozen=True, slots=True)
class SeenJudgement:
    """A judgement, and when it reached the decision worker."""

    judgement: Judgement
    arrived_ns: int


@dataclass(slots=True)
class OpenPart:
    """What is known of one part. `sent` is the worst verdict decided so far, None before the first."""

    arrival: Arrival
    arrived_ns: int
    doubts: tuple[str, ...]  # known at the arrival: the part can not be accepted any more
    judgements: dict[Pair, SeenJudgement] = field(default_factory=dict)
    missing: dict[str, ViewMissing] = field(default_factory=dict)
    sent: VerdictKind | None = None

    def is_complete(self, pairs: Iterable[Pair]) -> bool:
        """Whether for every pair there is a judgement, or its camera has no view."""
        return all(pair in self.judgements or pair[0] in self.missing for pair in pairs)

    def conclude(self, criteria: Criteria, *, is_late: bool) -> Assessment:
        """Judge the part by what is known now.

        `is_late`: the time to decide is over, so that nothing that is whole only now counts.
        """
        judgements = {pair: seen.judgement for pair, seen in self.judgements.items()}
        assessment = judge_part(criteria, self.arrival.trigger_ns, judgements, self.missing, self.doubts)
        return assessment.without_accept("everything was known too late") if is_late else assessment

    def verdict(self, assessment: Assessment, now_ns: int) -> Verdict:
        """Return what the line worker is told."""
        seen = [s.judgement for s in self.judgements.values()]
        return Verdict(
            key=self.arrival.key,
            kind=assessment.kind,
            reasons=assessment.reasons,
            decided_ns=now_ns,
            last_frame_ns=max((judgement.view.stamp_ns for judgement in seen), default=0),
            inference_busy_ns=union_ns((judgement.started_ns, judgement.ended_ns) for judgement in seen),
        )

    def record(self, assessment: Assessment, now_ns: int) -> VerdictRecord:
        """Return what the journal keeps; `at_utc` is left to whoever writes it."""
        return VerdictRecord(
            key=PartKeyRecord.of(self.arrival.key),
            verdict=assessment.kind,
            reasons=assessment.reasons,
            findings=tuple(finding_record(finding) for finding in assessment.findings),
            judgements=tuple(judgement_record(seen) for seen in self.judgements.values()),
            missing=tuple(MissingViewRecord(m.camera, m.reason.value, m.detail) for m in self.missing.values()),
            trigger_ns=self.arrival.trigger_ns,
            arrival_ns=self.arrived_ns,
            decided_ns=now_ns,
            verdict_by_ns=self.arrival.verdict_by_ns,
            at_utc="",
            surface=assessment.surface,
            length_mm=assessment.length_mm,
            diameter_mm=assessment.diameter_mm,
        )


def union_ns(intervals: Iterable[tuple[int, int]]) -> int:
    """Return the time that at least one of the intervals [begin, end] covers, in ns; empty or reversed ones cover none.

    >>> union_ns([(10, 20), (15, 30), (0, 0), (40, 45)])
    25
    """
    total, covered_to = 0, 0
    for begin, end in sorted(intervals):
        total += max(0, end - max(begin, covered_to))
        covered_to = max(covered_to, end)
    return total


def finding_record(finding: Finding) -> FindingRecord:
    """Copy a finding for the journal."""
    place = finding.place
    return FindingRecord(
        engine=finding.engine,
        defect=finding.defect,
        score=finding.score,
        area_mm2=finding.area_mm2,
        length_mm=finding.length_mm,
        cameras=finding.cameras,
        x_px=finding.x_px,
        y_px=finding.y_px,
        width_px=finding.width_px,
        height_px=finding.height_px,
        rejects=finding.rejects,
        width_mm=finding.width_mm,
        place=None
        if place is None
        else SurfacePlaceRecord(place.along_mm, place.angle_deg, place.along_extent_mm, place.angle_extent_deg),
    )


def judgement_record(seen: SeenJudgement) -> JudgementRecord:
    """Copy a judgement for the journal, with its regions and the times of its way."""
    judgement, view, result = seen.judgement, seen.judgement.view, seen.judgement.result
    judged = result if isinstance(result, Judged) else None
    return JudgementRecord(
        camera=view.camera,
        engine=judgement.engine,
        score=judged.score if judged else None,
        not_judged="" if isinstance(result, Judged) else f"{result.reason.value}: {result.detail}",
        frame_number=view.frame_number,
        stamp_ns=view.stamp_ns,
        frame_ns=view.frame_ns,
        skew_ms=view.skew_ms,
        chosen_ns=view.chosen_ns,
        view_sent_ns=view.sent_ns,
        received_ns=judgement.received_ns,
        started_ns=judgement.started_ns,
        ended_ns=judgement.ended_ns,
        judged_sent_ns=judgement.sent_ns,
        arrived_ns=seen.arrived_ns,
        t_low=judged.t_low if judged else 0.0,
        height_px=view.height_px,
        width_px=view.width_px,
        regions=tuple(RegionRecord.of(region) for region in judged.regions) if judged else (),
    )
