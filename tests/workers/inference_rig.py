"""Capture's and decision's ends of the channels, with an inference worker between them: a real one, or turned by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import zmq

from edge_inspector.bus import Endpoints, Receiver, Sender
from edge_inspector.domain.clock import NS_PER_S, boot_id, now_ns, utc_now
from edge_inspector.domain.health import WorkerBeat, WorkerState
from edge_inspector.domain.identity import PartKey, new_incarnation
from edge_inspector.domain.judgement import Judgement
from edge_inspector.domain.view import View
from edge_inspector.inference import PreparedEngine
from edge_inspector.inference.mask_parity import load_golden
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import Session, recipe_dir, write_session
from edge_inspector.station.station import Station
from edge_inspector.workers import inference
from edge_inspector.workers.process import Worker
from edge_inspector.workers.recipes import RecipesInUse
from tests.inference.tiny_engine import HEIGHT, WIDTH, FakeEngine, write_package

DIGEST, OTHER = "d" * 64, "e" * 64
FAR_NS = 60 * NS_PER_S
RECIPE = {
    "format": 1,
    "product": "p",
    "view": {"height_px": HEIGHT, "width_px": WIDTH},
    "mm_per_px": 0.1,
    "presence": {"kind": "full_frame", "mean_grey": [0, 255]},
    "engines": {"spot": "engines/spot"},
    "rules": [{"name": "spots", "engine": "spot", "min_score": 0.5}],
}
OTHER_RECIPE = RECIPE | {
    "engines": {"mark": "engines/mark"},
    "rules": [{"name": "marks", "engine": "mark", "min_score": 0.5}],
}
STATION = {
    "format": 1,
    "station": "s",
    "simulation": True,
    "recipe": "recipe.yaml",
    "state_dir": "state",
    "cameras": {"c1": {"driver": "replay", "latency_ms": 5, "offset_ms": 100}},
    "line": {
        "speed_mm_s": 100,
        "part_length_mm": {"min": 10, "max": 100},
        "min_spacing_mm": 50,
        "stop_distance_mm": 10,
        "ejectors": [{"name": "good", "for": ["ACCEPT"], "at_mm": 100}],
    },
    "inference": {"max_batch": 3, "threads": 1},
}


class Rig:
    """Capture's and decision's ends of the channels, a state folder, and the worker between them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ei-"))
        self.state = self.folder / "state"
        self.package = recipe_dir(self.state, DIGEST) / "engines" / "spot"
        self.session = Session(
            incarnation=new_incarnation(),
            supervisor_pid=os.getpid(),
            runtime_dir=str(self.folder),
            boot_id=boot_id(),
            started_utc=utc_now(),
            station_path="station.yaml",
            station_json=Station.model_validate(STATION).model_dump_json(),
            recipe_digest=DIGEST,
        )
        self.endpoints = Endpoints(self.session.runtime_dir, self.session.incarnation)
        self.context = zmq.Context()
        self.judgements = Receiver(self.context, self.endpoints.judgements, [Judgement])
        self.beats = Receiver(self.context, self.endpoints.status, [WorkerBeat])
        self.views = Sender(self.context, self.endpoints.views, new_incarnation())
        self.process: subprocess.Popen[bytes] | None = None

    def write_files(self, model: bytes | None = None) -> None:
        write_package(self.package, model=model)
        recipe = Recipe.model_validate_json(msgjson(RECIPE))
        (recipe_dir(self.state, DIGEST) / "recipe.json").write_text(recipe.model_dump_json())
        write_session(self.state, self.session)

    def write_other_recipe(self, model: bytes | None = None) -> None:
        """Another recipe, whose engine is called `mark`."""
        write_package(recipe_dir(self.state, OTHER) / "engines" / "mark", model=model)
        (recipe_dir(self.state, OTHER) / "recipe.json").write_bytes(msgjson(OTHER_RECIPE))

    def tell_recipes(self, digest: str, other: str) -> None:
        write_session(self.state, msgspec.structs.replace(self.session, recipe_digest=digest, other_recipe=other))

    def beat_with(self, recipes: dict[str, str]) -> WorkerBeat:
        """Wait for a beat that names these recipes, each with the beginning of why it is refused."""
        by_ns = now_ns() + 20 * NS_PER_S
        while now_ns() < by_ns:
            received = self.beats.wait(1000)
            found = received.message.recipes if received is not None else {}
            if found.keys() == recipes.keys() and all(matches(found[digest], why) for digest, why in recipes.items()):
                assert received is not None
                return received.message
        raise AssertionError(f"no beat with {recipes}")

    def start(self) -> None:
        code = "import sys, pathlib, edge_inspector.workers.inference as w; sys.exit(w.main(pathlib.Path(sys.argv[1])))"
        self.process = subprocess.Popen([sys.executable, "-c", code, str(self.state)], start_new_session=True)

    def send(self, view: View, pixels: np.ndarray | bytes) -> None:  # type: ignore[type-arg]
        """Send as soon as somebody takes it: the worker binds when it is ready."""
        by_ns = now_ns() + 20 * NS_PER_S
        buffer = pixels if isinstance(pixels, bytes) else memoryview(np.ascontiguousarray(pixels).reshape(-1))
        while not self.views.send(view, buffer):
            assert now_ns() < by_ns, "nobody takes views"
            self.judgements.socket.poll(5)

    def judgement(self) -> Judgement:
        received = self.judgements.wait(10_000)
        assert received is not None, "no judgement came"
        return received.message

    def beat_in(self, state: WorkerState, detail: str = "") -> WorkerBeat:
        by_ns = now_ns() + 20 * NS_PER_S
        while now_ns() < by_ns:
            received = self.beats.wait(1000)
            if received is not None and received.message.state is state and detail in received.message.detail:
                return received.message
        raise AssertionError(f"no beat in state {state}")

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder)


