"""The start of the recording's time, `t0`: set once the line is armed, kept by a restarted daemon."""

from __future__ import annotations

import msgspec

from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.station.belt_file import BeltFile
from edge_inspector.station.session import Session

LEAD_NS = 500 * NS_PER_MS  # workers read the new session well before the recording begins


def continue_timeline(session: Session, previous: Session | None) -> Session:
    """Return the session of a restarted daemon: on the same boot a restart continues the recording, it does not rewind."""
    if previous is None or previous.boot_id != session.boot_id:
        return session
    return msgspec.structs.replace(session, belt_incarnation=previous.belt_incarnation, t0_ns=previous.t0_ns)


def join_belt(session: Session, belt: BeltFile) -> Session:
    """Return the session with its belt; the recording begins anew with a belt that was not there before."""
    t0_ns = session.t0_ns if belt.incarnation == session.belt_incarnation else None
    return msgspec.structs.replace(session, belt_dir=belt.folder, belt_incarnation=belt.incarnation, t0_ns=t0_ns)
