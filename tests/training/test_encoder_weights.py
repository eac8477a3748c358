"""Published encoder weights are taken whole, and see the same picture as where they were trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.models.unet import MobileNetV2Encoder
from edge_inspector.training.models.unet.encoder_weights import load_encoder_weights, read_safetensors
from edge_inspector.training.train import MEAN, STD, normalise


def write_safetensors(path: Path, tensors: dict[str, Tensor]) -> None:
    header, content = {}, b""
    for name, tensor in tensors.items():
        values = tensor.numpy()
        kind = {np.dtype("float16"): "F16", np.dtype("float32"): "F32"}[values.dtype]
        span = [len(content), len(content) + values.nbytes]
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": span}
        content += values.tobytes()
    head = json.dumps({"__metadata__": {"made": "here"}, **header}).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + content)


@pytest.fixture
def published() -> dict[str, Tensor]:
    """Weights as they are published: with the classifier's convolution, without counters."""
    torch.manual_seed(0)
    state = MobileNetV2Encoder().state_dict()
    weights = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    return weights | {"features.18.0.weight": torch.zeros(4, 320, 1, 1)}


def test_features_are_those_of_the_pictures_the_weights_were_trained_on(
    published: dict[str, Tensor], tmp_path: Path
) -> None:
    write_safetensors(tmp_path / "weights.safetensors", published)
    loaded, original = MobileNetV2Encoder().eval(), MobileNetV2Encoder().eval()
    load_encoder_weights(loaded, tmp_path / "weights.safetensors", MEAN, STD)
    original.load_state_dict(published, strict=False)
    pictures = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8))
    with torch.no_grad():
        here = loaded.features[0](normalise(pictures))
        there = original.features[0](pictures.permute(0, 3, 1, 2) / 127.5 - 1.0)
    # the border differs: padding there is grey in one scaling and the mean colour in the other
    assert torch.allclose(here[:, :, 1:-1, 1:-1], there[:, :, 1:-1, 1:-1], atol=1e-4)
    assert all(torch.equal(loaded.state_dict()[n], t) for n, t in published.items() if n.startswith("features.17"))


def test_half_precision_is_read_as_single(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "w", {"a": torch.tensor([[0.5, -2.0]], dtype=torch.float16)})
    assert torch.equal(read_safetensors(tmp_path / "w")["a"], torch.tensor([[0.5, -2.0]]))


@pytest.mark.parametrize("name", ["features.0.0.weight", "features.17.conv.3.running_var"])
def test_weights_that_lack_a_tensor_are_refused(published: dict[str, Tensor], tmp_path: Path, name: str) -> None:
    del published[name]
    write_safetensors(tmp_path / "w", published)
    with pytest.raises(TrainingDataError, match=rf"1 tensors do not fit .* first {name}: is missing, expected \("):
        load_encoder_weights(MobileNetV2Encoder(), tmp_path / "w", MEAN, STD)


def test_weights_with_a_tensor_that_the_encoder_lacks_are_refused(published: dict[str, Tensor], tmp_path: Path) -> None:
    write_safetensors(tmp_path / "w", published | {"features.3.extra": torch.zeros(1)})
    with pytest.raises(TrainingDataError, match=r"first features.3.extra: is \(1,\), expected none"):
        load_encoder_weights(MobileNetV2Encoder(), tmp_path / "w", MEAN, STD)


@pytest.mark.parametrize(
    "content", [b"", b"not weights at all", (2**60).to_bytes(8, "little") + b"{}", b"\2" + bytes(7) + b"[]"]
)
def test_a_file_that_holds_no_weights_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(TrainingDataError, match="is no safetensors file"):
        read_safetensors(tmp_path / "w")
