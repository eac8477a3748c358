"""The line switches to another recipe between two parts: each part keeps the one that it arrived under, to its end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.domain.belt import Sensor
from edge_inspector.domain.health import SupervisorBeat
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import RecipeRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.line.events import DrainAsked, Record, SupervisorBeatSeen
from tests.line.controller_rig import RECIPE, Rig

NEW = "cd" * 32


def switch(rig: Rig, recipe: str | None = NEW, who: str = "maria") -> None:
    rig.step(SupervisorBeatSeen(SupervisorBeat(rig.now_ns, True, (), drain=False, recipe=recipe, recipe_by=who)))


def records(rig: Rig) -> list[RecipeRecord]:
    return [e.record for e in rig.effects if isinstance(e, Record) and isinstance(e.record, RecipeRecord)]


def test_parts_that_arrive_after_the_switch_carry_the_new_recipe_and_those_before_keep_theirs() -> None:
    rig = Rig().arm()
    first = rig.arrive()
    switch(rig)
    second = rig.arrive()
    assert (first.recipe, second.recipe) == (RECIPE, NEW)
    assert rig.controller.recipes == {RECIPE, NEW}
    rig.run_ms(4000)
    assert [(o.key.recipe, o.outcome) for o in rig.outcomes] == [(RECIPE, Outcome.EJECTED), (NEW, Outcome.EJECTED)]
    assert rig.controller.recipes == {NEW}


def test_a_part_under_way_at_the_switch_passes_by_the_recipe_that_it_arrived_under() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    switch(rig)
    rig.decide(key)
    rig.confirm_when_due(key)
    assert rig.outcome().outcome is Outcome.PASSED


def test_a_part_on_the_sensor_at_the_switch_is_one_part_of_the_old_recipe() -> None:
    rig = Rig().arm()
    rig.edge(Sensor.ARRIVAL_LEADING)
    switch(rig)
    rig.run_ms(300)
    rig.edge(Sensor.ARRIVAL_TRAILING)
    assert [a.key.recipe for a in rig.arrivals] == [RECIPE]


def test_a_switch_is_recorded_once_however_often_it_is_told() -> None:
    rig = Rig().arm()
    for _ in range(3):
        switch(rig)
    assert records(rig) == [RecipeRecord(NEW, "maria", rig.now_ns, "")]


def test_a_beat_that_names_no_recipe_or_the_one_in_force_changes_nothing() -> None:
    rig = Rig().arm()
    switch(rig, None)
    switch(rig, RECIPE)
    assert records(rig) == []
    assert rig.arrive().recipe == RECIPE


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["arrive", "switch", "back", "accept", "cross"]), st.integers(10, 400)), max_size=25)
)
def test_an_accept_under_another_recipe_than_the_parts_own_never_opens_a_gate(script: list[tuple[str, int]]) -> None:
    """`cross` gives a verdict with the other recipe in its key: nobody should, and nothing must follow from it."""
    rig = Rig().arm()
    accepted = set()
    arrived = []
    in_force = RECIPE
    for action, wait_ms in script:
        if action == "arrive":
            key = rig.arrive()
            assert key.recipe == in_force
            arrived.append(key)
        elif action in ("switch", "back"):
            in_force = NEW if action == "switch" else RECIPE
            switch(rig, in_force)
        elif action == "accept" and arrived:
            accepted.add(arrived[-1])
            rig.decide(arrived[-1])
        elif action == "cross" and arrived:
            other = {RECIPE: NEW, NEW: RECIPE}[arrived[-1].recipe]
            fields = {"run": arrived[-1].run, "seq": arrived[-1].seq, "nonce": arrived[-1].nonce}
            rig.decide(type(arrived[-1])(**fields, recipe=other), VerdictKind.ACCEPT)
        rig.run_ms(wait_ms)
    rig.step(DrainAsked("drained"))
    rig.run_ms(8000)
    assert {command.key for command in rig.gate_commands} <= accepted
    assert len(rig.outcomes) == len(arrived)
    assert {o.key.recipe for o in rig.outcomes} == {key.recipe for key in arrived}
