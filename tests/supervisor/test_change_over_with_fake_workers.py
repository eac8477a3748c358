"""A change-over through the real supervisor: files, session, beats and control channel; only the workers' work is fake."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import msgspec
import pytest

from edge_inspector.domain.control import ControlReply, RecipeRequest
from edge_inspector.station.session import read_recipe
from edge_inspector.supervisor.client import ask
from tests.inference.tiny_engine import write_package
from tests.supervisor.conftest import FakeStation, wait_until

STATION = """\
format: 1
station: bench
simulation: true
recipe: recipe.yaml
state_dir: .
recording: {path: recording}
cameras:
  c1: {driver: replay, latency_ms: 0, offset_ms: 100}
line:
  speed_mm_s: 200
  part_length_mm: {min: 50, max: 70}
  min_spacing_mm: 112
  stop_distance_mm: 10
  ejectors: [{name: good, for: [ACCEPT], at_mm: 420}]
supervision: {beat_timeout_ms: 1500}
"""
RECIPE = """\
format: 1
product: p
view: {height_px: 32, width_px: 64}
mm_per_px: 0.1
presence: {kind: full_frame, mean_grey: [0, 250]}
engines: {spot: engines/spot}
rules:
  - {name: spots, engine: spot, min_score: 0.5}
"""
STRICTER = RECIPE.replace("min_score: 0.5", "min_score: 0.6")


class Bench:
    """A daemon with files of its own, up and ready."""

    def __init__(self, station: FakeStation) -> None:
        self.station = station
        folder = station.state_dir
        self.file, self.recipe, self.other = folder / "station.yaml", folder / "recipe.yaml", folder / "other.yaml"
        self.file.write_text(STATION)
        self.recipe.write_text(RECIPE)
        self.other.write_text(STRICTER)
        (folder / "recording").mkdir()
        (folder / "recording" / "session.yaml").touch()
        write_package(folder / "engines" / "spot")
        station.place_belt()
        self.start()
        self.first = station.session().recipe_digest

    def start(self) -> None:
        self.daemon = self.station.start(self.file)
        self.station.wait_until_ready()

    def ask(self, path: str = "") -> ControlReply:
        return ask(self.station.session(), RecipeRequest("maria", path), 20_000)

    def wait_for(self, phase: str, number: int = 0) -> None:
        """Wait for a phase of the newest change-over, or of one that was asked for as the `number`th."""

        def is_there() -> bool:
            status = self.station.status()
            change = status.change_over if status is not None else None
            return change is not None and change.phase == phase and change.number >= number

        wait_until(is_there, f"a change-over that is {phase}")

    def refusal(self, path: str = "") -> str:
        """Ask, and return why the files were not taken."""
        reply = self.ask(path)
        assert reply.ok, reply.text
        self.wait_for("failed", msgspec.json.decode(reply.body, type=int))
        return self.detail()

    def detail(self) -> str:
        status = self.station.status()
        assert status is not None
        assert status.change_over is not None
        return status.change_over.detail

    def order(self, name: str) -> Path:
        path = self.station.state_dir / name
        path.touch()
        return path


@pytest.fixture
def bench(fake_station: FakeStation) -> Bench:
    return Bench(fake_station)


def recipes_in_session(bench: Bench) -> tuple[str, str]:
    session = bench.station.session()
    return session.recipe_digest, session.other_recipe


def test_all_workers_prepare_the_line_switches_and_the_old_recipe_is_let_go_of(bench: Bench) -> None:
    busy = bench.order("line.busy")
    reply = bench.ask(str(bench.other))
    assert (reply.ok, reply.text) == (True, f"{bench.other} is read and checked")
    bench.wait_for("finishing")  # the line has switched, and a part of the old recipe is under way
    new, old = recipes_in_session(bench)
    assert old == bench.first != new
    assert read_recipe(bench.station.state_dir, new).rules[0].min_score == 0.6
    busy.unlink()
    bench.wait_for("done")
    assert recipes_in_session(bench) == (new, "")
    status = bench.station.status()
    assert status is not None
    assert (status.recipe_digest, status.recipe_path) == (new, str(bench.other))


def test_without_a_path_the_recipe_that_the_station_file_names_is_read_again(bench: Bench) -> None:
    assert bench.ask().ok
    bench.wait_for("done")
    assert bench.detail() == f"parts are inspected for {bench.first[:12]} already: nothing to change"
    bench.recipe.write_text(STRICTER)
    assert bench.ask().ok
    bench.wait_for("done", number=2)
    assert recipes_in_session(bench)[0] != bench.first


def test_mistakes_are_said_with_file_and_line_and_change_nothing(bench: Bench) -> None:
    bench.other.write_text(RECIPE.replace("engine: spot", "engine: spat").replace("mm_per_px: 0.1", "mm_per_px: 5"))
    *faults, last = bench.refusal(str(bench.other)).splitlines()
    assert {fault.split(": ")[0] for fault in faults} == {f"{bench.other}:{line}" for line in (4, 6, 8)}
    assert last == "nothing was changed"
    missing = bench.other.with_name("none.yaml")
    assert str(missing) in bench.refusal(str(missing))
    (bench.station.state_dir / "engines/spot/model.onnx").write_bytes(b"swapped")
    assert "model.onnx: SHA-256 is" in bench.refusal()
    assert recipes_in_session(bench) == (bench.first, "")


def test_a_station_file_that_changed_otherwise_is_not_half_taken_over(bench: Bench) -> None:
    bench.file.write_text(STATION.replace("speed_mm_s: 200", "speed_mm_s: 190").replace("recipe.yaml", "other.yaml"))
    assert "line changed since the daemon was started" in bench.refusal()
    bench.file.write_text(STATION.replace("recipe.yaml", "other.yaml"))
    assert bench.ask().ok
    bench.wait_for("done")


def test_status_is_answered_while_files_are_read_from_a_slow_disk(bench: Bench) -> None:
    slow = bench.station.state_dir / "slow.yaml"
    os.mkfifo(slow)  # to open it for reading waits until somebody writes
    assert bench.ask(str(slow)).ok
    bench.wait_for("reading")
    assert bench.ask(str(bench.other)).text.startswith("a change-over is under way")
    bench.wait_for("reading")
    slow.write_text(STRICTER)
    bench.wait_for("done")
    assert recipes_in_session(bench)[0] != bench.first


def test_a_worker_that_refuses_changes_nothing_and_its_reason_is_said(bench: Bench) -> None:
    refusal = bench.order("inference.refuse")
    assert bench.ask(str(bench.other)).ok
    bench.wait_for("failed")
    assert bench.detail() == "nothing was changed: inference: no such engine"
    assert recipes_in_session(bench) == (bench.first, "")
    refusal.unlink()
    assert bench.ask(str(bench.other)).ok
    bench.wait_for("done")


def test_a_worker_killed_while_it_prepares_changes_nothing_and_a_second_request_waits_its_turn(bench: Bench) -> None:
    slow = bench.order("inference.slow")
    assert bench.ask(str(bench.other)).ok
    bench.wait_for("preparing")
    assert bench.ask(str(bench.other)).text.startswith("a change-over is under way")
    pid = bench.station.worker("inference").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    bench.wait_for("failed")
    assert bench.detail() == "nothing was changed: inference is not running, or ended while it prepared"
    assert recipes_in_session(bench) == (bench.first, "")
    slow.unlink()
    bench.station.wait_for_new_life("inference", pid)
    bench.station.wait_until_ready()
    assert bench.ask(str(bench.other)).ok
    bench.wait_for("done")


def test_a_daemon_that_drains_gives_up_what_is_being_prepared(bench: Bench) -> None:
    bench.order("inference.slow")
    assert bench.ask(str(bench.other)).ok
    bench.wait_for("preparing")
    bench.daemon.send_signal(signal.SIGTERM)
    assert bench.daemon.wait(20) == 0
    assert recipes_in_session(bench) == (bench.first, "")


def test_a_restarted_daemon_goes_on_with_the_recipe_that_was_changed_over_to(bench: Bench) -> None:
    assert bench.ask(str(bench.other)).ok
    bench.wait_for("done")
    new = recipes_in_session(bench)[0]
    bench.daemon.send_signal(signal.SIGTERM)
    assert bench.daemon.wait(20) == 0
    bench.other.write_text("half of an edi")  # what was read holds, whatever becomes of its file
    bench.start()
    assert recipes_in_session(bench) == (new, "")
    bench.daemon.send_signal(signal.SIGTERM)
    assert bench.daemon.wait(20) == 0
    bench.file.write_text(STATION.replace("recipe: recipe.yaml", "recipe: ./recipe.yaml"))  # named anew: it holds
    bench.start()
    assert recipes_in_session(bench) == (bench.first, "")
