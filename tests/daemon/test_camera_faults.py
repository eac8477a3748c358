"""Cameras that drop, repeat, damage and stop, and two parts that share a frame: each missing view is named, none passes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.domain.view import MissingReason
from edge_inspector.simulation.bin_events import Bin, FellInto, NotFed
from edge_inspector.synthesis.session import LATENCY_NS, OFFSET_NS, write_session
from tests.daemon.conftest import ANGLES_DEG, CAMERAS, make_endless
from tests.daemon.judging import breaches, rows_of, unhurry
from tests.daemon.rig import Rig, station_rig

GRID_MS = 500  # from part to part as recorded: 100 mm, less than the station's minimum spacing
PARTS = 22
PAIR = ("p0001", "p0002")
ALONE = ("p0006", "p0008", "p0010", "p0012", "p0014", "p0016", "p0018", "p0020", "p0022")  # a second and more apart
SLOW_CAMERA = "c2"
STALL = {"stall_from_ms": 3200.0, "stall_for_ms": 4300.0}
# drawn so that in the first round p0001 misses its frame, p0006 has a damaged one, p0008 a repeated one, and the rest none
BAD_FRAMES = {"seed": 51_955, "drop_share": 0.15, "stale_share": 0.15, "damage_share": 0.15}


@pytest.fixture(scope="module")
def crowded_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good parts, the first two of them too close; camera c2 takes two frames a second, and one for that pair."""
    path = tmp_path_factory.mktemp("crowded") / "session"
    write_session(path, 11, PARTS, 0, 0, spacing_ms=GRID_MS, cameras=CAMERAS, angles_deg=ANGLES_DEG)
    make_endless(path)
    keep_rows(path / "truth.csv", lambda row: row["part"] in PAIR + ALONE)
    triggers = keep_rows(path / "triggers.csv", lambda row: row["part"] in PAIR + ALONE)
    first_due_ns, second_due_ns = (int(row["t_ns"]) + OFFSET_NS for row in triggers[:2])
    between_ns = (first_due_ns + second_due_ns) // 2

    def is_kept(row: dict[str, str]) -> bool:
        taken_ns = int(row["stamp_ns"]) - LATENCY_NS
        off_grid_ns = (taken_ns - first_due_ns + 250 * NS_PER_MS) % (GRID_MS * NS_PER_MS) - 250 * NS_PER_MS
        if first_due_ns - 100 * NS_PER_MS < taken_ns < second_due_ns + 100 * NS_PER_MS:
            return abs(taken_ns - between_ns) < 17 * NS_PER_MS
        return abs(off_grid_ns) < 17 * NS_PER_MS

    keep_rows(path / "cameras" / SLOW_CAMERA / "frames.csv", is_kept)
    session = yaml.safe_load((path / "session.yaml").read_text(encoding="utf-8"))
    session["cameras"][SLOW_CAMERA]["period_ms"] = float(GRID_MS)
    (path / "session.yaml").write_text(yaml.safe_dump(session), encoding="utf-8")
    return path


def keep_rows(path: Path, is_kept: Callable[[dict[str, str]], bool]) -> list[dict[str, str]]:
    """Leave the rows of a table for which `is_kept` is true, and return them."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or ()), [row for row in reader if is_kept(row)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return rows


def misbehave(station: dict[str, Any]) -> None:
    unhurry(station)
    station["line"]["uninspected_limit"] = {"in_a_row": 500, "of_last": 500, "most": 400}
    fast, slow = dict(station["cameras"]["c1"]), dict(station["cameras"][SLOW_CAMERA])
    slow |= {"period_ms": float(GRID_MS), "tolerance_ms": 275.0, "faults": STALL}
    station["cameras"] = {"c1": fast | {"faults": BAD_FRAMES}, SLOW_CAMERA: slow}


def reasons_said(rig: Rig) -> set[tuple[str, str]]:
    """(camera, reason) of every view that the journal calls missing."""
    return {(missing.camera, missing.reason) for verdict in rig.verdicts() for missing in verdict.missing}


def has_passed_after_a_hold(rig: Rig) -> bool:
    """Whether a part passed whose turn came after parts were held back."""
    held = False
    for event in rig.bins():
        held = held or (isinstance(event, NotFed) and event.why == "feed is off")
        if held and isinstance(event, FellInto) and event.bin is Bin.GOOD:
            return True
    return False


@pytest.mark.proof
def test_whatever_cameras_do_each_missing_view_is_named_and_its_part_does_not_pass(crowded_recording: Path) -> None:
    expected = {
        ("c1", MissingReason.NO_FRAME),
        ("c1", MissingReason.STALE),
        ("c1", MissingReason.DAMAGED),
        (SLOW_CAMERA, MissingReason.FRAME_SHARED),
        (SLOW_CAMERA, MissingReason.NO_FRAME),
        (SLOW_CAMERA, MissingReason.CAMERA_LOST),
    }
    with station_rig(crowded_recording) as rig:
        rig.change_station(misbehave)
        rig.start_belt()
        rig.start_daemon()
        rig.wait_until_armed()
        rig.wait_for("every fault to be named", lambda: reasons_said(rig) >= expected, 60)
        rig.wait_for("the line to recover from the stall", lambda: has_passed_after_a_hold(rig))
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        rows = rows_of(rig, crowded_recording)
        assert breaches(rows) == []
        assert {row.part for row in rows} >= set(PAIR)
        for row in rows:
            if row.part in PAIR:
                assert (row.verdict, row.outcome, row.bin) == (VerdictKind.UNINSPECTED, Outcome.EJECTED, Bin.ASIDE), row
        without_a_view = {verdict.key.name for verdict in rig.verdicts() if verdict.missing}
        assert [row for row in rows if row.arrival in without_a_view and row.bin is Bin.GOOD] == []
