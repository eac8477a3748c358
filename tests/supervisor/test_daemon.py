from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from edge_inspector.domain import failpoints
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.supervisor.daemon import refuse_failpoints
from edge_inspector.supervisor.runtime_folder import make_runtime_folder, remove_runtime_folder
from tests.supervisor.conftest import a_station


def test_failpoints_are_refused_on_a_line_that_is_no_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_folder", "/orders")

    refuse_failpoints(a_station())
    with pytest.raises(ConfigurationError, match="EDGE_INSPECTOR_FAILPOINTS is set, and station 'bench' is no simulation"):
        refuse_failpoints(a_station().model_copy(update={"simulation": False}))


def test_the_runtime_folder_is_private_and_short_even_when_the_preferred_place_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long_folder = tmp_path / ("x" * 80)
    long_folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long_folder))
    folder = make_runtime_folder()
    try:
        assert folder.parent == Path(tempfile.gettempdir())
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        remove_runtime_folder(folder)
    assert not folder.exists()


def test_a_folder_that_is_not_a_runtime_folder_is_never_removed(tmp_path: Path) -> None:
    remove_runtime_folder(tmp_path)

    assert tmp_path.exists()
