from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from edge_inspector.synthesis.session import write_session

CAMERAS = ("c1", "c2")


@pytest.fixture(scope="session")
def looping_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four parts before two cameras, some cracked, some wrong, that come again and again."""
    path = tmp_path_factory.mktemp("recording") / "session"
    write_session(path, seed=77, parts=24, defect_share=0.34, wrong_share=0.17, spacing_ms=750, cameras=CAMERAS)
    make_endless(path)
    return path


@pytest.fixture(scope="session")
def unhurried_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four parts before two cameras, one a second, some cracked, some wrong, that come again and again.

    Every crack is in clear view of a camera; the first parts are `d g two d g empty` and seven good ones.
    """
    path = tmp_path_factory.mktemp("unhurried") / "session"
    write_session(path, seed=9465, parts=24, defect_share=0.167, wrong_share=0.125, spacing_ms=1000, cameras=CAMERAS)
    make_endless(path)
    return path


def make_endless(recording: Path) -> None:
    """Let a recorded session begin again whenever it ends."""
    entry = yaml.safe_load((recording / "session.yaml").read_text(encoding="utf-8"))
    entry["loop"] = True
    (recording / "session.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
