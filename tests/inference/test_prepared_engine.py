"""An engine is used only if its files are whole and it draws its golden masks on this device."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import TensorProto, helper

from edge_inspector.domain.errors import EngineFaultError, EngineFileError
from edge_inspector.inference import PreparedEngine, prepare_engine
from edge_inspector.inference.engines import openvino as openvino_engine
from edge_inspector.inference.engines.openvino import OpenVinoEngine, quickest
from edge_inspector.inference.engines.protocol import DRIVERS, engine_opener
from edge_inspector.inference.map_regions import to_bytes
from edge_inspector.inference.mask_parity import Golden, check_parity, load_golden
from edge_inspector.station.engine_manifest import EngineManifest, ParityLimits, Precision, load_engine_package
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.station import Inference
from tests.inference.allowed_cores import allowed_cores_during
from tests.inference.tiny_engine import (
    HEIGHT,
    WIDTH,
    FakeEngine,
    dark_picture,
    expected_map,
    shifted_package,
    spot_picture,
    tiny_model,
    write_package,
)

VIEW = ViewShape(height_px=HEIGHT, width_px=WIDTH)
SHIPPED = Path(__file__).parents[2] / "engines"
CAPABILITIES = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def silent(step: str) -> None:
    """Hears what `prepare_engine` says."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spot"


def prepare(folder: Path, view: ViewShape = VIEW) -> PreparedEngine:
    return prepare_engine("spot", folder, view, Inference(), silent)


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


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="on one core there is nothing to share")
def test_threads_of_an_engine_may_run_on_every_core_so_that_processes_side_by_side_do_not_share_one() -> None:
    package = load_engine_package(SHIPPED / "straw_crack")
    size = package.manifest.input
    engine = engine_opener("openvino")(package, threads=1)
    views = [np.zeros((size.height, size.width, 3), np.uint8)] * 4
    assert allowed_cores_during(lambda: engine.judge(views)) == {tuple(sorted(os.sched_getaffinity(0)))}
    engine.close()


def test_an_engine_that_draws_other_masks_is_refused_with_numbers(folder: Path) -> None:
    write_package(folder, model=tiny_model(centre=200.0))
    with pytest.raises(
        EngineFaultError, match=r"spot fails parity in f32: on golden/1.png .* differs by 0\.\d+ \(limit 0.02"
    ):
        prepare(folder)


def test_an_engine_that_begins_to_draw_other_masks_fails_parity(folder: Path) -> None:
    manifest = write_package(folder)
    engine = FakeEngine()
    golden = load_golden(load_engine_package(folder))
    check_parity(engine, golden, manifest)
    engine.centre = 200.0
    with pytest.raises(EngineFaultError, match="fails parity"):
        check_parity(engine, golden, manifest)


def golden_spot(grey: int, side: int = 6) -> Golden:
    """A golden picture whose spot is less than certain: its map moves where the engine does."""
    picture = dark_picture()
    picture[8 : 8 + side, 10 : 10 + side] = grey
    return Golden("golden/grey.png", picture, to_bytes(expected_map(picture)))


def stating(folder: Path, *, cut: float = 0.9, max_abs_diff: float = 1.0, max_crossing_share: float = 1.0) -> EngineManifest:
    """A manifest with this cut and these limits, wide ones where none are asked for."""
    limits = ParityLimits(max_abs_diff=max_abs_diff, max_crossing_share=max_crossing_share)
    manifest = write_package(folder)
    threshold = manifest.threshold.model_copy(update={"score": cut})
    return manifest.model_copy(update={"parity": limits, "threshold": threshold})


def test_pixels_that_cross_t_low_fail_parity_though_no_value_and_no_score_is_far_off(folder: Path) -> None:
    engine = FakeEngine()
    engine.centre = 130.0  # the one pixel: 0.275 to 0.245, and t_low is 0.25
    with pytest.raises(
        EngineFaultError, match=r"differs by 0\.03\d .*, 0\.049% of the pixels cross t_low 0\.25 \(limit 0\.02"
    ):
        check_parity(engine, [golden_spot(112, side=1)], stating(folder))


