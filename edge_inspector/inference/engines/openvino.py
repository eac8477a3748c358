"""OpenVINO on the CPU: two streams, each view a request of its own.

Measured on two cores with the light U-Net and views of 256 x 1248 px, the form with one asynchronous request a view and
as many one-thread streams as cores beats one batch of all views for two and more views (`feasibility.md` B).

OpenVINO's own cache of compiled models is not used: it saves 0.1 s of a start, and a cache file whose bytes were changed
was loaded without a word, with other weights than those whose digest was checked.

Which precision is the quickest is timed, not looked up: with AVX-512 BF16 and no AMX an EPYC is twice as fast in bf16 as in
f32, and a Xeon 1.6 times slower (docs/results.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import openvino as ov
import openvino.properties as properties
import openvino.properties.hint as hints
from numpy.typing import NDArray

from edge_inspector.domain.clock import now_ns
from edge_inspector.domain.errors import EngineFaultError, EngineFileError
from edge_inspector.inference.engines.cpu_precisions import cpu_flags, native_precisions
from edge_inspector.station.engine_manifest import EnginePackage, Precision

DEVICE = "CPU"
# what pybind11 makes of the C++ library's exceptions
VENDOR_ERRORS = (RuntimeError, ValueError, TypeError, IndexError, OverflowError, MemoryError)
PRECISIONS: dict[Precision, ov.Type] = {"f32": ov.Type.f32, "bf16": ov.Type.bf16, "f16": ov.Type.f16}
TIMED_ROUNDS = 3  # of as many views as there are streams; the first makes buffers
WORTH_IT = 0.9  # a precision further back is taken where it needs less than this share of the time


class OpenVinoEngine:
    """An engine package compiled for this machine's CPU, in the quickest of its precisions that the CPU has."""

    def __init__(self, package: EnginePackage, *, threads: int) -> None:
        self._package = package
        self._shape = (package.manifest.input.height, package.manifest.input.width)
        self._channels = package.manifest.input.channel_count
        try:
            core = ov.Core()
            model = core.read_model(package.model_path)
            self._check_input(model)
            model.reshape([1, *self._shape, self._channels])
            self._check_output(model)
            self.precision, self._compiled = self._compile(core, model, threads)
        except VENDOR_ERRORS as error:
            raise EngineFileError(
                f"{package.model_path}: OpenVINO {ov.__version__} can not use it ({_first_line(error)}); use an "
                "engine made for it, or the version that the engine worked with"
            ) from error
        self._requests: list[ov.InferRequest] = []

    @property
    def name(self) -> str:
        """Name of the engine package."""
        return self._package.manifest.name

    @property
    def input_shape(self) -> tuple[int, int]:
        """Height and width in px of every view it takes."""
        return self._shape

    def judge(self, views: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the defect probability of every pixel: float32 (n, h, w); see `Engine.judge`."""
        maps = np.empty((len(views), *self._shape), np.float32)
        try:
            while len(self._requests) < len(views):
                self._requests.append(self._compiled.create_infer_request())
            running = self._requests[: len(views)]  # those of an earlier, larger batch rest
            _start(running, views)
            for place, request in zip(maps, running, strict=True):
                request.wait()
                place[...] = request.get_output_tensor().data.reshape(self._shape)  # (1, h, w) or (1, h, w, 1)
        except VENDOR_ERRORS as error:
            raise EngineFaultError(
                f"engine {self.name}: OpenVINO failed while judging {len(views)} view(s) ({_first_line(error)}); the worker "
                "must be restarted"
            ) from error
        return maps

    def close(self) -> None:
        """Let go of the compiled model."""
        self._requests = []
        del self._compiled

    def _compile(self, core: ov.Core, model: ov.Model, threads: int) -> tuple[Precision, ov.CompiledModel]:
        """Compile in those of the manifest's precisions that this CPU has, and keep the quickest; the device may still
        choose another one than it was asked for, which does not count."""
        native = native_precisions(cpu_flags())
        proven = self._package.manifest.precisions
        compiled: dict[Precision, ov.CompiledModel] = {}
        for precision in proven:
            if precision not in native:
                continue
            options = {
                hints.inference_precision: PRECISIONS[precision],
                hints.execution_mode: hints.ExecutionMode.PERFORMANCE,
                hints.performance_mode: hints.PerformanceMode.THROUGHPUT,
                properties.num_streams: threads,
                properties.inference_num_threads: threads,
                hints.enable_cpu_pinning: False,  # each process would pin from the first core on, and two would share it
            }
            form = core.compile_model(model, DEVICE, options)
            if form.get_property(hints.inference_precision) == PRECISIONS[precision]:
                compiled[precision] = form
        if not compiled:
            raise EngineFileError(
                f"{self._package.folder}: engine {self.name} was proven in {', '.join(proven)}, and this CPU has none of "
                f"them: it computes in {', '.join(native)}; use an engine proven in one of these, or a machine that has the "
                "engine's"
            )
        precision = next(iter(compiled)) if len(compiled) == 1 else quickest(self._least_ns(compiled, threads))
        return precision, compiled[precision]

    def _least_ns(self, compiled: Mapping[Precision, ov.CompiledModel], threads: int) -> dict[Precision, int]:
        """What one view a stream takes in each, at the least. In turns, so that other work of the CPU falls on all alike.

        Before the engine is ready: until then no part is judged by it, and none passes.
        """
        blank = [np.zeros((*self._shape, self._channels), np.uint8)] * threads
        requests = {precision: [form.create_infer_request() for _ in blank] for precision, form in compiled.items()}
        taken_ns: dict[Precision, list[int]] = {precision: [] for precision in compiled}
        for _ in range(TIMED_ROUNDS):
            for precision, running in requests.items():
                started_ns = now_ns()
                _start(running, blank)
                for request in running:
                    request.wait()
                taken_ns[precision].append(now_ns() - started_ns)
        return {precision: min(rounds) for precision, rounds in taken_ns.items()}

    def _check_input(self, model: ov.Model) -> None:
        height, width = self._shape
        takes = [(port.element_type, port.partial_shape) for port in model.inputs]
        wanted = ov.PartialShape([1, height, width, self._channels])
        if [kind for kind, _ in takes] != [ov.Type.u8] or not takes[0][1].relaxes(wanted):
            raise EngineFileError(
                f"{self._package.model_path}: takes {takes}, expected one input uint8 (n, {height}, {width}, "
                f"{self._channels}); export the network again"
            )

    def _check_output(self, model: ov.Model) -> None:
        height, width = self._shape
        gives = [(port.element_type, port.partial_shape) for port in model.outputs]
        if gives not in (
            [(ov.Type.f32, ov.PartialShape([1, height, width]))],
            [(ov.Type.f32, ov.PartialShape([1, height, width, 1]))],
        ):
            raise EngineFileError(
                f"{self._package.model_path}: gives {gives}, expected one output float32 (n, {height}, {width}); export the "
                "network again"
            )


def quickest(taken_ns: Mapping[Precision, int]) -> Precision:
    """Return the quickest precision, but an earlier one where that takes hardly longer: starts of one machine agree.

    >>> quickest({"bf16": 264, "f32": 165}), quickest({"bf16": 100, "f32": 95})
    ('f32', 'bf16')
    """
    chosen = next(iter(taken_ns))
    for precision in taken_ns:
        if taken_ns[precision] < WORTH_IT * taken_ns[chosen]:
            chosen = precision
    return chosen


def _start(requests: Sequence[ov.InferRequest], views: Sequence[NDArray[np.uint8]]) -> None:
    for request, view in zip(requests, views, strict=True):
        request.get_input_tensor().data[0] = view
        request.start_async()


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
