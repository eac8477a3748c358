"""A belt is found by its file, and only while it lives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from edge_inspector.station.belt_file import FILE_NAME, BeltFile, find_belt, read_belt_file, write_belt_file


def test_a_living_belt_is_found_and_leaves_no_half_written_file(tmp_path: Path) -> None:
    belt = BeltFile("a" * 12, os.getpid(), "/tmp/ei-belt-x", str(tmp_path.resolve()))
    write_belt_file(tmp_path, belt)
    assert find_belt(tmp_path) == belt
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_belt_that_was_killed_is_read_but_not_found(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    write_belt_file(tmp_path, BeltFile("a" * 12, process.pid, "/tmp/ei-belt-x"))
    assert read_belt_file(tmp_path) is not None
    assert find_belt(tmp_path) is None


def test_no_file_and_a_damaged_one_are_no_belt(tmp_path: Path) -> None:
    assert find_belt(tmp_path) is None
    (tmp_path / FILE_NAME).write_bytes(b"\xff{")
    assert find_belt(tmp_path) is None


def test_a_copied_folder_has_no_belt_though_the_one_it_was_copied_from_runs(tmp_path: Path) -> None:
    original = tmp_path / "state"
    original.mkdir()
    write_belt_file(original, BeltFile("a" * 12, os.getpid(), "/tmp/ei-belt-x"))
    shutil.copytree(original, tmp_path / "copy")
    assert find_belt(original) is not None
    assert find_belt(tmp_path / "copy") is None
