"""A short training becomes a graph that OpenVINO runs as PyTorch does; nothing of it is good, all of it is whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from edge_inspector.domain.errors import TrainingStoppedError
from edge_inspector.synthesis import training_set
from edge_inspector.training.batches import Batches, CropPlan
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.export import INPUT, LogitMap, cast_comes_first, export_onnx, halve_weights, torch_probability
from edge_inspector.training.train import TrainedNetwork, TrainingSettings, train
from tests.training.tiny import SETTINGS

LOGIT_MAP = LogitMap(alpha=0.99, scale=1.1, bias=0.2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DefectSet:
    path = tmp_path_factory.mktemp("training") / "set"
    training_set(path, seed=5, count=4)
    return defect_set(read_plain(path, is_complete=True), "crack")


@pytest.fixture(scope="module")
def trained(folder: DefectSet) -> TrainedNetwork:
    crops = CropPlan(batch=4, height_px=96, width_px=128)
    settings = TrainingSettings(seed=1, steps=12, crops=crops, learning_rate=2e-3, ema_decay=0.995)
    losses: list[float] = []
    result = train([folder], settings, lambda step, share, loss: losses.append(loss))
    assert losses[-1] < losses[0]
    return result


@pytest.fixture(scope="module")
def graph(trained: TrainedNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    export_onnx(trained.network, LOGIT_MAP, path, 64, 96)
    return path


def test_masks_match_their_pictures(folder: DefectSet) -> None:
    assert any(folder.defective)
    assert len(folder.samples) == 24
    for sample in folder.samples:
        rgb, mask, _ = sample.read()
        assert rgb.shape == (*mask.shape, 3) == (256, 1248, 3)
        assert set(np.unique(mask)) <= {0, 255}


def test_half_of_a_batch_has_defects(folder: DefectSet) -> None:
    batch = Batches([folder], CropPlan(batch=8, height_px=160, width_px=256)).draw(np.random.default_rng(0))
    assert batch.pictures.shape == (8, 160, 256, 3)
    assert int((batch.masks.amax((1, 2, 3)) > 0).sum()) == 4
    assert 0.8 < float(batch.judged.mean()) < 1.0


def test_the_same_seed_trains_the_same_network(folder: DefectSet) -> None:
    settings = replace(SETTINGS, steps=2, crops=CropPlan(batch=2, height_px=64, width_px=64))
    first, second = (train([folder], settings).network.state_dict() for _ in range(2))
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_the_graph_speaks_the_onnx_that_runtimes_in_the_field_read(graph: Path) -> None:
    model = onnx.load(str(graph))
    assert model.ir_version == 10
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 18)]


def test_the_graph_casts_first_and_is_small(graph: Path) -> None:
    model = onnx.load(str(graph))
    assert (model.graph.node[0].op_type, list(model.graph.node[0].input)) == ("Cast", [INPUT])
    assert cast_comes_first(model)
    assert graph.stat().st_size < 5_000_000
    pictures = model.graph.input[0].type.tensor_type
    assert pictures.elem_type == onnx.TensorProto.UINT8
    assert [d.dim_value for d in pictures.shape.dim][1:] == [64, 96, 3]
    assert pictures.shape.dim[0].dim_param


def test_the_graph_names_no_file_of_the_machine_that_made_it(graph: Path) -> None:
    content = graph.read_bytes()
    assert b"site-packages" not in content
    assert str(Path.cwd()).encode() not in content


@pytest.mark.parametrize("n", [1, 3])
def test_the_graph_agrees_with_torch_for_any_number_of_pictures(graph: Path, trained: TrainedNetwork, n: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (n, 64, 96, 3), dtype=np.uint8)
    actual = ExportedEngine(graph, "f32").probability(pictures)
    assert actual.shape == (n, 64, 96)
    assert np.abs(actual - torch_probability(trained.network, LOGIT_MAP, pictures)).max() < 2e-3


def test_an_interrupted_set_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training_set(tmp_path / "set", seed=1, count=2, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [1e5, np.nan])
def test_a_weight_that_16_bits_do_not_hold_ends_in_an_error_that_says_so(value: float) -> None:
    weight = onnx.numpy_helper.from_array(np.full((8, 8, 1, 2), value, np.float32), "wide")
    graph = onnx.helper.make_graph([], "one weight", [], [], [weight])
    with pytest.raises(TrainingStoppedError, match=r"weight wide exceeds what 16 bits hold.*What was learned is kept"):
        halve_weights(onnx.helper.make_model(graph))
