"""What a worker keeps of the recipes in use: made beside the loop, let go of in it, never of one that nobody asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import zmq

from edge_inspector.bus import Endpoints
from edge_inspector.domain.clock import NS_PER_S, boot_id, now_ns
from edge_inspector.domain.errors import EngineFileError
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import Session, recipe_dir, write_session
from edge_inspector.station.station import Station
from edge_inspector.workers.process import Worker
from edge_inspector.workers.recipes import RecipesInUse
from tests.workers.inference_rig import RECIPE, STATION, msgjson

A, B, C = "a" * 64, "b" * 64, "c" * 64


class Maker:
    """Makes `made of DIGEST` of each recipe, when the test lets it."""

    def __init__(self) -> None:
        self.may_make = threading.Event()
        self.may_make.set()
        self.faults: dict[str, Exception] = {}
        self.discarded: list[str] = []
        self.made_in: set[int] = set()

    def make(self, digest: str, recipe: Recipe) -> str:
        assert self.may_make.wait(20)
        self.made_in.add(threading.get_ident())
        if digest in self.faults:
            raise self.faults[digest]
        return f"{recipe.product} of {digest[0]}"


class Rig:
    def __init__(self, state: Path) -> None:
        self.state = state
        self.session = Session(
            incarnation=new_incarnation(),
            supervisor_pid=os.getpid(),
            runtime_dir=str(state),
            boot_id=boot_id(),
            started_utc="",
            station_path="station.yaml",
            station_json="{}",
            recipe_digest=A,
        )
        for digest in (A, B, C):
            recipe_dir(state, digest).mkdir(parents=True)
            (recipe_dir(state, digest) / "recipe.json").write_bytes(msgjson(RECIPE))
        self.tell(A)
        self.worker = Worker(
            name="inference",
            state_dir=state,
            session=self.session,
            station=Station.model_validate(STATION),
            recipe=Recipe.model_validate_json(msgjson(RECIPE)),
            endpoints=Endpoints("/tmp/ei-none", self.session.incarnation),
            incarnation=new_incarnation(),
            context=zmq.Context(),
        )
        self.maker = Maker()
        self.recipes = RecipesInUse(self.worker, "first", self.maker.make, self.maker.discarded.append)

    def tell(self, digest: str, other: str = "", **changes: str) -> None:
        write_session(self.state, msgspec.structs.replace(self.session, recipe_digest=digest, other_recipe=other, **changes))

    def until(self, is_so: Callable[[], bool]) -> None:
        give_up_ns = now_ns() + 20 * NS_PER_S
        while not is_so():
            assert now_ns() < give_up_ns, f"waited in vain; {self.worker.recipes}"
            self.recipes.follow()

    def look(self) -> None:
        """Let one look at the session file happen."""
        before = self.recipes._next_look_ns
        self.until(lambda: self.recipes._next_look_ns != before)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.maker.may_make.set()
    rig.recipes.close()
    rig.worker.close()


def test_the_recipe_in_force_is_there_from_the_start(rig: Rig) -> None:
    assert rig.recipes.get(A) == "first"
    assert rig.recipes.get(B) is None
    assert rig.worker.recipes == {A: ""}


def test_another_recipe_is_made_in_a_thread_and_the_first_stays(rig: Rig) -> None:
    rig.tell(A, B)
    rig.until(lambda: rig.recipes.get(B) is not None)
    assert (rig.recipes.get(A), rig.recipes.get(B)) == ("first", "p of b")
    assert rig.worker.recipes == {A: "", B: ""}
    assert threading.get_ident() not in rig.maker.made_in


def test_nothing_waits_for_a_recipe_that_takes_long(rig: Rig) -> None:
    rig.maker.may_make.clear()
    rig.tell(A, B)
    for _ in range(3):
        rig.look()
    assert rig.worker.recipes == {A: ""}
    assert rig.recipes.get(A) == "first"


def test_a_switch_changes_nothing_and_what_is_no_longer_in_use_is_let_go_of(rig: Rig) -> None:
    rig.tell(A, B)
    rig.until(lambda: rig.recipes.get(B) is not None)
    rig.tell(B, A)
    rig.look()
    assert rig.worker.recipes == {A: "", B: ""}
    assert rig.maker.discarded == []
    rig.tell(B)
    rig.until(lambda: rig.recipes.get(A) is None)
    assert rig.worker.recipes == {B: ""}
    assert rig.maker.discarded == ["first"]


def test_a_recipe_that_can_not_be_made_is_refused_with_the_reason_and_tried_again_when_asked_again(rig: Rig) -> None:
    rig.maker.faults[B] = EngineFileError("model.onnx: is missing")
    rig.tell(A, B)
    rig.until(lambda: B in rig.worker.recipes)
    assert rig.worker.recipes == {A: "", B: "model.onnx: is missing"}
    assert rig.recipes.get(B) is None
    rig.tell(A)
    rig.until(lambda: B not in rig.worker.recipes)
    del rig.maker.faults[B]
    rig.tell(A, B)
    rig.until(lambda: rig.recipes.get(B) is not None)


def test_a_copy_that_is_no_recipe_is_refused(rig: Rig) -> None:
    (recipe_dir(rig.state, B) / "recipe.json").write_text("{}")
    (recipe_dir(rig.state, C) / "recipe.json").unlink()
    for digest in (B, C):
        rig.tell(A, digest)
        rig.until(lambda digest=digest: bool(rig.worker.recipes.get(digest)))  # type: ignore[misc]
        assert rig.recipes.get(digest) is None


def test_a_recipe_that_is_given_up_while_it_is_made_is_let_go_of_at_once(rig: Rig) -> None:
    rig.maker.may_make.clear()
    rig.tell(A, B)
    rig.look()
    rig.tell(A)
    rig.look()
    rig.maker.may_make.set()
    rig.until(lambda: rig.maker.discarded == ["p of b"])
    assert rig.recipes.get(B) is None


def test_the_next_recipe_waits_for_the_one_that_is_being_made(rig: Rig) -> None:
    rig.maker.may_make.clear()
    rig.tell(A, B)
    rig.look()
    rig.tell(A, C)
    rig.look()
    rig.maker.may_make.set()
    rig.until(lambda: rig.recipes.get(C) is not None)
    assert rig.worker.recipes == {A: "", C: ""}
    assert rig.maker.discarded == ["p of b"]


def test_the_session_of_another_daemon_changes_nothing(rig: Rig) -> None:
    rig.tell(B, C, incarnation=new_incarnation())
    rig.look()
    assert rig.worker.recipes == {A: ""}


def test_a_session_file_that_is_gone_or_damaged_changes_nothing(rig: Rig) -> None:
    (rig.state / "session.json").write_text("no session")
    rig.look()
    (rig.state / "session.json").unlink()
    rig.look()
    assert rig.worker.recipes == {A: ""}


def test_follow_says_when_the_recipes_in_use_have_changed(rig: Rig) -> None:
    rig.tell(A, B)
    changes: list[bool] = []
    give_up_ns = now_ns() + 20 * NS_PER_S
    while not any(changes):
        assert now_ns() < give_up_ns
        changes.append(rig.recipes.follow())
    assert rig.recipes.get(B) is not None
    rig.look()
    assert not rig.recipes.follow()


def test_closing_lets_go_of_all_of_them(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.tell(A, B)
    rig.until(lambda: rig.recipes.get(B) is not None)
    rig.recipes.close()
    rig.worker.close()
    assert sorted(rig.maker.discarded) == ["first", "p of b"]
