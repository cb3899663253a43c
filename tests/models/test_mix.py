"""The mix of a run's prompts: shares hold at every moment, and nothing is asked twice before all was asked once."""

import itertools
from pathlib import Path

import pytest

from models.dialogue import Message, Prompt
from models.mix import Kind, counts, kinds_of, order
from models.run import BadInput

FILE = Path("prompts.jsonl")


def prompt(task: str = "helpfulness", generated_by: str | None = None) -> Prompt:
    return Prompt([Message("system", ""), Message("user", "Hi")], task, generated_by)


ALL_FOUR = [prompt(task, by) for task, by in itertools.product(["red-team", "advice"], [None, "base"])]


def test_without_shares_all_prompts_come_once_before_one_comes_again_in_another_order() -> None:
    (kind,) = kinds_of(ALL_FOUR * 5, None, None, FILE)
    chosen = order([kind], 40, seed=0)
    assert sorted(chosen[:20]) == sorted(chosen[20:]) == list(range(20))
    assert chosen[:20] != chosen[20:]
    assert chosen != order([kind], 40, seed=1)
    assert counts([kind], 40, seed=0) == {}


def test_every_task_but_red_team_is_helpful_and_shares_hold_within_each_other() -> None:
    kinds = kinds_of(ALL_FOUR, 0.6, 0.75, FILE)
    assert {kind.words: (pytest.approx(kind.share), kind.members) for kind in kinds} == {
        "generated helpfulness": (0.45, [3]), "generated red-team": (0.15, [1]),
        "human helpfulness": (0.3, [2]), "human red-team": (0.1, [0]),
    }  # fmt: skip
    assert sum(counts(kinds, 60, seed=0).values()) == 60
    assert counts(kinds, 60, seed=0)["generated helpfulness"] == 27


@pytest.mark.parametrize("shares", [(0.3, 0.9), (0.73, 0.5), (1 / 3, 0.01), (0.5, 0.5)])
def test_at_every_moment_each_kind_has_had_its_share(shares: tuple[float, float]) -> None:
    kinds = kinds_of(ALL_FOUR * 3, *shares, FILE)
    for count in range(1, 200, 7):
        had = counts(kinds, count, seed=0)
        assert all(abs(had.get(kind.words, 0) - kind.share * count) < 1 for kind in kinds)


def test_a_few_prompts_of_a_kind_come_again_before_the_many_others_have_all_come() -> None:
    kinds = [Kind("few", 0.5, [0, 1]), Kind("many", 0.5, list(range(2, 12)))]
    chosen = order(kinds, 20, seed=0)
    assert [chosen.count(i) for i in range(12)] == [5, 5, *[1] * 10]


def test_a_share_of_one_or_nothing_leaves_the_other_prompts_out() -> None:
    assert [kind.members for kind in kinds_of(ALL_FOUR, 1.0, None, FILE)] == [[1, 3]]
    assert [kind.members for kind in kinds_of(ALL_FOUR, None, 0.0, FILE)] == [[0, 1]]
    assert kinds_of(ALL_FOUR[:1], 0.0, None, FILE)[0].members == [0]


def test_a_share_of_prompts_that_are_not_there_is_one_sentence() -> None:
    with pytest.raises(BadInput, match=r"prompts\.jsonl holds no generated prompt .* generated_share 0.1 asks for"):
        kinds_of([prompt()], 0.1, None, FILE)
    with pytest.raises(BadInput, match=r"no generated red-team prompt .* generated_share 0.5 with helpful_share 0.9"):
        kinds_of([*ALL_FOUR[:1], *ALL_FOUR[2:]], 0.5, 0.9, FILE)
