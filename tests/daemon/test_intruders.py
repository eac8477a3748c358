"""Nobody who does not belong to a running station can end a worker or let a part pass, whatever he starts or says there.

One station for all proofs of this file. Outside of them: a forger who knows nonce and recipe of a part under way and keeps
up a beat. Whoever can do that can read the daemon's memory; the sockets lie in a folder of mode 0700.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_inspector.bus.endpoints import Endpoints
from edge_inspector.domain.clock import now_ns
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import ArrivalRecord, JournalStarted, OutcomeRecord, RunStarted, VerdictRecord
from edge_inspector.domain.verdict import Verdict, VerdictKind
from edge_inspector.journal import SegmentReader, decode_journal_record, decode_ledger_record, list_segments
from edge_inspector.station.session import read_session
from tests.daemon.disturbance import name_of
from tests.daemon.foreign_messages import (
    Channel,
    Frames,
    Message,
    channels_of,
    connect,
    foreign_frames,
    judgement_of,
    other_lives,
    verdict_of,
    wire_key,
)
from tests.daemon.judging import (
    breaches,
    fed_parts,
    good_parts_passed,
    passed_parts,
    settled_rows,
    unhurry,
    wait_until_one_passes,
)
from tests.daemon.rig import Rig, station_rig

MESSAGES_A_CHANNEL = 150
ALREADY_RUNNING = 3  # exit code


@pytest.fixture(scope="module")
def rig(unhurried_recording: Path) -> Iterator[Rig]:
    """A station that has judged some parts already."""
    with station_rig(unhurried_recording) as rig:
        rig.change_station(unhurry)
        rig.start_belt()
        rig.start_daemon()
        rig.wait_until_armed()
        rig.wait_for("the first parts to pass", lambda: len(passed_parts(rig)) >= 2)
        yield rig


def bombard(channel: Channel, channels: list[Channel]) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = connect(context, channel)

    @settings(
        max_examples=MESSAGES_A_CHANNEL,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(foreign_frames(channel, channels), st.integers(1, 2))
    def send(frames: Frames, times: int) -> None:
        for _ in range(times):
            socket.send_multipart([b"", *frames] if channel.is_request else frames)

    try:
        send()
    finally:
        socket.close()
        context.term()


def workers_of(rig: Rig) -> dict[str, int | None]:
    status = rig.status()
    assert status is not None, rig.log_tail()
    return {"supervisor": status.supervisor_pid, **{worker.name: worker.pid for worker in status.workers}}


@pytest.mark.proof
def test_a_second_daemon_belt_or_line_worker_is_refused_and_the_first_goes_on(rig: Rig, unhurried_recording: Path) -> None:
    workers = workers_of(rig)
    assert rig.belt is not None
    commands = [
        ("run", str(rig.station)),
        ("belt", str(rig.station)),
        ("worker", "line", "--state", str(rig.state_dir)),
    ]
    with ThreadPoolExecutor() as pool:
        daemon, belt, line = pool.map(lambda command: rig.command(*command), commands)
    assert daemon.returncode == ALREADY_RUNNING
    assert f"the daemon with pid {workers['supervisor']} runs on this state folder already" in daemon.stderr
    assert belt.returncode == ALREADY_RUNNING
    assert f"another belt (pid {rig.belt.pid}) runs on this state folder" in belt.stderr
    assert line.returncode == ALREADY_RUNNING
    assert f"line worker {workers['line']} holds outputs and ledger" in line.stderr
    assert workers_of(rig) == workers
    assert breaches(settled_rows(rig, unhurried_recording)) == []
    assert [record.run for record in rig.ledger() if isinstance(record, RunStarted)] == [1]


@pytest.mark.proof
def test_nothing_said_into_any_socket_ends_a_worker_or_lets_a_part_pass(rig: Rig, unhurried_recording: Path) -> None:
    workers = workers_of(rig)
    channels = channels_of(rig, read_session(rig.state_dir))
    for channel in channels:
        bombard(channel, channels)
        assert rig.daemon is not None
        assert rig.daemon.poll() is None, f"{channel.name}: the daemon ended\n{rig.log_tail()}"
        assert rig.belt is not None
        assert rig.belt.poll() is None, f"{channel.name}: the belt ended\n{rig.log_tail()}"
        assert workers_of(rig) == workers, f"{channel.name}: a worker was replaced\n{rig.log_tail()}"
    rig.wait_until_armed_again()
    wait_until_one_passes(rig)
    assert workers_of(rig) == workers
    assert breaches(settled_rows(rig, unhurried_recording)) == []


class Parrot:
    """Hears of each part from ledger and journal as soon as they are written, and says it all again, and lies about it."""

    def __init__(self, rig: Rig) -> None:
        session = read_session(rig.state_dir)
        self._endpoints = Endpoints(session.runtime_dir, session.incarnation)
        self._cameras = list(session.station.cameras)
        self._ledger = SegmentReader(list_segments(rig.state_dir / "ledger")[-1][1])
        self._journal = SegmentReader(list_segments(rig.state_dir / "journal")[-1][1])
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        started = decode_journal_record(self._journal.read()[0][1])
        assert isinstance(started, JournalStarted)
        self._decision = started.incarnation
        self._judged = next(record for record in rig.verdicts() if record.judgements)
        self._ledger.read()

    def listen(self) -> None:
        for _, payload in self._ledger.read():
            record = decode_ledger_record(payload)
            if isinstance(record, ArrivalRecord):
                self._repeat_arrival(record)
        for _, payload in self._journal.read():
            verdict = decode_journal_record(payload)
            if isinstance(verdict, VerdictRecord):
                self._repeat_verdict(verdict)

    def close(self) -> None:
        self._context.destroy(linger=1000)

    def _repeat_arrival(self, record: ArrivalRecord) -> None:
        """The arrival again, verdicts on what it could be mistaken for, and a part that never was, judged by nobody."""
        again = Message(Arrival(wire_key(record.key), record.trigger_ns, record.verdict_by_ns, record.trigger_ns))
        for consumer in ("decision", *self._cameras):
            self._say(self._endpoints.arrivals(consumer), again)
        for key in other_lives(record.key):
            for kind in (VerdictKind.ACCEPT, VerdictKind.REJECT):
                verdict = Verdict(wire_key(key), kind, (), now_ns(), record.trigger_ns, 0)
                self._say(self._endpoints.verdicts, Message(verdict), self._decision)
        ghost = wire_key(other_lives(record.key)[0])
        self._say(self._endpoints.arrivals("decision"), Message(msgspec.structs.replace(again.content, key=ghost)))
        word = judgement_of(self._judged, self._judged.judgements[0])
        word = msgspec.structs.replace(word, view=msgspec.structs.replace(word.view, key=ghost))
        self._say(self._endpoints.judgements, Message(word))

    def _repeat_verdict(self, record: VerdictRecord) -> None:
        """All that was said of the part again, the last word first; and an ACCEPT after what was none."""
        again = Message(verdict_of(record, record.verdict))
        self._say(self._endpoints.verdicts, again, self._decision)
        for said in reversed(record.judgements):
            self._say(self._endpoints.judgements, Message(judgement_of(record, said)))
        if record.verdict is not VerdictKind.ACCEPT:
            self._say(self._endpoints.verdicts, Message(verdict_of(record, VerdictKind.ACCEPT)), self._decision)

    def _say(self, endpoint: str, message: Message, sender: str = "0123456789ab") -> None:
        if endpoint not in self._sockets:
            self._sockets[endpoint] = self._context.socket(zmq.PUSH)
            self._sockets[endpoint].connect(endpoint)
        self._sockets[endpoint].send_multipart(message.frames(sender))


@pytest.mark.proof
def test_words_repeated_reordered_or_meant_for_another_part_change_nothing(rig: Rig, unhurried_recording: Path) -> None:
    workers = workers_of(rig)
    rig.wait_until_armed_again()
    before = set(fed_parts(rig))
    parrot = Parrot(rig)

    def has_heard_a_round() -> bool:
        parrot.listen()
        return len({name_of(part) for part in fed_parts(rig) if part not in before}) >= 12

    rig.wait_for("every recorded part to be fed", has_heard_a_round)
    rows = settled_rows(rig, unhurried_recording)
    parrot.close()
    assert breaches(rows) == []
    assert good_parts_passed([row for row in rows if row.part not in before]) > 0
    decided = {(record.key, record.verdict) for record in rig.verdicts()}
    outcomes = [record for record in rig.ledger() if isinstance(record, OutcomeRecord) and record.decided is not None]
    assert [record for record in outcomes if (record.key, record.decided) not in decided] == []
    assert workers_of(rig) == workers
