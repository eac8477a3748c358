"""The line worker: arms, writes the ledger, announces, opens the gate. Its loop never waits for a disk or another process.

It imports neither numpy nor cv2, and it is never replaced for a slow answer while parts are armed (design.md §5).
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TextIO, assert_never

import msgspec
import structlog
import zmq

from edge_inspector.bus import ControlServer, Receiver, Sender
from edge_inspector.domain.belt import Edge
from edge_inspector.domain.clock import NS_PER_MS, boot_id, ms_to_ns, now_ns, utc_now
from edge_inspector.domain.control import (
    AckRequest,
    ControlReply,
    ControlRequest,
    LotRequest,
    RecipeRequest,
    StatusRequest,
    StopRequest,
    TriggerRequest,
)
from edge_inspector.domain.errors import AlreadyRunningError, JournalWriteError
from edge_inspector.domain.failpoints import failpoint
from edge_inspector.domain.health import SupervisorBeat, WorkerState
from edge_inspector.domain.identity import new_nonce
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import (
    AlarmRecord,
    ArrivalRecord,
    LedgerRecord,
    LotRecord,
    OutcomeRecord,
    PartKeyRecord,
    RecipeRecord,
    RunEnded,
    RunRecovered,
    RunStarted,
)
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind
from edge_inspector.journal import SegmentWriter, encode_record
from edge_inspector.line import LineController, LineState
from edge_inspector.line.drivers.protocol import BeltDriver
from edge_inspector.line.drivers.simulated_belt import SimulatedBelt
from edge_inspector.line.events import (
    Acknowledged,
    Announce,
    BeltTickSeen,
    CommandGate,
    DecisionBeatSeen,
    DrainAsked,
    EdgeSeen,
    Event,
    FaultFound,
    LotNamed,
    Record,
    SupervisorBeatSeen,
    TimePassed,
    VerdictSeen,
)
from edge_inspector.line.recovery import Recovery, recover
from edge_inspector.line.states import AlarmCode
from edge_inspector.workers.process import Worker, start_worker

HEARTBEAT_INTERVAL_NS = 20 * NS_PER_MS
LOOP_NS = 10 * NS_PER_MS
SPIN_NS = 500_000  # sleep to here, then spin: tens of microseconds instead of the scheduler's grain
LOCK_WAIT_S = 10.0
FEED_REQUEST_VALID_NS = 500 * NS_PER_MS
_log = structlog.get_logger()


def main(state_dir: Path) -> int:
    """Run the line worker of the daemon on `state_dir` until it has drained; return the exit status."""
    worker = start_worker("line", state_dir, parent_death=signal.SIGTERM)
    with hold_line_lock(state_dir):
        loop = LineLoop(worker)
        try:
            loop.run()
        finally:
            loop.close()
    return 0


def hold_line_lock(state_dir: Path) -> TextIO:
    """Take the lock on outputs and ledger; the file names the holder.

    Raises:
        AlreadyRunningError: another line worker did not let go in time (the supervisor kills it before that).
    """
    file = (state_dir / "line.lock").open("a+", encoding="ascii")
    give_up_s = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > give_up_s:
                file.seek(0)
                holder = file.read().strip()
                file.close()
                raise AlreadyRunningError(f"{state_dir}/line.lock: line worker {holder} holds outputs and ledger") from None
            time.sleep(0.02)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


class LineLoop:
    """Sockets, ledger and clock around the pure controller. `open_segment` is given by tests of bad disks."""

    def __init__(self, worker: Worker, open_segment: Callable[[Path], SegmentWriter] = SegmentWriter.create_next) -> None:
        self._worker = worker
        self._gate_commands: list[CommandGate] = []
        self._last_heartbeat_ns = 0
        self._last_outputs = (False, False)
        self._last_state = LineState.STARTING
        context, endpoints, line, session = worker.context, worker.endpoints, worker.station.line, worker.session
        folder = worker.state_dir / "ledger"
        self._ledger = open_segment(folder)
        reading = partial(worker.beat, WorkerState.STARTING, detail="reads the ledger of the run before")
        recovery = recover(folder, before=self._ledger.number, progress=reading)
        self._controller = LineController(
            line,
            run=self._ledger.number,
            recipe_digest=session.recipe_digest,
            nonce=new_nonce,
            lot=line.lot if recovery.lot is None else recovery.lot,
        )
        self._recover(recovery)
        self._belt: BeltDriver = SimulatedBelt(context, Path(session.belt_dir), worker.incarnation, session.belt_incarnation)
        self._verdicts: Receiver[Verdict | DecisionBeat] = Receiver(context, endpoints.verdicts, (Verdict, DecisionBeat))
        self._supervisor = Receiver(
            context, endpoints.supervisor_beat, (SupervisorBeat,), high_water_mark=4, only_from=session.incarnation
        )
        self._control = ControlServer(context, endpoints.line_control, worker.incarnation)
        consumers = ["decision", *worker.station.cameras]
        self._arrivals = [Sender(context, endpoints.arrivals(name), worker.incarnation) for name in consumers]
        self._poller = zmq.Poller()
        for socket in (self._belt.socket, self._verdicts.socket, self._supervisor.socket, self._control.socket):
            self._poller.register(socket, zmq.POLLIN)

    # -- ledger -----------------------------------------------------------------------------------------------------

    def _recover(self, recovery: Recovery) -> None:
        """Begin the run: give every open arrival of earlier runs its one outcome, and say what was found."""
        worker, t_ns = self._worker, now_ns()
        self._write(
            RunStarted(
                format=RunStarted.FORMAT,
                run=self._ledger.number,
                boot_id=boot_id(),
                incarnation=worker.incarnation,
                started_ns=t_ns,
                at_utc=utc_now(),
                station=worker.station.station,
                recipe=worker.session.recipe_digest,
            )
        )
        for arrival in recovery.open_arrivals:
            self._write(
                OutcomeRecord(
                    key=arrival.key,
                    outcome=Outcome.LOST,
                    verdict=VerdictKind.UNINSPECTED,
                    decided=None,
                    reason="the line worker that tracked this part died; what became of the part is unknown",
                    at_ns=t_ns,
                    at_utc=utc_now(),
                )
            )
        if self._controller.lot:  # said again in every segment: none but the newest has to be read for it
            self._write(LotRecord(self._controller.lot, who="", at_ns=t_ns, at_utc=utc_now()))
        self._write(RunRecovered(lost=len(recovery.open_arrivals), damaged=recovery.damaged))
        if recovery.damaged:
            self._step(FaultFound(AlarmCode.LEDGER_DAMAGED, "; ".join(recovery.damaged)))
        if recovery.ended is None:
            lost = ", ".join(arrival.key.name for arrival in recovery.open_arrivals) or "none"
            self._step(FaultFound(AlarmCode.LINE_WORKER_DIED, f"the line worker before this one died; parts lost: {lost}"))
        elif recovery.ended == "supervisor_lost":
            self._step(FaultFound(AlarmCode.SUPERVISOR_LOST, "the supervisor before this one died"))

    def _write(self, record: LedgerRecord) -> None:
        """Write one record; a ledger that can not be written stops the belt, with every ejection still armed."""
        try:
            self._ledger.append(encode_record(record))
        except JournalWriteError as error:
            _log.error("ledger_write_failed", error=str(error))
            self._step(FaultFound(AlarmCode.LEDGER_FAULT, str(error)))

    # -- controller and its effects ---------------------------------------------------------------------------------

    def _step(self, event: Event) -> None:
        for effect in self._controller.step(event, now_ns()):
            match effect:
                case Announce(arrival, lot):
                    self._announce(arrival, lot)
                case CommandGate():
                    self._gate_commands.append(effect)
                case Record(record):
                    self._record(record)
                case _:
                    assert_never(effect)
        self._log_state()

    def _announce(self, arrival: Arrival, lot: str) -> None:
        key = PartKeyRecord.of(arrival.key)
        self._write(ArrivalRecord(key, arrival.trigger_ns, arrival.verdict_by_ns, utc_now(), arrival.flagged, lot))
        failpoint("line.armed")
        for sender in self._arrivals:
            sender.send(arrival)  # nobody there: no verdict will come, and the part stays guilty
        failpoint("line.arrival_sent")

    def _record(self, record: OutcomeRecord | LotRecord | RecipeRecord | AlarmRecord | RunEnded) -> None:
        stamped: OutcomeRecord | LotRecord | RecipeRecord | AlarmRecord | RunEnded = msgspec.structs.replace(
            record, at_utc=utc_now()
        )
        self._write(stamped)
        if isinstance(stamped, OutcomeRecord):
            failpoint("line.outcome_written")
            _log.info(
                "part_closed",
                part=stamped.key.name,
                outcome=str(stamped.outcome),
                verdict=str(stamped.verdict),
                reason=stamped.reason,
            )
        elif isinstance(stamped, LotRecord):
            _log.info("lot_named", lot=stamped.lot, who=stamped.who)
        elif isinstance(stamped, RecipeRecord):
            failpoint("line.recipe_switched")
            _log.info("recipe_switched", recipe=stamped.recipe, who=stamped.who)
        elif isinstance(stamped, AlarmRecord):
            _log.warning("alarm_raised" if stamped.raised else "alarm_acknowledged", code=stamped.code, text=stamped.text)

    def _fire(self, command: CommandGate) -> None:
        """Open a gate exactly at its moment: absolute sleep, then a short spin. Too late = never opened."""
        ahead_ns = command.due_ns - now_ns()
        if ahead_ns > SPIN_NS:
            time.sleep((ahead_ns - SPIN_NS) / 1e9)
        while now_ns() < command.due_ns:
            pass
        if not self._belt.open_gate(
            command.gate, close_at_ns=command.close_at_ns, valid_until_ns=command.valid_until_ns
        ):  # it stays shut: the part runs on into the last bin
            _log.error("gate_command_not_taken", part=command.key.name, gate=command.gate)
        failpoint("line.gate_commanded")

    def _hold_outputs(self) -> None:
        """Send the heartbeat when it is time, or at once when feed or permit changed."""
        outputs, t_ns = self._controller.outputs, now_ns()
        if outputs == self._last_outputs and t_ns - self._last_heartbeat_ns < HEARTBEAT_INTERVAL_NS:
            return
        self._last_outputs, self._last_heartbeat_ns = outputs, t_ns
        feed, permit = outputs
        valid_until_ns = t_ns + ms_to_ns(self._worker.station.line.heartbeat_timeout_ms)
        self._belt.hold_outputs(
            feed_enable=feed, run_permit=permit, reset=self._controller.reset, valid_until_ns=valid_until_ns
        )

    # -- loop -------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until the controller has drained."""
        while not self._controller.is_finished:
            self.turn()
        self._hold_outputs()

    def turn(self) -> None:
        """Take in what came, or wait 10 ms at most for it, and do what is due."""
        self._poller.poll(self._sleep_ms())
        self._take_all()
        if self._worker.stop_requested or not self._worker.parent_is_alive():
            self._step(DrainAsked("drained" if self._worker.parent_is_alive() else "supervisor_lost"))
        if self._ledger.fault is not None:
            self._step(FaultFound(AlarmCode.LEDGER_FAULT, self._ledger.fault))
        if self._ledger.reserve_is_low:
            self._step(FaultFound(AlarmCode.LEDGER_LOW, f"{self._ledger.path}: the disk has no room for more records"))
        self._step(TimePassed())
        self._hold_outputs()
        commands, self._gate_commands = self._gate_commands, []
        for command in sorted(commands, key=lambda c: c.due_ns):
            self._fire(command)
        self._beat()

    def _sleep_ms(self) -> int:
        commit_ns = self._controller.next_commit_ns()
        wait_ns = LOOP_NS if commit_ns is None else min(LOOP_NS, commit_ns - now_ns())
        return max(0, wait_ns // NS_PER_MS)

    def _take_all(self) -> None:
        while (word := self._belt.receive()) is not None:
            self._step(EdgeSeen(word) if isinstance(word, Edge) else BeltTickSeen(word))
        while (beat := self._supervisor.receive()) is not None:
            self._step(SupervisorBeatSeen(beat.message))
        while (received := self._verdicts.receive()) is not None:
            match received.message:
                case Verdict() as verdict:
                    self._step(VerdictSeen(verdict, received.sender))
                case DecisionBeat() as decision_beat:
                    self._step(DecisionBeatSeen(decision_beat, received.sender))
                case _:
                    assert_never(received.message)
        if (request := self._control.receive()) is not None:
            self._control.reply(self._answer(request))

    def _answer(self, request: ControlRequest) -> ControlReply:
        match request:
            case AckRequest(who, codes, valid_until_ns):
                if now_ns() > valid_until_ns:
                    return ControlReply(ok=False, text="the acknowledgement came too late to the line worker; give it again")
                count = len(self._controller.alarms)
                self._step(Acknowledged(who, codes))
                left = len(self._controller.alarms)
                text = f"{count - left} alarm(s) acknowledged" + (f"; {left} stay" if left else "")
                return ControlReply(ok=left == 0, text=text)
            case LotRequest(who, lot, valid_until_ns):
                if now_ns() > valid_until_ns:
                    return ControlReply(ok=False, text="the lot came too late to the line worker; name it again")
                before = self._controller.lot
                self._step(LotNamed(who, lot))
                after = f"after lot {before}" if before else "before, no lot was named"
                return ControlReply(ok=True, text=f"from the next part on: {f'lot {lot}' if lot else 'no lot'} ({after})")
            case TriggerRequest():
                if self._worker.station.line.trigger != "software":
                    return ControlReply(ok=False, text="this station's trigger is not `software`")
                if self._controller.state is not LineState.ARMED:
                    return ControlReply(
                        ok=False, text=f"the line is {self._controller.state}, not armed; no part was asked for"
                    )
                taken = self._belt.feed_one(valid_until_ns=now_ns() + FEED_REQUEST_VALID_NS)
                return ControlReply(ok=taken, text="one part asked for" if taken else "the belt did not take the request")
            case RecipeRequest():
                return ControlReply(ok=False, text="a change-over is the supervisor's: every worker has to prepare it")
            case StopRequest():
                self._step(DrainAsked("drained"))
                return ControlReply(ok=True, text="draining")
            case StatusRequest():
                return ControlReply(ok=True, text=str(self._controller.state))
            case _:
                assert_never(request)

    def _log_state(self) -> None:
        if self._controller.state is not self._last_state:
            _log.info("line_state", state=str(self._controller.state), before=str(self._last_state))
            self._last_state = self._controller.state

    def _beat(self) -> None:
        controller = self._controller
        alarms = [{"code": str(a.code), "text": a.text, "remedy": a.remedy} for a in controller.alarms.values()]
        is_draining = controller.state is LineState.DRAINING
        self._worker.recipes = dict.fromkeys(controller.recipes, "")
        self._worker.beat(
            WorkerState.DRAINING if is_draining else WorkerState.READY,
            detail=str(controller.state),
            done_count=controller.counts.arrivals,
            facts={
                "line_state": str(controller.state),
                "alarms": json.dumps(alarms),
                "run": self._ledger.number,
                "lot": controller.lot,
                "under_way": len(controller.zone),
                "waiting_for": ", ".join(controller.waiting_for),
                **asdict(controller.counts),
            },
        )

    def close(self) -> None:
        """Close ledger and sockets; the outputs drop by their time-out."""
        self._ledger.close()
        self._belt.close()
        self._worker.close()
