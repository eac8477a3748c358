"""`train` makes engines and reports of what a training file says, goes on where it was, and refuses what is another run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from edge_inspector.cli.main import build_app
from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.station.engine_manifest import load_engine_package
from tests.cli.test_train_engine import HEIGHT, WIDTH, write_parts

TRAINING = f"""\
format: 1
set: {{folder: blots, defect: blot, complete: true}}
view: {{height_px: {HEIGHT}, width_px: {WIDTH}}}
mm_per_px: {{min: 0.09, max: 0.11}}
engines:
  blot: {{defect: blot, colour: blue}}
split: {{validation: 0.25, test: 0.25}}
learning: {{steps: 4, crops: {{batch: 2, height_px: 64, width_px: 64}}}}
cut: {{rule: cheapest, escape_cost: 5}}
"""


def run(training: Path, out: Path, *options: str) -> str:
    words = ["train", str(training), "--out", str(out), "--threads", "1", *options]
    result = CliRunner().invoke(build_app("train"), words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """The training file, the output folder, and what was said."""
    folder = tmp_path_factory.mktemp("train")
    write_parts(folder / "blots")
    training = folder / "training.yaml"
    training.write_text(TRAINING, encoding="utf-8")
    return training, folder / "out", run(training, folder / "out")


def test_a_package_and_a_report_come_of_a_training_file(trained: tuple[Path, Path, str]) -> None:
    _, out, said = trained
    manifest = load_engine_package(out / "engines" / "blot").manifest
    assert (manifest.defect, manifest.colour) == ("blot", "blue")
    assert manifest.training.command == "edge-inspector train training.yaml --defect blot"
    assert manifest.metrics["test_escapes"].n == 3
    assert "an escape costs as much as 5 false rejects" in manifest.threshold.evidence or "0 escapes" in said
    report = out / "runs" / "blot" / "report.html"
    assert f"report: {report}" in said
    assert manifest.threshold.evidence in report.read_text(encoding="utf-8").replace("&#39;", "'")
    figures = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    assert figures["run"]["command"] == manifest.training.command


def test_the_run_folder_says_what_it_was_made_of(trained: tuple[Path, Path, str]) -> None:
    run_folder = trained[1] / "runs" / "blot"
    facts = yaml.safe_load((run_folder / "run.yaml").read_text(encoding="utf-8"))
    assert {"command", "data_sha256", "training_file_sha256", "git", "torch"} <= facts.keys()
    assert list((run_folder / "tensorboard").iterdir())
    assert not list(run_folder.glob("*.checkpoint"))


def test_the_same_command_again_takes_what_was_trained(trained: tuple[Path, Path, str]) -> None:
    training, out, _ = trained
    before = (out / "runs" / "blot" / "network.pt").stat().st_mtime_ns
    run(training, out)
    assert (out / "runs" / "blot" / "network.pt").stat().st_mtime_ns == before


def test_another_training_file_does_not_overwrite_a_run(trained: tuple[Path, Path, str]) -> None:
    training, out, _ = trained
    other = training.with_name("other.yaml")
    other.write_text(TRAINING.replace("steps: 4", "steps: 5"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="holds a training that another training file began"):
        run(other, out)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (("model", "model: unet-heavy\n"), (), "model 'unet-heavy': no such network, allowed are unet-"),
        (("", ""), ("--defect", "crack"), "no engine is for crack, only for blot"),
        (("", "  blot2: {defect: blot}\n"), (), "has 2 engines; say --all, or --defect"),
    ],
)
def test_names_that_are_none_are_refused(
    trained: tuple[Path, Path, str], tmp_path: Path, change: tuple[str, str], options: tuple[str, ...], said: str
) -> None:
    text = TRAINING.replace("split:", f"{change[1]}split:") if change[0] == "" else TRAINING + change[1]
    wrong = trained[0].with_name("wrong.yaml")
    wrong.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        run(wrong, tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_a_bound_that_so_few_parts_can_not_show_is_refused(trained: tuple[Path, Path, str], tmp_path: Path) -> None:
    training = trained[0].with_name("bounded.yaml")
    bounded = TRAINING.replace("{rule: cheapest, escape_cost: 5}", "{rule: bounded, miss_rate: 0.01}")
    training.write_text(bounded, encoding="utf-8")
    with pytest.raises(TrainingDataError, match="3 defective parts can not show that at most 1 % escape: 299 are needed"):
        run(training, tmp_path / "out")
    assert not (tmp_path / "out").exists()  # said before hours of training
