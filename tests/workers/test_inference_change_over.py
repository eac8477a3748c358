"""The inference worker in a change-over: each view is judged by the engines of the recipe in its key, and by no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge_inspector.domain.errors import EngineFaultError
from edge_inspector.domain.health import WorkerState
from edge_inspector.domain.judgement import Judged, NotJudged, NotJudgedReason
from tests.inference.tiny_engine import spot_picture, tiny_model
from tests.workers.inference_rig import DIGEST, OTHER, Bench, Rig, view_of


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


def engines_of(rig: Rig, count: int) -> set[tuple[str, str]]:
    """Take so many judgements; return (recipe, engine) of each."""
    got = [rig.judgement() for _ in range(count)]
    assert all(isinstance(one.result, Judged) for one in got)
    return {(one.view.key.recipe, one.engine) for one in got}


def test_a_real_worker_prepares_another_recipe_beside_the_first_and_lets_go_of_the_old_one(rig: Rig) -> None:
    rig.write_files()
    rig.write_other_recipe()
    rig.start()
    rig.beat_in(WorkerState.READY)
    rig.beat_with({DIGEST: ""})
    rig.tell_recipes(DIGEST, OTHER)
    rig.beat_with({DIGEST: "", OTHER: ""})
    rig.tell_recipes(OTHER, DIGEST)  # the line has switched: parts of both are under way
    rig.send(view_of(1, recipe=DIGEST), spot_picture())
    rig.send(view_of(2, recipe=OTHER), spot_picture())
    assert engines_of(rig, 2) == {(DIGEST, "spot"), (OTHER, "mark")}
    rig.tell_recipes(OTHER, "")
    rig.beat_with({OTHER: ""})
    rig.send(view_of(3, recipe=DIGEST), spot_picture())
    rig.send(view_of(4, recipe=OTHER), spot_picture())
    assert rig.judgement().view.key.seq == 4
    assert rig.judgements.receive() is None


@pytest.mark.parametrize("damage", ["parity", "missing"])
def test_a_recipe_whose_engine_fails_its_check_is_refused_and_the_first_one_goes_on(rig: Rig, damage: str) -> None:
    rig.write_files()
    rig.write_other_recipe(model=tiny_model(centre=200.0) if damage == "parity" else None)
    if damage == "missing":
        (rig.state / "recipes" / OTHER / "engines" / "mark" / "model.onnx").unlink()
    rig.start()
    rig.beat_in(WorkerState.READY)
    rig.tell_recipes(DIGEST, OTHER)
    beat = rig.beat_with({DIGEST: "", OTHER: "engine mark fails parity" if damage == "parity" else "model.onnx: is missing"})
    assert beat.state is WorkerState.READY
    rig.send(view_of(1), spot_picture())
    assert engines_of(rig, 1) == {(DIGEST, "spot")}
    rig.tell_recipes(DIGEST, "")
    rig.beat_with({DIGEST: ""})


def test_a_worker_that_starts_during_a_change_over_prepares_both_recipes(rig: Rig) -> None:
    rig.write_files()
    rig.write_other_recipe()
    rig.tell_recipes(OTHER, DIGEST)
    rig.start()
    rig.beat_with({DIGEST: "", OTHER: ""})
    rig.send(view_of(1, recipe=OTHER), spot_picture())
    rig.send(view_of(2, recipe=DIGEST), spot_picture())
    assert engines_of(rig, 2) == {(DIGEST, "spot"), (OTHER, "mark")}


def test_views_of_two_recipes_in_one_batch_are_judged_apart(rig: Rig) -> None:
    bench = Bench(rig)
    mark = bench.take_up(rig)
    for seq, recipe in enumerate((DIGEST, OTHER, DIGEST), start=1):
        rig.send(view_of(seq, recipe=recipe), spot_picture())
    bench.receive(3)
    bench.judge.judge_batch()
    assert engines_of(rig, 5) == {(DIGEST, "spot"), (DIGEST, "scratch"), (OTHER, "mark")}
    assert [len(batch) for batch in bench.fakes[0].batches] == [2]
    assert [len(batch) for batch in mark.batches] == [1]


def test_an_engine_that_fails_answers_the_views_of_each_recipe_by_its_own_engines(rig: Rig) -> None:
    bench = Bench(rig)
    bench.take_up(rig)
    bench.fakes[0].fault = "the device is gone"
    for seq, recipe in enumerate((DIGEST, OTHER, OTHER, OTHER), start=1):
        rig.send(view_of(seq, recipe=recipe), spot_picture())
    bench.receive(4)
    with pytest.raises(EngineFaultError):
        bench.judge.judge_batch()
    got = [rig.judgement() for _ in range(5)]  # 1 to 3 are one batch
    assert all(isinstance(one.result, NotJudged) and one.result.reason is NotJudgedReason.ENGINE_FAILED for one in got)
    assert {(one.view.key.seq, one.engine) for one in got} == {
        (1, "spot"),
        (1, "scratch"),
        (2, "mark"),
        (3, "mark"),
        (4, "mark"),
    }


def test_the_golden_pictures_of_both_recipes_are_judged_again(rig: Rig) -> None:
    bench = Bench(rig, golden_minutes=1e-9)
    mark = bench.take_up(rig)
    for _ in range(6):  # two pictures of each engine
        bench.judge.check_golden()
    assert [len(fake.batches) for fake in (*bench.fakes, mark)] == [2, 2, 2]
