"""A base that no device holds whole: of each layer every process keeps a part, and all of them put the layer together
whenever something passes through it (FSDP2, torch's `fully_shard`).

The base alone is shared out. It is frozen, and nearly all of the memory; adapters and heads are whole in each process
as ever, so that optimisers, checkpoints and snapshots know nothing of this. Whole remain also the embeddings and the
language-model head, which are read outside of the decoder's own pass.

Such a pass takes all processes at once, but they have more or fewer rows to read and tokens to sample. So who is
through with its own part goes along with the others until all are: `Backbone.accompany`.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from models.run import BadInput

REFUSED = {
    "FSDP_OFFLOAD_PARAMS": "fsdp_offload_params",
    "FSDP_ACTIVATION_CHECKPOINTING": "fsdp_activation_checkpointing",
}
"""What accelerate's config may ask for and would not get."""


def wanted() -> bool:
    """Whether accelerate's config (deploy/accelerate/fsdp2.yaml), or whoever sets its variable ACCELERATE_USE_FSDP,
    asks for a base in parts, and there is more than one process. BadInput for what it asks that is not there."""
    if _says("ACCELERATE_USE_DEEPSPEED"):
        raise BadInput(
            "DeepSpeed is not supported: deploy/accelerate/fsdp2.yaml shares out the base as its ZeRO-3 would."
        )
    if not _says("ACCELERATE_USE_FSDP"):
        return False
    if (version := os.environ.get("FSDP_VERSION", "2")) != "2":
        raise BadInput(f"fsdp_version is {version} in accelerate's config, but must be 2.")
    if asked := next((name for variable, name in REFUSED.items() if _says(variable)), None):
        raise BadInput(f"{asked} is true in accelerate's config, but is not supported.")
    return dist.is_initialized()


def device() -> torch.device:
    """Where this process computes."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


@contextmanager
def turns() -> Iterator[None]:
    """Where the base is shared out, the processes of one machine come here one after another: each holds the whole base
    in the machine's memory for a moment."""
    if not wanted():
        yield
        return
    _mesh()  # which all have to make together
    own, size = int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    for _ in range(own):
        dist.barrier()
    try:
        yield
    finally:  # what is wrong with a base is wrong for all: each shall come to say so
        for _ in range(size - own):
            dist.barrier()


def shard(causal_lm: Any) -> "Company | None":
    """Keep this process's part of a base's layers, on its device, and the rest of it whole; None where the base is not
    to be shared out."""
    if not wanted():
        return None
    decoder = causal_lm.base_model
    layers = next(module for module in decoder.modules() if isinstance(module, nn.ModuleList))
    for layer in layers:  # one by one: each is whole on the device for a moment
        fully_shard(layer, mesh=_mesh(), reshard_after_forward=True)
    whole = {parameter for parameter in causal_lm.parameters() if not isinstance(parameter, DTensor)}
    for parameter in whole:
        parameter.data = parameter.data.to(device())
    # The root of what was done above: it lets a layer be put together while the one before it computes.
    fully_shard(decoder, mesh=_mesh(), reshard_after_forward=True, ignored_params=whole)
    return Company()


class Call(NamedTuple):
    """A pass through the layers that somebody makes."""

    adapter: int
    """The adapter in use, counted from 1 in the order they came; 0 is the base alone."""
    layers: int
    """How many of the decoder's layers it passes through, from the first one on."""
    backward: int
    """1 if it goes back too."""


class Company:
    """What the processes tell each other before each pass."""

    def announce(self, call: Call) -> None:
        """This process is about to make a pass; so are all who did not say that they are through."""
        _most(1, *call)

    def hear(self) -> Call | None:
        """This process is through: the pass that others are about to make, or None when all are through. Those that
        still have something to do go on alike, row by row, so that their calls are one."""
        goes_on, *call = _most(0, 0, 0, 0)
        return Call(*call) if goes_on else None


def _most(*numbers: int) -> list[int]:
    told = torch.tensor(numbers)  # on the CPU, whatever computes: nothing waits for a GPU here
    dist.all_reduce(told, dist.ReduceOp.MAX)
    return told.tolist()


@functools.cache
def _mesh() -> DeviceMesh:
    return init_device_mesh(device().type, (dist.get_world_size(),))


def _says(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true", "yes")
