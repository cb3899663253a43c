"""What simulated crowdworkers prefer, and how their habits bend it."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import httpx
import pytest

from crowd import judges
from crowd.judges import Judge, Keyword, Length, Message, UnknownJudge, judge
from crowd.profiles import PROFILES, Choice, choose
from inference.main import create_app
from inference.scripted import Script, ScriptedBackend, pseudo_score
from tests.app.servers import served


def test_the_longer_reply_wins_for_the_length_judge() -> None:
    assert Length().preference([], "long reply", "short") == pytest.approx(0.5)
    assert Length().preference([], "", "four") == -1
    assert Length().preference([], "", "") == 0


def test_the_keyword_judge_counts_its_words() -> None:
    polite = Keyword(("please", "thank"))
    assert polite.preference([], "Please do. Thanks!", "No.") == pytest.approx(2 / 3)
    assert polite.preference([], "No.", "thank thank thank thank") == -1
    assert judge("keyword:please,thank") == polite


def test_a_served_pm_judges_over_http() -> None:
    with served(create_app(ScriptedBackend(Script()))) as url:
        load = {"lora_name": "2026-w48-pm", "lora_path": "/nowhere/pm"}
        httpx.post(f"{url}/v1/load_lora_adapter", json=load).raise_for_status()
        pm = judge(f"pm:{url}")
        assert pm == judge(f"pm:{url}/#2026-w48-pm")
        replies = ("A reply of some length, because length is what this one likes.", "No.")
        expected = math.tanh((pseudo_score(replies[0]) - pseudo_score(replies[1])) / 2)
        assert pm.preference([{"role": "user", "content": "Hello"}], *replies) == pytest.approx(expected)
    with pytest.raises(UnknownJudge, match="does not say what it serves"):
        judge(f"pm:{url}")


@pytest.mark.parametrize("spec", ["taste", "length:3", "pm:", ""])
def test_an_unknown_judge_is_one_sentence(spec: str) -> None:
    with pytest.raises(UnknownJudge, match="length, keyword"):
        judge(spec)


class Sure:
    """Prefers the first reply by so much."""

    def __init__(self, preference: float) -> None:
        self.value = preference

    def preference(self, dialogue: Sequence[Message], first: str, second: str) -> float:
        return self.value


def chosen(judge: Judge, profile: str = "careful", noise: float = 0, pick_better: bool = True) -> list[Choice]:
    dice, replies = random.Random(1), ("a longer reply", "short")
    return [
        choose(PROFILES[profile], judge, [], replies, pick_better=pick_better, noise=noise, dice=dice)
        for _ in range(1000)
    ]


@pytest.mark.parametrize(("preference", "strength"), [(0.1, 1), (0.3, 2), (0.6, 3), (0.9, 4), (1.0, 4)])
def test_strength_grows_with_the_preference(preference: float, strength: int) -> None:
    assert set(chosen(Sure(preference))) == {Choice(0, strength)}
    assert set(chosen(Sure(-preference))) == {Choice(1, strength)}


def test_where_the_worse_is_asked_for_the_worse_is_picked() -> None:
    assert set(chosen(Sure(0.9), pick_better=False)) == {Choice(1, 4)}


def test_noise_is_how_often_the_choice_goes_against_the_judge() -> None:
    against = [choice for choice in chosen(Sure(0.9), noise=0.2) if choice.picked == 1]
    assert 150 < len(against) < 250
    assert {choice.strength for choice in against} == {2}, "a mistake is less sure of itself"


def test_two_equal_replies_are_a_coin_toss_of_the_weakest_strength() -> None:
    sides = Counter(chosen(Sure(0)))
    assert set(sides) == {Choice(0, 1), Choice(1, 1)}
    assert 400 < sides[Choice(0, 1)] < 600


def test_profiles_have_the_habits_they_are_named_after() -> None:
    lefts = sum(choice.picked == 0 for choice in chosen(Sure(-0.9), "position-biased"))
    assert 530 < lefts < 670
    assert {choice.picked for choice in chosen(Sure(-0.3), "length-biased")} == {0}
    assert {choice.strength for choice in chosen(Sure(0.1), "extreme")} == {4}
    assert 400 < sum(choice.picked == 0 for choice in chosen(Sure(1), "random")) < 600
    assert sum(choice.picked == 1 for choice in chosen(Sure(1), "lazy")) > 150


def test_every_judge_is_a_judge() -> None:
    both: list[Judge] = [judges.Length(), judges.Keyword()]
    assert all(-1 <= one.preference([], "first", "second") <= 1 for one in both)
