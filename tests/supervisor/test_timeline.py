from __future__ import annotations

import msgspec

from edge_inspector.station.belt_file import BeltFile
from edge_inspector.station.session import Session
from edge_inspector.supervisor.timeline import continue_timeline, join_belt

OLD = Session("a" * 12, 1, "/tmp/ei-x", "boot", "", "", "{}", "0" * 64, "/belt", "belt-1", 4_000)
NEW = Session("c" * 12, 2, "/tmp/ei-y", "boot", "", "", "{}", "0" * 64)


def test_a_restart_with_the_same_belt_continues_the_recording() -> None:
    session = join_belt(continue_timeline(NEW, OLD), BeltFile("belt-1", 7, "/belt"))

    assert (session.t0_ns, session.belt_dir, session.incarnation) == (4_000, "/belt", "c" * 12)


def test_a_new_belt_begins_the_recording_anew() -> None:
    session = join_belt(continue_timeline(NEW, OLD), BeltFile("belt-2", 8, "/belt2"))

    assert (session.t0_ns, session.belt_incarnation) == (None, "belt-2")


def test_times_of_an_earlier_boot_are_forgotten() -> None:
    earlier = msgspec.structs.replace(OLD, boot_id="boot before")

    assert continue_timeline(NEW, earlier) == NEW
    assert continue_timeline(NEW, None) == NEW
