"""What a policy run's metrics say about it, on runs whose course is known."""

import json
import random
import sys
from pathlib import Path

import pytest

from models import health
from models.health import alarms, over_optimised, repetitive, reward_line
from models.run import BadInput


def course(
    score: list[float], test: list[float] | None = None, noise: float = 0.05, seed: int = 0
) -> list[dict[str, float]]:
    dice = random.Random(seed)
    steps = [{"step": i, "policy/score": s + dice.gauss(0, noise)} for i, s in enumerate(score, 1)]
    for step, value in zip(steps, test or [], strict=False):
        step["policy/test_score"] = value + dice.gauss(0, noise)
    return steps


def test_a_reward_that_grows_evenly_is_one_line() -> None:
    x = [0.1 * i for i in range(30)]
    dice = random.Random(0)
    line = reward_line(x, [1 + 2 * a + dice.gauss(0, 0.1) for a in x])
    assert line is not None
    assert (line.start, line.slope) == (pytest.approx(1, abs=0.1), pytest.approx(2, abs=0.1))
    assert line.bend is None


def test_where_a_reward_ceases_to_grow_is_its_bend() -> None:
    x = [0.1 * i for i in range(30)]
    dice = random.Random(0)
    line = reward_line(x, [1 + 2 * min(a, 1.5) + dice.gauss(0, 0.1) for a in x])
    assert line is not None
    assert line.bend == pytest.approx(1.5, abs=0.25)
    assert line.slope == pytest.approx(2, abs=0.2)
    exact = reward_line(x, [1 + 2 * min(a, 1.5) for a in x])
    assert exact is not None
    assert exact == pytest.approx((1, 2, 1.5))


def test_a_few_steps_or_steps_without_any_distance_have_no_line() -> None:
    assert reward_line([0.1 * i for i in range(11)], [0.0] * 11) is None
    assert reward_line([0.5] * 20, [float(i) for i in range(20)]) is None


def test_a_test_pm_that_turns_while_the_pm_goes_on_is_an_alarm() -> None:
    rising = [0.1 * i for i in range(24)]
    turning = [0.1 * min(i, 20 - i) for i in range(24)]
    (alarm,) = alarms(course(rising, turning))
    assert "exploits its PM" in alarm
    assert over_optimised(course(rising, rising)) is None
    assert over_optimised(course(turning, turning)) is None  # both fall: that is no exploit
    assert over_optimised(course(rising)) is None  # nobody watched
    assert over_optimised(course(rising[:10], turning[10:20])) is None  # too few steps to tell


def test_a_test_pm_that_merely_levels_off_is_rarely_an_alarm() -> None:
    rising, level = [0.1 * i for i in range(24)], [0.1 * min(i, 8) for i in range(24)]
    false = sum(over_optimised(course(rising, level, noise=0.1, seed=seed)) is not None for seed in range(300))
    assert false < 0.05 * 300


def test_by_hand_it_says_the_same_and_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(*options: object) -> str:
        monkeypatch.setattr(sys, "argv", ["health", str(tmp_path), *map(str, options)])
        health.command()
        return capsys.readouterr().out

    with pytest.raises(BadInput, match=r"has no metrics\.jsonl"):
        say()
    more = {"kl_to_initial": 1.0, "entropy": 2.0, "length": 30.0, "end_of_turn_rate": 0.5, "seconds_generate": 15.0}
    steps = course([0.1 * i for i in range(24)], [0.1 * min(i, 20 - i) for i in range(24)])
    lines = [
        step | {f"policy/{n}": v for n, v in more.items()} | {"policy/sqrt_kl": 0.1 * i} for i, step in enumerate(steps)
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = say("--plot", tmp_path / "out.png")
    assert "per √nat" in said
    assert "exploits its PM" in said
    assert "kl_to_initial              1.000     1.000\n" in said
    assert said.endswith("Minutes: generate 6.0.\n")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:5]))
    assert say().startswith("5 steps are too few for a line of reward against √KL.\nNo alarms.\n")
    ended = {name: value for name, value in lines[4].items() if name != "policy/seconds_generate"}  # by its KL
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*lines[:4], ended]))
    assert say().endswith("Minutes: generate 1.0.\n")
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "pm/loss": 0.7}\n')
    with pytest.raises(BadInput, match="has no metrics of a policy"):
        say()


def test_responses_that_come_to_share_their_words_are_an_alarm() -> None:
    steps = [{"step": i, "policy/distinct_2": 0.9 - 0.06 * i} for i in range(12)]
    alarm = repetitive(steps)
    assert alarm is not None
    assert "of the first step's 90%" in alarm
    assert repetitive(steps[:5]) is None
    assert repetitive([]) is None
