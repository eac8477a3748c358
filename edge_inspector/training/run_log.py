"""What a training run is made of, kept in its folder, and its losses where TensorBoard finds them."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # Any: what a run.yaml holds

import torch
import yaml
from torch.utils.tensorboard import SummaryWriter

from edge_inspector.version import VERSION

RUN_FILE = "run.yaml"
BEGUN = "begun_utc"
MAKERS = ("version", "git", "torch")  # what a network is made by


class RunLog:
    """Writes TensorBoard's event files in `folder`/tensorboard; a run that goes on adds to them.

    Where the disk takes no more the log ends, which is said once on stderr, and the training goes on: what has to be kept is
    in its checkpoint, which says itself what became of that.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "tensorboard"
        self._writer: SummaryWriter | None = None
        with self._ends_with_the_disk():
            self._writer = SummaryWriter(str(self._folder))

    def observe(self, what: str, step: int, value: float) -> None:
        """Take a value down. What is written stays, whatever becomes of the run."""
        with self._ends_with_the_disk():
            if self._writer is not None:
                self._writer.add_scalar(what, value, step)

    def close(self) -> None:
        """Write what is still held."""
        with self._ends_with_the_disk():
            if self._writer is not None:
                self._writer.close()

    @contextmanager
    def _ends_with_the_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._writer = None
            print(
                f"{self._folder}: losses are no longer written down ({error}); the training goes on without",
                file=sys.stderr,
                flush=True,
            )


def facts_of_run(
    command: Sequence[str], data_digest: str, training_digest: str, now: datetime | None = None
) -> dict[str, str]:
    """What a person needs to repeat a run: command, data, training file, code, machine."""
    return {
        "command": shlex.join(command),
        BEGUN: (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "data_sha256": data_digest,
        "training_file_sha256": training_digest,
        "version": VERSION,
        "git": git_state(Path(__file__).parent),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": f"{torch.get_num_threads()}",
    }


def write_facts(folder: Path, facts: Mapping[str, str], *, learns: bool = True) -> None:
    """Write to `folder`/run.yaml how a run begins, whole or not at all. How it began stays.

    A run that is taken up again is added below `continued`, if it `learns` on, or anything is other than it last was: with
    the time, code and torch, and what else is another.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RUN_FILE
    said: dict[str, Any] = dict(facts)
    if path.is_file():
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        again = _taken_up(said, facts)
        if not learns and not again:
            return
        entry = {"at_utc": facts[BEGUN]} | {name: facts[name] for name in MAKERS} | again
        said["continued"] = [*said.get("continued", ()), entry]
    partial = path.with_name(f"{RUN_FILE}.partial")
    partial.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
    partial.replace(path)


def _taken_up(said: Mapping[str, Any], facts: Mapping[str, str]) -> dict[str, str]:
    """Which facts are other than they last were."""
    last = dict(said)
    for entry in said.get("continued", ()):
        last |= entry
    return {name: fact for name, fact in facts.items() if name != BEGUN and last.get(name) != fact}


def git_state(folder: Path) -> str:
    """The commit of the code, and whether it was changed since; empty where the code is in no repository."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return ""
    return f"{commit} with changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else commit


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
