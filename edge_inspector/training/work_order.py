"""In which order one command's engines and folds are trained, and how many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from edge_inspector.domain.disk_refusal import writing_below
from edge_inspector.domain.errors import EdgeInspectorError
from edge_inspector.training.cross_validation import CrossValidated, cross_validate, facts_of_folds, learn_fold
from edge_inspector.training.package import Progress
from edge_inspector.training.ranks import Rank
from edge_inspector.training.side_by_side import Gathered, Result, Work, run_side_by_side
from edge_inspector.training.training_plan import Plan
from edge_inspector.training.training_run import TrainedEngine, train_engine


@dataclass(frozen=True, slots=True)
class Order:
    """Which engines a command trains, below which folder, with how many threads in all, and how many works at once."""

    names: Sequence[str]
    out: Path
    threads: int
    at_once: int
    rank: Rank

    def for_works(self, count: int) -> Order:
        """The same for so many works: no more at once than there are."""
        return replace(self, at_once=max(min(self.at_once, count), 1))

    def rank_of(self, number: int) -> Rank:
        """Of the work of this number: where several are at work at once each has a GPU of its own, as far as there are."""
        return self.rank.of_work(number) if self.at_once > 1 else self.rank

    @property
    def own_threads(self) -> int:
        """Of each work."""
        return max(self.threads // self.at_once, 1)


def train_engines(plan: Plan, order: Order, tell: Progress) -> Gathered[TrainedEngine]:
    """`train_engine` for each. An error of one of several is gathered, and the others go on; of one alone it is raised.

    So it is where several ranks learn each.
    """
    each = order.for_works(len(order.names))
    works = {
        name: partial(train_engine, plan, name, each.out, each.own_threads, rank=each.rank_of(number))
        for number, name in enumerate(each.names)
    }
    return _done(works, each, tell, is_gathered=order.at_once > 1)


def cross_validate_engines(folds: Sequence[Plan], order: Order, tell: Progress) -> Gathered[CrossValidated]:
    """`cross_validate` for each. Several at once: an engine's folds learn side by side too, and one that fails fails it.

    Raises, and gathers, as `train_engines`.
    """
    failed = _learn_side_by_side(folds, order, tell) if order.at_once > 1 else {}
    left = [name for name in order.names if name not in failed]
    each = order.for_works(len(left))
    works = {
        name: partial(cross_validate, folds, name, each.out, each.own_threads, rank=each.rank_of(number))
        for number, name in enumerate(left)
    }
    gathered = _done(works, each, tell, is_gathered=order.at_once > 1)
    return Gathered(gathered.done, failed | gathered.failed)


def _learn_side_by_side(folds: Sequence[Plan], order: Order, tell: Progress) -> dict[str, str]:
    """Train every fold of every engine, for `cross_validate` to find; of an engine that failed, why."""
    failed: dict[str, str] = {}
    for name in order.names:
        try:
            facts_of_folds(folds, name, order.out, order.rank)  # what is to be refused is, before it begins
        except EdgeInspectorError as error:
            failed[name] = str(error)
    folds_of = {f"{name}: fold {plan.fold}": (name, plan) for name in order.names if name not in failed for plan in folds}
    order = order.for_works(len(folds_of))
    works = {
        title: partial(_learn, plan, name, order.out, order.own_threads, order.rank_of(number))
        for number, (title, (name, plan)) in enumerate(folds_of.items())
    }
    for title, why in _done(works, order, tell, is_gathered=True).failed.items():
        name, plan = folds_of[title]
        before = f"{failed[name]}; " if name in failed else ""
        failed[name] = f"{before}fold {plan.fold}: {why}"
    return failed


def _learn(plan: Plan, name: str, out: Path, threads: int, rank: Rank, progress: Progress) -> None:
    """The network stays on the disk: it would cross between processes for nothing."""
    learn_fold(plan, name, out, threads, progress, rank=rank)


def _done(works: Mapping[str, Work[Result]], order: Order, tell: Progress, *, is_gathered: bool) -> Gathered[Result]:
    told = {name: partial(_below, order.out, work) for name, work in works.items()}
    if is_gathered:
        return run_side_by_side(told, order.at_once, tell)
    if len(told) == 1 or order.rank.count > 1:  # other ranks would wait for one that went on alone
        return Gathered({name: work(tell) for name, work in told.items()})
    gathered: Gathered[Result] = Gathered()
    for name, work in told.items():
        try:
            gathered.done[name] = work(tell)
        except EdgeInspectorError as error:
            gathered.failed[name] = str(error)
    return gathered


def _below(out: Path, work: Work[Result], tell: Progress) -> Result:
    with writing_below(out):
        return work(tell)
