"""LoRA (Hu et al. 2021): y = x Wᵀ + b + s·(x Aᵀ) Bᵀ with a frozen W, and many adapters (A, B, s) by name on one W.

A trained adapter costs nothing while it is used: where W is float32 the layer computes with the merged weight
W + s·B·A, made once after each change of the adapter, and its backward needs one full matrix product too; those for A
and B are thin. In bfloat16 the sum would round most of the adapter away, so there it is added to the output, in place;
and so it is where no process holds all of W (models/sharding.py).
PEFT's own layers compute the same with more products and passes over memory (tests/models/test_lora.py compares).

The files are PEFT's, so that peft and vLLM load them.
"""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.distributed.tensor import DTensor
from torch.nn import functional as F
from transformers.pytorch_utils import Conv1D

from models.run import BadInput

LINEAR = (nn.Linear, Conv1D)  # GPT-2 calls its linear layers so, and keeps their weights transposed
Widths = dict[str, tuple[int, int]]  # features in and out of linear layers, by their path in the model

MERGED = 2  # adapters whose merged weights are kept: PPO goes back and forth between the policy and its value function


class LoraLinear(nn.Module):
    """A frozen linear layer with adapters; `active` names the one that counts, None is the layer alone."""

    def __init__(self, linear: Any) -> None:
        super().__init__()
        self.linear = linear
        self.transposed = isinstance(linear, Conv1D)
        self.sharded = isinstance(linear.weight, DTensor)  # its parts come together only for the layer's own pass
        self.lora_a = nn.ParameterDict()  # (r, in) by name, zero-centred noise at first
        self.lora_b = nn.ParameterDict()  # (out, r) by name, zero at first
        self.scaling: dict[str, float] = {}
        self.active: str | None = None
        self._changes: dict[str, nn.Parameter] = {}  # of adapters that are trained in full
        self._merged: dict[str, tuple[tuple[int, int], Tensor]] = {}  # (versions of A and B, W + s·B·A) by name

    @property
    def weight(self) -> Tensor:
        """W: (out, in)."""
        return self.linear.weight.T if self.transposed else self.linear.weight

    def add(self, name: str, rank: int, scaling: float) -> None:
        """A fresh adapter, which adds nothing yet, in float32 whatever the base is. Draws from torch's generator."""
        out, inner = self.weight.shape
        a, b = torch.empty(rank, inner, device=self.weight.device), torch.zeros(out, rank, device=self.weight.device)
        nn.init.kaiming_uniform_(a, a=math.sqrt(5))
        self.lora_a[name], self.lora_b[name], self.scaling[name] = nn.Parameter(a), nn.Parameter(b), scaling

    def add_full(self, name: str, width: int) -> None:
        """An adapter that can become any change of W, of rank `width`, the model's own: one of its factors is the
        identity for good, the other one the change, zero at first."""
        out, inner = self.weight.shape
        assert width in (out, inner), "a linear layer reads or writes the model's states"
        identity = nn.Parameter(torch.eye(width, device=self.weight.device), requires_grad=False)
        change = nn.Parameter(torch.zeros(out, inner, device=self.weight.device))
        self.lora_a[name], self.lora_b[name] = (identity, change) if inner == width else (change, identity)
        self.scaling[name] = 1.0
        self._changes[name] = change

    def add_mean(self, name: str, of: Sequence[str]) -> None:
        """A frozen adapter that changes W by the mean of what those of `of` do, and has the sum of their ranks; none
        where they have none."""
        if of[0] in self.scaling:
            a = torch.cat([self.lora_a[one].detach() for one in of])
            b = torch.cat([self.lora_b[one].detach() * self.scaling[one] for one in of], dim=1)
            self.lora_a[name], self.lora_b[name] = (nn.Parameter(half, requires_grad=False) for half in (a, b))
            self.scaling[name] = 1 / len(of)

    def remove(self, name: str) -> None:
        """Forget an adapter, if it is here."""
        if name in self.scaling:
            del self.lora_a[name], self.lora_b[name], self.scaling[name]
            self._merged.pop(name, None)
            self._changes.pop(name, None)

    def parameters_of(self, name: str) -> list[nn.Parameter]:
        """What of an adapter can be trained, A and B as a rule; none if it leaves this layer alone."""
        if name in self._changes:
            return [self._changes[name]]
        return [self.lora_a[name], self.lora_b[name]] if name in self.scaling else []

    @torch.no_grad()
    def change(self, name: str, a: Tensor, b: Tensor, scaling: float) -> None:
        """Let an adapter of `add_full` begin where the low-rank one of these weights is."""
        self._changes[name].copy_(scaling * b.float() @ a.float())

    @torch.no_grad()
    def set(self, name: str, a: Tensor, b: Tensor) -> None:
        """Give an adapter these weights."""
        self.lora_a[name].copy_(a)
        self.lora_b[name].copy_(b)

    def forward(self, x: Tensor) -> Tensor:
        if self.active not in self.scaling:
            return self.linear(x)
        a, b, scaling = self.lora_a[self.active], self.lora_b[self.active], self.scaling[self.active]
        if self.sharded or self.weight.dtype != torch.float32:
            return _Added.apply(x, self.weight, self.linear.bias, a, b, scaling)
        merged = self._merge(self.active, a, b, scaling)
        if torch.is_grad_enabled() and (a.requires_grad or b.requires_grad):
            return _Merged.apply(x, merged, self.linear.bias, a, b, scaling)
        return F.linear(x, merged, self.linear.bias)

    @torch.no_grad()
    def _merge(self, name: str, a: Tensor, b: Tensor, scaling: float) -> Tensor:
        versions = (a._version, b._version)  # torch counts every change in place
        known, merged = self._merged.pop(name, (None, None))
        if merged is None:
            while len(self._merged) >= MERGED:
                del self._merged[next(iter(self._merged))]
            merged = torch.empty_like(self.weight)
        if known != versions:
            # In place: a graph that still needs the weights from before would then say so in its backward.
            torch.addmm(self.weight, b, a, alpha=scaling, out=merged)
        self._merged[name] = versions, merged  # the last one in is the last one to go
        return merged


