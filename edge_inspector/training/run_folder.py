"""The folder of one training: what it says it is made of, that it goes on where it was, and is never another training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # YAML

import yaml

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.kept_network import keep_network
from edge_inspector.training.models.registry import build_model
from edge_inspector.training.models.segmentation_model import SegmentationModel
from edge_inspector.training.models.unet.encoder_weights import encoder_from
from edge_inspector.training.package import Progress
from edge_inspector.training.ranks import Rank
from edge_inspector.training.run_log import RUN_FILE, RunLog, facts_of_run, write_facts
from edge_inspector.training.train import Observe, TrainedNetwork, has_fast_bf16, train
from edge_inspector.training.training_plan import Plan

TRAINING_COPY = "training.yaml"
NETWORK = "network.pt"
# Facts of a run that decide what is learned, beside its training file.
DECIDING = ("data_sha256", "held_back", "weights_sha256", "device", "arithmetic", "ranks")


def run_facts(plan: Plan, name: str, rank: Rank) -> dict[str, str]:
    """What an engine's training is made of."""
    return facts_of_run(plan.command_words(name), plan.sets[name].digest, plan.file_digest) | {
        "learning_sha256": plan.learning_digest(name),
        "held_back": plan.held_back,
        "weights_sha256": plan.weights_digest(),
        "device": rank.device_kind,
        "arithmetic": "bf16" if has_fast_bf16(rank.device) else "f32",
        "ranks": f"{rank.count}",
    }


def begin_run(plan: Plan, name: str, out: Path, facts: Mapping[str, str]) -> None:
    """Write down in the folder what is trained there: the facts, and the training file word for word.

    Where a run goes on, how it began stays, and what is another since is added. One that learned nothing begins anew.
    """
    run = plan.run_folder(out, name)
    if not _has_learned(run):
        (run / RUN_FILE).unlink(missing_ok=True)
    write_facts(run, facts, learns=not (run / NETWORK).is_file())
    partial = run / f"{TRAINING_COPY}.partial"
    partial.write_bytes(plan.path.read_bytes())
    partial.replace(run / TRAINING_COPY)


def refuse_other_run(plan: Plan, name: str, out: Path, facts: Mapping[str, str]) -> None:
    """Raise ConfigurationError if the folder holds another training than that of these facts: none is overwritten.

    One that failed before it had learned anything is in nobody's way: its message said what to do otherwise.
    """
    run = plan.run_folder(out, name)
    if not (run / RUN_FILE).is_file() or not _has_learned(run):
        return
    try:
        kept = yaml.safe_load((run / RUN_FILE).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        kept = None
    if not isinstance(kept, dict):
        raise ConfigurationError(f"{run / RUN_FILE}: says nothing of what was trained here; remove the folder {run}")
    differing = [
        f"{each} was {kept.get(each, 'not said')}, is {facts[each]}" for each in DECIDING if kept.get(each) != facts[each]
    ]
    if differing:
        raise ConfigurationError(
            f"{run}: holds a training that was begun otherwise ({'; '.join(differing)}); begin it as it was, give another "
            "--out, or remove the folder"
        )
    if kept.get("learning_sha256") != facts["learning_sha256"]:
        raise ConfigurationError(
            f"{run}: holds a training that learned otherwise: {_what_is_otherwise(plan, run, kept)}. Cuts, colours and "
            "defective_share may change, what is learned may not, nor who learns: give another --out, put that back as it "
            "was, or remove the folder"
        )


def _has_learned(run: Path) -> bool:
    """Whether the folder holds a network, or a checkpoint of one."""
    return (run / NETWORK).is_file() or any(run.glob(f"{Path(NETWORK).stem}.*.checkpoint"))


def _what_is_otherwise(plan: Plan, run: Path, kept: Mapping[str, str]) -> str:
    """By the copy of the training file that is kept there."""
    try:
        old, new = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in (run / TRAINING_COPY, plan.path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        old = new = None
    if not isinstance(old, dict) or not isinstance(new, dict):
        return f"what, its copy of the training file, {run / TRAINING_COPY}, does not say"
    if keys := _differing(old, new):
        return f"{plan.path.name} has changed since in {', '.join(keys)} (its copy is {TRAINING_COPY} there)"
    by = f"edge_inspector {kept.get('version')}, git {kept.get('git')}"
    return f"the training file is the same, but another command began it ({kept.get('command')}), or the defaults of {by}"


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], above: str = "") -> list[str]:
    """Keys with dots, as `learning.steps`."""
    found = []
    for key in {**old, **new}:
        was, now = old.get(key), new.get(key)
        if isinstance(was, dict) and isinstance(now, dict):
            found += _differing(was, now, f"{above}{key}.")
        elif was != now:
            found.append(f"{above}{key}")
    return found


def trained_network(
    plan: Plan, name: str, out: Path, threads: int, rank: Rank, progress: Progress = lambda stage, share: None
) -> TrainedNetwork:
    """Train, or take what was trained; the loss goes to TensorBoard's log. Every rank calls this, the first one keeps."""
    file, run = plan.file, plan.run_folder(out, name)
    training, validation, _ = plan.dealt(name)
    settings = plan.settings(name, threads, rank.device)

    def build(outputs: int) -> SegmentationModel:
        return build_model(file.model, outputs, len(settings.bands), has_image_head=file.image_head)

    def learn(checkpoint: Checkpoint) -> TrainedNetwork:
        with _observed(run, rank) as observe:
            return train(
                [training],
                settings,
                lambda step, share, loss: progress("training", share),
                encoder_from(plan.weights, settings.bands),
                build=build,
                checkpoint=checkpoint,
                validation=[validation],
                observe=observe,
                rank=rank,
            )

    head = f" with an image-level head, weight {settings.loss.picture_head_weight:g}" if file.image_head else ""
    sources = {
        "pictures": training.digest,
        "validation": validation.digest,
        "model": f"{file.model}{head}",
        "weights": plan.weights_digest(),
    }
    kept = run / NETWORK
    rank.refuse_unshared(int(kept.is_file()), kept)
    return keep_network(kept, settings, sources, learn, build=build, keeps=rank.is_first)


@contextmanager
def _observed(run: Path, rank: Rank) -> Iterator[Observe]:
    """TensorBoard's log, which the first rank alone writes."""
    if not rank.is_first:
        yield lambda what, step, value: None
        return
    log = RunLog(run)
    try:
        yield log.observe
    finally:
        log.close()
