"""An engine package small enough for tests: bright pixels are defects. And a fake engine that misbehaves on request."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge_inspector.domain.errors import EngineFaultError
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import (
    MANIFEST_FILE,
    MODEL_FILE,
    EngineManifest,
    EnginePackage,
    file_digest,
    load_engine_package,
    write_manifest,
)

HEIGHT, WIDTH = 32, 64
SPREAD = 16.0
FILES = ("model.onnx", "golden/1.png", "golden/1.mask.png", "golden/2.png", "golden/2.mask.png")


def expected_map(picture: NDArray[np.uint8], centre: float = 127.5) -> NDArray[np.float32]:
    """What the tiny graph computes: sigmoid((mean of the channels - centre) / 16), float32 (h, w)."""
    grey = picture.astype(np.float64).mean(axis=2)
    return (1.0 / (1.0 + np.exp(-(grey - centre) / SPREAD))).astype(np.float32)


def dark_picture() -> NDArray[np.uint8]:
    return np.full((HEIGHT, WIDTH, 3), 20, np.uint8)


def spot_picture(x: int = 10, y: int = 8, side: int = 6) -> NDArray[np.uint8]:
    picture = dark_picture()
    picture[y : y + side, x : x + side] = 240
    return picture


def tiny_model(centre: float = 127.5, *, height: int = HEIGHT, width: int = WIDTH) -> bytes:
    nodes = [
        helper.make_node("Cast", ["pictures"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["x", "axes"], ["grey"], keepdims=0),
        helper.make_node("Sub", ["grey", "centre"], ["shifted"]),
        helper.make_node("Div", ["shifted", "spread"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["probability"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([3], np.int64), "axes"),
        numpy_helper.from_array(np.array(centre, np.float32), "centre"),
        numpy_helper.from_array(np.array(SPREAD, np.float32), "spread"),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", height, width, 3])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", height, width])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write_package(folder: Path, *, model: bytes | None = None, precisions: Sequence[str] = ("f32",)) -> EngineManifest:
    """Write a package whose golden masks are those of `tiny_model()`; another `model` than that breaks its parity."""
    (folder / "golden").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(tiny_model() if model is None else model)
    for number, picture in ((1, spot_picture()), (2, dark_picture())):
        mask = np.floor(expected_map(picture).astype(np.float64) * 255 + 0.5).astype(np.uint8)
        cv2.imwrite(str(folder / f"golden/{number}.png"), picture[:, :, ::-1])
        cv2.imwrite(str(folder / f"golden/{number}.mask.png"), mask)
    manifest = EngineManifest.model_validate(
        {
            "format": 1,
            "name": folder.name,
            "defect": "spot",
            "colour": "red",
            "input": {"height": HEIGHT, "width": WIDTH, "channels": "rgb", "mm_per_px": {"min": 0.01, "max": 1.0}},
            "precisions": list(precisions),
            "t_low": 0.25,
            "threshold": {"score": 0.5, "evidence": "bright spots against dark: by construction"},
            "smallest_defect_px": 9,
            "calibration": {"alpha": 0.5, "scale": 1.0, "bias": 0.0},
            "metrics": {},
            "training": {"digest": "0" * 64, "seed": 1, "command": "none", "steps": 1, "minutes": 0.0, "parameters": 1},
            "parity": {"max_abs_diff": 0.02, "max_crossing_share": 0.0},
            "golden": [
                {"picture": "golden/1.png", "mask": "golden/1.mask.png", "defective": True},
                {"picture": "golden/2.png", "mask": "golden/2.mask.png", "defective": False},
            ],
            "files": {name: file_digest(folder / name) for name in FILES},
        }
    )
    write_manifest(folder, manifest)
    return manifest


def shifted_package(source: Path, folder: Path, shift: float) -> EnginePackage:
    """A copy of a package whose graph gives other logits, each by `shift`: whole, and wrong as a device may be."""
    shutil.copytree(source, folder)
    model = onnx.load(folder / MODEL_FILE)
    last = model.graph.node[-1]
    assert last.op_type == "Sigmoid"
    model.graph.initializer.append(numpy_helper.from_array(np.array(shift, np.float32), "shift"))
    model.graph.node.insert(len(model.graph.node) - 1, helper.make_node("Add", [last.input[0], "shift"], ["shifted"]))
    last.input[0] = "shifted"
    onnx.save(model, folder / MODEL_FILE)
    manifest = load_document(folder / MANIFEST_FILE, EngineManifest)
    files = manifest.files | {MODEL_FILE: file_digest(folder / MODEL_FILE)}
    write_manifest(folder, manifest.model_copy(update={"files": files}))
    return load_engine_package(folder)


class FakeEngine:
    """An engine that records what it was given. `fault` makes it fail, `centre` makes it draw other masks."""

    def __init__(self, name: str = "spot") -> None:
        self.name = name
        self.input_shape = (HEIGHT, WIDTH)
        self.precision = "f32"
        self.batches: list[list[NDArray[np.uint8]]] = []
        self.fault = ""
        self.centre = 127.5
        self.is_closed = False

    def judge(self, views: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        if self.fault:
            raise EngineFaultError(f"engine {self.name}: {self.fault}")
        self.batches.append(list(views))
        return np.stack([expected_map(view, self.centre) for view in views])

    def close(self) -> None:
        self.is_closed = True
