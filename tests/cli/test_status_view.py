from __future__ import annotations

import io

import msgspec
from rich.console import Console

from edge_inspector.cli.status import as_json_text, exit_code
from edge_inspector.cli.status_view import render
from edge_inspector.domain.errors import ChannelError
from edge_inspector.domain.health import QueueDepth
from edge_inspector.supervisor.client import NotRunning
from edge_inspector.supervisor.status_report import Alarm, ChangeStatus, StationStatus, WorkerStatus


def a_status(line_state: str = "armed") -> StationStatus:
    worker = WorkerStatus(
        "capture-c1", "running", "not_ready", 4711, 12.0, 2, 3, "no frames for 2.1 s", 17, 0.0,
        {"views": QueueDepth(1, 4, 2)}, {"late": 5, "early": 0},
    )  # fmt: skip
    alarm = Alarm("belt_stopped", "the belt stopped by itself", "find out why, then acknowledge")
    return StationStatus(
        "bench", True, "running", line_state, False, ("capture-c1: not_ready",), (alarm,), (worker,), 1, "a" * 12, "", "", 0
    )


def shown(found: StationStatus | NotRunning | ChannelError) -> str:
    text = io.StringIO()
    Console(file=text, width=200).print(render(found))
    return text.getvalue()


def test_a_person_reads_line_alarm_remedy_and_each_worker() -> None:
    text = shown(a_status("stopped"))

    assert "bench (simulation)   line: stopped" in text
    assert "waiting for capture-c1: not_ready" in text
    assert "ALARM belt_stopped: the belt stopped by itself" in text
    assert "what to do: find out why, then acknowledge" in text
    row = next(line for line in text.splitlines() if line.startswith("capture-c1"))
    assert row.split()[:7] == ["capture-c1", "not_ready", "4711", "12", "ms", "2", "17"]
    assert row.rstrip().endswith("no frames for 2.1 s")
    assert text.splitlines()[-1] == "capture-c1: late 5, queue views 1/4/2"


def test_the_lot_that_is_named_is_shown_and_none_is_not() -> None:
    assert "lot 2026-17" in shown(msgspec.structs.replace(a_status(), lot="2026-17")).splitlines()
    assert "lot" not in shown(a_status())


def test_a_change_over_is_shown_until_it_is_done_and_why_it_failed() -> None:
    change = ChangeStatus(1, "b" * 64, "other.yaml", "preparing", "")
    status = msgspec.structs.replace(a_status(), change_over=change, recipe_digest="a" * 64, recipe_path="recipe.yaml")
    assert "recipe aaaaaaaaaaaa recipe.yaml" in shown(status)
    assert "change-over to other.yaml (bbbbbbbbbbbb) preparing" in shown(status).splitlines()
    failed = msgspec.structs.replace(change, phase="failed", detail="nothing was changed: no such engine")
    assert "failed: nothing was changed: no such engine" in shown(msgspec.structs.replace(status, change_over=failed))
    done = msgspec.structs.replace(change, phase="done")
    assert "change-over" not in shown(msgspec.structs.replace(status, change_over=done))


def test_a_script_learns_from_the_exit_code_whether_the_station_is_armed() -> None:
    assert exit_code(a_status("armed")) == 0
    assert exit_code(a_status("held")) == 2
    assert exit_code(ChannelError("no answer")) == 2
    assert exit_code(NotRunning("gone")) == 1


def test_json_holds_all_that_a_person_sees() -> None:
    text = as_json_text(a_status())

    assert '"running": true' in text
    assert '"line_state": "armed"' in text
    assert '"remedy": "find out why, then acknowledge"' in text
