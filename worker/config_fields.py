"""What the web knows of a week's config: `python -m worker.config_fields > app/iterations/config_fields.json`.

The web imports neither this room nor `models`; a test holds the file equal to what is written here."""

import ast
import dataclasses
import inspect
import json
import math
import textwrap
import types
import typing

from models.config import alternatives, in_words
from worker.presets import PRESETS, IterationConfig

FILLED_IN = {"pm.name", "policy.name", "policy.pm", "policy.test_pm", "pm.base_hash", "policy.base_hash"}
"""Fields that the stages and the runs write themselves, whatever an override says."""

KINDS = {int: "whole", float: "number", bool: "switch", str: "text"}


def described() -> list[dict[str, object]]:
    """Every field that an override can set: its kind and range, what it means, and each preset's value."""
    return [
        _field(f"{section.name}.{name}", hint, meanings[name])
        for section in dataclasses.fields(IterationConfig)
        for cls in [typing.cast(type, section.type)]
        for meanings in [_meanings(cls)]
        for name, hint in typing.get_type_hints(cls, include_extras=True).items()
        if f"{section.name}.{name}" not in FILLED_IN
    ]


def _field(name: str, hint: object, meaning: str) -> dict[str, object]:
    kinds, limits = alternatives(hint)
    [kind] = [a for a in kinds if a is not types.NoneType]
    section, _, field = name.partition(".")
    values = {preset: getattr(getattr(config, section), field) for preset, config in PRESETS.items()}
    described: dict[str, object] = {
        "name": name,
        "kind": KINDS.get(typing.cast(type, kind)),
        "nullable": types.NoneType in kinds,
        "allowed": in_words(hint),
        "meaning": meaning,
        # Of the base, an installation says itself what it is.
        "values": dict.fromkeys(PRESETS) if field == "base" else values,
    }
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        described |= {"kind": "choice", "choices": list(inner)}
    elif typing.get_origin(kind) is tuple:
        [item], limits = alternatives(inner[0])
        described |= {
            "kind": "list",
            "of": KINDS[typing.cast(type, item)],
            "length": None if inner[-1] is Ellipsis else len(inner),
        }
    if limits:
        described |= {"low": limits.low, "high": None if math.isinf(limits.high) else limits.high}
    return described


def _meanings(cls: type) -> dict[str, str]:
    """The docstring under each field, which Python itself does not keep."""
    [body] = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def text() -> str:
    return json.dumps(described(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201 - what the command is for
