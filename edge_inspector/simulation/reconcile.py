"""Holds what the belt saw against what the daemon says: pure, and it believes the belt.

A part of the belt and an arrival of the ledger are the same when the arrival's `trigger_ns` is exactly the instant at which
the belt placed the part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import (
    ArrivalRecord,
    JournalRecord,
    LedgerRecord,
    OutcomeRecord,
    PartKeyRecord,
    VerdictRecord,
)
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.recordings import PartKind, RecordedTruth
from edge_inspector.simulation.bin_events import Bin, BinEvent, Fed, FellInto, GateRefused
from edge_inspector.simulation.feed import recorded_name

# Where a part with this outcome may be; None: on the belt still. Anything else is a contradiction. `_lane_faults` says more
# about the lane of an ejector that is not for ACCEPT.
_ALLOWED_BINS: Mapping[Outcome, frozenset[Bin | None]] = {
    Outcome.PASSED: frozenset({Bin.GOOD}),
    Outcome.EJECTED: frozenset({Bin.REJECT, Bin.ASIDE}),
    Outcome.EJECTION_FAILED: frozenset({Bin.GOOD}),
    Outcome.PURGED: frozenset({Bin.REJECT, Bin.ASIDE}),
    Outcome.LINE_STOPPED: frozenset({*Bin, None}),  # the belt ran on, or out, when the line had let go
    Outcome.LOST: frozenset({*Bin, None}),
    Outcome.REMOVED: frozenset({None}),
    Outcome.BYPASSED: frozenset({Bin.GOOD}),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One part that was fed, or one arrival that no part explains (`part` is then empty).

    `verdict` is the one applied, `decided` the one that reached the line worker; `bin` None: still on the belt.
    `lane` is the one that the part fell into (empty: none), `led` the one whose ejector the line worker opened for it, and
    `is_refused` says whether the belt refused a command for that one. `arrivals` and `outcomes` count the ledger's records
    for it: each should be 1.
    """

    part: str
    truth: PartKind | None
    fed_ns: int | None
    arrival: str
    verdict: VerdictKind | None
    decided: VerdictKind | None
    outcome: Outcome | None
    bin: Bin | None
    reason: str
    arrivals: int = 1
    outcomes: int = 1
    falls: int = 1
    latency_ms: float | None = None  # last frame's stamp → verdict at the line worker
    lane: str = ""
    led: str = ""
    is_refused: bool = False
    defects: str = ""  # what the recording's truth says of them

    @property
    def is_escape(self) -> bool:
        """A part known not to be good lies in the good bin."""
        return self.bin is Bin.GOOD and self.truth not in (None, PartKind.GOOD)

    @property
    def is_false_reject(self) -> bool:
        """A part known to be good was judged defective."""
        return self.truth is PartKind.GOOD and self.verdict is VerdictKind.REJECT

    @property
    def is_uninspected(self) -> bool:
        """Nobody judged the part."""
        return self.verdict is VerdictKind.UNINSPECTED


def reconcile(
    events: Iterable[BinEvent],
    ledger: Iterable[LedgerRecord],
    truth: Mapping[str, RecordedTruth] | None = None,
    journal: Iterable[JournalRecord] = (),
) -> list[Row]:
    """Return a row for each part fed, in order of time, then one for each arrival without a part."""
    arrivals: dict[int, list[ArrivalRecord]] = defaultdict(list)
    outcomes: dict[PartKeyRecord, list[OutcomeRecord]] = defaultdict(list)
    for record in ledger:
        if isinstance(record, ArrivalRecord):
            arrivals[record.trigger_ns].append(record)
        elif isinstance(record, OutcomeRecord):
            outcomes[record.key].append(record)
    verdicts = {record.key: record for record in journal if isinstance(record, VerdictRecord)}
    fed: list[Fed] = []
    falls: dict[str, list[FellInto]] = defaultdict(list)
    refused: set[str] = set()
    for event in events:
        if isinstance(event, Fed):
            fed.append(event)
        elif isinstance(event, FellInto):
            falls[event.part].append(event)
        elif isinstance(event, GateRefused):
            refused.add(event.gate)
    known = {arrival.key for found in arrivals.values() for arrival in found}
    rows = [_row(part, arrivals.pop(part.t_ns, []), outcomes, verdicts, falls, truth or {}, refused) for part in fed]
    ghosts = [arrival for found in arrivals.values() for arrival in found]
    rows += [_row(None, [arrival], outcomes, verdicts, {}, {}, refused) for arrival in ghosts]
    rows += [_orphan(key, found) for key, found in outcomes.items() if key not in known]
    return rows


