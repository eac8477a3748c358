"""The chooser sees frames one by one; a slow model knows them all. Where delivery is in time they must agree."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.capture.frame_choice import (
    HISTORY_NS,
    MOST_PENDING,
    CameraLost,
    Chosen,
    Effect,
    Event,
    FrameArrived,
    FrameChooser,
    Missing,
    Tick,
)
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.view import MissingReason

MS = 1_000_000
OFFSET, TOLERANCE, PERIOD, LATENCY, MARGIN = 100 * MS, 19 * MS, 33 * MS, 30 * MS, 20 * MS
START = 10_000 * MS
FOREVER = START + 100_000 * MS


def key(seq: int) -> PartKey:
    return PartKey(run=1, seq=seq, nonce=seq, recipe="0" * 64)


def final(effects: list[Effect]) -> dict[int, int | MissingReason]:
    """What decision ends up with for each part: a Missing after a Chosen takes it back."""
    ends: dict[int, int | MissingReason] = {}
    for effect in effects:
        if isinstance(effect, Chosen):
            ends[effect.arrival.key.seq] = effect.number
        else:
            ends[effect.key.seq] = effect.reason
    return ends


def hindsight(frames: list[tuple[int, int]], dues_ns: dict[int, int]) -> dict[int, int | MissingReason]:
    """Slow and obvious: `frames` (number, mid-exposure) all known; each part takes its nearest, shared ones fail."""
    nearest: dict[int, int] = {}
    for seq, due_ns in dues_ns.items():
        allowed = [(abs(mid_ns - due_ns), mid_ns, number) for number, mid_ns in frames]
        distance_ns, _, number = min(allowed, default=(FOREVER, 0, 0))
        if distance_ns <= TOLERANCE:
            nearest[seq] = number
    users = Counter(nearest.values())
    return {
        seq: MissingReason.NO_FRAME
        if seq not in nearest
        else MissingReason.FRAME_SHARED
        if users[nearest[seq]] > 1
        else nearest[seq]
        for seq in dues_ns
    }


@st.composite
def timely_lines(draw: st.DrawFn) -> tuple[list[tuple[int, int]], dict[int, int], dict[int, int]]:
    """Frames with drop-outs and periods that wobble as promised, and parts at random; all delivered in time."""
    mids, mid_ns = [], START
    for number in range(draw(st.integers(0, 20))):
        mid_ns += draw(st.integers(31, 46)) * MS + draw(st.integers(0, 3))
        if draw(st.integers(0, 4)):
            mids.append((number, mid_ns))
    dues = {seq + 1: START + ms * MS for seq, ms in enumerate(draw(st.lists(st.integers(0, 700), max_size=8)))}
    heard = {seq: due_ns - OFFSET + draw(st.integers(0, 250)) * MS for seq, due_ns in dues.items()}
    return mids, dues, heard


@given(timely_lines(), st.data())
@settings(max_examples=200)
def test_with_timely_frames_the_choice_is_the_one_of_hindsight(
    line: tuple[list[tuple[int, int]], dict[int, int], dict[int, int]], data: st.DataObject
) -> None:
    mids, dues, heard = line
    timed: list[tuple[int, int, Event]] = []
    for number, mid_ns in mids:
        timed.append((mid_ns + LATENCY, 0, FrameArrived(number, mid_ns + LATENCY)))
    for seq, due_ns in dues.items():
        timed.append((heard[seq], 1, Arrival(key(seq), due_ns - OFFSET, FOREVER, heard[seq])))
    timed += [(START + ms * MS, 2, Tick()) for ms in range(-100, 1000, data.draw(st.integers(3, 20)))]
    timed.sort(key=lambda entry: entry[:2])
    chooser = FrameChooser(OFFSET, TOLERANCE, PERIOD, LATENCY, MARGIN)
    effects = [effect for now_ns, _, event in timed for effect in chooser.step(event, now_ns)]
    # a part given up because no frame passed for a period, latency and margin may miss a later one only beyond tolerance
    assert final(effects) == hindsight(mids, dues)


events = st.one_of(
    st.tuples(st.just("frame"), st.integers(-50, 400)),
    st.tuples(st.just("part"), st.tuples(st.integers(1, 90), st.integers(-100, 3000), st.integers(-50, 3000))),
    st.tuples(st.just("tick"), st.just(0)),
    st.tuples(st.just("lost"), st.just(0)),
)


@given(st.lists(st.tuples(events, st.integers(0, 120)), max_size=120))
@settings(max_examples=200)
def test_whatever_happens_each_part_is_answered_once_and_no_frame_serves_two(
    story: list[tuple[tuple[str, object], int]],
) -> None:
    chooser = FrameChooser(OFFSET, TOLERANCE, PERIOD, LATENCY, MARGIN)
    effects: list[Effect] = []
    told: set[int] = set()
    stamps: dict[int, int] = {}
    now_ns = START
    for number, ((kind, value), pause_ms) in enumerate(story):
        now_ns += pause_ms * MS
        event: Event = Tick()
        if kind == "frame":
            assert isinstance(value, int)
            event = FrameArrived(number, now_ns - value * MS)
            stamps[number] = event.stamp_ns
        elif kind == "part":
            assert isinstance(value, tuple)
            seq, due_ms, by_ms = value
            told.add(seq)
            event = Arrival(key(seq), now_ns + due_ms * MS - OFFSET, now_ns + by_ms * MS, now_ns)
        elif kind == "lost":
            event = CameraLost("gone")
        step_effects = chooser.step(event, now_ns)
        for effect in step_effects:
            if isinstance(effect, Chosen):
                assert now_ns <= effect.arrival.verdict_by_ns
                assert abs(effect.skew_ns) <= TOLERANCE
                assert effect.stamp_ns == stamps[effect.number]
                assert effect.frame_ns - effect.skew_ns == effect.arrival.trigger_ns + OFFSET
                assert effect.number >= (chooser.oldest_number or 0)
                assert max(stamps.values()) - effect.stamp_ns <= HISTORY_NS
        effects += step_effects
        assert chooser.pending_count <= MOST_PENDING
    effects += chooser.step(Tick(), now_ns + 10_000 * MS)
    assert chooser.pending_count == 0

    chosen = [effect for effect in effects if isinstance(effect, Chosen)]
    first_answers = Counter(effect.arrival.key.seq for effect in chosen)
    taken_back = Counter[int]()
    for index, effect in enumerate(effects):
        if isinstance(effect, Missing):
            earlier = [e for e in effects[:index] if isinstance(e, Chosen) and e.arrival.key == effect.key]
            if earlier:
                assert effect.reason is MissingReason.FRAME_SHARED
                taken_back[effect.key.seq] += 1
            else:
                first_answers[effect.key.seq] += 1
    assert first_answers == Counter(told)
    assert all(count == 1 for count in taken_back.values())
    numbers = [number for number in final(effects).values() if isinstance(number, int)]
    assert len(numbers) == len(set(numbers))
