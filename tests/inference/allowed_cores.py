"""Which cores the threads of this process may run on while something is computed."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

TASKS = Path("/proc/self/task")


def allowed_cores_during(call: Callable[[], object]) -> set[tuple[int, ...]]:
    """What each thread that ran meanwhile was allowed; a library may bind its threads for as long as it computes.

    Threads that only slept say nothing, nor what is not seen each of three times: other tests' engines leave some behind.
    """
    return set.intersection(*(_allowed_once(call) for _ in range(3)))


def _allowed_once(call: Callable[[], object]) -> set[tuple[int, ...]]:
    seen: dict[str, set[tuple[int, ...]]] = {}
    before = _wakings()
    computing = Thread(target=call)
    computing.start()
    while computing.is_alive():
        for task in TASKS.iterdir():
            with suppress(ProcessLookupError):  # a thread may end meanwhile
                seen.setdefault(task.name, set()).add(tuple(sorted(os.sched_getaffinity(int(task.name)))))
    after = _wakings()
    ran = [task for task in seen if task not in before or after.get(task, -1) != before[task]]
    return set().union(*(seen[task] for task in ran))


def _wakings() -> dict[str, int]:
    """How often each thread has been given a core and gone from it."""
    counts = {}
    for task in TASKS.iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            words = (task / "status").read_text(encoding="utf-8").split()
            counts[task.name] = sum(int(words[k + 1]) for k, word in enumerate(words) if word.endswith("ctxt_switches:"))
    return counts
