"""The start of the recording's time, `t0`: set once everything is ready, kept by a restarted daemon."""

from __future__ import annotations

from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.station.session import Session

LEAD_NS = 500 * NS_PER_MS  # workers read the new session well before the recording begins


def kept_t0_ns(previous: Session | None, boot_id: str, belt_incarnation: str) -> int | None:
    """Return the t0 that a restarted daemon keeps: same boot, same belt. A restart continues, it does not rewind."""
    if previous is None or previous.boot_id != boot_id or previous.belt_incarnation != belt_incarnation:
        return None
    return previous.t0_ns
