"""A session file speaks for the folder that it was written for, and for no copy of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.session import FILE_NAME, Session, read_session, write_session

SESSION = Session("a" * 12, 7, "/tmp/ei-x", "boot", "", "/s/station.yaml", "{}", "0" * 64)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    write_session(folder, SESSION)
    return folder


def test_what_was_written_is_read_and_nothing_half_written_is_left(state_dir: Path) -> None:
    session = read_session(state_dir)
    assert (session.incarnation, session.recipe_digest) == (SESSION.incarnation, SESSION.recipe_digest)
    assert [path.name for path in state_dir.iterdir()] == [FILE_NAME]


def test_a_copied_state_folder_has_no_session_of_its_own(state_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(state_dir, tmp_path / "copy")
    with pytest.raises(ConfigurationError, match=r"was written for .*/state, and copied or moved here"):
        read_session(tmp_path / "copy")


def test_another_way_to_the_same_folder_reads_the_same_session(state_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(state_dir)
    assert read_session(tmp_path / "link") == read_session(state_dir)


def test_a_session_of_an_older_version_that_does_not_say_its_folder_is_read(state_dir: Path) -> None:
    path = state_dir / FILE_NAME
    path.write_text(path.read_text().replace(str(state_dir.resolve()), ""))
    assert read_session(state_dir).state_dir == ""


def test_a_damaged_file_is_said_to_be_none(state_dir: Path) -> None:
    (state_dir / FILE_NAME).write_bytes(b"\xff{")
    with pytest.raises(ConfigurationError, match="not a session file"):
        read_session(state_dir)
