"""What can happen to the line controller, and what it can ask its worker to do."""

from __future__ import annotations

from dataclasses import dataclass

from edge_inspector.domain.belt import BeltTick, Edge
from edge_inspector.domain.health import SupervisorBeat
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import AlarmRecord, LotRecord, OutcomeRecord, RecipeRecord, RunEnded
from edge_inspector.domain.verdict import DecisionBeat, Verdict
from edge_inspector.line.states import AlarmCode


@dataclass(frozen=True, slots=True)
class EdgeSeen:
    """A sensor edge came from the belt."""

    edge: Edge


@dataclass(frozen=True, slots=True)
class BeltTickSeen:
    """The belt said what it does."""

    tick: BeltTick


@dataclass(frozen=True, slots=True)
class VerdictSeen:
    """A verdict came from the decision worker `sender` (its incarnation)."""

    verdict: Verdict
    sender: str


@dataclass(frozen=True, slots=True)
class DecisionBeatSeen:
    """The decision worker `sender` lives."""

    beat: DecisionBeat
    sender: str


@dataclass(frozen=True, slots=True)
class SupervisorBeatSeen:
    """The supervisor lives."""

    beat: SupervisorBeat


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person acknowledged the alarms named by `codes`."""

    who: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LotNamed:
    """A person named the lot of the parts that arrive from here on; empty: none."""

    who: str
    lot: str


@dataclass(frozen=True, slots=True)
class DrainAsked:
    """Stop on purpose: SIGTERM, or the supervisor's wish. `reason` goes into the run's last record."""

    reason: str


@dataclass(frozen=True, slots=True)
class FaultFound:
    """The worker found a fault of its own: the ledger, a damaged old segment, a dead predecessor."""

    code: AlarmCode
    text: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing but time."""


Event = (
    EdgeSeen
    | BeltTickSeen
    | VerdictSeen
    | DecisionBeatSeen
    | SupervisorBeatSeen
    | Acknowledged
    | LotNamed
    | DrainAsked
    | FaultFound
    | TimePassed
)


@dataclass(frozen=True, slots=True)
class Announce:
    """Write the arrival to the ledger, then send it: to decision first, then to each camera. The lot is for the ledger."""

    arrival: Arrival
    lot: str


@dataclass(frozen=True, slots=True)
class CommandGate:
    """Open this gate for this part exactly at `due_ns`; never after `valid_until_ns`."""

    key: PartKey
    gate: str
    due_ns: int
    close_at_ns: int
    valid_until_ns: int


@dataclass(frozen=True, slots=True)
class Record:
    """Write to the ledger; wall time is attached there."""

    record: OutcomeRecord | LotRecord | RecipeRecord | AlarmRecord | RunEnded


Effect = Announce | CommandGate | Record
