"""OpenVINO on the CPU: two streams, each view a request of its own.

Measured on two cores with the light U-Net and views of 256 x 1248 px, the form with one asynchronous request a view and
as many one-thread streams as cores beats one batch of all views for two and more views (`feasibility.md` B).

OpenVINO's own cache of compiled models is not used: it saves 0.1 s of a start, and a cache file whose bytes were changed
was loaded without a word, with other weights than those whose digest was checked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openvino as ov
import openvino.properties as properties
import openvino.properties.hint as hints
from numpy.typing import NDArray

from edge_inspector.domain.errors import EngineFaultError, EngineFileError
from edge_inspector.inference.engines.cpu_precisions import cpu_flags, native_precisions
from edge_inspector.station.engine_manifest import EnginePackage, Precision

DEVICE = "CPU"
# what pybind11 makes of the C++ library's exceptions
VENDOR_ERRORS = (RuntimeError, ValueError, TypeError, IndexError, OverflowError, MemoryError)
PRECISIONS: dict[Precision, ov.Type] = {"f32": ov.Type.f32, "bf16": ov.Type.bf16, "f16": ov.Type.f16}


class OpenVinoEngine:
    """An engine package compiled for this machine's CPU, in the first of its precisions that the CPU has."""

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
            running = list(zip(self._requests, views, strict=False))  # requests of an earlier, larger batch rest
            for request, view in running:
                request.get_input_tensor().data[0] = view
                request.start_async()
            for place, (request, _) in zip(maps, running, strict=True):
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
        """Compile in the first of the manifest's precisions that this CPU has; the device may still choose another one."""
        native = native_precisions(cpu_flags())
        proven = self._package.manifest.precisions
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
            compiled = core.compile_model(model, DEVICE, options)
            if compiled.get_property(hints.inference_precision) == PRECISIONS[precision]:
                return precision, compiled
        raise EngineFileError(
            f"{self._package.folder}: engine {self.name} was proven in {', '.join(proven)}, and this CPU has none of them: "
            f"it computes in {', '.join(native)}; use an engine proven in one of these, or a machine that has the engine's"
        )

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


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
