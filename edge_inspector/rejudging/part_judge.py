"""One part's pictures in, its verdict out: what capture, inference and decision do in the daemon, without sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_inspector.capture.absence import Absence
from edge_inspector.capture.examination import Examiner, GoodView
from edge_inspector.capture.frame import Frame
from edge_inspector.decision import Assessment, Criteria, judge_part
from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Judged, Judgement, NotJudged
from edge_inspector.domain.view import View, ViewMissing
from edge_inspector.inference.engines.protocol import Engine
from edge_inspector.inference.map_regions import judge_map
from edge_inspector.station.station import Camera

TRIGGER_NS = 10 * NS_PER_S  # any instant will do: only differences count
_KEY = PartKey(run=1, seq=1, nonce=0, recipe="0" * 64)


@dataclass(frozen=True, slots=True)
class Taken:
    """One camera's picture of a part, JPEG or PNG, exposed `after_trigger_ns` after the part passed the sensor."""

    encoded: bytes
    after_trigger_ns: int


@dataclass(frozen=True, slots=True)
class Eye:
    """An engine with the numbers by which its maps become regions."""

    engine: Engine
    t_low: float
    smallest_defect_px: int


@dataclass(frozen=True, slots=True)
class Rejudged:
    """The verdict, with the judgements by (camera, engine) that led to it, and the views that were none."""

    assessment: Assessment
    judgements: Mapping[tuple[str, str], Judgement]
    missing: Mapping[str, ViewMissing]

    def score(self, engine: str) -> float:
        """The highest score of what this engine found on the part; 0 where it found nothing."""
        return max((finding.score for finding in self.assessment.findings if finding.engine == engine), default=0.0)


class PartJudge:
    """Judges parts by one recipe at one station. `cameras` and `eyes` are those that `criteria` name."""

    def __init__(self, criteria: Criteria, cameras: Mapping[str, Camera], eyes: Mapping[str, Eye]) -> None:
        self._criteria = criteria
        self._cameras = dict(cameras)
        self._eyes = dict(eyes)

    def judge(self, pictures: Mapping[str, Taken]) -> Rejudged:
        """Judge one part. A camera without a picture gave none in time: the part is at best UNINSPECTED."""
        views, missing = self._look(pictures)
        judgements: dict[tuple[str, str], Judgement] = {}
        for name, eye in self._eyes.items():
            for (camera, (view, _)), result in zip(views.items(), _judge(eye, list(views.values())), strict=True):
                judgements[camera, name] = Judgement(view, name, result, 0, 0, 0, 0)
        assessment = judge_part(self._criteria, TRIGGER_NS, judgements, missing)
        return Rejudged(assessment, judgements, missing)

    def _look(self, pictures: Mapping[str, Taken]) -> tuple[dict[str, tuple[View, GoodView]], dict[str, ViewMissing]]:
        views: dict[str, tuple[View, GoodView]] = {}
        missing: dict[str, ViewMissing] = {}
        for name, camera in self._cameras.items():
            taken = pictures.get(name)
            if taken is None:
                continue
            frame_ns = TRIGGER_NS + taken.after_trigger_ns
            examiner = Examiner(
                self._criteria.recipe, camera, is_camera=False
            )  # a new one: nothing of another part is known
            good = examiner.examine(Frame(1, frame_ns, taken.encoded))
            if isinstance(good, Absence):
                missing[name] = ViewMissing(key=_KEY, camera=name, reason=good.reason, detail=good.detail, sent_ns=0)
                continue
            height, width = good.cut.pixels.shape[:2]
            view = View(
                key=_KEY,
                camera=name,
                frame_number=1,
                stamp_ns=frame_ns,
                frame_ns=frame_ns,
                skew_ms=0.0,
                height_px=height,
                width_px=width,
                seen_height_px=good.cut.seen_height_px,
                seen_width_px=good.cut.seen_width_px,
                chosen_ns=0,
                sent_ns=0,
                verdict_by_ns=0,
                outline=good.outline,
            )
            views[name] = view, good
        return views, missing


def _judge(eye: Eye, views: Sequence[tuple[View, GoodView]]) -> list[Judged | NotJudged]:
    if not views:
        return []
    maps = eye.engine.judge([good.cut.pixels for _, good in views])
    return [
        judge_map(probability[good.cut.own], eye.t_low, eye.smallest_defect_px)
        for (_, good), probability in zip(views, maps, strict=True)
    ]
