"""Writes a trained network as the ONNX graph that ships: uint8 pictures in, calibrated probability out.

The graph: Cast first, then mean and spread, the network with BatchNorm folded into its convolutions, calibration,
sigmoid. Weights are stored as 16-bit floats followed by a Cast, which halves the file; arithmetic stays 32-bit.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edge_inspector.training.losses import prior_shift
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.models.unet.light_unet import DecoderStage
from edge_inspector.training.train import normalise

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
    """uint8 (n, h, w, 3) RGB -> float32 (n, h, w), probability that the pixel is a defect."""

    def __init__(self, network: LightUNet, logit_map: LogitMap) -> None:
        super().__init__()
        self.network = fold_batch_norm(network)
        self.scale = logit_map.scale
        self.bias = logit_map.bias - logit_map.scale * prior_shift(logit_map.alpha)

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 (n, h, w, 3) -> float32 (n, h, w), 0..1."""
        logits: Tensor = self.network(normalise(pictures))  # (n, 1, h, w)
        return torch.sigmoid(logits[:, 0] * self.scale + self.bias)  # (n, h, w)


def fold_batch_norm(network: LightUNet) -> LightUNet:
    """A copy in eval mode with every BatchNorm folded into the convolution before it."""
    folded = copy.deepcopy(network).to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    for module in list(folded.modules()):
        if isinstance(module, nn.Sequential):
            for i in range(len(module) - 1):
                first, second = module[i], module[i + 1]
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    module[i], module[i + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
        elif isinstance(module, DecoderStage):
            assert isinstance(module.norm, nn.BatchNorm2d)
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()  # type: ignore[assignment]
    return folded  # type: ignore[no-any-return]


def export_onnx(network: LightUNet, logit_map: LogitMap, path: Path, height: int, width: int) -> None:
    """Write the graph for pictures of one size (multiples of 32), any number at once, and check it with onnx."""
    if height % 32 or width % 32:
        raise ValueError(f"{width} x {height} px: both must be multiples of 32; pad the view, never resize silently")
    shipped = ShippedNetwork(network, logit_map).eval()
    example = torch.zeros((2, height, width, 3), dtype=torch.uint8)
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


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store every larger float32 weight as float16 with a Cast behind it. Raises ValueError for one out of range."""
    casts, halved = [], []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < SMALLEST_HALVED:
            halved.append(weight)
            continue
        if float(np.abs(values).max()) > 60000.0:
            raise ValueError(f"weight {weight.name} exceeds what 16 bits hold; train with more weight decay")
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
def torch_probability(network: LightUNet, logit_map: LogitMap, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the graph should give, by PyTorch in 32 bit: pictures uint8 (n, h, w, 3) -> float32 (n, h, w)."""
    return np.asarray(ShippedNetwork(network, logit_map).eval()(torch.from_numpy(pictures)).numpy(), np.float32)
