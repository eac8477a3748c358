"""Reads MobileNetV2 weights with torchvision's names: from a local file, or from torchvision's server by torch.hub."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.models.bands import RGB

FROM_HUB = Path("imagenet")  # said where a file could be named
# MobileNet_V2_Weights.IMAGENET1K_V1, the file that torchvision's documentation and most published U-Nets name; the digits
# behind the dash begin the file's SHA-256, which torch.hub checks.
TORCHVISION_URL = "https://download.pytorch.org/models/mobilenet_v2-b0353104.pth"

_DTYPES = {"F16": "<f2", "F32": "<f4"}

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """Tensors, float32, by their names, and where they are from.

    They learned from RGB pictures scaled to (x / 255 - mean) / std.
    """

    source: str
    tensors: Mapping[str, Tensor]
    mean: Triple
    std: Triple


def published_weights(path: Path, url: str = TORCHVISION_URL) -> PublishedWeights:
    """Read the weights of a local file, or fetch torchvision's from `url` where `path` is the word `imagenet` and no file.

    `.pth` and `.pt` are torchvision's own kind; any other file is read as safetensors, scaled as Keras does. torch.hub keeps
    what it fetched. Raises TrainingDataError that says what to do, if there is no such file, no network, or no weights.
    """
    if path == FROM_HUB and not path.exists():
        return _of_torchvision(url, _fetch(url))
    if path.suffix in (".pth", ".pt"):
        return _of_torchvision(str(path), _read_pth(path))
    return PublishedWeights(str(path), read_safetensors(path), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))  # x / 127.5 - 1


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


def _of_torchvision(source: str, content: object) -> PublishedWeights:
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise TrainingDataError(f"{source}: holds no tensors by name; fetch the weights of torchvision's MobileNetV2 again")
    red, green, blue = RGB
    mean, std = (red.mean, green.mean, blue.mean), (red.std, green.std, blue.std)
    return PublishedWeights(source, {name: value.float() for name, value in content.items()}, mean, std)


def _read_pth(path: Path) -> object:
    try:
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise TrainingDataError(f"{path}: is no file of weights that torch can read ({_first_line(error)})") from error
    return content


def _fetch(url: str) -> object:
    name = url.rsplit("/", 1)[-1]
    kept = Path(torch.hub.get_dir()) / "checkpoints" / name
    try:
        content: object = torch.hub.load_state_dict_from_url(
            url, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise TrainingDataError(
            f"{url}: could not be fetched or read ({_first_line(error)}). Fetch it on a machine that reaches it and put it "
            f"at {kept}, or name a file that is here as weights: {name}, or a safetensors file with torchvision's names"
        ) from error
    return content


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0]