def _row(
    fed: Fed | None,
    arrivals: Sequence[ArrivalRecord],
    outcomes: Mapping[PartKeyRecord, Sequence[OutcomeRecord]],
    verdicts: Mapping[PartKeyRecord, VerdictRecord],
    falls: Mapping[str, Sequence[FellInto]],
    truth: Mapping[str, RecordedTruth],
    refused: AbstractSet[str],
) -> Row:
    key = arrivals[0].key if arrivals else None
    found = list(outcomes.get(key, ())) if key is not None else []
    outcome = found[0] if found else None
    decided = verdicts.get(key) if key is not None else None
    fell = falls.get(fed.part, ()) if fed is not None else ()
    told = truth.get(recorded_name(fed.part)) if fed is not None else None
    return Row(
        part=fed.part if fed is not None else "",
        truth=told.kind if told is not None else None,
        fed_ns=fed.t_ns if fed is not None else None,
        arrival=key.name if key is not None else "",
        verdict=outcome.verdict if outcome is not None else None,
        decided=outcome.decided if outcome is not None else None,
        outcome=outcome.outcome if outcome is not None else None,
        bin=fell[0].bin if fell else None,
        reason=_reason(outcome, decided),
        arrivals=len(arrivals),
        outcomes=len(found),
        falls=len(fell),
        latency_ms=_latency_ms(outcome),
        lane=fell[0].lane if fell else "",
        led=outcome.lane if outcome is not None else "",
        is_refused=outcome is not None and outcome.lane in refused,
        defects=told.defects if told is not None else "",
    )


def _orphan(key: PartKeyRecord, outcomes: Sequence[OutcomeRecord]) -> Row:
    first = outcomes[0]
    return Row(
        part="",
        truth=None,
        fed_ns=None,
        arrival=key.name,
        verdict=first.verdict,
        decided=first.decided,
        outcome=first.outcome,
        bin=None,
        reason=first.reason,
        arrivals=0,
        outcomes=len(outcomes),
        falls=0,
    )


def _reason(outcome: OutcomeRecord | None, verdict: VerdictRecord | None) -> str:
    """Why the part was not simply accepted and passed, in words: the line's own words, then the decision's."""
    said = [outcome.reason] if outcome is not None and outcome.reason else []
    if verdict is not None and verdict.verdict is not VerdictKind.ACCEPT:
        said += [reason for reason in verdict.reasons if not any(reason in other for other in said)]
    return "; ".join(said)


def _latency_ms(outcome: OutcomeRecord | None) -> float | None:
    if outcome is None or outcome.verdict_at_ns is None or not outcome.last_frame_ns:
        return None
    return (outcome.verdict_at_ns - outcome.last_frame_ns) / 1e6


def violations(rows: Sequence[Row], *, edges_may_be_lost: bool = False) -> list[str]:
    """Return every contradiction as a sentence; none: the daemon's ledger is true and nothing passed uninspected.

    Args:
        rows: of `reconcile`.
        edges_may_be_lost: the test took edges away or killed who reads them: a part may have no arrival then, but it may
            never be in the good bin.
    """
    found: list[str] = []
    for row in rows:
        name = row.part or f"arrival {row.arrival}"
        if row.falls > 1:
            found.append(f"{name}: fell into a bin {row.falls} times")
        if row.part and row.arrivals == 0:
            found += _without_arrival(row, edges_may_be_lost)
            continue
        if row.arrivals != 1:
            found.append(f"{name}: the ledger holds {row.arrivals} arrivals of it, not one")
        if not row.part and row.arrivals:
            found.append(f"{name}: the belt fed no part at that instant")
        if row.outcomes != 1:
            found.append(f"{name} ({row.arrival}): the ledger holds {row.outcomes} outcomes of it, not one")
        if row.part and row.outcome is not None:
            found += _against_bin(row, row.outcome)
    fed_often = [part for part, count in Counter(row.part for row in rows if row.part).items() if count > 1]
    return found + [f"{part}: was fed more than once" for part in fed_often]


