"""The assembler under any order, loss, duplication and delay, against a model that recomputes all from the log."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.decision import ArrivalSeen, Assembler, Decide, Event, JudgementSeen, Tick, ViewMissingSeen
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Judged
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.verdict import VerdictKind
from tests.decision import builders as b

CAMERAS = ("c1", "c2")
ENGINES = ("crack-d2s2", "stain-d2s2")
PAIRS = [(camera, engine) for camera in CAMERAS for engine in ENGINES]
STARTED_MS, TICK_MS, MARGIN_MS = 1000, 7, 15
# lost, once, twice; in time, about the deadline, after it
DELAYS_MS = [[1], [1], [1], [2], [3], [5], [1, 30], [20], [2, 2], [60], [55], [120], [160, 2], []]


@dataclass(frozen=True)
class Logged:
    t_ms: int
    event: Event


@st.composite
def logs(draw: st.DrawFn) -> list[Logged]:
    """Up to three parts, 40 ms apart; each message lost, doubled or delayed at will; ticks in between."""
    deliveries: list[Logged] = []

    def deliver(event: Event, sent_ms: int) -> None:
        for delay_ms in draw(st.sampled_from(DELAYS_MS)):
            deliveries.append(Logged(sent_ms + delay_ms, event))

    for seq in range(1, draw(st.integers(1, 3)) + 1):
        part, trigger_ms = b.key(seq), STARTED_MS - 20 + 40 * seq - draw(st.sampled_from([*[0] * 6, 60]))
        flagged = draw(st.sampled_from([*[""] * 6, "fragment"]))
        arrival = b.arrival(part, trigger_ms=trigger_ms, verdict_by_ms=trigger_ms + 100, flagged=flagged)
        deliver(ArrivalSeen(arrival), trigger_ms)
        for camera in CAMERAS:
            if draw(st.sampled_from([*[False] * 6, True])):
                deliver(ViewMissingSeen(b.missing(part, camera)), trigger_ms + 20)
            for engine in ENGINES:
                result = draw(st.sampled_from([*[b.CLEAN] * 16, b.CRACKED, b.NOT_JUDGED]))
                frame = draw(st.sampled_from([*[5] * 16, 6]))
                message = b.judgement(part, camera, result, engine=engine, frame=frame)
                deliver(JudgementSeen(message, b.INFERENCE), trigger_ms + 30)
                foreign = b.judgement(b.key(seq, nonce=1), camera, b.CRACKED, engine=engine)
                if draw(st.sampled_from([*[False] * 6, True])):
                    deliver(JudgementSeen(foreign, "f" * 12), trigger_ms + 30)
    ticks = [Logged(t_ms, Tick()) for t_ms in range(STARTED_MS, STARTED_MS + 700, TICK_MS)]
    return sorted(deliveries + ticks, key=lambda logged: logged.t_ms)


def known_of(part: PartKey, log: list[Logged]) -> tuple[dict[tuple[str, str], str], set[str]]:
    """Return what was said of a part: first word of each pair (clean, reject, nothing) and the cameras without a view."""
    words: dict[tuple[str, str], str] = {}
    frames: dict[str, int] = {}
    missing: set[str] = set()
    for logged in log:
        match logged.event:
            case ViewMissingSeen(message) if message.key == part:
                missing.add(message.camera)
            case JudgementSeen(message) if message.view.key == part:
                camera, frame = message.view.camera, message.view.frame_number
                if (camera, message.engine) in words or frames.setdefault(camera, frame) != frame:
                    continue
                word = "nothing"
                if isinstance(message.result, Judged):
                    word = "reject" if message.result.regions else "clean"
                words[camera, message.engine] = word
    return words, missing


def kind_of(arrival: Arrival, log: list[Logged], *, is_late: bool) -> VerdictKind:
    words, missing = known_of(arrival.key, log)
    if "reject" in words.values():
        return VerdictKind.REJECT
    all_clean = all(words.get(pair) == "clean" for pair in PAIRS)
    from_before = arrival.trigger_ns < STARTED_MS * NS_PER_MS
    if all_clean and not missing and not arrival.flagged and not from_before and not is_late:
        return VerdictKind.ACCEPT
    return VerdictKind.UNINSPECTED


def expected(arrival: Arrival, log: list[Logged]) -> list[tuple[int, VerdictKind]]:
    """Return the verdicts on one part with the times (ms) at which they are due."""
    due_ms = arrival.verdict_by_ns // NS_PER_MS - MARGIN_MS
    has_arrived = False
    verdicts: list[tuple[int, VerdictKind]] = []
    for i, logged in enumerate(log):
        is_due = logged.t_ms >= due_ms
        if has_arrived and not verdicts and is_due:  # time is up before this event is looked at
            verdicts.append((logged.t_ms, kind_of(arrival, log[:i], is_late=True)))
        has_arrived |= isinstance(logged.event, ArrivalSeen) and logged.event.arrival.key == arrival.key
        if not has_arrived:
            continue
        words, missing = known_of(arrival.key, log[: i + 1])
        is_complete = all(pair in words or pair[0] in missing for pair in PAIRS)
        kind = kind_of(arrival, log[: i + 1], is_late=is_due and not verdicts)
        if not verdicts:
            if is_complete or is_due:
                verdicts.append((logged.t_ms, kind))
        elif kind.severity > verdicts[-1][1].severity:
            verdicts.append((logged.t_ms, kind))
    return verdicts


@settings(max_examples=150, deadline=None)
@given(logs())
def test_verdicts_are_those_of_the_slow_model(log: list[Logged]) -> None:
    assembler = Assembler(b.criteria(b.recipe(ENGINES), CAMERAS), b.DIGEST, STARTED_MS * NS_PER_MS)
    decided: dict[PartKey, list[tuple[int, Decide]]] = {}
    arrivals: dict[PartKey, Arrival] = {}
    for logged in log:
        if isinstance(logged.event, ArrivalSeen):
            arrivals[logged.event.arrival.key] = logged.event.arrival
        for effect in assembler.step(logged.event, logged.t_ms * NS_PER_MS):
            decided.setdefault(effect.verdict.key, []).append((logged.t_ms, effect))

    assert decided.keys() == arrivals.keys()  # every arrival gets its verdict, nothing else does
    assert assembler.undecided_count == 0
    for key, arrival in arrivals.items():
        got = [(t_ms, effect.verdict.kind) for t_ms, effect in decided[key]]
        assert got == expected(arrival, log)
        assert [effect.is_first for _, effect in decided[key]] == [True] + [False] * (len(got) - 1)
        severities = [kind.severity for _, kind in got]
        assert severities == sorted(set(severities))  # only ever worse
        assert all(effect.record.verdict is effect.verdict.kind for _, effect in decided[key])
        for (t_ms, kind), (_, effect) in zip(got, decided[key], strict=True):
            if kind is VerdictKind.ACCEPT:
                assert t_ms * NS_PER_MS < arrival.verdict_by_ns
                assert len(effect.record.judgements) == len(PAIRS)
                assert all(judgement.score is not None for judgement in effect.record.judgements)


@settings(max_examples=50, deadline=None)
@given(logs())
def test_the_first_verdict_comes_by_the_deadline(log: list[Logged]) -> None:
    assembler = Assembler(b.criteria(b.recipe(ENGINES), CAMERAS), b.DIGEST, STARTED_MS * NS_PER_MS)
    arrived_ms: dict[PartKey, int] = {}
    for logged in log:
        if isinstance(logged.event, ArrivalSeen):
            arrived_ms.setdefault(logged.event.arrival.key, logged.t_ms)
        for effect in assembler.step(logged.event, logged.t_ms * NS_PER_MS):
            if effect.is_first:
                due_ms = effect.record.verdict_by_ns // NS_PER_MS - MARGIN_MS
                assert logged.t_ms <= max(due_ms + TICK_MS, arrived_ms[effect.verdict.key])
