"""The same training is not done twice, and another one never taken for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from edge_inspector.domain.errors import TrainingDataError, TrainingStoppedError
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.kept_network import keep_network
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.train import TrainedNetwork, TrainingSettings
from tests.training import tiny

SETTINGS = replace(tiny.SETTINGS, seed=1, steps=3, minutes=2.5)
SOURCES = {"pictures": "ab", "weights": "random"}


class Teacher:
    """Gives a new network each time it is asked, and counts how often."""

    def __init__(self) -> None:
        self.lessons = 0

    def learn(self, checkpoint: Checkpoint) -> TrainedNetwork:
        self.lessons += 1
        torch.manual_seed(self.lessons)
        return TrainedNetwork(LightUNet().eval(), SETTINGS, 0.9, 3, 0.25)


@pytest.fixture
def teacher() -> Teacher:
    return Teacher()


def test_what_was_learned_with_these_settings_from_these_sources_is_taken_as_it_was(
    tmp_path: Path, teacher: Teacher
) -> None:
    path = tmp_path / "networks" / "crack.pt"
    first = keep_network(path, SETTINGS, SOURCES, teacher.learn)
    second = keep_network(path, replace(SETTINGS, threads=7), SOURCES, teacher.learn)
    assert teacher.lessons == 1
    assert (second.alpha, second.steps, second.minutes) == (0.9, 3, 0.25)
    assert not second.network.training
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name])


def test_a_file_that_was_cut_off_is_named_and_nothing_is_learned(tmp_path: Path, teacher: Teacher) -> None:
    path = tmp_path / "crack.pt"
    keep_network(path, SETTINGS, SOURCES, teacher.learn)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(
        TrainingDataError, match=r"crack\.pt: is damaged, or no file of a training; remove it, to learn anew"
    ):
        keep_network(path, SETTINGS, SOURCES, teacher.learn)
    assert teacher.lessons == 1


def test_a_network_that_the_disk_does_not_take_leaves_the_checkpoint_and_is_told(
    tmp_path: Path, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint: list[Path] = []

    def learn(kept: Checkpoint) -> TrainedNetwork:
        checkpoint.append(kept.path)
        kept.path.write_bytes(b"so far")
        return teacher.learn(kept)

    def refuse(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", refuse)
    with pytest.raises(TrainingStoppedError, match=r"crack\.pt: what was learned can not be kept .*No space left"):
        keep_network(tmp_path / "crack.pt", SETTINGS, SOURCES, learn)
    assert list(tmp_path.iterdir()) == checkpoint


@pytest.mark.parametrize(
    ("settings", "sources"),
    [
        (replace(SETTINGS, seed=2), SOURCES),
        (replace(SETTINGS, minutes=3.0), SOURCES),
        (SETTINGS, {**SOURCES, "pictures": "cd"}),
    ],
)
def test_other_settings_or_pictures_are_learned_anew(
    tmp_path: Path, teacher: Teacher, settings: TrainingSettings, sources: dict[str, str]
) -> None:
    path = tmp_path / "crack.pt"
    keep_network(path, SETTINGS, SOURCES, teacher.learn)
    keep_network(path, settings, sources, teacher.learn)
    assert teacher.lessons == 2


def test_a_training_that_is_interrupted_leaves_what_was_there(tmp_path: Path, teacher: Teacher) -> None:
    def interrupted(checkpoint: Checkpoint) -> TrainedNetwork:
        raise KeyboardInterrupt

    path = tmp_path / "crack.pt"
    keep_network(path, SETTINGS, SOURCES, teacher.learn)
    with pytest.raises(KeyboardInterrupt):
        keep_network(path, SETTINGS, {**SOURCES, "pictures": "cd"}, interrupted)
    keep_network(path, SETTINGS, SOURCES, teacher.learn)
    assert teacher.lessons == 1


def test_a_training_that_is_interrupted_finds_its_checkpoint_again_and_another_one_does_not(tmp_path: Path) -> None:
    seen: list[Path] = []

    def interrupted(checkpoint: Checkpoint) -> TrainedNetwork:
        seen.append(checkpoint.path)
        checkpoint.path.touch()
        raise KeyboardInterrupt

    path = tmp_path / "crack.pt"
    for sources in (SOURCES, SOURCES, {**SOURCES, "pictures": "cd"}):
        with pytest.raises(KeyboardInterrupt):
            keep_network(path, SETTINGS, sources, interrupted)
    assert seen[0] == seen[1] != seen[2]
    assert list(tmp_path.iterdir()) == [seen[2]]


def test_a_checkpoint_goes_once_its_network_is_kept(tmp_path: Path, teacher: Teacher) -> None:
    def learn(checkpoint: Checkpoint) -> TrainedNetwork:
        checkpoint.path.touch()
        return teacher.learn(checkpoint)

    keep_network(tmp_path / "crack.pt", SETTINGS, SOURCES, learn)
    assert [path.name for path in tmp_path.iterdir()] == ["crack.pt"]
