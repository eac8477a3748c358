"""An engine is used only if its files are whole and it draws its golden masks on this device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import TensorProto, helper

from edge_inspector.domain.errors import EngineFaultError, EngineFileError
from edge_inspector.inference import PreparedEngine, prepare_engine
from edge_inspector.inference.engines import openvino as openvino_engine
from edge_inspector.inference.engines.openvino import OpenVinoEngine
from edge_inspector.inference.engines.protocol import DRIVERS, engine_opener
from edge_inspector.inference.mask_parity import check_parity, load_golden
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.station import Inference
from tests.inference.tiny_engine import (
    HEIGHT,
    WIDTH,
    FakeEngine,
    dark_picture,
    expected_map,
    spot_picture,
    tiny_model,
    write_package,
)

VIEW = ViewShape(height_px=HEIGHT, width_px=WIDTH)
CAPABILITIES = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spot"


def prepare(folder: Path, view: ViewShape = VIEW) -> PreparedEngine:
    return prepare_engine("spot", folder, view, Inference(), lambda _step: None)


def test_a_sound_engine_is_prepared_and_judges_as_its_graph_says(folder: Path) -> None:
    write_package(folder)
    steps: list[str] = []
    prepared = prepare_engine("spot", folder, VIEW, Inference(), steps.append)
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    noise.flags.writeable = False  # as what a socket delivers
    views = [spot_picture(), noise, dark_picture(), spot_picture(40, 20)]
    maps = prepared.engine.judge(views)
    np.testing.assert_allclose(maps, np.stack([expected_map(view) for view in views]), atol=1e-5)
    np.testing.assert_array_equal(prepared.engine.judge([noise])[0], maps[1])  # a smaller batch after a larger one
    assert prepared.batch_ms > 0
    assert steps[0].startswith("engine spot: verifying its files")
    prepared.engine.close()


def test_an_engine_that_draws_other_masks_is_refused_with_numbers(folder: Path) -> None:
    write_package(folder, model=tiny_model(centre=200.0))
    with pytest.raises(EngineFaultError, match=r"spot fails parity: on golden/1.png .* differs by 0\.\d+ \(limit 0.02"):
        prepare(folder)


def test_an_engine_that_begins_to_draw_other_masks_fails_parity(folder: Path) -> None:
    manifest = write_package(folder)
    engine = FakeEngine()
    golden = load_golden(load_engine_package(folder))
    check_parity(engine, golden, manifest.parity, manifest.t_low)
    engine.centre = 200.0
    with pytest.raises(EngineFaultError, match="fails parity"):
        check_parity(engine, golden, manifest.parity, manifest.t_low)


def test_pixels_that_cross_t_low_fail_parity_though_no_value_is_far_off(folder: Path) -> None:
    manifest = write_package(folder)
    (golden, *_) = load_golden(load_engine_package(folder))
    limits = manifest.parity.model_copy(update={"max_abs_diff": 1.0, "max_crossing_share": 0.001})
    engine = FakeEngine()
    engine.centre = 300.0  # no pixel of the spot is above t_low any more: 36 of 2048
    with pytest.raises(EngineFaultError, match=r"1\.758% of the pixels cross t_low"):
        check_parity(engine, [golden], limits, manifest.t_low)


def test_a_map_of_nans_fails_parity(folder: Path) -> None:
    manifest = write_package(folder)
    engine = FakeEngine()
    engine.centre = float("nan")
    with pytest.raises(EngineFaultError, match="no probabilities"):
        check_parity(engine, load_golden(load_engine_package(folder)), manifest.parity, manifest.t_low)


def test_a_missing_model_is_refused(folder: Path) -> None:
    write_package(folder)
    (folder / "model.onnx").unlink()
    with pytest.raises(EngineFileError, match=r"model\.onnx: is missing"):
        prepare(folder)


def test_a_truncated_model_is_refused(folder: Path) -> None:
    write_package(folder)
    model = folder / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(EngineFileError, match=r"model\.onnx: SHA-256 is"):
        prepare(folder)


def test_a_swapped_model_is_refused(folder: Path, tmp_path: Path) -> None:
    write_package(folder)
    write_package(tmp_path / "other" / "spot", model=tiny_model(centre=100.0))
    (folder / "model.onnx").write_bytes((tmp_path / "other/spot/model.onnx").read_bytes())
    with pytest.raises(EngineFileError, match=r"model\.onnx: SHA-256 is"):
        prepare(folder)


def test_a_model_that_is_no_graph_is_refused_in_our_words(folder: Path) -> None:
    write_package(folder, model=b"not a graph")
    with pytest.raises(EngineFileError, match=r"model\.onnx: OpenVINO .* can not use it .*; restore or rebuild"):
        prepare(folder)


def test_a_graph_for_another_size_than_the_manifest_says_is_refused(folder: Path) -> None:
    write_package(folder, model=tiny_model(height=HEIGHT + 32))
    with pytest.raises(EngineFileError, match=r"model\.onnx: takes .*64,64,3.*, expected one input uint8"):
        prepare(folder)


def test_a_graph_that_gives_something_else_than_one_map_is_refused(folder: Path) -> None:
    model = onnx.load_from_string(tiny_model())
    model.graph.output.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", HEIGHT, WIDTH]))
    write_package(folder, model=model.SerializeToString())
    with pytest.raises(EngineFileError, match=r"model\.onnx: gives .*, expected one output float32 \(n, 32, 64\)"):
        prepare(folder)


def test_an_engine_for_other_views_than_the_recipe_has_is_refused(folder: Path) -> None:
    write_package(folder)
    with pytest.raises(EngineFileError, match="takes views of 64 x 32 px, but the recipe's are 128 x 32"):
        prepare(folder, ViewShape(height_px=32, width_px=128))


def test_a_golden_picture_of_another_size_is_refused(folder: Path) -> None:
    write_package(folder)
    package = load_engine_package(folder)
    (folder / "golden/1.mask.png").write_bytes(b"")
    with pytest.raises(EngineFileError, match="can not be decoded"):
        load_golden(package)


def this_cpu_has(monkeypatch: pytest.MonkeyPatch, *flags: str) -> None:
    monkeypatch.setattr(openvino_engine, "cpu_flags", lambda: frozenset(flags))


def test_an_engine_runs_in_the_first_of_its_precisions_that_this_processor_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_cpu_has(monkeypatch, "avx2")
    write_package(folder, precisions=("bf16", "f32"))
    prepared = prepare(folder)
    assert prepared.engine.precision == "f32"
    prepared.engine.close()


def test_an_engine_that_names_f32_first_stays_with_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    this_cpu_has(monkeypatch, "avx512f", "avx512_bf16")
    write_package(folder, precisions=("f32", "bf16"))
    prepared = prepare(folder)
    assert prepared.engine.precision == "f32"
    prepared.engine.close()


@pytest.mark.skipif("BF16" not in CAPABILITIES, reason="OpenVINO does not compile for bf16 on this processor")
def test_an_engine_is_asked_of_the_device_in_bf16_where_that_comes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_cpu_has(monkeypatch, "avx512f", "avx512_bf16")
    write_package(folder, precisions=("bf16", "f32"))
    engine = OpenVinoEngine(load_engine_package(folder), threads=1)
    assert engine.precision == "bf16"
    engine.close()


@pytest.mark.skipif("FP16" in CAPABILITIES, reason="this processor has f16")
def test_where_the_device_replaces_a_precision_the_next_one_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    this_cpu_has(monkeypatch, "avx512_fp16")
    write_package(folder, precisions=("f16", "f32"))
    engine = OpenVinoEngine(load_engine_package(folder), threads=1)
    assert engine.precision == "f32"
    engine.close()


def test_an_engine_proven_only_in_precisions_that_this_processor_lacks_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_cpu_has(monkeypatch, "avx512f", "avx512_bf16")
    write_package(folder, precisions=("f16",))
    said = r"engine spot was proven in f16, and this CPU has none of them: it computes in f32, bf16; use an engine proven in"
    with pytest.raises(EngineFileError, match=said):
        prepare(folder)


def test_a_failure_while_judging_is_an_engine_fault(folder: Path) -> None:
    write_package(folder)
    engine = OpenVinoEngine(load_engine_package(folder), threads=1)
    with pytest.raises(EngineFaultError, match="engine spot: OpenVINO failed while judging 1 view"):
        engine.judge([np.zeros((HEIGHT + 1, WIDTH, 3), np.uint8)])
    engine.close()


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_every_driver_in_the_table_can_be_imported(driver: str) -> None:
    assert callable(engine_opener(driver))
