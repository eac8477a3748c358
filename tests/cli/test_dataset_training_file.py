"""`dataset training-file` begins a training: what it writes `train` takes, whatever the folder is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from edge_inspector.cli.dataset import app
from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.datasets.registry import SetRequest
from edge_inspector.training.training_file import load_training_file
from edge_inspector.training.training_plan import plan_training
from tests.training.blots import HEIGHT, WIDTH, write_parts
from tests.training.datasets.lookalikes import write_kolektor2, write_magnetic_tile


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "300"}).invoke(app, ["training-file", *(str(argument) for argument in arguments)])


def test_a_training_is_planned_from_what_was_written_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "it's #1: my pictures", parts=30)
    out = tmp_path / "new folder" / "my training.yaml"
    result = run(folder, "--mm-per-px", "0.05", "--defect", "scratch", "--complete", "--out", out)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"{out}: written",
        "  60 pictures of 30 parts, read as plain",
        f"  views of {WIDTH} × {HEIGHT} px (width × height), fit exact",
        "  scratch: 15 defective and 15 good parts",
        "still to do:",
        f"  - train: edge-inspector train '{out}' --all",
    ]
    plan = plan_training(out)
    assert plan.file.set.complete
    assert (plan.file.mm_per_px.min, plan.file.mm_per_px.max) == (0.0475, 0.0525)
    assert {name: len(each.samples) for name, each in plan.sets.items()} == {"scratch": 60}
    assert min(len(parts) for parts in (plan.split.validation, plan.split.test)) == 6


def test_a_set_is_named_as_for_the_other_commands(tmp_path: Path) -> None:
    write_kolektor2(tmp_path / "k")
    out = tmp_path / "training.yaml"
    assert run(tmp_path / "k", "--mm-per-px", "0.04:0.06", "--subset", "train", "--out", out).exit_code == 0
    file = load_training_file(out)
    assert file.set.request(tmp_path) == SetRequest(tmp_path / "k", "kolektor2", subset="train")
    assert (file.mm_per_px.min, file.mm_per_px.max) == (0.04, 0.06)


def test_pictures_of_many_sizes_are_padded_and_that_is_said(tmp_path: Path) -> None:
    write_magnetic_tile(tmp_path / "tiles")
    out = tmp_path / "training.yaml"
    said = run(tmp_path / "tiles", "--mm-per-px", "0.1", "--out", out).stdout
    file = load_training_file(out)
    assert file.view.fit == "pad"
    assert f"px: all are padded to {file.view.width_px} × {file.view.height_px} px" in said
    assert set(file.engines) == {"blowhole", "break", "crack", "fray", "uneven"}
    assert (
        "too few parts for blowhole, break, crack, fray, uneven; 15 defective and 15 good ones are needed: add pictures"
        in said
    )


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    out = tmp_path / "training.yaml"
    out.write_text("mine", encoding="utf-8")
    result = run(write_parts(tmp_path / "blots"), "--mm-per-px", "0.05", "--out", out)
    assert isinstance(result.exception, ConfigurationError)
    assert "is there already, and nothing is overwritten; name another file with --out" in str(result.exception)
    assert out.read_text(encoding="utf-8") == "mine"


def test_a_set_without_a_defect_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "training.yaml"
    result = run(write_parts(tmp_path / "blots", defective_share=0), "--mm-per-px", "0.05", "--out", out)
    assert isinstance(result.exception, TrainingDataError)
    assert "no engine can be trained from it: 'defect': is not drawn in any picture" in str(result.exception)
    assert not out.exists()


@pytest.mark.parametrize("scale", ["0", "x", "0.2:0.1", "1:2:3", "-1"])
def test_a_scale_that_is_none_is_refused(tmp_path: Path, scale: str) -> None:
    result = run(tmp_path, f"--mm-per-px={scale}")
    assert result.exit_code == 2
    assert "allowed is MM or MIN:MAX" in result.stderr
