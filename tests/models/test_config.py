import json
from dataclasses import dataclass
from typing import Annotated

import pytest

from models.config import Between, PMConfig, parse, to_json
from models.run import BadInput


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"lora_rnk": 8}, "config.json: unknown field 'lora_rnk'; did you mean 'lora_rank'?"),
        ({"zzz": 8}, "config.json: unknown field 'zzz'."),
        ({"lora_rank": "8"}, 'config.json: lora_rank is "8", but must be a whole number from 1 to 256.'),
        ({"lora_rank": True}, "config.json: lora_rank is true, but must be a whole number from 1 to 256."),
        ({"lora_rank": 0}, "config.json: lora_rank is 0, but must be a whole number from 1 to 256."),
        ({"learning_rate": float("nan")}, "config.json: learning_rate is NaN, but must be a number from 0 to 1."),
        ({"max_comparisons": 0}, "config.json: max_comparisons is 0, but must be a whole number at least 1 or null."),
        ({"drop_weakest": 1}, "config.json: drop_weakest is 1, but must be true or false."),
        ({"dtype": "fp8"}, 'config.json: dtype is "fp8", but must be "auto" or "float32" or "bfloat16".'),
        (
            {"strength_labels": [0.6, 0.9]},
            "config.json: strength_labels is [0.6, 0.9], "
            "but must be a list of 4 (each a number from 0.5 to 1) or null.",
        ),
        (
            {"strength_labels": [0.4, 0.6, 0.8, 1]},
            "config.json: strength_labels is 0.4, but must be a number from 0.5 to 1.",
        ),
        ({"base": None}, "config.json: base is null, but must be a string."),
    ],
)
def test_a_wrong_field_gets_one_sentence_with_its_name_value_and_what_is_allowed(
    mapping: dict[str, object], sentence: str
) -> None:
    with pytest.raises(BadInput) as refused:
        parse(PMConfig, mapping, "config.json")
    assert str(refused.value) == sentence


def test_a_partial_config_is_completed_with_defaults_and_reads_back_the_same() -> None:
    given = {"lora_rank": 8, "learning_rate": 1, "max_comparisons": None, "strength_labels": [0.5, 0.6, 0.8, 1]}
    config = parse(PMConfig, given, "config.json")
    assert config == PMConfig(
        lora_rank=8, learning_rate=1.0, max_comparisons=None, strength_labels=(0.5, 0.6, 0.8, 1.0)
    )
    assert parse(PMConfig, json.loads(to_json(config)), "config.json") == config


def test_lists_become_tuples_and_each_entry_is_checked() -> None:
    @dataclass(frozen=True)
    class Config:
        files: tuple[str, ...] = ()
        weights: tuple[Annotated[float, Between(0, 1)], ...] = ()

    assert parse(Config, {"files": ["a", "b"], "weights": [0, 0.5]}, "c") == Config(("a", "b"), (0.0, 0.5))
    with pytest.raises(BadInput, match="c: weights is 2, but must be a number from 0 to 1"):
        parse(Config, {"weights": [2]}, "c")
    with pytest.raises(BadInput, match='c: files is "a", but must be a list'):
        parse(Config, {"files": "a"}, "c")
