"""Several processes that train the same network together: who takes which part, and how all come to know the same.

Started by `torchrun`, `accelerate launch` or anything else that sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT; one
process alone needs none of that, and nothing here then costs anything. Samples and gradients are shared out, and the
base itself where it is asked for (models/sharding.py).
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from models.run import RunDirectory

Item = TypeVar("Item")


@dataclass(frozen=True)
class Processes:
    """Those that train together, as one of them sees it."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls) -> Self:
        """Meet the others that were started with this one. Ends with the process."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls()
        if not dist.is_initialized():
            gpus = torch.cuda.is_available()
            if gpus:  # or all of a machine would compute on its first one
                torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
            dist.init_process_group("cpu:gloo,cuda:nccl" if gpus else "gloo")
        return cls(dist.get_rank(), dist.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def open(self, path: Path) -> RunDirectory:
        """The run directory, which the leader alone locks and writes."""
        return RunDirectory.open(path) if self.leads else RunDirectory.follow(path)

    def part(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's share of items that all processes hold: all parts, one behind the other, are the items."""
        return items[len(items) * self.rank // self.size : len(items) * (self.rank + 1) // self.size]

    def gather(self, mine: Item) -> list[Item]:
        """What every process holds, by rank."""
        if self.size == 1:
            return [mine]
        found: list[Item | None] = [None] * self.size
        dist.all_gather_object(found, mine)
        return found  # type: ignore[return-value]

    def total(self, mine: Tensor) -> Tensor:
        """The sum over processes."""
        return torch.stack(self.gather(mine.cpu())).sum(0) if self.size > 1 else mine

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its sum over processes; one that had no part in it adds nothing."""
        if self.size == 1:
            return
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            dist.all_reduce(parameter.grad)

    def any(self, mine: bool) -> bool:
        """Whether it is so in one of them."""
        return any(self.gather(mine))


ALONE = Processes()
