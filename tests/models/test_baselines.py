from dataclasses import replace

import pytest

from models import tiny
from models.baselines import BagOfWords
from models.dialogue import Candidate, Conversation, Turn
from models.judgements import summary
from models.run import BadInput


def compared(chosen: str, rejected: str, id: str = "c") -> Conversation:
    turn = Turn("Hi", (Candidate("1", chosen), Candidate("2", rejected)), chosen=0, rejected=1, trunk=0)
    return Conversation(id, id, "helpfulness", "", "train", (turn,))


def test_words_that_people_like_are_learnt_and_those_of_strangers_count_nothing() -> None:
    words = BagOfWords([compared("good day", "bad day"), compared("good night", "bad night")] * 2)
    good, bad, day, strange = words.scores(["good", "bad", "day", "qwertz"])
    assert good > 0 > bad
    assert day == pytest.approx(0, abs=1e-6)
    assert strange == 0
    judged = words.judge([compared("a good one", "a bad one"), compared("a bad one", "a good one", "d")])
    assert [(j.id, j.right, j.length_chosen) for j in judged] == [("c", 1.0, 10), ("d", 0.0, 9)]
    assert judged[0].margin == pytest.approx(-judged[1].margin)


def test_it_has_learnt_the_toy_world_and_nothing_from_coin_flips() -> None:
    told = list(tiny.conversations(300))
    judged = BagOfWords(told[:200]).judge(told[200:])
    assert summary(judged)["low"] > 0.6
    flipped = [
        replace(c, turns=tuple(replace(t, chosen=t.rejected, rejected=t.chosen) for t in c.turns)) if i % 2 else c
        for i, c in enumerate(told[:200])
    ]
    tossed = summary(BagOfWords(flipped).judge(told[200:]))
    assert tossed["accuracy"] < summary(judged)["accuracy"] - 0.1


def test_it_says_what_is_missing() -> None:
    with pytest.raises(BadInput, match="no comparison for a bag of words"):
        BagOfWords([])
    with pytest.raises(BadInput, match="No word of the comparisons occurs twice"):
        BagOfWords([compared("one", "two")])
