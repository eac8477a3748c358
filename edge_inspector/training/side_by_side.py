"""Works side by side, each in a process of its own: what one of them dies of is nothing to the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from edge_inspector.domain.disk_refusal import disk_refusal
from edge_inspector.domain.errors import EdgeInspectorError

PATIENCE_S = 30.0  # of a work that was told to end: so long may what it is in the middle of take

Progress = Callable[[str, float], None]  # stage, share done 0..1
Result = TypeVar("Result")
Work = Callable[[Progress], Result]


@dataclass(frozen=True, slots=True)
class Gathered(Generic[Result]):
    """What became of every work, by its name: its result, or why it has none."""

    done: dict[str, Result] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Told:
    stage: str
    share: float


@dataclass(frozen=True, slots=True)
class _Done(Generic[Result]):
    result: Result


@dataclass(frozen=True, slots=True)
class _Failed:
    why: str


def run_side_by_side(works: Mapping[str, Work[Result]], at_once: int, progress: Progress) -> Gathered[Result]:
    """Run them all, so many at once, and tell their progress; where one fails the others go on.

    Works and results are pickled. Ctrl-C is felt here alone. Then, as with any error here, each work is sent SIGTERM, which
    is a SystemExit in it: it clears away what is half made, and is waited for. So it does if this process is killed.
    """
    waiting = list(works.items())
    running: dict[Connection, BaseProcess] = {}
    gathered: Gathered[Result] = Gathered()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                ear, process = _start(*waiting.pop(0))
                running[ear] = process
            heard = wait(list(running))
            for ear in [each for each in running if each in heard]:
                if not _hear(ear, running[ear].name, gathered, progress):
                    _take_leave(running.pop(ear), gathered)
    finally:
        _end(running.values())
    return gathered


def _start(name: str, work: Work[Result]) -> tuple[Connection, BaseProcess]:
    """Start it afresh, not forked: a fork of a process whose libraries have threads can wait for ever."""
    ear, mouth = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(work, mouth), name=name)
    with _deaf_to_ctrl_c():
        process.start()
    mouth.close()  # else the end of the process would not be heard
    return ear, process


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A process that is started in here never feels Ctrl-C: a blocked signal stays blocked in it. This one feels it then."""
    resource_tracker.ensure_running()  # it comes with the first process, and would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(work: Work[Result], mouth: Connection) -> None:
    """What a process does. An error that is nobody's mistake but the program's is printed with its traceback."""
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_the_caller, daemon=True).start()
    try:
        mouth.send(_Done(work(lambda stage, share: mouth.send(_Told(stage, share)))))
    except EdgeInspectorError as error:
        mouth.send(_Failed(str(error)))
    except BrokenPipeError:  # the caller is gone
        sys.exit(1)
    except OSError as error:
        if (why := disk_refusal(error)) is None:
            raise
        mouth.send(_Failed(why))


def _end_with_the_caller() -> None:
    caller = multiprocessing.parent_process()
    assert caller is not None
    wait([caller.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(_signal: int, _frame: object) -> None:
    sys.exit(1)


def _hear(ear: Connection, name: str, gathered: Gathered[Result], progress: Progress) -> bool:
    """Take in what a work says; False once it says nothing more."""
    try:
        word = ear.recv()
    except (EOFError, OSError):  # the latter in the middle of a word
        return False
    match word:
        case _Told(stage, share):
            progress(stage, share)
        case _Done(result):
            gathered.done[name] = result
        case _Failed(why):
            gathered.failed[name] = why
    return True


def _take_leave(process: BaseProcess, gathered: Gathered[Result]) -> None:
    process.join()
    if process.name in gathered.done or process.name in gathered.failed:
        return
    code = process.exitcode or 0
    end = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    gathered.failed[process.name] = f"its process {end} before it was done; what it printed stands above"


def _end(processes: Iterable[BaseProcess]) -> None:
    told = list(processes)
    for process in told:
        process.terminate()
    for process in told:
        process.join(PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join()
