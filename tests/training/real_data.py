"""Where the real sets lie beside the repository; a test that needs one skips by its name where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"


def real_data(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the real set {name} is not at {folder}")
    return folder
