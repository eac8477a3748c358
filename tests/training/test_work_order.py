"""Where several are trained at once, what one of them dies of is told, and is nothing to the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from edge_inspector.domain.disk_refusal import disk_refusal
from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training import work_order
from edge_inspector.training.ranks import ALONE, Rank
from edge_inspector.training.training_plan import Plan, plan_every_fold
from edge_inspector.training.work_order import Order, cross_validate_engines, train_engines
from tests.training.test_training_plan import TILE_TRAINING, written
from tests.training.tiles import FOLDS, write_tiles

SHORT = "learning: {steps: 1, crops: {batch: 2, height_px: 32, width_px: 32}}\n"


@pytest.mark.parametrize(("at_once", "devices"), [(1, ["cuda:0"] * 3), (2, ["cuda:0", "cuda:1", "cuda:0"])])
def test_what_is_trained_side_by_side_has_a_gpu_of_its_own(
    monkeypatch: pytest.MonkeyPatch, at_once: int, devices: list[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    order = Order(("crack", "fray", "hole"), Path("out"), 2, at_once, Rank(device="cuda:0")).for_works(3)
    assert [order.rank_of(number).device for number in range(3)] == devices


def planned(folder: Path) -> list[Plan]:
    write_tiles(folder / "tiles")
    return plan_every_fold(written(folder / "tiles.yaml", TILE_TRAINING + SHORT))


def ordered(out: Path) -> Order:
    return Order(("crack", "fray"), out, 2, 2, ALONE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_disk_that_is_full_in_the_middle_of_a_file_is_told_with_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*arguments: object, rank: Rank) -> None:
        Path("/dev/full").write_bytes(b"a graph")

    monkeypatch.setattr(work_order, "train_engine", write)
    with pytest.raises(OSError, match="No space left on device") as caught:
        train_engines(planned(tmp_path)[0], replace(ordered(tmp_path / "out"), at_once=1), lambda stage, share: None)
    assert disk_refusal(caught.value).startswith(f"{tmp_path / 'out'}: can not be written (No space left on device)")


def test_of_engines_one_after_the_other_one_that_fails_does_not_keep_the_next_from_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(plan: Plan, name: str, *arguments: object, rank: Rank) -> str:
        if name == "crack":
            raise TrainingDataError("no package is made of it")
        return name

    monkeypatch.setattr(work_order, "train_engine", make)
    plan, order = planned(tmp_path)[0], replace(ordered(tmp_path / "out"), at_once=1)
    gathered = train_engines(plan, order, lambda stage, share: None)
    assert gathered.done == {"fray": "fray"}
    assert gathered.failed == {"crack": "no package is made of it"}
    with pytest.raises(TrainingDataError):
        train_engines(plan, replace(order, names=("crack",)), lambda stage, share: None)


def test_an_engine_that_is_refused_is_told_and_one_that_fails_later_too(tmp_path: Path) -> None:
    folds, out = planned(tmp_path), tmp_path / "out"
    other = out / "runs" / "crack" / f"fold-{FOLDS[0]}" / "run.yaml"
    other.parent.mkdir(parents=True)
    other.write_text("nothing", encoding="utf-8")
    (other.parent / "network.pt").touch()
    (out / "runs" / "fray").mkdir(parents=True)
    (out / "runs" / "fray" / f"fold-{FOLDS[-1]}").write_text("no folder", encoding="utf-8")
    gathered = cross_validate_engines(folds, ordered(out), lambda stage, share: None)
    assert gathered.done == {}
    assert set(gathered.failed) == {"crack", "fray"}
    assert "says nothing of what was trained here" in gathered.failed["crack"]
