"""The inference worker answers every view that it takes, and never with a judgement it does not have."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zmq

from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.errors import EngineFaultError
from edge_inspector.domain.health import WorkerState
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.domain.judgement import Judged, NotJudged, NotJudgedReason
from edge_inspector.inference import PreparedEngine
from edge_inspector.inference.mask_parity import load_golden
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Station
from edge_inspector.workers import inference
from edge_inspector.workers.process import Worker
from tests.inference.tiny_engine import HEIGHT, WIDTH, FakeEngine, dark_picture, spot_picture, tiny_model
from tests.workers.inference_rig import FAR_NS, RECIPE, STATION, Bench, Rig, msgjson, view_of


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


def test_the_worker_judges_views_with_a_real_engine_and_stops_when_told(rig: Rig) -> None:
    rig.write_files()
    rig.start()
    rig.send(view_of(1, "c1"), spot_picture())
    rig.send(view_of(1, "c2"), dark_picture())
    by_camera = {one.view.camera: one for one in (rig.judgement(), rig.judgement())}
    spot, dark = by_camera["c1"], by_camera["c2"]
    assert isinstance(spot.result, Judged)
    assert isinstance(dark.result, Judged)
    (region,) = spot.result.regions
    assert (region.x_px, region.y_px, region.width_px, region.height_px) == (10, 8, 6, 6)
    assert spot.result.score > 0.9
    assert dark.result.score < 0.1
    assert dark.result.regions == ()
    assert spot.engine == "spot"
    assert spot.view.key == view_of(1).key
    assert spot.view.sent_ns <= spot.received_ns <= spot.started_ns <= spot.ended_ns <= spot.sent_ns
    beat = rig.beat_in(WorkerState.READY)
    assert (beat.worker, beat.facts["precisions"]) == ("inference", "spot f32")
    assert rig.process is not None
    rig.process.send_signal(signal.SIGTERM)
    assert rig.process.wait(10) == 0


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("missing", "model.onnx: is missing"),
        ("truncated", "model.onnx: SHA-256 is"),
        ("parity", "engine spot fails parity"),
    ],
)
def test_a_bad_engine_keeps_the_worker_alive_not_ready_and_taking_no_views(rig: Rig, damage: str, reason: str) -> None:
    rig.write_files(model=tiny_model(centre=200.0) if damage == "parity" else None)
    model = rig.package / "model.onnx"
    if damage == "missing":
        model.unlink()
    elif damage == "truncated":
        model.write_bytes(model.read_bytes()[:-1])
    rig.start()
    rig.beat_in(WorkerState.NOT_READY, reason)
    rig.beat_in(WorkerState.NOT_READY, reason)
    assert rig.process is not None
    assert rig.process.poll() is None
    assert not rig.views.send(view_of(), spot_picture().tobytes())
    rig.process.send_signal(signal.SIGTERM)
    assert rig.process.wait(10) == 0


def test_each_view_gets_one_judgement_of_each_engine_in_order_of_deadline(rig: Rig) -> None:
    bench = Bench(rig)
    for seq, left_ns in ((1, 3 * FAR_NS), (2, FAR_NS), (3, 2 * FAR_NS)):
        rig.send(view_of(seq, left_ns=left_ns), dark_picture())
    bench.receive(3)
    bench.judge.judge_batch()
    got = [rig.judgement() for _ in range(6)]
    assert [(one.engine, one.view.key.seq) for one in got] == [
        ("spot", 2), ("spot", 3), ("spot", 1), ("scratch", 2), ("scratch", 3), ("scratch", 1)
    ]  # fmt: skip
    assert [len(batch) for batch in bench.fakes[0].batches] == [3]
    assert rig.judgements.receive() is None


def test_the_pixels_are_those_of_the_message_not_a_copy(rig: Rig) -> None:
    bench = Bench(rig)
    rig.send(view_of(), spot_picture())
    bench.receive(1)
    bench.judge.judge_batch()
    ((pixels,),) = bench.fakes[0].batches
    np.testing.assert_array_equal(pixels, spot_picture())
    assert not pixels.flags.owndata


def test_a_repeated_view_is_judged_once(rig: Rig) -> None:
    bench = Bench(rig)
    for _ in range(3):
        rig.send(view_of(), spot_picture())
    rig.send(view_of(camera="c2"), spot_picture())
    bench.receive(4)
    bench.judge.judge_batch()
    rig.send(view_of(), spot_picture())
    bench.receive(5)
    bench.judge.judge_batch()
    assert [len(batch) for batch in bench.fakes[0].batches] == [2]
    assert sorted(rig.judgement().view.camera for _ in range(4)) == ["c1", "c1", "c2", "c2"]
    assert rig.judgements.receive() is None


def test_a_view_of_another_recipe_is_dropped(rig: Rig) -> None:
    bench = Bench(rig)
    rig.send(view_of(recipe="e" * 64), spot_picture())
    bench.receive(1)
    bench.judge.judge_batch()
    assert bench.fakes[0].batches == []
    assert rig.judgements.receive() is None


@pytest.mark.parametrize("pixels", [b"", spot_picture().tobytes()[:-1], spot_picture().tobytes() + b"\0"])
def test_a_view_whose_pixels_have_another_size_is_not_judged(rig: Rig, pixels: bytes) -> None:
    bench = Bench(rig)
    rig.send(view_of(), pixels)
    bench.receive(1)
    for _ in range(2):
        result = rig.judgement().result
        assert isinstance(result, NotJudged)
        assert result.reason is NotJudgedReason.WRONG_SIZE
    bench.judge.judge_batch()
    assert bench.fakes[0].batches == []


def test_a_view_of_another_shape_than_the_engine_takes_is_not_judged(rig: Rig) -> None:
    bench = Bench(rig)
    rig.send(view_of(height=2 * HEIGHT), np.zeros((2 * HEIGHT, WIDTH, 3), np.uint8))
    bench.receive(1)
    result = rig.judgement().result
    assert isinstance(result, NotJudged)
    assert result.reason is NotJudgedReason.WRONG_SIZE
    assert "c1 sent 64 x 64 px, the engines take 64 x 32" in result.detail


def test_what_a_view_adds_beyond_what_the_camera_saw_is_not_judged(rig: Rig) -> None:
    bench = Bench(rig)
    for seq, seen_px in ((1, WIDTH), (2, 13), (3, 10)):  # the spot lies from column 10 to 15
        rig.send(view_of(seq, seen_width_px=seen_px, left_ns=seq * FAR_NS), spot_picture())
    bench.receive(3)
    bench.judge.judge_batch()
    found = [rig.judgement().result for _ in range(3)]  # of the first engine
    assert all(isinstance(result, Judged) for result in found)
    assert [[(region.x_px, region.width_px) for region in result.regions] for result in found] == [[(10, 6)], [(10, 3)], []]
    assert found[2].score < 0.1 < 0.9 < found[0].score


def test_a_view_that_claims_to_show_more_than_it_holds_is_not_judged(rig: Rig) -> None:
    bench = Bench(rig)
    rig.send(view_of(seen_width_px=WIDTH + 1), spot_picture())
    bench.receive(1)
    result = rig.judgement().result
    assert isinstance(result, NotJudged)
    assert result.reason is NotJudgedReason.WRONG_SIZE
    assert "c1 announced 65 x 32 px seen of 64 x 32" in result.detail


def test_a_view_that_can_not_make_its_deadline_is_said_to_be_too_late(rig: Rig) -> None:
    bench = Bench(rig)
    rig.send(view_of(1, left_ns=-NS_PER_MS), spot_picture())
    rig.send(view_of(2), spot_picture())
    bench.receive(2)
    bench.judge.judge_batch()
    got = [rig.judgement() for _ in range(4)]
    late = [one for one in got if isinstance(one.result, NotJudged)]
    assert [one.view.key.seq for one in late] == [1, 1]
    assert all(isinstance(one.result, NotJudged) and one.result.reason is NotJudgedReason.TOO_LATE for one in late)
    assert [(one.started_ns, one.ended_ns) for one in late] == [(0, 0), (0, 0)]
    assert [len(batch) for batch in bench.fakes[0].batches] == [1]


def test_a_full_queue_answers_the_view_with_the_latest_deadline(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "CAPACITY", 2)
    bench = Bench(rig)
    for seq, left_ns in ((1, 3 * FAR_NS), (2, FAR_NS), (3, 2 * FAR_NS)):
        rig.send(view_of(seq, left_ns=left_ns), dark_picture())
    bench.receive(3)
    displaced = rig.judgement()
    assert displaced.view.key.seq == 1
    assert isinstance(displaced.result, NotJudged)
    assert displaced.result.reason is NotJudgedReason.TOO_LATE


def test_an_engine_that_fails_answers_every_waiting_view_and_is_not_asked_again(rig: Rig) -> None:
    bench = Bench(rig)
    for seq in range(1, 6):  # a batch of three, and two that wait
        rig.send(view_of(seq), spot_picture())
    bench.receive(5)
    bench.fakes[1].fault = "the device is gone"
    with pytest.raises(EngineFaultError, match="scratch: the device is gone"):
        bench.judge.judge_batch()
    got = [rig.judgement() for _ in range(10)]
    judged = {(one.engine, one.view.key.seq) for one in got if isinstance(one.result, Judged)}
    failed = {(one.engine, one.view.key.seq) for one in got if not isinstance(one.result, Judged)}
    assert judged == {("spot", 1), ("spot", 2), ("spot", 3)}
    assert failed == {("scratch", seq) for seq in range(1, 6)} | {("spot", 4), ("spot", 5)}
    assert rig.judgements.receive() is None


def test_a_map_of_nans_is_never_a_judgement(rig: Rig) -> None:
    bench = Bench(rig)
    bench.fakes[0].centre = float("nan")
    rig.send(view_of(), spot_picture())
    bench.receive(1)
    bench.judge.judge_batch()
    results = {one.engine: one.result for one in (rig.judgement(), rig.judgement())}
    assert isinstance(results["spot"], NotJudged)
    assert results["spot"].reason is NotJudgedReason.NOT_A_NUMBER
    assert isinstance(results["scratch"], Judged)


def test_an_engine_that_drifts_is_found_by_its_golden_pictures_and_takes_no_more_views(rig: Rig) -> None:
    bench = Bench(rig, golden_minutes=1e-9)
    for _ in range(4):  # two pictures of each engine
        bench.judge.check_golden()
    assert [len(fake.batches) for fake in bench.fakes] == [2, 2]
    bench.fakes[0].centre = 200.0
    rig.send(view_of(), spot_picture())
    bench.receive(1)
    with pytest.raises(EngineFaultError, match="engine spot fails parity"):
        bench.judge.check_golden()
    results = [rig.judgement().result for _ in range(2)]
    assert all(isinstance(result, NotJudged) and result.reason is NotJudgedReason.ENGINE_FAILED for result in results)


def test_the_worker_ends_with_1_when_an_engine_fails_while_judging(rig: Rig) -> None:
    bench = Bench(rig)
    bench.fakes[0].fault = "the device is gone"
    rig.send(view_of(), spot_picture())
    assert inference._work(bench.worker, bench.judge) == 1
    assert isinstance(rig.judgement().result, NotJudged)
    rig.beat_in(WorkerState.NOT_READY, "the device is gone")


def test_a_golden_picture_that_fails_leaves_the_worker_alive_not_ready_for_good(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.write_files()
    package = load_engine_package(rig.package)
    fake = FakeEngine()
    prepared = PreparedEngine("spot", package.manifest, fake, load_golden(package), batch_ms=3.0)
    worker = Worker(
        name="inference",
        state_dir=rig.state,
        session=rig.session,
        station=Station.model_validate({**STATION, "inference": {"golden_minutes": 1e-9}}),
        recipe=Recipe.model_validate_json(msgjson(RECIPE)),
        endpoints=rig.endpoints,
        incarnation=new_incarnation(),
        context=zmq.Context(),
    )
    monkeypatch.setattr(inference, "start_worker", lambda _name, _state: worker)
    monkeypatch.setattr(inference, "_prepare_first", lambda _worker: [prepared])
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(inference.main, rig.state)
        try:
            rig.beat_in(WorkerState.READY)
            fake.centre = 200.0
            rig.beat_in(WorkerState.NOT_READY, "engine spot fails parity")
            fake.centre = 127.5  # what failed once is not trusted again
            for _ in range(3):
                rig.beat_in(WorkerState.NOT_READY, "engine spot fails parity")
            assert not rig.views.send(view_of(), spot_picture().tobytes())
            assert fake.is_closed
        finally:
            worker.stop_requested = True
        assert ended.result(10) == 0
