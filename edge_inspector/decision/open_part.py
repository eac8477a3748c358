"""One part between its arrival and the end of its memory: who has spoken, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edge_inspector.decision.assessment import Assessment
from edge_inspector.decision.fusion import fuse_any
from edge_inspector.domain.finding import Finding
from edge_inspector.domain.judgement import Judged, Judgement
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import (
    FindingRecord,
    JudgementRecord,
    MissingViewRecord,
    PartKeyRecord,
    RegionRecord,
    VerdictRecord,
)
from edge_inspector.domain.verdict import Verdict, VerdictKind
from edge_inspector.domain.view import ViewMissing

Pair = tuple[str, str]  # camera, engine


@dataclass(frozen=True, slots=True)
class SeenJudgement:
    """A judgement, when it reached the decision worker, and what it means for the part."""

    judgement: Judgement
    arrived_ns: int
    assessment: Assessment


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

    def conclude(self, pairs: Iterable[Pair], defect_names: Mapping[str, str], *, is_late: bool) -> Assessment:
        """Fuse what is known now; whatever is required and not there is a reason against the part.

        `is_late`: the time to decide is over, so that nothing that is whole only now counts.
        """
        assessments = [Assessment.doubt(reason) for reason in self.doubts]
        assessments += [
            Assessment.doubt(f"{missing.camera}: no view: {missing.reason.value} ({missing.detail})")
            for missing in self.missing.values()
        ]
        for pair in pairs:
            camera, engine = pair
            if pair in self.judgements:
                assessments.append(self.judgements[pair].assessment)
            elif camera not in self.missing:
                assessments.append(Assessment.doubt(f"{camera}: no judgement of {defect_names[engine]} in time"))
        fused = fuse_any(assessments)
        if is_late and fused.kind is VerdictKind.ACCEPT:
            return fuse_any([*assessments, Assessment.doubt("everything was known too late")])
        return fused

    def verdict(self, fused: Assessment, now_ns: int) -> Verdict:
        """Return what the line worker is told."""
        seen = [s.judgement for s in self.judgements.values()]
        return Verdict(
            key=self.arrival.key,
            kind=fused.kind,
            reasons=fused.reasons,
            decided_ns=now_ns,
            last_frame_ns=max((judgement.view.stamp_ns for judgement in seen), default=0),
            inference_busy_ns=union_ns((judgement.started_ns, judgement.ended_ns) for judgement in seen),
        )

    def record(self, fused: Assessment, now_ns: int) -> VerdictRecord:
        """Return what the journal keeps; `at_utc` is left to whoever writes it."""
        return VerdictRecord(
            key=PartKeyRecord.of(self.arrival.key),
            verdict=fused.kind,
            reasons=fused.reasons,
            findings=tuple(finding_record(finding) for finding in fused.findings),
            judgements=tuple(judgement_record(seen) for seen in self.judgements.values()),
            missing=tuple(MissingViewRecord(m.camera, m.reason.value, m.detail) for m in self.missing.values()),
            trigger_ns=self.arrival.trigger_ns,
            arrival_ns=self.arrived_ns,
            decided_ns=now_ns,
            verdict_by_ns=self.arrival.verdict_by_ns,
            at_utc="",
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
