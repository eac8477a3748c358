from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from edge_inspector.cli import recipe as command
from edge_inspector.cli.main import build_app
from edge_inspector.domain.control import ControlReply, RecipeRequest
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.supervisor.status_report import ChangeStatus
from tests.cli.fake_desk import FakeDesk, a_status

NEW = "b" * 64
TAKEN = ControlReply(ok=True, text="other.yaml is read and checked", body=msgspec.json.encode(3))
GOOD = "other.yaml is good: all workers prepare it (bbbbbbbbbbbb)"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDesk]:
    monkeypatch.setattr(command, "LOOK_S", 0.0)
    desk = FakeDesk(tmp_path)
    yield desk
    desk.close()


def run(desk: FakeDesk, *arguments: str) -> Result:
    return CliRunner().invoke(build_app("recipe"), ["recipe", str(desk.station), *arguments])


def goes_through(desk: FakeDesk, *phases: str, detail: str = "", recipe: str = NEW) -> None:
    """Let each look find the next phase; the last one stays."""
    desk.answer = TAKEN
    left = list(phases)

    def look() -> object:
        phase = left.pop(0) if len(left) > 1 else left[0]
        return a_status(change_over=ChangeStatus(3, "" if phase == "reading" else recipe, "other.yaml", phase, detail))

    desk.status = look  # type: ignore[assignment]


def test_a_change_over_is_followed_until_parts_are_inspected_for_the_new_recipe(desk: FakeDesk, tmp_path: Path) -> None:
    goes_through(desk, "reading", "preparing", "preparing", "switching", "finishing")
    result = run(desk, str(tmp_path / "other.yaml"), "--who", "maria")
    assert result.exit_code == 0
    assert result.output.splitlines() == [GOOD, "parts that arrive are inspected for bbbbbbbbbbbb from now on"]
    assert desk.asked == [RecipeRequest("maria", str(tmp_path / "other.yaml"))]


def test_a_path_is_made_whole_since_the_daemon_has_another_working_folder(
    desk: FakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(desk, "other.yaml")
    assert [request.path for request in desk.asked if isinstance(request, RecipeRequest)] == [str(tmp_path / "other.yaml")]


def test_without_a_file_the_daemon_reads_the_one_that_the_station_file_names(desk: FakeDesk) -> None:
    text = "parts are inspected for aaaaaaaaaaaa already: nothing to change"
    goes_through(desk, "reading", "done", detail=text, recipe="")
    result = run(desk)
    assert (result.exit_code, result.output) == (0, f"{text}\n")
    assert [request.path for request in desk.asked if isinstance(request, RecipeRequest)] == [""]


def test_a_mistake_is_said_and_is_a_failure(desk: FakeDesk) -> None:
    text = "other.yaml:3: mm_per_px: 5, allowed is 0.01 to 1\nnothing was changed"
    goes_through(desk, "reading", "failed", detail=text, recipe="")
    result = run(desk, "other.yaml")
    assert (result.exit_code, result.output) == (1, f"{text}\n")


def test_a_request_that_is_not_taken_is_a_failure(desk: FakeDesk) -> None:
    desk.answer = ControlReply(ok=False, text="a change-over is under way; ask again when it is over")
    result = run(desk, "other.yaml")
    assert (result.exit_code, result.output) == (1, f"{desk.answer.text}\n")


def test_a_worker_that_can_not_prepare_is_a_failure_with_its_reason(desk: FakeDesk) -> None:
    goes_through(desk, "preparing", "failed", detail="nothing was changed: inference: engine crack fails parity")
    result = run(desk, "other.yaml")
    assert result.exit_code == 1
    assert result.output.splitlines() == [GOOD, "nothing was changed: inference: engine crack fails parity"]


def test_one_that_takes_longer_than_a_person_waits_is_said_to_go_on(desk: FakeDesk) -> None:
    goes_through(desk, "preparing")
    result = run(desk, "other.yaml", "--timeout-s", "0")
    assert isinstance(result.exception, ConfigurationError)
    assert "still preparing other.yaml" in str(result.exception)


def test_a_change_over_that_another_one_followed_is_said(desk: FakeDesk) -> None:
    desk.answer = TAKEN
    result = run(desk, "other.yaml")
    assert isinstance(result.exception, ConfigurationError)
    assert "somebody else changed over meanwhile" in str(result.exception)
