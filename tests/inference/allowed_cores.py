"""Which cores the threads of this process may run on while something is computed."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread


def allowed_cores_during(call: Callable[[], object]) -> set[tuple[int, ...]]:
    """What each thread that ran meanwhile was allowed; a library may bind its threads for as long as it computes."""
    seen = set()
    computing = Thread(target=call)
    computing.start()
    while computing.is_alive():
        with suppress(ProcessLookupError):  # a thread may end meanwhile
            seen |= {tuple(sorted(os.sched_getaffinity(int(task.name)))) for task in Path("/proc/self/task").iterdir()}
    return seen
