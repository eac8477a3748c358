"""How the workers say that they are alive and what they wait for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from edge_inspector.domain.identity import Count, Digest, TimeNs

AgeMs = Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]  # NaN would never be too old


class WorkerState(StrEnum):
    """A worker's own view of itself. `starting` has a bound of its own at the supervisor."""

    STARTING = "starting"
    READY = "ready"
    NOT_READY = "not_ready"  # runs, but can not do its work now: `detail` says why (a stalled camera, a failed engine)
    DRAINING = "draining"


class QueueDepth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One queue as its owner sees it."""

    depth: Count
    peak: Count
    dropped: Count


class WorkerBeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="worker_beat"):
    """worker → supervisor, from the working loop, at least every 100 ms. Idle is healthy; pending too old is stuck.

    `recipes`: those that it can work by, by digest, with an empty text, and those that it can not, with the reason. The line
    worker names those that its parts under way, and the next one, are inspected for.
    """

    worker: str
    pid: Count
    state: WorkerState
    detail: str
    done_count: Count
    oldest_pending_ms: AgeMs
    sent_ns: TimeNs
    queues: dict[str, QueueDepth]
    facts: dict[str, str | int | float | bool | None]
    recipes: dict[Digest, str] = msgspec.field(default_factory=dict)


class SupervisorBeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="supervisor_beat"):
    """supervisor → line every 100 ms: whether all other workers are ready, whom it waits for, and whether to drain.

    `recipe`: what the next part is to be inspected for, all workers being ready for it (None: as before); `recipe_by` asked.
    """

    sent_ns: TimeNs
    all_ready: bool
    waiting_for: tuple[str, ...]
    drain: bool
    recipe: Digest | None = None
    recipe_by: str = ""
