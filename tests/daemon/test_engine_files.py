"""An engine whose files are not the ones its manifest names is never used: not at the start, and not by a new worker."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from edge_inspector.domain.clock import now_ns
from edge_inspector.simulation.bin_events import NotFed
from tests.daemon.judging import breaches, good_parts_passed, rows_of, settled_rows, unhurry, wait_until_one_passes
from tests.daemon.rig import ENGINE, ROOT, Rig, station_rig


def remove_model(folder: Path) -> str:
    (folder / "model.onnx").unlink()
    return "is missing"


def truncate_model(folder: Path) -> str:
    os.truncate(folder / "model.onnx", 1000)
    return "SHA-256 is "


def swap_model(folder: Path) -> str:
    shutil.copyfile(
        folder / "golden" / sorted(path.name for path in (folder / "golden").iterdir())[0], folder / "model.onnx"
    )
    return "SHA-256 is "


def edit_manifest(folder: Path) -> str:
    """Somebody corrects a file's digest by hand, and slips."""
    path = folder / "manifest.yaml"
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    manifest["files"]["model.onnx"] = "0" * 64
    path.write_text(yaml.safe_dump(manifest), encoding="utf-8")
    return "SHA-256 is "


@pytest.mark.proof
@pytest.mark.parametrize("spoil", [remove_model, truncate_model, swap_model, edit_manifest])
def test_a_spoilt_engine_is_refused_by_check_and_run_with_file_and_remedy(
    spoil: Callable[[Path], str], unhurried_recording: Path
) -> None:
    with station_rig(unhurried_recording) as rig:
        engine = rig.folder / ENGINE
        shutil.copytree(ROOT / "engines" / ENGINE, engine)
        recipe = rig.folder / "recipe.yaml"
        content = yaml.safe_load(recipe.read_text(encoding="utf-8"))
        content["engines"] = dict.fromkeys(content["engines"], str(engine))
        recipe.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        said = spoil(engine)
        for command in ("check", "run"):
            ended = rig.command(command, str(rig.station))
            assert ended.returncode == 1, ended
            assert ended.stderr.startswith(f"{recipe}:")
            assert f"{engine}/model.onnx: {said}" in ended.stderr
            assert "restore the folder from a copy, install the package again, or train it again with: " in ended.stderr
            assert "Traceback" not in ended.stderr


def skipped_since(rig: Rig, since_ns: int) -> list[str]:
    """The parts whose turn came since then and that were not fed, since the feed was off."""
    return [e.part for e in rig.bins() if isinstance(e, NotFed) and e.t_ns > since_ns and e.why == "feed is off"]


@pytest.mark.proof
def test_a_new_inference_worker_refuses_an_engine_that_was_spoilt_meanwhile_and_the_line_holds(
    unhurried_recording: Path,
) -> None:
    with station_rig(unhurried_recording) as rig:
        rig.change_station(unhurry)
        rig.start_belt()
        rig.start_daemon()
        rig.wait_until_armed()
        wait_until_one_passes(rig)
        [model] = (rig.state_dir / "recipes").glob("*/engines/*/model.onnx")
        os.truncate(model, model.stat().st_size // 2)
        killed_ns = now_ns()
        os.kill(rig.pid_of("inference"), signal.SIGKILL)

        def says_why() -> bool:
            worker = rig.worker("inference")
            return worker is not None and worker.state == "not_ready" and f"{model}: SHA-256 is " in worker.detail

        rig.wait_for("the new worker to say why", says_why)
        rig.wait_for("the line to hold", lambda: not rig.is_armed())
        held_ns = now_ns()
        rig.wait_for("two parts not to be fed", lambda: len(skipped_since(rig, held_ns)) >= 2)
        rows = settled_rows(rig, unhurried_recording)
        assert breaches(rows) == []
        assert good_parts_passed([row for row in rows if (row.fed_ns or 0) > killed_ns]) == 0
        assert not rig.is_armed()
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        assert breaches(rows_of(rig, unhurried_recording)) == []
