"""Change-overs of a running station: no part is accepted by another recipe than the one in its key, and none is forgotten.

The recipes differ so that bins tell them apart: by the first a straw with a hole is rejected, by the other every straw is.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import ArrivalRecord, OutcomeRecord, RecipeRecord, RunStarted
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.station.session import read_session
from tests.daemon.judging import breaches, rows_of, unhurry
from tests.daemon.rig import ENGINE, Rig, station_rig
from tests.inference.tiny_engine import shifted_package

STRICT = "strict.yaml"


def write_strict_recipe(rig: Rig, change: Callable[[dict[str, Any]], None] = lambda recipe: None) -> Path:
    """A recipe by which no straw is good: none is so long."""
    recipe = yaml.safe_load((rig.folder / "recipe.yaml").read_text(encoding="utf-8"))
    recipe["dimensions"] = {"length_mm": {"min": 64.0, "max": 66.0}}
    change(recipe)
    path = rig.folder / STRICT
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return path


def digest_of(rig: Rig) -> str:
    return read_session(rig.state_dir).recipe_digest


def arrivals(rig: Rig) -> list[ArrivalRecord]:
    return [record for record in rig.ledger() if isinstance(record, ArrivalRecord)]


def accepted(rig: Rig) -> list[OutcomeRecord]:
    return [r for r in rig.ledger() if isinstance(r, OutcomeRecord) and r.verdict is VerdictKind.ACCEPT]


def recipe_command(rig: Rig, *arguments: str) -> subprocess.CompletedProcess[str]:
    return rig.command("recipe", str(rig.station), *arguments)


def wait_for_arrivals(rig: Rig, digest: str, count: int = 3) -> None:
    def has_come() -> bool:
        return sum(record.key.recipe == digest for record in arrivals(rig)) >= count

    rig.wait_for(f"{count} parts of recipe {digest[:12]}", has_come)


def wait_until_one_is_accepted(rig: Rig) -> None:
    before = len(accepted(rig))
    rig.wait_for("an accepted part", lambda: len(accepted(rig)) > before, 60)


def is_ready(rig: Rig) -> bool:
    status = rig.status()
    return status is not None and status.all_ready and status.line_state == "armed"


def is_over(rig: Rig) -> bool:
    status = rig.status()
    return status is not None and status.change_over is not None and status.change_over.phase in ("done", "failed")


def start(rig: Rig) -> str:
    """Start belt and daemon, and wait until a part was accepted; return the digest of the first recipe."""
    rig.change_station(unhurry)
    rig.change_station(lambda station: station["line"]["uninspected_limit"].update(in_a_row=20))
    rig.start_belt()
    rig.start_daemon()
    rig.wait_until_armed()
    wait_until_one_is_accepted(rig)
    return digest_of(rig)


def end(rig: Rig, recording: Path, strict: str) -> None:
    """Drain, and judge: one outcome an arrival, bins and ledger agree, and nothing was accepted by the strict recipe."""
    assert rig.stop_daemon() == 0
    rig.stop_belt()
    assert breaches(rows_of(rig, recording), edges_may_be_lost=True) == []
    outcomes = [record.key for record in rig.ledger() if isinstance(record, OutcomeRecord)]
    assert sorted(key.name for key in outcomes) == sorted(record.key.name for record in arrivals(rig))
    assert [record.key.name for record in accepted(rig) if record.key.recipe == strict] == []
    decided = {record.key: record.verdict for record in rig.verdicts()}
    passed = [r for r in rig.ledger() if isinstance(r, OutcomeRecord) and r.outcome is Outcome.PASSED]
    assert all(decided[record.key] is VerdictKind.ACCEPT for record in passed)  # under the very key, recipe included


def victims(first: str, *others: str) -> tuple[str, ...]:
    """Who is killed: the first; under `make proofs` the others too."""
    return (first, *others) if os.environ.get("EDGE_INSPECTOR_PROOFS") else (first,)


def test_the_line_changes_over_and_back_while_parts_run(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig:
        first = start(rig)
        path = write_strict_recipe(rig)
        there = recipe_command(rig, str(path), "--who", "maria")
        assert (there.returncode, there.stderr) == (0, "")
        assert there.stdout.splitlines()[0].startswith(f"{path} is good: all workers prepare it (")
        strict = digest_of(rig)
        assert strict != first
        wait_for_arrivals(rig, strict)
        rig.wait_for("the end of the change-over", lambda: is_over(rig))
        back = recipe_command(rig)
        assert (back.returncode, back.stderr) == (0, "")
        assert digest_of(rig) == first
        wait_until_one_is_accepted(rig)
        end(rig, unhurried_recording, strict)
        found = [record.key.recipe for record in arrivals(rig)]
        begin, stop = found.index(strict), len(found) - found[::-1].index(strict)
        assert set(found[begin:stop]) == {strict}
        assert {*found[:begin], *found[stop:]} == {first}
        changes = [record for record in rig.ledger() if isinstance(record, RecipeRecord)]
        assert [record.recipe for record in changes] == [strict, first]
        assert changes[0].who == "maria"
        uninspected = [r for r in rig.ledger() if isinstance(r, OutcomeRecord) and r.verdict is VerdictKind.REJECT]
        assert any(record.key.recipe == strict for record in uninspected)  # judged by its rules, not merely not judged


def break_rule(recipe: dict[str, Any]) -> None:
    recipe["rules"][0]["min_score"] = 7


def break_parity(rig: Rig, recipe: dict[str, Any]) -> None:
    """The engine's package, whole, with a network whose logits come out shifted."""
    folder = rig.folder / ENGINE
    shifted_package(Path(recipe["engines"][ENGINE]), folder, 1.0)
    recipe["engines"][ENGINE] = str(folder)


