"""Several processes that torchrun starts learn together, each from crops of its own, to the same weights; one packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.ranks import ALONE, Rank, rank_of
from tests.cli.test_train import TRAINING
from tests.training.blots import write_parts

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]


def test_without_torchrun_there_is_one_process() -> None:
    assert rank_of({}, "cpu") == ALONE
    assert rank_of({"RANK": "3"}, "cpu") == ALONE  # a variable of that name that is somebody else's


def test_torchruns_variables_say_which_process_this_is() -> None:
    said = {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}
    rank = rank_of(said, "cpu")
    assert rank == Rank(number=5, count=8, beside=4, device="cpu")
    assert not rank.is_first


def test_each_process_of_a_computer_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    said = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    rank = rank_of(said, "auto")
    assert (rank.device, rank.device_kind) == ("cuda:1", "cuda")
    assert rank_of(said, "cpu").device == "cpu"
    with pytest.raises(ConfigurationError, match="torchrun started 3 processes here, for 2 GPUs; start no more than that"):
        rank_of(said | {"LOCAL_WORLD_SIZE": "3"}, "auto")


def test_works_side_by_side_take_the_gpus_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    on_gpu = Rank(device="cuda:0")
    assert [on_gpu.of_work(number).device for number in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert ALONE.of_work(1) == ALONE


def test_a_gpu_that_is_asked_for_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert rank_of({}, "auto").device == "cpu"
    with pytest.raises(ConfigurationError, match="--device cuda: torch finds no GPU"):
        rank_of({}, "cuda")


def test_a_batch_is_shared_equally_or_not_at_all() -> None:
    plan = CropPlan(batch=8, height_px=64, width_px=32)
    assert Rank(1, 4).share_of(plan) == CropPlan(batch=2, height_px=64, width_px=32)
    with pytest.raises(ConfigurationError, match=r"crops\.batch is 8, which 3 processes can not share equally"):
        Rank(1, 3).share_of(plan)


def test_what_a_rank_draws_follows_from_seed_step_and_rank_alone() -> None:
    def drawn(number: int, seed: int, step: int) -> float:
        return float(np.random.default_rng(Rank(number, 2).chance_of(seed, step)).random())

    assert drawn(0, 1, 7) == drawn(0, 1, 7)
    assert len({drawn(0, 1, 7), drawn(1, 1, 7), drawn(0, 1, 8), drawn(0, 2, 7)}) == 4


def start(folder: Path, *words: str) -> str:
    done = subprocess.run([*TORCHRUN, *words], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def blots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a set and a training file."""
    folder = tmp_path_factory.mktemp("ranks")
    write_parts(folder / "blots")
    (folder / "training.yaml").write_text(TRAINING.replace("batch: 2", "batch: 8") + "image_head: true\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def two(blots: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What each of two ranks found (rank_at_work.py)."""
    start(blots, "tests.training.rank_at_work", str(blots))
    first, second = (json.loads((blots / f"rank{number}.json").read_text(encoding="utf-8")) for number in (0, 1))
    return first, second


def test_two_ranks_see_different_crops_and_learn_the_same_weights(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    first, second = two
    assert len(first["seen"]) == len(second["seen"]) == 4
    assert not set(first["seen"]) & set(second["seen"])
    assert first["weights"] == second["weights"]
    assert len(first["losses"]) == 4
    assert first["losses"] == second["losses"]


def test_a_folder_that_only_one_computer_sees_is_refused(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert two[0]["unshared"] == ""
    assert two[1]["unshared"].endswith(
        "process 1 of 2 does not find there what the first one finds; --out has to be one folder that all computers see"
    )


def test_torchrun_makes_one_package(blots: Path) -> None:
    out = blots / "out"
    words = ["train", str(blots / "training.yaml"), "--out", str(out), "--device", "cpu"]
    said = start(blots, "edge_inspector", *words)
    assert load_engine_package(out / "engines" / "blot").manifest.name == "blot"
    assert said.count("report: ") == 1
    assert "ranks: '2'" in (out / "runs" / "blot" / "run.yaml").read_text(encoding="utf-8")
