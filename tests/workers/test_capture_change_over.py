"""A capture worker in a change-over: a part is looked for by the recipe in its key, and a picture still serves one part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge_inspector.domain.health import WorkerState
from edge_inspector.domain.view import MissingReason
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import recipe_dir, write_session
from tests.capture.pictures import PART, jpeg, recipe
from tests.workers.capture_rig import DIGEST, CaptureRig, write_recording

OTHER = "cd" * 32
LONG = (40, 12, 240, 40)  # 48 x 8 mm, where PART is 40 x 8
SHORT_OLD, LONG_OLD, SHORT_NEW, LONG_NEW, USED_NEW, GONE = range(1, 7)
FRAMES = {SHORT_OLD: 10, LONG_OLD: 14, SHORT_NEW: 18, LONG_NEW: 22}
PICTURES: dict[int, bytes | str] = {
    10: jpeg(PART, seed=10),
    14: jpeg(LONG, seed=14),
    18: jpeg(PART, seed=18),
    22: jpeg(LONG, seed=22),
    43: "10.jpg",
}


def for_long_parts() -> Recipe:
    content = recipe().model_dump_json().replace('"min":35.0,"max":45.0', '"min":46.0,"max":50.0')
    assert content != recipe().model_dump_json()
    return Recipe.model_validate_json(content)


def write_recipe(rig: CaptureRig, content: Recipe) -> None:
    recipe_dir(rig.state_dir, OTHER).mkdir(parents=True)
    (recipe_dir(rig.state_dir, OTHER) / "recipe.json").write_text(content.model_dump_json())


def tell(rig: CaptureRig, digest: str, other: str) -> None:
    rig.session = msgspec.structs.replace(rig.session, recipe_digest=digest, other_recipe=other)
    write_session(rig.state_dir, msgspec.structs.replace(rig.session, t0_ns=rig.t0_ns or None))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[CaptureRig]:
    write_recording(tmp_path / "bars", PICTURES, count=45)
    rig = CaptureRig(tmp_path / "bars")
    yield rig
    rig.close()


def test_each_part_is_looked_for_by_the_recipe_in_its_key(rig: CaptureRig) -> None:
    write_recipe(rig, for_long_parts())
    tell(rig, DIGEST, OTHER)
    rig.wait_until(lambda: rig.beat is not None and rig.beat.recipes == {DIGEST: "", OTHER: ""})
    rig.begin()
    for seq, frame in FRAMES.items():
        rig.announce(seq, frame, digest=OTHER if seq in (SHORT_NEW, LONG_NEW) else DIGEST)
    rig.wait_until(lambda: rig.answered(list(FRAMES)))
    assert sorted(rig.views) == [SHORT_OLD, LONG_NEW]
    assert rig.views[LONG_NEW].view.key.recipe == OTHER
    tell(rig, OTHER, "")
    rig.wait_until(lambda: rig.beat is not None and rig.beat.recipes == {OTHER: ""})
    rig.announce(GONE, 30)
    rig.wait_until(lambda: rig.answered([GONE]))
    assert rig.reasons(GONE) == [MissingReason.NOT_SENT]


def test_a_picture_that_served_a_part_of_the_old_recipe_serves_none_of_the_new_one(rig: CaptureRig) -> None:
    """A camera that froze at the switch would else show the last part of the old recipe as the first of the new one."""
    write_recipe(rig, recipe())
    tell(rig, DIGEST, OTHER)
    rig.wait_until(lambda: rig.beat is not None and rig.beat.recipes == {DIGEST: "", OTHER: ""})
    rig.begin()
    rig.announce(SHORT_OLD, FRAMES[SHORT_OLD])
    rig.announce(USED_NEW, FRAMES[SHORT_OLD] + 33, digest=OTHER)
    rig.wait_until(lambda: rig.answered([SHORT_OLD, USED_NEW]))
    assert SHORT_OLD in rig.views
    assert rig.reasons(USED_NEW) == [MissingReason.STALE]


def test_a_recipe_whose_view_this_camera_can_not_give_is_refused(rig: CaptureRig) -> None:
    smaller = recipe().model_dump_json().replace('"height_px":64', '"height_px":32')  # padding only adds
    rig.wait_until(lambda: rig.beat is not None and rig.beat.state is WorkerState.READY)
    write_recipe(rig, Recipe.model_validate_json(smaller))
    tell(rig, DIGEST, OTHER)
    rig.wait_until(lambda: rig.beat is not None and bool(rig.beat.recipes.get(OTHER)))
    assert rig.beat is not None
    assert "32" in rig.beat.recipes[OTHER]
    assert (rig.beat.state, rig.beat.recipes[DIGEST]) == (WorkerState.READY, "")