@pytest.mark.parametrize("centre", [125.5, 129.5])
def test_a_score_that_is_off_fails_parity_though_no_pixel_is_far_off(folder: Path, centre: float) -> None:
    engine = FakeEngine()
    golden, manifest = [golden_spot(127)], stating(folder)
    check_parity(engine, golden, manifest)
    engine.centre = centre
    with pytest.raises(EngineFaultError, match=r"the score is 0\.\d+ where 0\.49\d is expected \(limit 0\.02 apart"):
        check_parity(engine, golden, manifest)


def test_a_score_that_changes_its_side_of_the_cut_fails_parity_however_near_it_is(folder: Path) -> None:
    engine = FakeEngine()
    golden = [golden_spot(128)]  # scores 0.506
    engine.centre = 128.2  # 0.498
    check_parity(engine, golden, stating(folder))
    with pytest.raises(EngineFaultError, match=r"is expected \(limit 0\.02 apart, on the same side of the cut 0\.502\)"):
        check_parity(engine, golden, stating(folder.with_name("other"), cut=0.502))


def test_what_eight_bits_can_not_tell_apart_changes_no_side(folder: Path) -> None:
    engine = FakeEngine()
    engine.centre = 127.8
    golden = golden_spot(128)
    assert to_bytes(expected_map(golden.picture, engine.centre)).max() == golden.expected.max() - 1
    check_parity(engine, [golden], stating(folder, cut=0.5049))


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_in_f32_no_manifest_allows_what_it_may_in_bf16(folder: Path, precision: str) -> None:
    engine = FakeEngine()
    engine.precision, engine.centre = precision, 132.0  # the one pixel: 0.49 to 0.42
    golden, manifest = [golden_spot(127, side=1)], stating(folder, max_abs_diff=0.4)
    if precision == "bf16":
        check_parity(engine, golden, manifest)
    else:
        with pytest.raises(EngineFaultError, match=r"parity in f32: .* differs by 0\.07\d \(limit 0\.05\)"):
            check_parity(engine, golden, manifest)


def test_a_manifest_may_allow_less_than_its_precision_does(folder: Path) -> None:
    engine = FakeEngine()
    engine.centre = 130.0
    with pytest.raises(EngineFaultError, match=r"differs by 0\.03\d \(limit 0\.02\)"):
        check_parity(engine, [golden_spot(127, side=1)], stating(folder, max_abs_diff=0.02))


def test_a_map_of_nans_fails_parity(folder: Path) -> None:
    manifest = write_package(folder)
    engine = FakeEngine()
    engine.centre = float("nan")
    with pytest.raises(EngineFaultError, match="no probabilities"):
        check_parity(engine, load_golden(load_engine_package(folder)), manifest)


@pytest.mark.parametrize("name", ["straw_crack", "straw_stain", "straw_hole"])
@pytest.mark.parametrize(
    ("shift", "precision"), [(-1.0, None), (-0.5, None), (0.5, None), (1.5, None), (-0.25, "f32"), (0.25, "f32")]
)
def test_an_engine_that_ships_is_refused_where_its_logits_come_out_shifted(
    tmp_path: Path, name: str, shift: float, precision: Precision | None
) -> None:
    package = shifted_package(SHIPPED / name, tmp_path / name, shift)
    view = ViewShape(height_px=package.manifest.input.height, width_px=package.manifest.input.width)
    with pytest.raises(EngineFaultError, match=rf"{name} fails parity in (f32|bf16): .* go back to what worked"):
        prepare_engine("c", package.folder, view, Inference(), silent, precision=precision)


