from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from edge_inspector.synthesis.session import write_session


@pytest.fixture(scope="session")
def looping_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve parts, some cracked, some wrong, that come again and again."""
    path = tmp_path_factory.mktemp("recording") / "session"
    write_session(path, seed=77, parts=12, defect_share=0.34, wrong_share=0.17, spacing_ms=800)
    entry = yaml.safe_load((path / "session.yaml").read_text(encoding="utf-8"))
    entry["loop"] = True
    (path / "session.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
    return path
