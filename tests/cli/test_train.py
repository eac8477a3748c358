"""`train` makes engines and reports of what a training file says, goes on where it was, and refuses what is another run."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch
import yaml
from typer.testing import CliRunner

from edge_inspector.cli.main import EXIT_INTERRUPTED, build_app
from edge_inspector.domain.errors import BlindEngineError, ConfigurationError, TrainingDataError, TrainingStoppedError
from edge_inspector.recordings import PartKind
from edge_inspector.simulation.station_recording import load_station_recording
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.station.load import load_station
from edge_inspector.station.starter import Start
from tests.training.blots import HEIGHT, WIDTH, write_parts
from tests.training.test_training_plan import TILE_TRAINING
from tests.training.tiles import FOLDS, write_tiles

TRAINING = f"""\
format: 1
set: {{folder: blots, defect: blot, complete: true}}
view: {{height_px: {HEIGHT}, width_px: {WIDTH}}}
mm_per_px: {{min: 0.09, max: 0.11}}
engines:
  blot: {{defect: blot, colour: blue}}
split: {{validation: 0.25, test: 0.25}}
learning: {{steps: 60, crops: {{batch: 2, height_px: 64, width_px: 64}}}}
cut: {{rule: cheapest, escape_cost: 5}}
"""


def run(training: Path, out: Path, *options: str) -> str:
    words = ["train", str(training), "--out", str(out), "--device", "cpu", "--threads", "1", *options]
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
    assert "where an escape costs as much as 5 false rejects" in manifest.threshold.evidence
    report = out / "runs" / "blot" / "report.html"
    assert f"report: {report}" in said
    assert manifest.threshold.evidence in report.read_text(encoding="utf-8").replace("&#39;", "'")
    figures = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    assert figures["run"]["command"] == manifest.training.command


def test_what_was_held_back_is_played_on_a_station_whose_threshold_says_why(
    trained: tuple[Path, Path, str], tmp_path: Path
) -> None:
    _, out, _ = trained
    made = CliRunner().invoke(
        build_app("init"), ["init", str(tmp_path / "trial"), "--trained", str(out)], catch_exceptions=False
    )
    assert made.exit_code == 0, made.output
    loaded = load_station(tmp_path / "trial" / "station.yaml")
    package = loaded.engines["blot"]
    assert f"cut {package.manifest.threshold.score:g}: {package.manifest.threshold.evidence}" in made.stdout
    assert loaded.recipe.rules[0].min_score == package.manifest.threshold.score
    recording = load_station_recording(loaded.station, loaded.station_path)
    table = list(csv.DictReader((out / "runs" / "blot" / "parts.csv").read_text(encoding="utf-8").splitlines()))
    held_back = [row for row in table if row["use"] == "held_back"]
    assert list(recording.cameras) == ["c0", "c1"]
    assert {trigger.part for trigger in recording.triggers} == {row["part"] for row in held_back}
    assert recording.truth is not None
    defective = {row["part"] for row in held_back if row["shows"] == "defect"}
    assert {part for part, told in recording.truth.items() if told.kind is PartKind.DEFECTIVE} == defective
    assert f"{len(recording.triggers)} parts that the training held back, {len(defective)} of them defective" in made.stdout


def test_where_every_part_shows_the_defect_pictures_are_cut_and_tried(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots", defective_share=1.0)
    training, out = tmp_path / "training.yaml", tmp_path / "out"
    training.write_text(TRAINING, encoding="utf-8")
    with pytest.raises(TrainingDataError, match=r"0 good and 24 defective parts for blot.* say judged: pictures"):
        run(training, out)
    training.write_text(f"{TRAINING}judged: pictures\n", encoding="utf-8")
    run(training, out)
    manifest = load_engine_package(out / "engines" / "blot").manifest
    assert "of 6 good ones" in manifest.threshold.evidence
    assert "Pictures of one part are alike" in manifest.threshold.evidence
    assert manifest.threshold.evidence.endswith("Pictures of one part are alike, so that they bound no share of escapes.")
    assert manifest.metrics["test_escapes"].n == manifest.metrics["test_false_rejects"].n == 6
    assert manifest.metrics["test_escapes"].of.startswith(
        "share of defective pictures below the cut; 12 pictures of 6 parts held back"
    )
    report = json.loads((out / "runs" / "blot" / "report.json").read_text(encoding="utf-8"))
    assert (report["counted"], report["evidence"][:10]) == ("pictures", "A picture ")
    command = ["init", str(tmp_path / "trial"), "--trained", str(out)]
    made = CliRunner().invoke(build_app("init"), command, catch_exceptions=False)
    assert "cameras c1; 12 parts that the training held back, 6 of them defective" in made.stdout


def test_the_run_folder_says_what_it_was_made_of(trained: tuple[Path, Path, str]) -> None:
    run_folder = trained[1] / "runs" / "blot"
    facts = yaml.safe_load((run_folder / "run.yaml").read_text(encoding="utf-8"))
    assert {"command", "data_sha256", "training_file_sha256", "git", "torch"} <= facts.keys()
    assert list((run_folder / "tensorboard").iterdir())
    assert not list(run_folder.glob("*.checkpoint"))


def test_of_an_engine_that_sees_nothing_there_is_a_report_and_no_package(
    trained: tuple[Path, Path, str], tmp_path: Path
) -> None:
    training = trained[0].with_name("blind.yaml")
    training.write_text(TRAINING.replace("steps: 60", "steps: 4"), encoding="utf-8")
    said = (
        rf"no package is made of it\. The engine does not see the defect: .* Its report: {tmp_path}/runs/blot/report\.html"
    )
    with pytest.raises(BlindEngineError, match=said):
        run(training, tmp_path)
    assert "The engine does not see the defect" in (tmp_path / "runs" / "blot" / "report.html").read_text(encoding="utf-8")
    assert list((tmp_path / "engines").iterdir()) == []


def test_the_same_command_again_takes_what_was_trained(trained: tuple[Path, Path, str]) -> None:
    training, out, _ = trained
    before = (out / "runs" / "blot" / "network.pt").stat().st_mtime_ns
    run(training, out)
    assert (out / "runs" / "blot" / "network.pt").stat().st_mtime_ns == before


def test_another_training_file_does_not_overwrite_a_run(trained: tuple[Path, Path, str]) -> None:
    training, out, _ = trained
    other = training.with_name("other.yaml")
    other.write_text(TRAINING.replace("steps: 60", "steps: 61"), encoding="utf-8")
    with pytest.raises(
        ConfigurationError,
        match=r"learned otherwise: other\.yaml has changed since in learning\.steps \(its copy is training\.yaml there\)",
    ):
        run(other, out)
    with pytest.raises(ConfigurationError, match=r"the training file is the same, but another command began it \(edge-ins"):
        run(training, out, "--seed", "7")


def test_a_run_that_failed_before_it_learned_anything_is_in_nobodys_way(
    trained: tuple[Path, Path, str], tmp_path: Path
) -> None:
    training, out, _ = trained
    wrong = training.with_name("wrong.pth")
    wrong.write_bytes(b"no weights")
    with pytest.raises(ConfigurationError, match=r"wrong\.pth"):
        run(training, tmp_path / "out", "--weights", str(wrong))
    run(training, tmp_path / "out")
    facts = [yaml.safe_load((each / "runs" / "blot" / "run.yaml").read_text()) for each in (out, tmp_path / "out")]
    assert facts[0]["weights_sha256"] == facts[1]["weights_sha256"]


@pytest.mark.parametrize("kept", ["", "- steps", "steps: ["])
def test_a_copy_of_a_training_file_that_says_nothing_is_named(
    trained: tuple[Path, Path, str], tmp_path: Path, kept: str
) -> None:
    training, out, _ = trained
    shutil.copytree(out, tmp_path / "out")
    (tmp_path / "out" / "runs" / "blot" / "training.yaml").write_text(kept, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"learned otherwise: what, its copy .*training\.yaml, does not say\."):
        run(training, tmp_path / "out", "--seed", "7")


def test_another_cut_is_chosen_without_learning_anything_anew(trained: tuple[Path, Path, str], tmp_path: Path) -> None:
    training, out, _ = trained
    shutil.copytree(out, tmp_path / "out")
    network = tmp_path / "out" / "runs" / "blot" / "network.pt"
    before = network.stat().st_mtime_ns
    other = training.with_name("other_cut.yaml")
    other.write_text(TRAINING.replace("{rule: cheapest, escape_cost: 5}", "{rule: half_way}"), encoding="utf-8")
    run(other, tmp_path / "out")
    assert network.stat().st_mtime_ns == before
    evidence = load_engine_package(tmp_path / "out" / "engines" / "blot").manifest.threshold.evidence
    assert "an escape costs" not in evidence
    assert (tmp_path / "out" / "runs" / "blot" / "training.yaml").read_bytes() == other.read_bytes()


def test_a_run_begun_on_another_device_does_not_go_on_here(trained: tuple[Path, Path, str], tmp_path: Path) -> None:
    kept = (trained[1] / "runs" / "blot" / "run.yaml").read_text(encoding="utf-8")
    run_file = tmp_path / "runs" / "blot" / "run.yaml"
    shutil.copytree(trained[1] / "runs" / "blot", run_file.parent)
    there = sorted(run_file.parent.iterdir())
    run_file.write_text(kept.replace("device: cpu", "device: cuda"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"was begun otherwise .device was cuda, is cpu.; begin it as it was"):
        run(trained[0], tmp_path, "--device", "cpu")
    assert sorted(run_file.parent.iterdir()) == there


def test_a_run_that_does_not_say_what_was_held_back_does_not_go_on(trained: tuple[Path, Path, str], tmp_path: Path) -> None:
    kept = yaml.safe_load((trained[1] / "runs" / "blot" / "run.yaml").read_text(encoding="utf-8"))
    del kept["held_back"]
    run_file = tmp_path / "runs" / "blot" / "run.yaml"
    shutil.copytree(trained[1] / "runs" / "blot", run_file.parent)
    run_file.write_text(yaml.safe_dump(kept), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"was begun otherwise .held_back was not said, is "):
        run(trained[0], tmp_path, "--device", "cpu")
    run_file.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"run\.yaml: says nothing of what was trained here"):
        run(trained[0], tmp_path, "--device", "cpu")


def test_where_the_files_can_not_be_written_no_pictures_are_left_and_it_can_be_done_again(
    trained: tuple[Path, Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = tmp_path / "trial"
    command = ["init", str(trial), "--trained", str(trained[1])]

    def fail(start: Start) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as full_disk:
        full_disk.setattr("edge_inspector.cli.init.write_files", fail)
        with pytest.raises(OSError, match="no space left"):
            CliRunner().invoke(build_app("init"), command, catch_exceptions=False)
    assert list(trial.iterdir()) == []
    made = CliRunner().invoke(build_app("init"), command, catch_exceptions=False)
    assert made.exit_code == 0
    (trial / "station.yaml").unlink()
    (trial / "recipe.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"trial/pictures: is there already, and nothing is overwritten; remove it"):
        CliRunner().invoke(build_app("init"), command, catch_exceptions=False)


def test_a_run_on_other_pictures_is_not_overwritten(trained: tuple[Path, Path, str], tmp_path: Path) -> None:
    training, out, _ = trained
    write_parts(tmp_path / "others", size=(WIDTH, HEIGHT), parts=30)
    with pytest.raises(ConfigurationError, match=r"begun otherwise .data_sha256 was \w+, is \w+.; begin it as it was"):
        run(training, out, "--set", str(tmp_path / "others"))


def test_every_fold_of_several_engines_makes_reports_and_a_table_but_no_engine(tmp_path: Path) -> None:
    training = tmp_path / "tiles.yaml"
    learning = "learning: {steps: 2, crops: {batch: 2, height_px: 32, width_px: 32}}\n"
    own = "{defect: fray, learning: {crops: {height_px: 64, width_px: 96}}}"
    training.write_text(TILE_TRAINING.replace("{defect: fray}", own) + learning, encoding="utf-8")
    out, elsewhere = tmp_path / "out", write_tiles(tmp_path / "elsewhere")
    options = ("--all", "--every-fold", "--set", str(elsewhere), "--side-by-side", "2", "--threads", "2")
    said = run(training, out, *options).splitlines()
    assert said[1:4:2] == [f"report: {out / 'runs' / name / 'cross_validation.html'}" for name in ("crack", "fray")]
    assert said[0].startswith("crack: Of 6 defective parts ")
    assert said[2].startswith("fray: Of 6 defective parts ")
    assert said[6].startswith("| crack | 12 / 24 |")
    assert said[7].startswith("| fray | 12 / 24 |")
    assert said[8].startswith("| **mean of the 2** |")
    content = json.loads((out / "cross_validation.json").read_text(encoding="utf-8"))
    assert (content["run"]["folds"], content["run"]["set"]) == (", ".join(FOLDS), "magnetic_tile")
    assert not (out / "engines").exists()
    for name, side in (("crack", 32), ("fray", 64)):
        kept = torch.load(out / "runs" / name / "fold-3" / "network.pt", weights_only=True)
        assert f"'height_px': {side}" in kept["asked"]["crops"]


def test_a_fold_that_fails_beside_others_is_named_and_they_are_kept(tmp_path: Path) -> None:
    training, out = tmp_path / "tiles.yaml", tmp_path / "out"
    learning = "learning: {steps: 1, crops: {batch: 2, height_px: 32, width_px: 32}}\n"
    training.write_text(TILE_TRAINING + learning, encoding="utf-8")
    networks = [out / "runs" / "crack" / f"fold-{fold}" / "network.pt" for fold in FOLDS]
    networks[-1].parent.mkdir(parents=True)
    networks[-1].write_bytes(b"cut off")
    options = ("--defect", "crack", "--every-fold", "--side-by-side", "2", "--threads", "2")
    with pytest.raises(TrainingStoppedError, match=rf"^engine crack: fold {FOLDS[-1]}: .*network\.pt: is damaged, .*anew$"):
        run(training, out, *options, "--set", str(write_tiles(tmp_path / "set")))
    assert all(torch.load(network, weights_only=True)["steps"] == 1 for network in networks[:-1])


def test_torchruns_processes_do_not_train_side_by_side(trained: tuple[Path, Path, str], tmp_path: Path) -> None:
    torchrun = {"WORLD_SIZE": "2", "RANK": "0"}
    words = ["train", str(trained[0]), "--out", str(tmp_path), "--side-by-side", "2", "--device", "cpu"]
    with pytest.raises(ConfigurationError, match="--side-by-side 2: torchrun's processes learn one engine after the other"):
        CliRunner(env=torchrun).invoke(build_app("train"), words, catch_exceptions=False)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (("model", "model: unet-heavy\n"), (), "model 'unet-heavy': no such network, allowed are unet-"),
        (("", ""), ("--defect", "crack"), "no engine is for crack, only for blot"),
        (("", "  blot2: {defect: blot}\n"), (), "has 2 engines; say --all, or --defect"),
        (("", ""), ("--defect", "blot", "--all"), "--all trains every engine of .*; leave --all away, or --defect"),
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


@pytest.mark.parametrize("asked", ["crack", "fray"])
def test_too_few_parts_are_told_of_the_engine_that_was_asked_for(tmp_path: Path, asked: str) -> None:
    write_tiles(tmp_path / "tiles")
    shares = TILE_TRAINING.replace("{folds: given}", "{validation: 0.2, test: 0.2}")
    (tmp_path / "few.yaml").write_text(shares, encoding="utf-8")
    with pytest.raises(TrainingDataError, match=f"12 good and 6 defective parts for {asked}, but 15 of each are needed"):
        run(tmp_path / "few.yaml", tmp_path / "out", "--defect", asked)


def test_a_bound_that_so_few_parts_can_not_show_is_refused(trained: tuple[Path, Path, str], tmp_path: Path) -> None:
    training = trained[0].with_name("bounded.yaml")
    bounded = TRAINING.replace("{rule: cheapest, escape_cost: 5}", "{rule: bounded, miss_rate: 0.01}")
    training.write_text(bounded, encoding="utf-8")
    with pytest.raises(
        TrainingDataError, match="3 defective validation parts can not show that at most 1 % escape: 299 are needed"
    ):
        run(training, tmp_path / "out")
    assert not (tmp_path / "out").exists()  # said before hours of training


def test_engines_are_trained_side_by_side_as_each_would_be_alone_and_one_that_fails_is_named(
    trained: tuple[Path, Path, str], tmp_path: Path
) -> None:
    two = trained[0].with_name("two.yaml")
    two.write_text(TRAINING.replace("split:", "  dot: {defect: blot}\nsplit:"), encoding="utf-8")
    (tmp_path / "engines" / "dot").mkdir(parents=True)
    with pytest.raises(TrainingStoppedError, match=r"^engine dot: .*dot: is there and is no engine package.*$"):
        run(two, tmp_path, "--all", "--side-by-side", "2", "--threads", "2")
    assert load_engine_package(tmp_path / "engines" / "blot").manifest.name == "blot"
    alone, beside = (
        torch.load(out / "runs" / "blot" / "network.pt", weights_only=True)["network"] for out in (trained[1], tmp_path)
    )
    assert all(torch.equal(value, beside[key]) for key, value in alone.items())


def test_ctrl_c_ends_all_engines_and_leaves_nothing_half_made(trained: tuple[Path, Path, str], tmp_path: Path) -> None:
    long = trained[0].with_name("long.yaml")
    endless = TRAINING.replace("steps: 60", "steps: 1000000").replace("split:", "  dot: {defect: blot}\nsplit:")
    long.write_text(endless, encoding="utf-8")
    words = ["train", str(long), "--all", "--side-by-side", "2", "--device", "cpu", "--out", str(tmp_path / "out")]
    # a shell that puts the tests in the background makes them, and what they start, deaf to Ctrl-C
    command = ["env", "--default-signal=INT", sys.executable, "-m", "edge_inspector.cli.main", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        waited_for = {"blot: training: 0 %\n", "dot: training: 0 %\n"}
        for line in process.stderr:
            waited_for.discard(line)
            if not waited_for:
                break
        workers = psutil.Process(process.pid).children()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the command
        said = process.stderr.read()
    assert process.returncode == EXIT_INTERRUPTED
    assert "Traceback" not in said
    _, left = psutil.wait_procs(workers, timeout=10)  # multiprocessing's own helper ends after the command
    assert len(workers) >= 2
    assert left == []
    assert not [path for path in (tmp_path / "out").rglob("*") if ".partial" in path.name]
    assert not (tmp_path / "out" / "engines").exists()