def _without_arrival(row: Row, edges_may_be_lost: bool) -> list[str]:
    if row.bin is Bin.GOOD:
        return [f"{row.part}: is in the good bin, but the ledger holds no arrival of it"]
    return [] if edges_may_be_lost else [f"{row.part}: the ledger holds no arrival of it"]


def _against_bin(row: Row, outcome: Outcome) -> list[str]:
    found = []
    if row.bin not in _ALLOWED_BINS[outcome]:
        found.append(f"{row.part} ({row.arrival}): its outcome is `{outcome}`, but it is {_place(row)}")
    else:
        found += _lane_faults(row, outcome)
    passed_by_rule = row.verdict is VerdictKind.ACCEPT or outcome in (Outcome.LOST, Outcome.BYPASSED)
    if row.bin is Bin.GOOD and not passed_by_rule:
        found.append(f"{row.part} ({row.arrival}): is in the good bin with the verdict {row.verdict} ({row.reason})")
    return found


def _place(row: Row) -> str:
    if row.bin is None:
        return "still on the belt"
    return f"in lane {row.lane}" if row.bin is Bin.ASIDE else f"in the {row.bin} bin"


def _lane_faults(row: Row, outcome: Outcome) -> list[str]:
    """Hold the lane that the part is in against the ejector that the line worker says it opened for it."""
    name = f"{row.part} ({row.arrival})"
    if row.bin is Bin.ASIDE and row.verdict is VerdictKind.ACCEPT:
        return [f"{name}: was accepted, and is {_place(row)}"]
    if outcome is Outcome.LOST or row.bin is None:
        return []  # the line worker that would have written it down is dead, or nobody knows
    said = f"ejector {row.led} was opened for it" if row.led else "no ejector was opened for it"
    if row.lane and row.lane != row.led:
        return [f"{name}: {said}, but it is {_place(row)}"]
    if row.led and not row.lane and outcome is Outcome.EJECTED and not row.is_refused:
        return [f"{name}: {said}, but it is {_place(row)}"]
    return []


@dataclass(frozen=True, slots=True)
class Tally:
    """A run in numbers. The three rates are never mixed; `escapes` and `false_rejects` are None where no truth is known."""

    fed: int
    good_bin: int
    reject_bin: int
    lanes: dict[str, int]  # parts in the other lanes, by the name of the ejector
    accepted: int
    rejected: int
    uninspected: int
    uninspected_good: int | None
    escapes: int | None
    false_rejects: int | None


def tally(rows: Sequence[Row]) -> Tally:
    """Count the rows."""
    has_truth = any(row.truth is not None for row in rows)
    return Tally(
        fed=sum(bool(row.part) for row in rows),
        good_bin=sum(row.bin is Bin.GOOD for row in rows),
        reject_bin=sum(row.bin is Bin.REJECT for row in rows),
        lanes=dict(Counter(row.lane for row in rows if row.bin is Bin.ASIDE)),
        accepted=sum(row.verdict is VerdictKind.ACCEPT for row in rows),
        rejected=sum(row.verdict is VerdictKind.REJECT for row in rows),
        uninspected=sum(row.is_uninspected for row in rows),
        uninspected_good=sum(row.is_uninspected and row.truth is PartKind.GOOD for row in rows) if has_truth else None,
        escapes=sum(row.is_escape for row in rows) if has_truth else None,
        false_rejects=sum(row.is_false_reject for row in rows) if has_truth else None,
    )
