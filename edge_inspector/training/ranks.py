"""Which of how many processes this one is, where it computes, and the few numbers that they tell each other.

torchrun starts the processes and torch's DistributedDataParallel averages what they learn; neither is done by hand here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.training.batches import CropPlan

PATIENCE = timedelta(days=7)  # of those that wait while the first rank packages; torchrun ends them if it dies


@dataclass(frozen=True, slots=True)
class Rank:
    """One process of a training. Each learns from its own share of every batch; the first alone keeps, logs and packages.

    `device` in torch's words: "cpu", "cuda:1". `beside`: how many share this computer, this one included.
    """

    number: int = 0
    count: int = 1
    beside: int = 1
    device: str = "cpu"

    @property
    def is_first(self) -> bool:
        """Whether it is the one that keeps, logs and packages."""
        return self.number == 0

    @property
    def device_kind(self) -> str:
        """The device without its number."""
        return torch.device(self.device).type

    def of_work(self, number: int) -> Rank:
        """The same for one of several works side by side, which take this computer's GPUs in turn."""
        if self.device_kind != "cuda":
            return self
        return replace(self, device=f"cuda:{number % torch.cuda.device_count()}")

    def share_of(self, crops: CropPlan) -> CropPlan:
        """Its share of every batch. Raises ConfigurationError if the ranks' shares would not be equal."""
        if crops.batch % self.count:
            raise ConfigurationError(
                f"learning.crops.batch is {crops.batch}, which {self.count} processes can not share equally; make it a "
                f"multiple of {self.count}, or start another number of them"
            )
        return replace(crops, batch=crops.batch // self.count)

    def chance_of(self, seed: int, step: int) -> np.random.SeedSequence:
        """Of all that this rank draws in a step.

        It follows from seed, step and rank alone, so that steps can be drawn ahead, and a checkpoint holds no chance.
        """
        return np.random.SeedSequence((seed, step, self.number))

    def spread(self, network: nn.Module) -> nn.Module:
        """What to call in the network's place, so that every rank gets the mean gradient of all; alone, the network itself.

        On GPUs BatchNorm's statistics are those of the whole batch, on CPUs, for which torch has no such thing, the share's.
        """
        if self.count == 1:
            return network
        if self.device_kind == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return DistributedDataParallel(network)

    def mean(self, value: Tensor) -> float:
        """Of a scalar on the rank's device, over all ranks."""
        if self.count > 1:
            value = value.clone()
            distributed.all_reduce(value)
        return float(value) / self.count

    def from_first(self, value: float) -> float:
        """The first rank's value, in every rank; the others wait for it."""
        if self.count == 1:
            return value
        told = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.broadcast(told, src=0)
        return float(told)

    def refuse_unshared(self, seen: int, path: Path) -> None:
        """Raise ConfigurationError if this rank finds something else at `path` than the first one, as a number says it."""
        if self.from_first(seen) != seen:
            raise ConfigurationError(
                f"{path}: process {self.number} of {self.count} does not find there what the first one finds; --out has to "
                "be one folder that all computers see"
            )


ALONE = Rank()


def rank_of(environment: Mapping[str, str], device: str) -> Rank:
    """The rank that torchrun's variables say, on `device`: cpu, cuda, or auto, which is cuda where there is any.

    Raises ConfigurationError if there is no GPU, or not one for each process of this computer.
    """
    local, beside = int(environment.get("LOCAL_RANK", "0")), int(environment.get("LOCAL_WORLD_SIZE", "1"))
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "cuda" and not gpus:
        raise ConfigurationError("--device cuda: torch finds no GPU; install a torch that is built for it, or say cpu")
    count = int(environment.get("WORLD_SIZE", "1"))
    on_gpu = gpus > 0 and device != "cpu"
    if on_gpu and beside > gpus:
        raise ConfigurationError(
            f"torchrun started {beside} processes here, for {gpus} GPUs; start no more than that, or say --device cpu"
        )
    return Rank(
        number=int(environment.get("RANK", "0")) if count > 1 else 0,
        count=count,
        beside=beside,
        device=f"cuda:{local}" if on_gpu else "cpu",
    )


@contextmanager
def together(rank: Rank) -> Iterator[None]:
    """The ranks find each other, and leave together."""
    if rank.count == 1:
        yield
        return
    on_gpu = rank.device_kind == "cuda"
    if on_gpu:
        torch.cuda.set_device(rank.device)
    distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)
    try:
        yield
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
