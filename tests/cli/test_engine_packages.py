"""`engines list|verify|install` say what there is, whether it works here, and put a package in place whole or not at all."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import openvino as ov
import pytest
import yaml
from typer.testing import CliRunner, Result

from edge_inspector.cli.main import build_app
from edge_inspector.domain.errors import ConfigurationError, EngineFaultError, EngineFileError
from edge_inspector.inference.engines import cpu_precisions
from edge_inspector.inference.engines import openvino as openvino_engine
from edge_inspector.station import package_place
from edge_inspector.station.engine_manifest import load_engine_package
from tests.inference.tiny_engine import shifted_package, tiny_model, write_package

SHIPPED = Path(__file__).parents[2] / "engines"
CAPABILITIES = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


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
    assert result.stdout.startswith(f"{engines / 'spot'}: good in f32; draws its 2 golden pictures, ")
    write_package(engines / "other" / "spot", model=tiny_model(centre=200.0))
    with pytest.raises(EngineFaultError, match="fails parity"):
        run("verify", str(engines / "other" / "spot"))


def test_the_folder_one_stands_in_is_verified_under_the_engines_name(engines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(engines / "spot")
    assert run("verify", ".").stderr.startswith("engine spot: verifying its files")


@pytest.mark.skipif("BF16" not in CAPABILITIES, reason="OpenVINO does not compile for bf16 on this processor")
def test_every_precision_that_the_processor_has_is_verified(engines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_package(engines / "wide" / "spot", precisions=("bf16", "f32"))
    for module in (cpu_precisions, openvino_engine):
        monkeypatch.setattr(module, "cpu_flags", lambda: frozenset({"avx512_bf16"}))
    result = run("verify", str(engines / "wide" / "spot"))
    assert [line.split(";")[0].split(": ")[1] for line in result.stdout.splitlines()] == ["good in bf16", "good in f32"]


def test_a_precision_that_the_processor_lacks_is_named(engines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_package(engines / "wide" / "spot", precisions=("bf16", "f32"))
    for module in (cpu_precisions, openvino_engine):
        monkeypatch.setattr(module, "cpu_flags", lambda: frozenset({"avx2"}))
    good, lacking = run("verify", str(engines / "wide" / "spot")).stdout.splitlines()
    assert "good in f32" in good
    assert lacking.endswith("not verified in bf16; this CPU does not compute in it")


@pytest.mark.parametrize("command", ["verify", "install"])
def test_an_engine_whose_logits_come_out_shifted_is_neither_good_nor_installed(tmp_path: Path, command: str) -> None:
    package = shifted_package(SHIPPED / "straw_crack", tmp_path / "straw_crack", 0.5)
    with pytest.raises(EngineFaultError, match="engine straw_crack fails parity"):
        run(command, str(package.folder), *(["--into", str(tmp_path / "line")] if command == "install" else []))
    assert not (tmp_path / "line").exists()


def test_an_engine_that_does_not_work_here_replaces_none_unless_it_is_for_another_computer(
    engines: Path, line: Path
) -> None:
    before = load_engine_package(line / "spot").digest
    other = engines / "other" / "spot"
    write_package(other, model=tiny_model(centre=200.0))
    with pytest.raises(EngineFaultError, match="fails parity"):
        run("install", str(other), "--into", str(line), "--replace")
    assert load_engine_package(line / "spot").digest == before
    assert run("install", str(other), "--into", str(line), "--replace", "--no-verify").exit_code == 0
    assert load_engine_package(line / "spot").digest == load_engine_package(other).digest


def test_an_engine_with_another_cut_says_both_since_recipes_keep_theirs(engines: Path, line: Path) -> None:
    manifest = engines / "spot" / "manifest.yaml"
    document = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    same = run("install", str(engines / "spot"), "--into", str(line), "--replace", "--no-verify")
    assert document["threshold"]["evidence"] in same.stdout
    assert "CAUTION" not in same.stdout
    before, document["threshold"]["score"] = document["threshold"]["score"], 0.6
    manifest.write_text(yaml.safe_dump(document), encoding="utf-8")
    other = run("install", str(engines / "spot"), "--into", str(line), "--replace", "--no-verify")
    assert "cut 0.6: " in other.stdout
    assert f"CAUTION: the engine before had its cut at {before:g}. Recipes keep their min_score" in other.stdout


def test_a_package_with_another_digest_than_expected_is_not_installed(engines: Path, tmp_path: Path) -> None:
    package, line = str(engines / "spot"), str(tmp_path / "line")
    digest = load_engine_package(engines / "spot").digest
    with pytest.raises(ConfigurationError, match=rf"spot: has the digest {digest}, expected is 0{{64}}; get the package"):
        run("install", package, "--into", line, "--digest", "0" * 64)
    with pytest.raises(ConfigurationError, match="is no digest, which is 12 to 64 of 0-9 a-f"):
        run("install", package, "--into", line, "--digest", digest[:11])
    with pytest.raises(ConfigurationError, match="--digest '': is no digest"):  # a variable that was never set
        run("install", package, "--into", line, "--digest", "")
    for given in (digest, run("list", str(engines)).stdout.split()[-1]):
        assert run("install", package, "--into", line, "--digest", given, "--replace").exit_code == 0


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


def test_a_package_that_was_set_aside_and_never_replaced_is_a_fault_and_not_listed(engines: Path) -> None:
    (engines / "spot").rename(engines / ".spot.going")
    result = run("list", str(engines))
    assert result.exit_code == 1
    assert [row.split(":")[0] for row in result.stdout.splitlines()] == ["scratch"]
    assert ".spot.going: an install of spot did not end" in result.stderr
    assert "rename it to spot" in result.stderr


def test_who_asks_for_a_package_that_was_set_aside_is_told_where_it_is(engines: Path) -> None:
    (engines / "spot").rename(engines / ".spot.going")
    with pytest.raises(EngineFileError, match=r"\.spot\.going: an install of spot did not end, .* rename it to spot"):
        run("verify", str(engines / "spot"))


def test_what_is_left_of_a_package_that_was_replaced_is_no_fault(engines: Path) -> None:
    shutil.copytree(engines / "spot", engines / ".spot.going")
    assert run("list", str(engines)).exit_code == 0


def test_a_folder_with_nothing_but_a_package_set_aside_says_so(engines: Path) -> None:
    shutil.rmtree(engines / "scratch")
    (engines / "spot").rename(engines / ".spot.going")
    result = run("list", str(engines))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "rename it to spot" in result.stderr


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