class _Added(torch.autograd.Function):
    """y = x Wᵀ + bias + s·(x Aᵀ) Bᵀ in the dtype of x and W, whose rounding the gradients of A and B share."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scaling: float
    ) -> Tensor:
        inputs = x.flatten(0, -2)  # (n, in)
        a, b = a.to(x.dtype), b.mul(scaling).to(x.dtype)
        inner = inputs @ a.T  # (n, r)
        ctx.save_for_backward(inputs, weight, inner, a, b)
        ctx.scaling = scaling
        return F.linear(inputs, weight, bias).addmm_(inner, b.T).unflatten(0, x.shape[:-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight, inner, a, b = ctx.saved_tensors
        flat = gradient.flatten(0, -2)  # (n, out)
        of_inner = flat @ b  # (n, r)
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = (flat @ weight).addmm_(of_inner, a).unflatten(0, gradient.shape[:-1])
        needs_a, needs_b = ctx.needs_input_grad[3:5]
        of_a = (of_inner.T @ inputs).float() if needs_a else None  # (r, n) (n, in)
        of_b = (flat.T @ inner).float() * ctx.scaling if needs_b else None  # (out, n) (n, r)
        return of_x, None, None, of_a, of_b, None


class _Merged(torch.autograd.Function):
    """y = x Mᵀ + bias with M = W + s·B·A, and the gradients of x, A and B."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, merged: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scaling: float
    ) -> Tensor:
        ctx.save_for_backward(x, merged, a, b)
        ctx.scaling = scaling
        return F.linear(x, merged, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, merged, a, b = ctx.saved_tensors
        flat, inputs = gradient.flatten(0, -2), x.flatten(0, -2)  # (n, out), (n, in)
        of_x = gradient @ merged if ctx.needs_input_grad[0] else None
        needs_a, needs_b = ctx.needs_input_grad[3:5]
        of_a = (flat @ (b * ctx.scaling)).T @ inputs if needs_a else None  # (r, n) (n, in)
        of_b = flat.T @ (inputs @ (a.T * ctx.scaling)) if needs_b else None  # (out, n) (n, r)
        return of_x, None, None, of_a, of_b, None


def layers_of(model: nn.Module) -> Iterator[tuple[str, LoraLinear]]:
    """The layers that take adapters, by their paths in the model."""
    return ((name, module) for name, module in model.named_modules() if isinstance(module, LoraLinear))


def widths(model: nn.Module) -> Widths:
    """Features in and out of every linear layer, by its path in the model."""

    def width(linear: Any) -> tuple[int, int]:
        return (linear.nx, linear.nf) if isinstance(linear, Conv1D) else (linear.in_features, linear.out_features)

    return {name: width(module) for name, module in model.named_modules() if isinstance(module, LINEAR)}


def layer_number(path: str) -> int:
    """Which layer of the decoder a linear map belongs to, from 0: the first number in its path."""
    return int(next(part for part in path.split(".") if part.isdigit()))


def insert(model: nn.Module) -> None:
    """Give every linear layer of a model room for adapters. Without one, all computes as before."""
    for name, module in list(model.named_modules()):
        if isinstance(module, LINEAR):
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, LoraLinear(module))


