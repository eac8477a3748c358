"""Weights come from a local file or from torchvision's server, and where neither is there it says what to fetch."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.models.bands import BLUE, GREEN, RED
from edge_inspector.training.models.unet import MobileNetV2Encoder
from edge_inspector.training.models.unet.encoder_weights import load_encoder_weights
from edge_inspector.training.models.unet.published_weights import (
    FROM_HUB,
    TORCHVISION_URL,
    published_weights,
    read_safetensors,
)


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


def torchvision_state() -> dict[str, Tensor]:
    """As torchvision's file is: encoder with counters, and the classifier."""
    torch.manual_seed(0)
    encoder = MobileNetV2Encoder(is_widened=True).state_dict()
    return {**encoder, "classifier.1.weight": torch.zeros(10, 1280), "classifier.1.bias": torch.zeros(10)}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where torch.hub keeps what it fetched; empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


def serve(folder: Path, content: object) -> str:
    """The URL of a file with this content, named by its SHA-256 as torchvision names its own."""
    folder.mkdir()
    torch.save(content, folder / "unnamed")
    digest = hashlib.sha256((folder / "unnamed").read_bytes()).hexdigest()[:8]
    return (folder / "unnamed").rename(folder / f"mobilenet_v2-{digest}.pth").as_uri()


def test_the_address_is_the_one_that_torchvision_documents() -> None:
    assert TORCHVISION_URL == "https://download.pytorch.org/models/mobilenet_v2-b0353104.pth"


def test_the_word_imagenet_fetches_torchvisions_file_and_keeps_it(hub: Path, tmp_path: Path) -> None:
    state = torchvision_state()
    url = serve(tmp_path / "server", state)
    encoder = MobileNetV2Encoder(is_widened=True)
    weights = published_weights(FROM_HUB, url)
    load_encoder_weights(encoder, weights)
    assert (weights.mean, weights.std) == (
        (RED.mean, GREEN.mean, BLUE.mean),
        (RED.std, GREEN.std, BLUE.std),
    )
    assert all(torch.equal(tensor, state[name]) for name, tensor in encoder.state_dict().items())
    assert [file.name for file in hub.iterdir()] == [url.rsplit("/", 1)[-1]]


def test_what_was_fetched_or_put_there_by_hand_needs_no_network(hub: Path) -> None:
    hub.mkdir(parents=True)
    torch.save(torchvision_state(), hub / "mobilenet_v2-b0353104.pth")
    weights = published_weights(FROM_HUB, "http://127.0.0.1:9/mobilenet_v2-b0353104.pth")
    assert "features.18.0.weight" in weights.tensors


def test_without_file_or_network_it_says_what_to_fetch_and_where_to_put_it(hub: Path) -> None:
    url = "http://127.0.0.1:9/mobilenet_v2-b0353104.pth"  # nobody listens at the discard port
    with pytest.raises(TrainingDataError) as caught:
        published_weights(FROM_HUB, url)
    message = str(caught.value)
    assert message.startswith(f"{url}: could not be fetched or read (")
    assert f"Fetch it on a machine that reaches it and put it at {hub / 'mobilenet_v2-b0353104.pth'}" in message
    assert "or name a file that is here as weights: mobilenet_v2-b0353104.pth, or a safetensors file" in message


def test_a_file_whose_digest_is_not_in_its_name_is_refused(hub: Path, tmp_path: Path) -> None:
    url = serve(tmp_path / "server", torchvision_state())
    served = next((tmp_path / "server").iterdir())
    other = served.rename(served.with_name("mobilenet_v2-00000000.pth"))
    with pytest.raises(TrainingDataError, match=r'could not be fetched or read .invalid hash value .expected "00000000"'):
        published_weights(FROM_HUB, url.replace(served.name, other.name))
    assert list(hub.iterdir()) == []


def test_a_local_file_of_torchvisions_is_read_as_such(tmp_path: Path) -> None:
    state = torchvision_state()
    torch.save(state, tmp_path / "w.pth")
    weights = published_weights(tmp_path / "w.pth")
    assert weights.mean == (0.485, 0.456, 0.406)
    assert torch.equal(weights.tensors["features.0.0.weight"], state["features.0.0.weight"])


def test_a_local_safetensors_file_is_scaled_as_keras_does(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "w.safetensors", {"a": torch.ones(2)})
    weights = published_weights(tmp_path / "w.safetensors")
    assert (weights.mean, weights.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert weights.source == str(tmp_path / "w.safetensors")


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\3\4 cut off"])
def test_a_damaged_pth_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(TrainingDataError, match=re.escape(f"{tmp_path / 'w.pth'}: is no file of weights that torch can")):
        published_weights(tmp_path / "w.pth")


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"epoch": 3}], ids=["a list", "a checkpoint"])
def test_a_pth_file_of_something_else_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(TrainingDataError, match="holds no tensors by name"):
        published_weights(tmp_path / "w.pth")


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("w.pth", "w.safetensors"):
        with pytest.raises(TrainingDataError, match=re.escape(str(tmp_path / name))):
            published_weights(tmp_path / name)


def test_half_precision_is_read_as_single(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "w", {"a": torch.tensor([[0.5, -2.0]], dtype=torch.float16)})
    assert torch.equal(read_safetensors(tmp_path / "w")["a"], torch.tensor([[0.5, -2.0]]))


@pytest.mark.parametrize(
    "content", [b"", b"not weights at all", (2**60).to_bytes(8, "little") + b"{}", b"\2" + bytes(7) + b"[]"]
)
def test_a_file_that_holds_no_weights_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(TrainingDataError, match="is no safetensors file"):
        read_safetensors(tmp_path / "w")
