"""Kills and stops workers of a running station at exact steps of a part, and judges what fell into the bins.

One rig, one daemon after the other, many disturbances: each begins when the line is armed and parts flow, and ends when
it is armed again and has let a part pass.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass

from edge_inspector.domain.clock import NS_PER_S, now_ns
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import ArrivalRecord, OutcomeRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.simulation.bin_events import Bin, Fed, FellInto
from tests.daemon.rig import Rig

STEPS = (
    "line.armed",
    "line.arrival_sent",
    "capture.waiting",
    "capture.view_sent",
    "inference.judging",
    "decision.verdict_written",
    "decision.verdict_sent",
    "line.gate_commanded",
    "line.outcome_written",
)
VICTIMS = ("line", "capture-c1", "inference", "decision", "recorder", "supervisor")
STOPPED_FOR_S = 2.5  # longer than every time-out of the station


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Send `signal_name` to `victim` when any process reaches `step`."""

    step: str
    victim: str
    signal_name: str

    def __str__(self) -> str:
        return f"{self.signal_name} {self.victim} at {self.step}"


def disturb(rig: Rig, disturbance: Disturbance) -> float:
    """Let one disturbance happen and the station recover; return the seconds from the hit until a new part has passed."""
    rig.wait_until_armed_again()
    rig.clear_orders()
    pid = rig.pid_of(disturbance.victim)
    rig.order(disturbance.step, disturbance.signal_name, pid)
    rig.wait_for(f"{disturbance}: the step", lambda: rig.was_hit(disturbance.step), 30)
    hit_ns = now_ns()
    if disturbance.signal_name == "STOP":
        time.sleep(STOPPED_FOR_S)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    if disturbance.victim == "supervisor" and disturbance.signal_name == "KILL":
        assert rig.daemon is not None
        rig.daemon.wait(10)
        rig.start_daemon()
    rig.wait_for(f"{disturbance}: a part to pass afterwards", lambda: has_passed_since(rig, hit_ns), 90)
    return (now_ns() - hit_ns) / NS_PER_S


def has_passed_since(rig: Rig, t_ns: int) -> bool:
    """Whether a part that was fed after `t_ns` is in the good bin; acknowledges whatever alarm stands, as a person would."""
    status = rig.status()
    if status is not None and status.alarms:
        rig.acknowledge()
    bins = rig.bins()
    fed = {event.part for event in bins if isinstance(event, Fed) and event.t_ns > t_ns}
    return any(isinstance(event, FellInto) and event.bin is Bin.GOOD and event.part in fed for event in bins)


def name_of(part: str) -> str:
    """Return the recorded part behind one of its turns: `p0003#2` is `p0003`."""
    return part.split("#")[0]


def good_names(rig: Rig) -> set[str]:
    """Return the recorded parts that fell into the good bin at least once."""
    return {name_of(event.part) for event in rig.bins() if isinstance(event, FellInto) and event.bin is Bin.GOOD}


def rejected_names(rig: Rig) -> set[str]:
    """Return the recorded parts that the daemon has rejected so far (those merely not inspected do not count)."""
    fed_at = {event.t_ns: event.part for event in rig.bins() if isinstance(event, Fed)}
    ledger = rig.ledger()
    trigger_of = {record.key: record.trigger_ns for record in ledger if isinstance(record, ArrivalRecord)}
    return {
        name_of(fed_at[trigger_of[record.key]])
        for record in ledger
        if isinstance(record, OutcomeRecord) and record.verdict is VerdictKind.REJECT
    }


def escapes(rig: Rig, rejected: set[str]) -> list[str]:
    """Return the turns of parts that must never pass and are in the good bin."""
    fallen = [event for event in rig.bins() if isinstance(event, FellInto)]
    return [event.part for event in fallen if event.bin is Bin.GOOD and name_of(event.part) in rejected]


def violations(rig: Rig) -> list[str]:
    """Return every breach between bins and ledger, in words; call it when daemon and belt have ended."""
    found: list[str] = []
    ledger = rig.ledger()
    arrivals = [record for record in ledger if isinstance(record, ArrivalRecord)]
    outcomes = [record for record in ledger if isinstance(record, OutcomeRecord)]
    keys = Counter(record.key for record in arrivals)
    found += [f"{key.name}: {count} arrivals" for key, count in keys.items() if count != 1]
    counts = Counter(record.key for record in outcomes)
    found += [f"{key.name}: {counts[key]} outcomes" for key in keys if counts[key] != 1]
    found += [f"{key.name}: an outcome without an arrival" for key in counts if key not in keys]
    bins = rig.bins()
    fed_at = {event.t_ns: event.part for event in bins if isinstance(event, Fed)}
    bin_of = {event.part: event.bin for event in bins if isinstance(event, FellInto)}
    outcome_of = {record.key: record for record in outcomes}
    for arrival in arrivals:
        part, outcome = fed_at.get(arrival.trigger_ns), outcome_of.get(arrival.key)
        if part is None or outcome is None:
            found += [f"{arrival.key.name}: no part was fed at its trigger"] if part is None else []
            continue
        fell = bin_of.get(part)
        if outcome.outcome is Outcome.PASSED and fell is not Bin.GOOD:
            found.append(f"{arrival.key.name} ({part}): passed, but the bin is {fell}")
        if outcome.outcome in (Outcome.EJECTED, Outcome.PURGED) and fell is Bin.GOOD:
            found.append(f"{arrival.key.name} ({part}): {outcome.outcome}, but it is in the good bin ({outcome.reason})")
        if fell is Bin.GOOD and outcome.outcome is not Outcome.LOST and outcome.verdict is not VerdictKind.ACCEPT:
            found.append(f"{arrival.key.name} ({part}): {outcome.verdict}, but it is in the good bin")
    return found


def wait_for_exit(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Whether the process ended within the time."""
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return False
    return True
