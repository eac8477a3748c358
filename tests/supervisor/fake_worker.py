"""A worker that only beats: `fake_worker.py NAME STATE_DIR`. The line's twin holds the lock, drains and answers.

Files in STATE_DIR make it misbehave: `NAME.crash` ends it at once, `NAME.deaf` makes it ignore SIGTERM and drain,
`NAME.slow` keeps it from preparing another recipe, `NAME.refuse` makes it refuse one. The line's twin has a part of the
recipe before under way as long as there is a file `line.busy`. It appends `NAME` to `ends.txt` when it ends in good order.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import sys
from pathlib import Path

import zmq

from edge_inspector.bus import ControlServer, Endpoints, Receiver, Sender
from edge_inspector.domain.clock import now_ns
from edge_inspector.domain.control import ControlReply
from edge_inspector.domain.health import SupervisorBeat, WorkerBeat, WorkerState


def main(name: str, state_dir: Path) -> int:
    if (state_dir / f"{name}.crash").exists():
        return 7
    ctypes.CDLL(None).prctl(1, int(signal.SIGTERM if name == "line" else signal.SIGKILL), 0, 0, 0)
    if os.getppid() != int(os.environ["EDGE_INSPECTOR_SUPERVISOR_PID"]):  # it died while this process was starting
        return 8
    is_deaf = (state_dir / f"{name}.deaf").exists()
    stop: list[str] = []
    signal.signal(signal.SIGTERM, signal.SIG_IGN if is_deaf else lambda *_: stop.append("SIGTERM"))
    session = json.loads((state_dir / "session.json").read_text())
    endpoints = Endpoints(session["runtime_dir"], session["incarnation"])
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    status = Sender(context, endpoints.status, "0123456789ab", high_water_mark=8)
    supervisor = control = None
    if name == "line":
        lock = (state_dir / "line.lock").open("a+")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the supervisor waits until this works
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        supervisor = Receiver(context, endpoints.supervisor_beat, (SupervisorBeat,))
        control = ControlServer(context, endpoints.line_control, "0123456789ab")
        facts: dict[str, str | int | float | bool | None] = {
            "line_state": "armed",
            "alarms": json.dumps([{"code": "jam", "text": "a jam", "remedy": "clear it"}]),
        }
    else:
        facts = {}
    all_ready = False
    recipes = {session["recipe_digest"]: ""}
    while not stop:
        if name != "line":
            recipes = recipes_of(name, state_dir)
        facts["ready"] = all_ready
        status.send(WorkerBeat(name, os.getpid(), WorkerState.READY, "", 1, 0.0, now_ns(), {}, facts, recipes))
        signal.sigtimedwait([], 0.03)
        while supervisor is not None and (beat := supervisor.receive()) is not None:
            all_ready = beat.message.all_ready
            before = recipes if (state_dir / "line.busy").exists() else {}
            recipes = {**before, str(beat.message.recipe): ""}
            if beat.message.drain and not is_deaf:
                stop.append("drain")
        if control is not None and control.receive() is not None and not (state_dir / "line.mute").exists():
            control.reply(ControlReply(ok=True, text="1 alarm(s) acknowledged"))
    with (state_dir / "ends.txt").open("a") as ends:
        ends.write(f"{name} {stop[0]}\n")
    return 0


def recipes_of(name: str, state_dir: Path) -> dict[str, str]:
    """What the session asks for, as this worker can do it."""
    session = json.loads((state_dir / "session.json").read_text())
    recipes = {session["recipe_digest"]: ""}
    if session["other_recipe"] and not (state_dir / f"{name}.slow").exists():
        recipes[session["other_recipe"]] = "no such engine" if (state_dir / f"{name}.refuse").exists() else ""
    return recipes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
