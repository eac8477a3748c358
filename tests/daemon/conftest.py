from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from edge_inspector.recordings import PartKind
from edge_inspector.synthesis.defects import DefectKind
from edge_inspector.synthesis.session import Contents, write_session

CAMERAS = ("c1", "c2")
ANGLES_DEG = (0.0, 90.0)  # of two straws side by side one camera at least sees both
HOLES = Contents((DefectKind.HOLE,), (PartKind.EMPTY, PartKind.TWO, PartKind.HALF), within_deg=35.0)


@pytest.fixture(scope="session")
def looping_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four parts before two cameras, some with holes, some wrong, that come again and again."""
    path = tmp_path_factory.mktemp("recording") / "session"
    write_session(path, 77, 24, 0.34, 0.17, spacing_ms=750, cameras=CAMERAS, angles_deg=ANGLES_DEG, contents=HOLES)
    make_endless(path)
    return path


@pytest.fixture(scope="session")
def unhurried_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four parts before two cameras, one a second, some with holes, some wrong, that come again and again.

    Every hole is in clear view of a camera; the first parts are `d g two d g empty` and seven good ones.
    """
    path = tmp_path_factory.mktemp("unhurried") / "session"
    write_session(path, 101_234, 24, 0.167, 0.125, spacing_ms=1000, cameras=CAMERAS, angles_deg=ANGLES_DEG, contents=HOLES)
    make_endless(path)
    return path


def make_endless(recording: Path) -> None:
    """Let a recorded session begin again whenever it ends."""
    entry = yaml.safe_load((recording / "session.yaml").read_text(encoding="utf-8"))
    entry["loop"] = True
    (recording / "session.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
