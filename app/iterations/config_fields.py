"""The fields that an override may set, as the worker describes them in config_fields.json; so that a slip of the pen is
refused where it is typed, and not by the week's first stage. That stage judges all the same, and by more: whether the
fields go together."""

import difflib
import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from app.settings import get_settings
from app.words import CONTROLS

Item = int | float | bool | str
Override = Item | list[Item] | None

LONGEST = 500
LARGEST = 2**63  # what a config may hold as a number; NaN, which JSON's readers let through, is below nothing

MIXES = "Mixes and shares"
MIXED = (
    "policy.helpful_share",
    "policy.generated_share",
    "pm.harmless_weight",
    "policy.kl_coef",
    "shares.new",
    "shares.earlier",
    "shares.initial",
    "shares.canary",
)
"""What researchers turn most often, and would look for in different sections: offered first."""

GROUPS = {
    "pm": "Preference model",
    "policy": "Policy",
    "data": "Data",
    "evaluation": "Evaluation",
    "gate": "Gate",
}


class ConfigField(BaseModel):
    name: Annotated[str, Field(description="Section and field, like policy.learning_rate.")]
    kind: Literal["whole", "number", "switch", "choice", "text", "list"]
    nullable: bool
    allowed: Annotated[str, Field(description="In words: “a number from 0 to 1 or null”.")]
    meaning: str
    values: Annotated[dict[str, Override], Field(description="By preset.")]
    low: float | None = None
    high: float | None = None
    choices: list[str] = []
    of: Annotated[Literal["whole", "number", "text"] | None, Field(description="A list's items.")] = None
    length: Annotated[int | None, Field(description="Of a list; null: any.")] = None
    group: str = ""


@lru_cache
def known() -> dict[str, ConfigField]:
    """By name; those of a group stand together."""
    text = Path(__file__).with_suffix(".json").read_bytes()
    fields = {field.name: field for field in TypeAdapter(list[ConfigField]).validate_json(text)}
    ordered = {name: fields[name] for name in MIXED} | fields
    for name, field in ordered.items():
        field.group = MIXES if name in MIXED else GROUPS[name.partition(".")[0]]
    return ordered


def offered() -> list[ConfigField]:
    """All of them; the base is this installation's."""
    base = get_settings().base_model
    return [
        field.model_copy(update={"values": dict.fromkeys(field.values, base)}) if name.endswith(".base") else field
        for name, field in known().items()
    ]


def check(name: str, value: object) -> None:
    """ValueError says in a sentence why this cannot be an override: first what not every database keeps as it is."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, int | float) and not -LARGEST < item < LARGEST:
            raise ValueError(f"{name} is not a number that a config can hold")
        for text in (name, item):
            if isinstance(text, str) and (CONTROLS.search(text) or len(text) > LONGEST):
                raise ValueError(f"a name or a word has at most {LONGEST} characters, and no control characters")
    field = known().get(name)
    if field is None:
        near = " or ".join(_near(name))
        raise ValueError(f"there is no field {name} to override" + (f"; did you mean {near}?" if near else ""))
    if not _holds(field, value):
        raise ValueError(f"{name} is {json.dumps(value, ensure_ascii=False)}, but must be {field.allowed}")
    if name.endswith(".base") and value != (base := get_settings().base_model):
        raise ValueError(f"{name} is {value!r}, but BASE_MODEL names one for all, which is {base!r}")


def _holds(field: ConfigField, value: Any) -> bool:
    if value is None:
        return field.nullable
    if field.kind == "choice":
        return isinstance(value, str) and value in field.choices
    if field.kind == "list":
        assert field.of
        fits = isinstance(value, list) and field.length in (None, len(value))
        return fits and all(_is(field.of, item, field) for item in value)
    return _is(field.kind, value, field)


def _is(kind: str, value: Any, field: ConfigField) -> bool:
    # type(), not isinstance: True is an int to Python, but not to whoever typed it.
    if kind not in ("whole", "number"):
        return type(value) is {"switch": bool, "text": str}[kind]
    if type(value) is not int and (kind == "whole" or type(value) is not float):
        return False
    return (field.low is None or value >= field.low) and (field.high is None or value <= field.high)


def _near(name: str) -> list[str]:
    """The field of another section, or one of which this is the abbreviation (lr); else one that is written alike."""
    section, _, word = name.rpartition(".")
    everywhere = [(other.partition(".")[0], other.partition(".")[2], other) for other in known()]
    sections = difflib.get_close_matches(section, {its for its, _, _ in everywhere}, n=1)
    here = [field for field in everywhere if field[0] in sections]
    for fields in (here, everywhere):
        if meant := [other for _, its, other in fields if word in (its, "".join(part[0] for part in its.split("_")))]:
            return meant[:3]
    alike = difflib.get_close_matches(word, [its for _, its, _ in here or everywhere], n=1)
    return [other for _, its, other in here or everywhere if its in alike][:3]