# Files ------------------------------------------------------------------------------------------------------------

PREFIX = "base_model.model."  # PEFT's, before the path of a layer


class AdapterFiles(NamedTuple):
    """An adapter as its two files have it."""

    rank: int
    scaling: float
    layers: dict[str, tuple[Tensor, Tensor]]
    """A (r, in) and B (out, r) by the path of the linear layer."""


def read(directory: Path, widths: Widths) -> AdapterFiles:
    """The adapter in a directory, for a model with linear layers of these widths. BadInput if it is not plain LoRA on
    them, or not finite."""
    config = json.loads((directory / "adapter_config.json").read_text())
    unusual = ("use_dora", "rank_pattern", "alpha_pattern", "modules_to_save", "lora_bias")
    odd = [name for name in unusual if config.get(name)]
    if config.get("peft_type") != "LORA" or odd or config.get("bias", "none") != "none":
        raise BadInput(f"The adapter in {directory} is not plain LoRA ({(odd or ['peft_type or bias'])[0]}).")
    rank = config["r"]
    scaling = config["lora_alpha"] / (math.sqrt(rank) if config.get("use_rslora") else rank)
    layers = pairs(load_file(directory / "adapter_model.safetensors"), widths, f"The adapter in {directory}")
    if not all(half.isfinite().all() for both in layers.values() for half in both):
        raise BadInput(f"The snapshot {directory} has weights that are not finite numbers.")
    return AdapterFiles(rank, scaling, layers)


def pairs(state: dict[str, Tensor], widths: Widths, what: str) -> dict[str, tuple[Tensor, Tensor]]:
    """A and B by layer, from PEFT's names of tensors. BadInput, beginning with `what`, if one does not fit."""
    halves: dict[str, dict[str, Tensor]] = {}
    for key, tensor in state.items():
        path, _, half = key.removeprefix(PREFIX).removesuffix(".weight").rpartition(".")
        if path not in widths or half not in ("lora_A", "lora_B"):
            raise BadInput(f"{what} does not fit the base: {key} has no linear layer there.")
        halves.setdefault(path, {})[half] = tensor
    found = {}
    for path, both in halves.items():
        a, b = both.get("lora_A"), both.get("lora_B")
        if a is None or b is None or (a.shape[1], b.shape[0]) != widths[path] or a.shape[0] != b.shape[1]:
            raise BadInput(f"{what} does not fit the base: {path} has other dimensions.")
        found[path] = a, b
    return found


def write(directory: Path, source: str, name: str, layers: dict[str, LoraLinear]) -> None:
    """Both files of one adapter of these layers, on the base called `source`."""
    having = {path: layer for path, layer in layers.items() if name in layer.scaling}
    first = next(iter(having.values()))
    rank = first.lora_a[name].shape[0]
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": source,
        "r": rank, "lora_alpha": _whole(first.scaling[name] * rank), "lora_dropout": 0.0, "bias": "none",
        # By their last names, as servers expect them.
        "target_modules": sorted({path.rpartition(".")[2] for path in having}),
        "fan_in_fan_out": first.transposed, "inference_mode": True,
    }  # fmt: skip
    if len(having) < len(layers):
        config["layers_to_transform"] = sorted({layer_number(path) for path in having})
    (directory / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(state(name, layers), directory / "adapter_model.safetensors")


def _whole(number: float) -> int | float:
    """vLLM wants an int where there is one."""
    return round(number) if math.isclose(number, round(number)) else number


def state(name: str, layers: dict[str, LoraLinear]) -> dict[str, Tensor]:
    """Weights of one adapter, by PEFT's names of tensors."""
    found = {}
    for path, layer in layers.items():
        if name in layer.scaling:
            found[f"{PREFIX}{path}.lora_A.weight"] = layer.lora_a[name].detach().cpu().contiguous()
            found[f"{PREFIX}{path}.lora_B.weight"] = layer.lora_b[name].detach().cpu().contiguous()
    return found
