"""Loads published MobileNetV2 weights into the encoder: all of them or none, and made to fit this project's pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.models.unet.mobilenet_v2 import MobileNetV2Encoder

_DTYPES = {"F16": "<f2", "F32": "<f4"}
_BEYOND = "features.18."  # the last 1x1 convolution feeds a classifier; the decoder joins before it
_COUNTERS = "num_batches_tracked"  # counts training steps; no weight


def load_encoder_weights(encoder: MobileNetV2Encoder, path: Path, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    """Copy the weights of a safetensors file with torchvision's names into `encoder`.

    They were trained on pictures scaled to x / 127.5 - 1. This encoder is given (x / 255 - mean) / std, RGB each, so the
    first convolution takes over the ratio and the BatchNorm behind it the shift: inside the border the same features.

    Raises TrainingDataError if a tensor of the encoder is missing, is of another shape, or one is there that it lacks.
    """
    given = {name: tensor for name, tensor in read_safetensors(path).items() if not name.startswith(_BEYOND)}
    own = encoder.state_dict()
    wanted = {name: tuple(tensor.shape) for name, tensor in own.items() if not name.endswith(_COUNTERS)}
    found = {name: tuple(tensor.shape) for name, tensor in given.items()}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        name = wrong[0]
        raise TrainingDataError(
            f"{path}: {len(wrong)} tensors do not fit a MobileNetV2 encoder of width 1.0, first {name}: "
            f"is {found.get(name, 'missing')}, expected {wanted.get(name, 'none')}; use weights with torchvision's names"
        )
    weight = given["features.0.0.weight"]  # (32, 3, 3, 3)
    shift = torch.tensor([2.0 * m - 1.0 for m in mean])
    ratio = torch.tensor([2.0 * s for s in std])
    given["features.0.1.running_mean"] = given["features.0.1.running_mean"] - (weight.sum((2, 3)) * shift).sum(1)
    given["features.0.0.weight"] = weight * ratio.view(1, 3, 1, 1)
    encoder.load_state_dict(given | {name: tensor for name, tensor in own.items() if name.endswith(_COUNTERS)})


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a safetensors file as float32. Raises TrainingDataError.

    The format (https://github.com/huggingface/safetensors#format): u64 length, JSON header, then the bytes it points at.
    """
    try:
        content = path.read_bytes()
        start = 8 + int.from_bytes(content[:8], "little")
        if start > len(content):
            raise ValueError(f"its header of {start} bytes is cut off at {len(content)}")
        header = json.loads(content[8:start])
        tensors = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            first, last = (start + offset for offset in entry["data_offsets"])
            values = np.frombuffer(content[first:last], np.dtype(_DTYPES[entry["dtype"]])).reshape(entry["shape"])
            tensors[name] = torch.from_numpy(values.astype(np.float32))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingDataError(
            f"{path}: is no safetensors file of 16 or 32 bit floats ({error!r}); fetch it again"
        ) from error
    return tensors
