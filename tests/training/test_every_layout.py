"""From any layout that is read to an engine that is judged and reported on: learned for one step, on look-alikes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge_inspector.training.batches import CropPlan
from edge_inspector.training.datasets.registry import READERS, open_set
from edge_inspector.training.defect_set import ViewFit, defect_set, read_picture
from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.export import export_onnx
from edge_inspector.training.judging import judge_set
from edge_inspector.training.logit_sample import Fit, calibrate
from edge_inspector.training.models.registry import build_model
from edge_inspector.training.report.fold_rows import Measured
from edge_inspector.training.report.page import Reported, write_report
from edge_inspector.training.split import given_folds, split_of_two
from edge_inspector.training.train import train
from tests.training import tiny
from tests.training.datasets.lookalikes import write_dagm, write_kolektor2
from tests.training.datasets.test_registry import request, write_layout

SETTINGS = replace(tiny.SETTINGS, steps=1, crops=CropPlan(batch=2, height_px=64, width_px=64))


@pytest.mark.parametrize("name", READERS)
def test_a_set_is_learned_from_judged_and_reported_on_whatever_its_layout(tmp_path: Path, name: str) -> None:
    folder = write_layout(tmp_path / "set", name)
    complete = {"complete": True} if name in ("coco", "via", "labelme", "cvat", "voc_masks", "yolo") else {}
    labelled = open_set(request(folder, reader=name, **{"kolektor2": {"subset": "train"}}.get(name, complete)))
    defect = labelled.defects[0]
    sizes = [read_picture(each.picture).shape for each in labelled.pictures]
    view = ViewFit("pad", max(width for _, width, _ in sizes), max(height for height, _, _ in sizes))
    known = defect_set(labelled, defect, view)
    trained = train([known], SETTINGS, build=lambda outputs: build_model("unet-light4", outputs))
    says_where = any(sample.positive_px for sample in known.samples)  # boxes say only that it is somewhere
    logit_map = (calibrate(trained, known) if says_where else Fit()).map_of(trained)
    export_onnx(trained.network, logit_map, tmp_path / "model.onnx", view.height_px, view.width_px)
    engine = ExportedEngine(tmp_path / "model.onnx", "f32", threads=1)
    judged = judge_set(known, engine, 9)
    assert len(judged.pictures) == len(known.samples)
    reported = Reported(
        engine=defect,
        defect=defect,
        colour="red",
        width_px=view.width_px,
        height_px=view.height_px,
        measured=[Measured(judged, engine, 0.5)],
        evidence="none",
        words=labelled.source,
        run={},
        counted="pictures",
    )
    write_report(reported, tmp_path / "report.html")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    told = [row["n"] for row in report["figures"]["masks"] if row["name"].startswith("Dice as Kaggle")]
    placed = sum(sample.is_placed for sample in known.samples)  # none of the boxes of VOC
    assert told == ([placed] if placed else [])


@pytest.mark.parametrize("name", ["kolektor2", "dagm"])
def test_a_published_split_learns_on_the_one_half_and_measures_on_the_other(tmp_path: Path, name: str) -> None:
    if name == "kolektor2":
        write_kolektor2(tmp_path)
        labelled = open_set(request(tmp_path, subset="both"))
    else:
        write_dagm(tmp_path)
        labelled = open_set(request(tmp_path / "Class1"))
    known = defect_set(labelled, "defect", ViewFit("pad", 80, 80))
    folds = given_folds(labelled)
    assert set(folds) == {"train", "test"}
    split = split_of_two([known], folds, "test")
    assert set(split.test) == set(folds["test"])
    assert set(split.training) | set(split.validation) == set(folds["train"])
    assert {each.part for each in labelled.pictures if each.fold == "test"} == set(split.test)