def doubtful_and_sure(width_px: int = 6) -> Golden:
    """A golden picture whose score is sure, with doubtful pixels beside, 6 in each column."""
    picture = dark_picture()
    picture[8:14, 10:16] = 255
    picture[8:14, 30 : 30 + width_px] = 120
    return Golden("golden/sure.png", picture, to_bytes(expected_map(picture)))


@pytest.mark.parametrize(("precision", "centre", "limit"), [("f32", 129.8, r"0\.12"), ("bf16", 136.0, r"0\.3")])
def test_doubtful_pixels_that_are_off_together_fail_parity_though_the_score_is_sure(
    folder: Path, precision: str, centre: float, limit: str
) -> None:
    engine = FakeEngine()
    engine.precision = precision
    manifest = stating(folder)
    check_parity(engine, [doubtful_and_sure()], manifest)
    engine.centre = centre
    message = rf"doubtful pixels of golden/sure\.png come out too low, by 0\.\d+ in log-odds on average \(limit {limit}\)"
    with pytest.raises(EngineFaultError, match=message):
        check_parity(engine, [doubtful_and_sure()], manifest)


def test_bf16_may_be_off_where_f32_may_not(folder: Path) -> None:
    engine = FakeEngine()
    engine.precision, engine.centre = "bf16", 129.8
    check_parity(engine, [doubtful_and_sure()], stating(folder))


def test_few_doubtful_pixels_say_nothing_and_those_of_several_pictures_count_together(folder: Path) -> None:
    engine = FakeEngine()
    engine.centre = 129.8
    few, manifest = doubtful_and_sure(width_px=4), stating(folder)
    check_parity(engine, [few], manifest)
    with pytest.raises(EngineFaultError, match="doubtful pixels of its 2 golden pictures come out too low"):
        check_parity(engine, [few, few], manifest)


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
    with pytest.raises(EngineFileError, match=r"model\.onnx: OpenVINO .* can not use it .*; use an engine made for it"):
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


def test_an_engine_runs_in_those_of_its_precisions_that_this_processor_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_cpu_has(monkeypatch, "avx2")
    write_package(folder, precisions=("bf16", "f32"))
    prepared = prepare(folder)
    assert prepared.engine.precision == "f32"
    prepared.engine.close()


@pytest.mark.skipif("BF16" not in CAPABILITIES, reason="OpenVINO does not compile for bf16 on this processor")
@pytest.mark.parametrize("precisions", [("f32", "bf16"), ("bf16", "f32")])
@pytest.mark.parametrize("fast", ["f32", "bf16"])
def test_of_two_precisions_an_engine_runs_in_the_one_that_is_quicker_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, precisions: tuple[Precision, ...], fast: Precision
) -> None:
    this_cpu_has(monkeypatch, "avx512f", "avx512_bf16")
    write_package(folder, precisions=precisions)
    views_ns = {precision: 1_000 if precision == fast else 2_000 for precision in precisions}

    def timed(engine: OpenVinoEngine, compiled: Mapping[Precision, object], threads: int) -> dict[Precision, int]:
        assert least_ns(engine, compiled, threads).keys() == compiled.keys() == views_ns.keys()  # it can be timed at all
        return views_ns

    least_ns = OpenVinoEngine._least_ns
    monkeypatch.setattr(OpenVinoEngine, "_least_ns", timed)
    engine = OpenVinoEngine(load_engine_package(folder), threads=2)
    assert engine.precision == fast
    assert engine.judge([spot_picture()] * 3).shape == (3, HEIGHT, WIDTH)
    engine.close()


def test_a_precision_that_is_hardly_quicker_is_not_preferred_to_an_earlier_one() -> None:
    assert quickest({"bf16": 100, "f32": 91}) == "bf16"
    assert quickest({"bf16": 100, "f32": 89}) == "f32"
    assert quickest({"f32": 100, "bf16": 50, "f16": 48}) == "bf16"


@pytest.mark.skipif("FP16" in CAPABILITIES, reason="this processor has f16")
def test_where_the_device_replaces_a_precision_it_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
