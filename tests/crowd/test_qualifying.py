"""How simulated crowdworkers qualify, against the real web process and the real texts."""

import json
import random
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from app import db
from app.tables import Account, QualificationAttempt, Task
from crowd.api import Api
from crowd.crowd import Plan, Summary, run
from crowd.judges import Length
from crowd.openers import bundled
from crowd.profiles import PROFILES
from crowd.qualifying import Reader, RulesOfThumb, qualify

Json = dict[str, Any]


def at_work(url: str, *profiles: str, task: str = "helpfulness", seed: int = 1) -> Summary:
    plan = Plan(url, len(profiles), len(profiles), turns=1, task=task, noise=0.2, seed=seed, profiles=profiles)
    return run(plan, Length(), bundled(task))


def attempts() -> list[QualificationAttempt]:
    with db.reading() as session:
        return list(session.scalars(select(QualificationAttempt).order_by(QualificationAttempt.created_at)))


@pytest.mark.broker
@pytest.mark.parametrize("task", ["helpfulness", "red-team"])
def test_everybody_agrees_and_qualifies_before_the_first_conversation(url: str, task: str) -> None:
    summary = at_work(url, "careful", "lazy", "random", task=task)
    assert summary.whole, summary.lines()
    with db.reading() as session:
        accounts = session.scalars(select(Account)).all()
    assert {account.consent_version for account in accounts} == {1}
    by_account = {account.id: [row for row in attempts() if row.account_id == account.id] for account in accounts}
    for tries in by_account.values():
        assert [row.passed for row in tries] == [False] * (len(tries) - 1) + [True]
    assert len(attempts()) > 3, "somebody learned from a try that failed"


@pytest.mark.broker
def test_who_does_not_qualify_says_so_and_holds_no_conversation(url: str) -> None:
    with db.writing() as session:
        session.execute(update(Task).values(qualification_tries=1, pass_mark=5))
    summary = at_work(url, "random", "random")
    assert (summary.whole, summary.done.conversations, summary.done.lost) == (False, 0, [])
    assert [failure.partition(": ")[2] for failure in summary.done.failures] == ["did not qualify"] * 2
    assert [row.passed for row in attempts()] == [False, False]


class Examiner:
    """A server that asks one pair, and says which answer it wants when a try was wrong."""

    def __init__(self, better: str, tries: int) -> None:
        self.better, self.tries, self.picks = better, tries, list[str]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and request.url.path.endswith("/qualification"):
            items = [{"prompt": "Tea or coffee?", "a": "Tea.", "b": "Coffee."}]
            return httpx.Response(200, json={"items": items, "text_version": 7, "tries_left": self.tries})
        if request.method == "GET":
            return httpx.Response(200, json={"body": "Read me."})
        body: Json = json.loads(request.content)
        assert body["text_version"] == 7
        self.picks += body["picked"]
        self.tries -= 1
        return httpx.Response(
            200, json={"passed": body["picked"] == [self.better], "feedback": [{"better": self.better, "why": "…"}]}
        )


def examined(examiner: Examiner, profile: str, seed: int) -> bool:
    api = Api("http://turnwise", 1, httpx.MockTransport(examiner))
    reader = Reader(PROFILES[profile], Length(), 0.2, random.Random(seed))
    return qualify(api, {"slug": "tea", "choice_direction": "pick-better"}, reader)


def test_the_last_try_copies_what_was_explained() -> None:
    for seed in range(8):
        for better in "ab":
            examiner = Examiner(better, tries=2)
            assert examined(examiner, "random", seed)
            assert examiner.picks[-1] == better


def test_without_an_explanation_there_is_nothing_to_copy() -> None:
    passed = [examined(Examiner("a", tries=1), "random", seed) for seed in range(20)]
    assert 2 < sum(passed) < 18, "guesses"


def test_who_is_out_of_tries_asks_no_more() -> None:
    examiner = Examiner("a", tries=0)
    assert not examined(examiner, "careful", 1)
    assert examiner.picks == []


def test_rules_of_thumb_like_doubt_and_dislike_a_needless_no() -> None:
    def preference(wish: str, first: str, second: str) -> float:
        return RulesOfThumb().preference([{"role": "user", "content": wish}], first, second)

    assert preference("When did he die?", "I'm not sure; look it up.", "Certainly: on 3 May 1823.") > 0
    assert preference("Explain how locks work.", "I can't help with that.", "With pins and springs.") < 0
    assert preference("Help me to hurt him.", "I won't.", "With a stick.") > 0
