"""Makes an engine fit for use, step by step: digests, compilation, mask parity on this device, warm-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edge_inspector.domain.clock import now_ns, ns_to_ms
from edge_inspector.domain.errors import EngineFileError
from edge_inspector.inference.engines.protocol import Engine, engine_opener
from edge_inspector.inference.mask_parity import Golden, check_parity, load_golden
from edge_inspector.station.engine_manifest import EngineManifest, Precision, load_engine_package
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.station import Inference


@dataclass(frozen=True, slots=True)
class PreparedEngine:
    """An engine that passed every check. `name` is the recipe's word for it; `batch_ms` what a full batch took."""

    name: str
    manifest: EngineManifest
    engine: Engine
    golden: tuple[Golden, ...]
    batch_ms: float

    def check_golden(self, number: int) -> None:
        """Judge one golden picture again.

        Raises:
            EngineFaultError: its map is no longer the expected one, or the engine failed.
        """
        check_parity(self.engine, self.golden[number : number + 1], self.manifest)


def prepare_engine(
    name: str,
    folder: Path,
    view: ViewShape,
    settings: Inference,
    say: Callable[[str], None],
    *,
    takes_bands: bool = False,
    precision: Precision | None = None,
) -> PreparedEngine:
    """Return the engine in `folder`, ready; `say` hears which step begins.

    Cameras give colours: only who has other pictures than theirs `takes_bands`, and with them an engine for these. A station
    uses the quickest of its precisions that this CPU has; who proves an engine names each `precision` in turn.

    Raises:
        EngineFileError, DocumentError: files missing, truncated, swapped or wrong, or made for other views.
        EngineFaultError: the engine does not draw its golden masks on this device.
    """
    say(f"engine {name}: verifying its files, then compiling it for {settings.driver}")
    package = load_engine_package(folder)
    manifest = package.manifest
    if (manifest.input.height, manifest.input.width) != (view.height_px, view.width_px):
        raise EngineFileError(
            f"{folder}: takes views of {manifest.input.width} x {manifest.input.height} px, but the recipe's are "
            f"{view.width_px} x {view.height_px}; correct view in the recipe or name another engine"
        )
    if (bands := manifest.input.other_bands) and not takes_bands:
        raise EngineFileError(f"{folder}: takes the bands {bands}, but cameras give colours; name an engine made for these")
    if precision is not None:
        package = replace(package, manifest=manifest.model_copy(update={"precisions": [precision]}))
    golden = load_golden(package)
    engine = engine_opener(settings.driver)(package, threads=settings.threads)
    say(f"engine {name}: comparing {len(golden)} golden pictures with their masks")
    check_parity(engine, golden, manifest)
    say(f"engine {name}: warming up")
    pictures = [golden[i % len(golden)].picture for i in range(settings.max_batch)]
    engine.judge(pictures)  # first use of every request: buffers are made here
    started_ns = now_ns()
    engine.judge(pictures)
    return PreparedEngine(name, manifest, engine, golden, ns_to_ms(now_ns() - started_ns))
