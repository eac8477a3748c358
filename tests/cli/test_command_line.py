from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_inspector.cli import main as command_line
from edge_inspector.cli.main import COMMANDS, build_app
from edge_inspector.domain.clock import boot_id
from edge_inspector.domain.errors import AlreadyRunningError, ConfigurationError
from edge_inspector.station.session import Session, write_session
from edge_inspector.version import VERSION


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(build_app(arguments[0]), list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def a_session(pid: int, boot: str) -> Session:
    return Session("a" * 12, pid, "/tmp/ei-nowhere", boot, "", "", "{}", "0" * 64)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    code, text = run(name, "--help")

    assert code == 0
    assert "Usage" in text


def test_version_says_the_version() -> None:
    assert run("version") == (0, f"edge_inspector {VERSION}\n")


LISTS_IMPORTS = """
import sys
sys.argv = ["edge-inspector", *{arguments!r}]
from edge_inspector.cli.main import build_app
build_app(sys.argv[1])
{then}
print(*(name for name in {unwanted!r} if name in sys.modules))
"""


def unwanted_imports(arguments: Sequence[str], then: str, unwanted: Sequence[str]) -> str:
    code = LISTS_IMPORTS.format(arguments=list(arguments), then=then, unwanted=list(unwanted))
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_the_version_needs_no_sockets_files_or_numbers() -> None:
    assert unwanted_imports(["version"], "", ["numpy", "cv2", "zmq", "pydantic", "sqlalchemy", "openvino"]) == ""


def test_the_line_worker_starts_without_numeric_libraries() -> None:
    then = "import edge_inspector.workers.line"

    assert unwanted_imports(["worker", "line"], then, ["numpy", "cv2", "openvino", "torch", "sqlalchemy", "scipy"]) == ""


@pytest.mark.parametrize(
    ("error", "code"), [(ConfigurationError("station.yaml:3: wrong"), 1), (AlreadyRunningError("pid 7 runs"), 3)]
)
def test_a_mistake_ends_with_a_sentence_and_its_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_only: str) -> None:
        raise error

    monkeypatch.setattr(command_line, "build_app", fail)
    with pytest.raises(SystemExit) as end:
        command_line.main()

    assert end.value.code == code
    assert capsys.readouterr().err == f"{error}\n"


def test_a_full_disk_is_told_with_the_file_and_any_other_fault_of_the_system_with_its_place_in_the_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_only: str) -> None:
        raise error

    monkeypatch.setattr(command_line, "build_app", fail)
    error: OSError = OSError(28, "No space left on device", "trained/runs/crack/parts.csv.partial")
    with pytest.raises(SystemExit) as end:
        command_line.main()
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(
        "trained/runs/crack/parts.csv.partial: can not be written (No space left on device); make room"
    )
    error = FileNotFoundError(2, "No such file or directory", "x")
    with pytest.raises(FileNotFoundError):
        command_line.main()


@pytest.mark.parametrize(("why", "code"), [(BrokenPipeError(32, "Broken pipe"), 0), (OSError(28, "No space left"), 1)])
def test_an_exit_for_want_of_a_reader_is_no_error_and_any_other_is(
    why: OSError, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_only: str) -> None:
        try:
            raise why
        except OSError:
            sys.exit(1)  # as typer and rich do

    monkeypatch.setattr(command_line, "build_app", fail)
    with pytest.raises(SystemExit) as end:
        command_line.main()

    assert end.value.code == code


def test_a_command_that_was_done_keeps_its_exit_code_when_nobody_reads_its_last_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def end_with_words_held_back(_only: str) -> None:
        print("not armed")
        sys.exit(2)

    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        monkeypatch.setattr(command_line, "build_app", end_with_words_held_back)
        with pytest.raises(SystemExit) as end:
            command_line.main()

    assert end.value.code == 2


@pytest.mark.parametrize("arguments", [("status",), ("ack", "station.yaml", "--state", "state")])
def test_a_daemon_is_named_by_its_station_file_or_its_state_folder(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="one of the two"):
        run(*arguments)


def test_the_status_of_a_state_folder_without_a_daemon_is_not_running(tmp_path: Path) -> None:
    code, text = run("status", "--state", str(tmp_path), "--json")

    assert code == 1
    assert json.loads(text)["running"] is False
    assert "no daemon was started" in json.loads(text)["why"]


@pytest.mark.parametrize("is_same_boot", [True, False])
def test_a_session_that_a_dead_daemon_left_is_not_running(tmp_path: Path, is_same_boot: bool) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    pid = gone.pid if is_same_boot else os.getpid()
    write_session(tmp_path, a_session(pid, boot_id() if is_same_boot else "another boot"))

    code, text = run("status", "--state", str(tmp_path))

    assert code == 1
    assert text.startswith("not running")
    with pytest.raises(ConfigurationError, match="not running"):
        run("ack", "--state", str(tmp_path))


def test_a_daemon_that_does_not_answer_is_running_but_not_armed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_inspector.supervisor.client.ask_status.__defaults__", (50.0,))
    write_session(tmp_path, a_session(os.getpid(), boot_id()))

    code, text = run("status", "--state", str(tmp_path), "--json")

    assert code == 2
    assert "does not answer" in json.loads(text)["why"]
