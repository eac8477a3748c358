"""`engines list|verify|install` say what there is, whether it works here, and put a package in place whole or not at all."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge_inspector.cli.main import build_app
from edge_inspector.domain.errors import ConfigurationError, EngineFaultError, EngineFileError
from edge_inspector.station import package_place
from edge_inspector.station.engine_manifest import load_engine_package
from tests.inference.tiny_engine import tiny_model, write_package


@pytest.fixture
def engines(tmp_path: Path) -> Path:
    for name in ("spot", "scratch"):
        write_package(tmp_path / "engines" / name)
    return tmp_path / "engines"


def interrupted(source: Path, target: Path) -> None:
    target.write_bytes(b"half")
    raise KeyboardInterrupt


def run(*words: str) -> Result:
    return CliRunner().invoke(build_app("engines"), ["engines", *words], catch_exceptions=False)


def test_every_package_of_a_folder_is_listed(engines: Path) -> None:
    result = run("list", str(engines))
    assert result.exit_code == 0
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["scratch", "spot"]
    assert load_engine_package(engines / "spot").digest[:12] in result.stdout
    rows = json.loads(run("list", str(engines), "--json").stdout)["engines"]
    assert [row["name"] for row in rows] == ["scratch", "spot"]
    assert rows[0]["evidence"] == load_engine_package(engines / "scratch").manifest.threshold.evidence


def test_a_damaged_package_is_told_beside_the_good_ones(engines: Path) -> None:
    (engines / "spot" / "model.onnx").write_bytes(b"swapped")
    result = run("list", str(engines))
    assert result.exit_code == 1
    assert "scratch: " in result.stdout
    assert "model.onnx" in result.stderr


def test_a_folder_without_a_package_is_no_empty_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no engine package"):
        run("list", str(tmp_path))


def test_a_package_is_verified_as_a_station_verifies_it(engines: Path) -> None:
    result = run("verify", str(engines / "spot"), "--threads", "1")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{engines / 'spot'}: good; draws its ")
    write_package(engines / "other" / "spot", model=tiny_model(centre=200.0))
    with pytest.raises(EngineFaultError, match="fails parity"):
        run("verify", str(engines / "other" / "spot"))


def test_a_package_is_installed_whole_and_replaces_another_only_when_told(engines: Path, tmp_path: Path) -> None:
    line = tmp_path / "line" / "engines"
    assert run("install", str(engines / "spot"), "--into", str(line)).exit_code == 0
    assert load_engine_package(line / "spot").digest == load_engine_package(engines / "spot").digest
    with pytest.raises(ConfigurationError, match="spot: is there already; give --replace"):
        run("install", str(engines / "spot"), "--into", str(line))
    assert run("install", str(engines / "spot"), "--into", str(line), "--replace").exit_code == 0
    assert [path.name for path in line.iterdir()] == ["spot"]


def test_a_damaged_package_is_not_installed(engines: Path, tmp_path: Path) -> None:
    (engines / "spot" / "model.onnx").write_bytes(b"swapped")
    with pytest.raises(EngineFileError, match=r"model\.onnx"):
        run("install", str(engines / "spot"), "--into", str(tmp_path / "line"))
    assert not (tmp_path / "line").exists()


def test_an_interrupt_leaves_the_package_that_was_there(
    engines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = tmp_path / "line"
    run("install", str(engines / "spot"), "--into", str(line))
    before = load_engine_package(line / "spot").digest

    monkeypatch.setattr(package_place.shutil, "copyfile", interrupted)
    assert run("install", str(engines / "spot"), "--into", str(line), "--replace").exit_code != 0
    assert load_engine_package(line / "spot").digest == before
    assert [path.name for path in line.iterdir()] == ["spot"]


@pytest.fixture
def line(engines: Path, tmp_path: Path) -> Path:
    """A folder of engines where one was installed."""
    run("install", str(engines / "spot"), "--into", str(tmp_path / "line"))
    return tmp_path / "line"


def test_after_a_kill_between_two_steps_the_engine_that_was_there_is_brought_back(engines: Path, line: Path) -> None:
    before = load_engine_package(line / "spot").digest
    (line / "spot").rename(line / ".spot.going")
    (line / ".spot.coming").mkdir()
    with pytest.raises(ConfigurationError, match="spot: is there already; give --replace"):
        run("install", str(engines / "spot"), "--into", str(line))
    assert load_engine_package(line / "spot").digest == before
    assert run("install", str(engines / "spot"), "--into", str(line), "--replace").exit_code == 0
    assert [path.name for path in line.iterdir()] == ["spot"]


def test_a_package_that_was_set_aside_is_not_listed(engines: Path) -> None:
    (engines / "spot").rename(engines / ".spot.going")
    result = run("list", str(engines))
    assert result.exit_code == 0
    assert [row.split(":")[0] for row in result.stdout.splitlines()] == ["scratch"]


def test_an_engine_behind_a_link_is_replaced_again_and_again(engines: Path, line: Path, tmp_path: Path) -> None:
    elsewhere = (line / "spot").rename(tmp_path / "spot")
    for _ in range(2):
        (line / "spot").symlink_to(elsewhere)
        assert run("install", str(engines / "spot"), "--into", str(line), "--replace").exit_code == 0
        assert [path.name for path in line.iterdir()] == ["spot"]
        assert not (line / "spot").is_symlink()
        shutil.rmtree(line / "spot")
    assert load_engine_package(elsewhere)


def test_a_full_disk_is_told_in_a_sentence_and_leaves_what_was_there(
    engines: Path, line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(package_place.shutil, "copyfile", full)
    said = r"line: spot can not be installed there \(No space left on device\); make room, .* --into\. What was there before"
    with pytest.raises(ConfigurationError, match=said):
        run("install", str(engines / "spot"), "--into", str(line), "--replace")
    assert [path.name for path in line.iterdir()] == ["spot"]


def test_a_file_is_no_folder_of_engines(engines: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("not a folder")
    with pytest.raises(ConfigurationError, match=r"README\.md: is no folder; name a folder of engine packages with --into"):
        run("install", str(engines / "spot"), "--into", str(tmp_path / "README.md"))


def test_a_folder_that_can_not_be_made_is_told_in_a_sentence(engines: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"/proc/foo: spot can not be installed there \(No such file or directory\)"
    ):
        run("install", str(engines / "spot"), "--into", "/proc/foo")


def test_what_is_no_engine_is_never_replaced(engines: Path, tmp_path: Path) -> None:
    (tmp_path / "spot").mkdir()
    with pytest.raises(ConfigurationError, match="is there and is no engine package"):
        run("install", str(engines / "spot"), "--into", str(tmp_path), "--replace")
