"""What a training keeps is on the disk, name and all, before anything else is done; a file that can not be read is named."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import torch

from edge_inspector.domain.errors import TrainingDataError, TrainingStoppedError
from edge_inspector.training.kept_file import load_kept, write_kept


class Disk:
    """Takes down what is made durable, and what had its place by then; can refuse a folder's names."""

    def __init__(self, path: Path, *, is_full: bool = False) -> None:
        self.synced: list[tuple[str, bool]] = []
        self._path = path
        self._is_full = is_full

    def fsync(self, opened: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(opened).st_mode) else "file"
        self.synced.append((kind, self._path.is_file()))
        if self._is_full:
            raise OSError(28, "No space left on device")


def test_a_file_takes_its_place_once_it_is_on_the_disk_and_then_its_name_is_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run" / "network.pt"
    disk = Disk(path)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    write_kept(path, {"step": 3, "weights": torch.ones(2)}, "step 3", "nothing was kept before")
    assert disk.synced == [("file", False), ("folder", True)]
    assert load_kept(path)["step"] == 3
    assert [each.name for each in path.parent.iterdir()] == ["network.pt"]


def test_what_the_disk_does_not_take_is_told_and_the_file_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "network.pt"
    write_kept(path, {"step": 3}, "step 3", "")
    monkeypatch.setattr(os, "fsync", Disk(path, is_full=True).fsync)
    said = (
        r"network\.pt: step 4 can not be kept \(.*No space left on device\); step 3 stays\. Make room and give the command"
    )
    with pytest.raises(TrainingStoppedError, match=said):
        write_kept(path, {"step": 4}, "step 4", "step 3 stays")
    assert load_kept(path)["step"] == 3
    assert [each.name for each in tmp_path.iterdir()] == ["network.pt"]


def test_a_file_that_is_damaged_is_told_from_one_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "network.pt"
    path.write_bytes(b"half of a fi")
    with pytest.raises(TrainingDataError, match=r"network\.pt: is damaged, or no file of a training; remove it"):
        load_kept(path)
    torch.save([1, 2], path)
    with pytest.raises(TrainingDataError, match=r"network\.pt: is no file of a training; remove it"):
        load_kept(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(TrainingStoppedError, match=r"network\.pt: can not be read .*; correct this, then run the"):
        load_kept(path)