def test_a_bad_recipe_changes_nothing_and_says_why(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig:
        first = start(rig)
        path = write_strict_recipe(rig, break_rule)
        refused = recipe_command(rig, str(path))
        line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "min_score: 7" in text)
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"{path}:{line}: rules.0.min_score: 7, allowed is")
        path = write_strict_recipe(rig, lambda recipe: break_parity(rig, recipe))
        failed = recipe_command(rig, str(path))
        assert failed.returncode == 1
        assert f"nothing was changed: inference: engine {ENGINE} fails parity" in failed.stderr
        wait_until_one_is_accepted(rig)
        assert digest_of(rig) == first
        end(rig, unhurried_recording, strict="")
        assert {record.key.recipe for record in arrivals(rig)} == {first}
        assert not any(isinstance(record, RecipeRecord) for record in rig.ledger())


@pytest.mark.proof
@pytest.mark.parametrize("victim", victims("inference", "decision", "capture-c1"))
def test_a_worker_killed_while_it_prepares_changes_nothing(unhurried_recording: Path, victim: str) -> None:
    with station_rig(unhurried_recording) as rig:
        first = start(rig)
        path = write_strict_recipe(rig)
        step = "capture.recipe_prepared" if victim == "capture-c1" else f"{victim}.recipe_prepared"
        rig.order(step, "KILL", rig.pid_of(victim))
        failed = recipe_command(rig, str(path))
        assert rig.was_hit(step), failed.stderr
        assert failed.returncode == 1
        assert f"nothing was changed: {victim} is not running, or ended while it prepared" in failed.stderr
        rig.wait_for("all workers to be ready again", lambda: is_ready(rig))
        wait_until_one_is_accepted(rig)
        assert digest_of(rig) == first
        again = recipe_command(rig, str(path))
        assert (again.returncode, again.stderr) == (0, "")
        strict = digest_of(rig)
        wait_for_arrivals(rig, strict)
        end(rig, unhurried_recording, strict)


@pytest.mark.proof
@pytest.mark.parametrize("victim", victims("line", "inference", "decision", "capture-c1"))
def test_a_worker_killed_right_after_the_switch_reads_the_right_recipes(unhurried_recording: Path, victim: str) -> None:
    with station_rig(unhurried_recording) as rig:
        start(rig)
        path = write_strict_recipe(rig)
        rig.order("line.recipe_switched", "KILL", rig.pid_of(victim))
        told = recipe_command(rig, str(path))
        assert rig.was_hit("line.recipe_switched"), told.stderr
        strict = digest_of(rig)
        if victim == "line":
            rig.wait_for("the alarm", lambda: (status := rig.status()) is not None and bool(status.alarms))
        rig.wait_until_armed_again()
        wait_for_arrivals(rig, strict)
        rig.wait_for("the end of the change-over", lambda: is_over(rig))
        assert recipe_command(rig).returncode == 0
        wait_until_one_is_accepted(rig)
        end(rig, unhurried_recording, strict)


def test_a_supervisor_killed_after_the_switch_is_followed_by_one_that_inspects_for_the_new_recipe(
    unhurried_recording: Path,
) -> None:
    with station_rig(unhurried_recording) as rig:
        start(rig)
        path = write_strict_recipe(rig)
        assert recipe_command(rig, str(path)).returncode == 0
        strict = digest_of(rig)
        os.kill(rig.pid_of("supervisor"), signal.SIGKILL)
        assert rig.daemon is not None
        rig.daemon.wait(10)
        rig.start_daemon()
        rig.wait_until_armed_again()
        assert digest_of(rig) == strict
        wait_for_arrivals(rig, strict)
        end(rig, unhurried_recording, strict)
        assert [r.recipe for r in rig.ledger() if isinstance(r, RunStarted)][-1] == strict
