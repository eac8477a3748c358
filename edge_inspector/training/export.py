"""Writes a trained network as the ONNX graph that ships: uint8 pictures in, calibrated probability out.

The graph: Cast first, then mean and spread, the network with BatchNorm folded into its convolutions, calibration,
sigmoid. Weights are rounded to 16-bit floats, and stored as such followed by a Cast, which halves the file; arithmetic stays
32-bit. What is compared with the graph is the network with its weights rounded: it is this one whose scores are measured.
"""

from __future__ import annotations

import copy
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edge_inspector.domain.errors import TrainingStoppedError
from edge_inspector.training.losses import prior_shift
from edge_inspector.training.models.bands import RGB, Band, normalise_bands
from edge_inspector.training.models.conv_norm import conv_norms
from edge_inspector.training.models.segmentation_model import SegmentationModel

OPSET = 18
INPUT = "pictures"
OUTPUT = "probability"
SMALLEST_HALVED = 64  # smaller tensors stay 32-bit: they cost nothing and may be shapes or scales


@dataclass(frozen=True, slots=True)
class LogitMap:
    """logit p = scale * (z - ln(alpha / (1 - alpha))) + bias, for the network's logit z (science.md §3.1)."""

    alpha: float
    scale: float = 1.0
    bias: float = 0.0


class ShippedNetwork(nn.Module):
    """uint8 (n, h, w, c), channels in the order of `bands` -> probability that the pixel is a defect, float32 (n, h, w).

    BatchNorm is folded into the convolutions, and weights are rounded to what is stored of them.
    """

    def __init__(self, network: SegmentationModel, logit_map: LogitMap, bands: Sequence[Band] = RGB) -> None:
        super().__init__()
        self.network = fold_batch_norm(network)
        with torch.no_grad():
            for weight in self.network.parameters():
                if is_halved(tuple(weight.shape)):
                    weight.copy_(weight.half().float())
        self.scale = logit_map.scale
        self.bias = logit_map.bias - logit_map.scale * prior_shift(logit_map.alpha)
        self.bands = tuple(bands)

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 (n, h, w, c) -> float32 (n, h, w), 0..1."""
        logits = self.network(normalise_bands(pictures, self.bands))  # (n, 1, h, w)
        return torch.sigmoid(logits[:, 0] * self.scale + self.bias)


def fold_batch_norm(network: SegmentationModel) -> SegmentationModel:
    """A copy in eval mode with every BatchNorm folded into the convolution before it."""
    folded = copy.deepcopy(network).eval()
    folded.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # torch's stub lacks it
    for pair in conv_norms(folded):
        setattr(pair.parent, pair.conv_name, fuse_conv_bn_eval(pair.conv, pair.norm))
        setattr(pair.parent, pair.norm_name, nn.Identity())
    return folded


def export_onnx(
    network: SegmentationModel, logit_map: LogitMap, path: Path, height: int, width: int, bands: Sequence[Band] = RGB
) -> None:
    """Write the graph for pictures of one size, any number at once, and check it with onnx.

    The size is any that the network takes: where it has to be padded, the graph pads and crops itself.
    """
    shipped = ShippedNetwork(network, logit_map, bands).eval()
    example = torch.zeros((2, height, width, len(bands)), dtype=torch.uint8)
    with _without_noise():
        program = torch.onnx.export(
            shipped,
            (example,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamic_shapes=({0: torch.export.Dim("n")},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = halve_weights(program.model_proto)
    del model.graph.value_info[:]  # of the exporter's own tensors; would contradict the halved ones
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces of the machine that exported it
        node.doc_string = ""
    del model.metadata_props[:], model.graph.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    if cast_comes_first(model) is False:
        raise ValueError(f"{path}: the first operation is not a Cast of the pictures; the exporter changed its order")
    path.write_bytes(model.SerializeToString(deterministic=True))


def is_halved(shape: Sequence[int]) -> bool:
    """Whether a weight of this shape keeps 16 of its 32 bits: not if it is small, a bias, or of a depthwise convolution.

    The latter two are 4 % of all. Where BatchNorm was folded into it, a depthwise weight may be hundreds: of a channel that
    hardly changes it makes much of little, and of its own rounding too.
    """
    is_depthwise = len(shape) == 4 and shape[1] == 1
    return len(shape) > 1 and math.prod(shape) >= SMALLEST_HALVED and not is_depthwise


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store weights as float16 with a Cast behind them. Raises TrainingStoppedError for one out of range."""
    casts, halved = [], []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or not is_halved(tuple(weight.dims)):
            halved.append(weight)
            continue
        values = numpy_helper.to_array(weight)
        if not float(np.abs(values).max()) <= 60000.0:  # nor if it is no number
            raise TrainingStoppedError(
                f"weight {weight.name} exceeds what 16 bits hold, so no graph is made of it. What was learned is kept; "
                "learn with more weight decay"
            )
        name = weight.name
        halved.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_f16"))
        casts.append(helper.make_node("Cast", [f"{name}_f16"], [name], f"cast_{name}", to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    first = next(i for i, node in enumerate(nodes) if INPUT in node.input)
    ordered = [nodes[first], *casts, *nodes[:first], *nodes[first + 1 :]]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(halved)
    model.graph.node.extend(ordered)
    return model


def cast_comes_first(model: onnx.ModelProto) -> bool:
    """True if the first operation casts the uint8 pictures."""
    first = model.graph.node[0]
    return first.op_type == "Cast" and list(first.input) == [INPUT]


@torch.no_grad()
def torch_probability(
    network: SegmentationModel, logit_map: LogitMap, pictures: NDArray[np.uint8], bands: Sequence[Band] = RGB
) -> NDArray[np.float32]:
    """What the graph should give, by PyTorch in 32 bit, its weights too: uint8 (n, h, w, c) -> float32 (n, h, w)."""
    return np.asarray(ShippedNetwork(network, logit_map, bands).eval()(torch.from_numpy(pictures)).numpy(), np.float32)


@contextmanager
def _without_noise() -> Iterator[None]:
    """The exporter tells that torchvision is missing, and torch that it uses what it will drop: nobody's concern here."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logger.setLevel(level)
