"""What only a GPU can show: a training learns there, goes on where it was interrupted, and its engine is one like any other.

Where torch finds no GPU each of these tests skips.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.training.augmentation import Augmentation
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.models.bands import RGB, normalise_bands
from edge_inspector.training.ranks import rank_of
from edge_inspector.training.train import Checks, TrainingSettings, has_fast_bf16, train
from tests.cli.test_train import TRAINING
from tests.training.blots import write_parts

if not torch.cuda.is_available():
    pytest.skip("torch finds no GPU", allow_module_level=True)

GPU = rank_of({}, "cuda")
SETTINGS = TrainingSettings(
    seed=5,
    steps=60,
    crops=CropPlan(batch=8, height_px=64, width_px=64),
    learning_rate=2e-3,
    ema_decay=0.9,
    augmentation=Augmentation(turn_deg=5.0, scale=0.1, blur_px=0.5, jpeg_quality=60),
    checks=Checks(every_steps=30, pictures=4),
    bf16=has_fast_bf16("cuda"),
    threads=1,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a set and a training file."""
    path = tmp_path_factory.mktemp("gpu")
    write_parts(path / "blots")
    (path / "training.yaml").write_text(TRAINING, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def blots(folder: Path) -> DefectSet:
    return defect_set(read_plain(folder / "blots", "blot", is_complete=True), "blot")


class StoppedError(Exception):
    """In the middle of a training."""


def stop(step: int, share: float, loss: float) -> None:
    if step == 20:
        raise StoppedError


def test_a_network_that_learned_there_is_given_back_on_the_cpu_and_finds_the_defect(blots: DefectSet) -> None:
    trained = train([blots], SETTINGS, validation=[blots], rank=GPU)
    assert {each.device.type for each in trained.network.state_dict().values()} == {"cpu"}
    means = []
    for sample in blots.samples:
        rgb, mask, _ = sample.read()
        if sample.is_defective:
            with torch.no_grad():
                logits = trained.network(normalise_bands(torch.from_numpy(rgb[None]), RGB))[0, 0].numpy()
            means.append((logits[mask > 0].mean(), logits[mask == 0].mean()))
    assert all(on_it > beside_it + 1.0 for on_it, beside_it in means)


def test_an_interrupted_training_goes_on_to_what_it_would_have_been(blots: DefectSet, tmp_path: Path) -> None:
    def kept() -> Checkpoint:
        return Checkpoint(tmp_path / "run.checkpoint", {}, every_s=0.0)

    losses: dict[str, list[float]] = {"whole": [], "resumed": []}
    train([blots], SETTINGS, lambda step, share, loss: losses["whole"].append(loss), rank=GPU)
    with pytest.raises(StoppedError):
        train([blots], SETTINGS, stop, checkpoint=kept(), rank=GPU)
    trained = train([blots], SETTINGS, lambda step, share, loss: losses["resumed"].append(loss), checkpoint=kept(), rank=GPU)
    assert trained.steps == SETTINGS.steps
    # not equal to the bit, as on a CPU: a GPU adds in whatever order it comes to. Chance is the same all the same
    assert len(losses["resumed"]) == 40
    assert losses["resumed"][:5] == pytest.approx(losses["whole"][20:25], rel=0.1)


def test_the_first_steps_there_lose_what_they_lose_on_the_cpu(blots: DefectSet) -> None:
    plain = replace(SETTINGS, steps=5, bf16=False, checks=None, augmentation=Augmentation())
    losses: dict[str, list[float]] = {"cpu": [], "cuda": []}
    for device, into in losses.items():
        train([blots], plain, lambda step, share, loss, into=into: into.append(loss), rank=rank_of({}, device))
    assert losses["cuda"][0] == pytest.approx(losses["cpu"][0], rel=1e-3)
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=0.02)


def test_train_makes_a_package_there_and_refuses_to_go_on_elsewhere(folder: Path) -> None:
    out = folder / "out"
    words = ["-m", "edge_inspector", "train", str(folder / "training.yaml"), "--out", str(out)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    assert load_engine_package(out / "engines" / "blot").manifest.name == "blot"
    run = yaml.safe_load((out / "runs" / "blot" / "run.yaml").read_text(encoding="utf-8"))
    assert (run["device"], run["arithmetic"]) == ("cuda", "bf16" if has_fast_bf16("cuda") else "f32")
    again = subprocess.run([sys.executable, *words, "--device", "cpu"], capture_output=True, text=True, timeout=250)
    assert again.returncode == 1
    assert "device was cuda, is cpu" in again.stderr


def test_torchruns_process_learns_there(folder: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1", "-m"]
    words = ["edge_inspector", "train", str(folder / "training.yaml"), "--out", str(folder / "torchrun"), "--device", "cuda"]
    done = subprocess.run([*torchrun, *words], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    assert load_engine_package(folder / "torchrun" / "engines" / "blot").manifest.name == "blot"
