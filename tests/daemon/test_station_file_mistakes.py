"""A station file with mistakes starts nothing: `run` says every one as FILE:LINE and ends with 1."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon.rig import station_rig


def make_empty(path: Path) -> list[str]:
    path.write_bytes(b"")
    return ["1: the file is empty, write its keys, one a line"]


def make_binary(path: Path) -> list[str]:
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)))
    return ["1: "]


def add_unknown_key(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, "colour: blue"]), encoding="utf-8")
    return [f"{len(lines) + 1}: unknown key `colour`"]


def make_several(path: Path) -> list[str]:
    """A key misspelt, a word where a number belongs, a value out of its range."""
    lines = path.read_text(encoding="utf-8").splitlines()
    said = []
    for number, line in enumerate(lines, start=1):
        for found, written, fault in (
            ("simulation: true", "simulator: true", "unknown key `simulator`"),
            ("speed_mm_s: 200", "speed_mm_s: fast", "line.speed_mm_s: "),
            ("at_mm: 620", "at_mm: -620", "line.ejectors.0.at_mm: "),
        ):
            if found in line:
                lines[number - 1] = line.replace(found, written)
                said.append(f"{number}: {fault}")
    path.write_text("\n".join(lines), encoding="utf-8")
    assert len(said) == 3
    return said


@pytest.mark.proof
@pytest.mark.parametrize("spoil", [make_empty, make_binary, add_unknown_key, make_several])
def test_a_daemon_with_a_faulty_station_file_never_starts_and_says_every_fault(
    spoil: Callable[[Path], list[str]], unhurried_recording: Path
) -> None:
    with station_rig(unhurried_recording) as rig:
        said = spoil(rig.station)
        ended = rig.command("run", str(rig.station))
        assert ended.returncode == 1
        lines = ended.stderr.splitlines()
        assert lines
        assert all(re.match(rf"{re.escape(str(rig.station))}:\d+: ", line) for line in lines), ended.stderr
        for fault in said:
            assert any(line.startswith(f"{rig.station}:{fault}") for line in lines), (fault, lines)
        assert not (rig.state_dir / "session.json").exists()