def matches(found: str, part: str) -> bool:
    """Whether a text is empty where nothing is asked for, and holds what is."""
    return part in found if part else not found


def msgjson(content: object) -> bytes:
    return msgspec.json.encode(content)


class Bench:
    """A `ViewJudge` with fake engines, on real sockets, turned by hand."""

    def __init__(self, rig: Rig, *, golden_minutes: float = 10.0) -> None:
        rig.write_files()
        package = load_engine_package(rig.package)
        self.fakes = [FakeEngine("spot"), FakeEngine("scratch")]
        engines = [
            PreparedEngine(fake.name, package.manifest, fake, load_golden(package), batch_ms=3.0) for fake in self.fakes
        ]
        station = Station.model_validate({**STATION, "inference": {"max_batch": 3, "golden_minutes": golden_minutes}})
        self.worker = Worker(
            name="inference",
            state_dir=rig.state,
            session=rig.session,
            station=station,
            recipe=Recipe.model_validate_json(msgjson(RECIPE)),
            endpoints=rig.endpoints,
            incarnation=new_incarnation(),
            context=rig.context,
        )
        self.views = Receiver(rig.context, rig.endpoints.views, [View])
        self.judgements = Sender(rig.context, rig.endpoints.judgements, new_incarnation())
        self.recipes = RecipesInUse(self.worker, engines, lambda digest, recipe: self.beside)
        self.beside: list[PreparedEngine] = []
        self.package = package
        self.judge = inference.ViewJudge(self.worker, self.recipes, self.views, self.judgements)
        while not self.judgements._socket.poll(100, zmq.POLLOUT):
            pass  # connected: from here on every send is taken

    def take_up(self, rig: Rig, batch_ms: float = 3.0) -> FakeEngine:
        """Let another recipe become ready beside the first, with one engine."""
        fake = FakeEngine("mark")
        self.beside = [PreparedEngine("mark", self.package.manifest, fake, load_golden(self.package), batch_ms)]
        rig.write_other_recipe()
        rig.tell_recipes(DIGEST, OTHER)
        while self.recipes.get(OTHER) is None:
            self.judge.follow_recipes()
        return fake

    def receive(self, count: int) -> None:
        """Take `count` messages from the socket, good ones or not."""
        while self.views.received_count + self.views.refused_count < count:
            self.judge.receive_all()


def view_of(
    seq: int = 1,
    camera: str = "c1",
    *,
    left_ns: int = FAR_NS,
    recipe: str = DIGEST,
    height: int = HEIGHT,
    seen_width_px: int = WIDTH,
) -> View:
    t_ns = now_ns()
    return View(
        key=PartKey(run=1, seq=seq, nonce=7, recipe=recipe),
        camera=camera,
        frame_number=seq,
        stamp_ns=t_ns,
        frame_ns=t_ns,
        skew_ms=0.0,
        height_px=height,
        width_px=WIDTH,
        seen_height_px=height,
        seen_width_px=seen_width_px,
        chosen_ns=t_ns,
        sent_ns=t_ns,
        verdict_by_ns=max(0, t_ns + left_ns),
    )
