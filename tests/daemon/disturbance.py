"""Kills and stops workers of a running station at exact steps of a part, and judges what fell into the bins.

One rig, one daemon after the other, many disturbances: each begins when the line is armed and parts flow, and ends when
it is armed again and has let a part pass.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from edge_inspector.domain.clock import NS_PER_S, now_ns
from edge_inspector.domain.records import ArrivalRecord, OutcomeRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.simulation.bin_events import Bin, Fed, FellInto
from edge_inspector.simulation.reconcile import reconcile, violations
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
ASLEEP_FOR_S = {
    "STOP": 2.5,  # longer than every time-out of the station: a worker is killed while it sleeps, the supervisor wakes
    "NAP": 0.8,  # longer than the heartbeats' time-outs, shorter than the patience of the supervisor: it wakes as it was
}
SIGNALS = ("KILL", "STOP", "NAP")


@dataclass(frozen=True, slots=True)
class Disturbance:
    """`kill -9` of `victim`, or putting it to sleep (SIGSTOP, later SIGCONT), when any process reaches `step`."""

    step: str
    victim: str
    signal_name: str

    def __str__(self) -> str:
        return f"{self.signal_name} {self.victim} at {self.step}"


def disturb(rig: Rig, disturbance: Disturbance) -> float:
    """Let one disturbance happen and the station recover; return the seconds until a part that came after it has passed."""
    rig.wait_until_armed_again()
    rig.clear_orders()
    pid = rig.pid_of(disturbance.victim)
    order = "KILL" if disturbance.signal_name == "KILL" else "STOP"
    rig.order(disturbance.step, order, pid)
    rig.wait_for(f"{disturbance}: the step", lambda: rig.was_hit(disturbance.step), 30)
    if disturbance.signal_name in ASLEEP_FOR_S:
        time.sleep(ASLEEP_FOR_S[disturbance.signal_name])
        is_woken = wake(pid)
        assert is_woken or disturbance.signal_name == "STOP", f"{disturbance}: it was killed in its sleep"
    if disturbance.victim == "supervisor" and disturbance.signal_name == "KILL":
        assert rig.daemon is not None
        rig.daemon.wait(10)
        rig.start_daemon()
    since_ns = now_ns()
    rig.wait_for(f"{disturbance}: a part to pass afterwards", lambda: has_passed_since(rig, since_ns), 90)
    return (now_ns() - since_ns) / NS_PER_S


def wake(pid: int) -> bool:
    """Send SIGCONT; False when the process is gone."""
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return False
    return True


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


def contradictions(rig: Rig) -> list[str]:
    """Return every breach between bins and ledger, in words; call it when daemon and belt have ended."""
    return violations(reconcile(rig.bins(), rig.ledger(), journal=rig.verdicts()), edges_may_be_lost=True)
