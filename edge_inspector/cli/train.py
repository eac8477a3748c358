"""`edge-inspector train TRAINING`: engines from labelled pictures, as a training file says it."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_inspector.cli.engine_words import recipe_words, report_package
from edge_inspector.cli.progress_bar import ProgressBar
from edge_inspector.cli.torch_needed import refuse_without_torch
from edge_inspector.domain.errors import ConfigurationError, TrainingStoppedError

if TYPE_CHECKING:
    from edge_inspector.training.cross_validation import CrossValidated
    from edge_inspector.training.training_file import TrainingFile
    from edge_inspector.training.training_plan import Plan
    from edge_inspector.training.training_run import TrainedEngine

    Result = TrainedEngine | CrossValidated

ODDITIES_SHOWN = 5


class Device(StrEnum):
    """Where networks learn."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def train(
    training: Annotated[Path, typer.Argument(metavar="TRAINING", help="training file; docs/training.md explains its keys")],
    defect: Annotated[list[str] | None, typer.Option(help="train the engines of this defect; may be given again")] = None,
    all_engines: Annotated[bool, typer.Option("--all", help="train every engine of the file")] = False,
    every_fold: Annotated[
        bool, typer.Option("--every-fold", help="cross-validate: hold each fold back in turn; reports, but no engines")
    ] = False,
    no_cut_fold: Annotated[
        bool, typer.Option("--no-cut-fold", help="with --every-fold: all other folds learn, none is kept to choose cuts")
    ] = False,
    hold_back: Annotated[
        str | None, typer.Option(metavar="FOLD", help="name of the fold kept for the test; default: what the file says")
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for runs/, with reports, and engines/")] = Path("trained"),
    set_folder: Annotated[
        Path | None, typer.Option("--set", help="where the set lies; default: where the file says")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="encoder weights: a file, or imagenet to download them; default: what the file says")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="random seed; default: what the file says")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default: all CPUs")] = None,
    side_by_side: Annotated[
        int,
        typer.Option(
            min=1,
            help="how many engines or folds to train at the same time, each in a process with its share of the threads",
        ),
    ] = 1,
    device: Annotated[Device, typer.Option(help="where networks learn; auto: on a GPU if there is one")] = Device.AUTO,
) -> None:
    """Train engines, choose their cuts, measure them on parts that they never saw, and write a report of each.

    Ctrl-C and the same command go on where it was. A training file that changed how engines learn needs another --out; a
    changed cut is chosen anew without learning anything again. On several GPUs:
    torchrun --nproc-per-node 4 -m edge_inspector train …
    """
    refuse_without_torch()
    from edge_inspector.training.ranks import rank_of, together  # PyTorch takes seconds to import
    from edge_inspector.training.training_file import load_training_file
    from edge_inspector.training.training_plan import Instead, plan_every_fold, plan_training
    from edge_inspector.training.training_run import learn_along
    from edge_inspector.training.work_order import Order, cross_validate_engines, train_engines

    rank = rank_of(os.environ, device)
    if rank.count > 1 and side_by_side > 1:
        raise ConfigurationError(f"--side-by-side {side_by_side}: torchrun's processes learn one engine after the other")
    threads = threads or max(len(os.sched_getaffinity(0)) // rank.beside, 1)
    _refuse_contradictions(hold_back, every_fold=every_fold, no_cut_fold=no_cut_fold)
    names = chosen_engines(training, load_training_file(training), defect or [], all_engines=all_engines)
    instead = Instead(set_folder, weights, hold_back, seed, no_cut_fold)
    with ProgressBar(quiet=not rank.is_first) as bar, together(rank):

        def tell(stage: str, share: float) -> None:
            bar.show(stage, share, 1.0)

        if every_fold:
            plans = plan_every_fold(training, tell, instead, names)
        else:
            plans = [plan_training(training, tell, instead, names)]
        if not rank.is_first:
            for name in names:
                learn_along(plans, name, out, threads, rank)
            return
        _tell_oddities(plans[0])
        order = Order(names, out, threads, side_by_side, rank)
        gathered = cross_validate_engines(plans, order, tell) if every_fold else train_engines(plans[0], order, tell)
    _tell_results(plans, {name: gathered.done[name] for name in names if name in gathered.done}, out)
    if gathered.failed:
        raise TrainingStoppedError("\n".join(f"engine {name}: {why}" for name, why in gathered.failed.items()))


def _refuse_contradictions(hold_back: str | None, *, every_fold: bool, no_cut_fold: bool) -> None:
    if every_fold and hold_back is not None:
        raise ConfigurationError(f"--hold-back {hold_back}: --every-fold holds each back in turn; say one of the two")
    if no_cut_fold and not every_fold:
        raise ConfigurationError("--no-cut-fold: works only with --every-fold; add it or remove --no-cut-fold")


def _tell_results(plans: list[Plan], done: dict[str, Result], out: Path) -> None:
    from edge_inspector.training.cross_validation import CrossValidated, summarise_engines
    from edge_inspector.training.training_run import TrainedEngine

    for name, result in done.items():
        if isinstance(result, TrainedEngine):
            typer.echo(report_package(result.package))
            typer.echo(recipe_words(result.package))
        else:
            typer.echo(f"{name}: {result.evidence}")
        typer.echo(f"report: {result.report}")
    validated = {name: result for name, result in done.items() if isinstance(result, CrossValidated)}
    if table := summarise_engines(plans, validated, out):
        typer.echo(table)


def chosen_engines(path: Path, file: TrainingFile, defects: list[str], *, all_engines: bool) -> list[str]:
    """The engines that were asked for. Raises ConfigurationError for a defect that none is for, or if nothing was asked."""
    engines = {name: entry.defect for name, entry in file.engines.items()}
    unknown = [defect for defect in defects if defect not in engines.values()]
    if unknown:
        raise ConfigurationError(
            f"{path}: no engine is for {', '.join(unknown)}, only for {', '.join(sorted(set(engines.values())))}"
        )
    if all_engines and defects:
        raise ConfigurationError(f"--all trains every engine of {path}; leave --all away, or --defect")
    if all_engines or len(engines) == 1:
        return list(engines)
    if not defects:
        raise ConfigurationError(f"{path}: has {len(engines)} engines; say --all, or --defect for one of them")
    return [name for name, defect in engines.items() if defect in defects]


def _tell_oddities(plan: Plan) -> None:
    oddities = plan.labelled.oddities
    for oddity in oddities[:ODDITIES_SHOWN]:
        typer.echo(f"note: {oddity}", err=True)
    if len(oddities) > ODDITIES_SHOWN:
        more = len(oddities) - ODDITIES_SHOWN
        typer.echo(f"note: {more} more; `edge-inspector dataset inspect` shows all", err=True)
