"""Two snapshots side by side on the fixed prompts."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.accounts.own_data.erasure import prompt_hash
from app.tables import Account, AuditEvent, Sample, Snapshot, SnapshotKind
from tests.factories import make_snapshot

NOW = db.now()


def say(snapshot: str, pm: str, text: str, says: str, *, red_team: bool = False) -> None:
    with db.writing() as session:
        ids = dict(session.execute(select(Snapshot.name, Snapshot.id)).tuples().all())
        session.add(
            Sample(
                snapshot_id=ids[snapshot], pm_id=ids[pm], prompt_hash=prompt_hash([text]), is_red_team=red_team,
                prompt=[{"role": "user", "content": text}], text=says, score=1.0, scores=[0.0, 1.0, 2.0],
            )
        )  # fmt: skip


@pytest.fixture
def weeks(researcher: TestClient) -> TestClient:
    """Two weeks, each with its PM; the initial policy was judged by both."""
    with db.writing() as session:
        for week in (1, 2):
            made = {"created_at": NOW + timedelta(days=7 * week)}
            make_snapshot(session, f"pm-{week}", SnapshotKind.PM, **made)
            make_snapshot(session, f"policy-{week}", **made)
    for week in (1, 2):
        for text in ("Hello?", "Why?"):
            say("initial", f"pm-{week}", text, f"initial, chosen by pm-{week}")
            say(f"policy-{week}", f"pm-{week}", text, f"policy-{week}")
    say("policy-2", "pm-2", "Only asked in week 2?", "policy-2")
    return researcher


def test_without_names_the_newest_policy_stands_beside_the_initial_one(weeks: TestClient) -> None:
    body = weeks.get("/samples").json()
    assert (body["a"], body["b"], body["missing"]) == ("policy-2", "initial", None)
    assert (body["only_a"], body["only_b"]) == (1, 0)
    assert {one["prompt"][0]["content"] for one in body["prompts"]} == {"Hello?", "Why?"}


def test_the_initial_policy_s_response_is_the_one_that_the_same_pm_judged(weeks: TestClient) -> None:
    for week in (1, 2):
        for one in weeks.get(f"/samples?a=policy-{week}&b=initial").json()["prompts"]:
            assert (one["a"]["pm"], one["b"]["pm"]) == (f"pm-{week}", f"pm-{week}")
            assert one["b"]["text"] == f"initial, chosen by pm-{week}"
            assert one["b"]["scores"] == [0.0, 1.0, 2.0]


def test_two_weeks_policies_are_compared_each_by_its_own_pm(weeks: TestClient) -> None:
    body = weeks.get("/samples?a=policy-2&b=policy-1").json()
    assert [(one["a"]["pm"], one["b"]["pm"]) for one in body["prompts"]] == [("pm-2", "pm-1")] * 2
    assert [one["a"]["text"] for one in body["prompts"]] == ["policy-2"] * 2


def test_red_team_prompts_are_covered_until_they_are_opened_which_is_audited(weeks: TestClient) -> None:
    for name in ("policy-2", "initial"):
        say(name, "pm-2", "Curse me.", "I'd rather not.", red_team=True)
    (covered,) = [one for one in weeks.get("/samples").json()["prompts"] if one["is_red_team"]]
    assert (covered["covered"], covered["prompt"], covered["a"]["text"]) == (True, [], None)
    opening = "/samples/openings?a=policy-2&b=initial"
    assert (weeks.post(opening).status_code, weeks.post(opening).json()["type"]) == (403, "warning-not-agreed")
    with db.writing() as session:
        session.scalars(select(Account)).one().red_team_opt_in_at = db.now()
    (opened,) = [one for one in weeks.post(opening).json()["prompts"] if one["is_red_team"]]
    assert (opened["covered"], opened["prompt"][0]["content"]) == (False, "Curse me.")
    with db.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
        assert (event.action, event.subject) == ("read-red-team", "samples:policy-2:initial")


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ("a=policy-2&b=pm-1", "“pm-1” is a PM: it scores, and says nothing to prompts."),
        ("a=policy-2&b=silent", "“silent” has not answered the fixed prompts"),
        ("a=policy-1&b=elsewhere", "The two have not answered the same prompts."),
    ],
)
def test_what_cannot_be_compared_says_why(weeks: TestClient, query: str, missing: str) -> None:
    with db.writing() as session:
        make_snapshot(session, "silent")
        make_snapshot(session, "elsewhere")
    say("elsewhere", "pm-1", "Asked of nobody else?", "Yes.")
    body = weeks.get(f"/samples?{query}").json()
    assert body["prompts"] == []
    assert body["missing"].startswith(missing)


def test_on_a_fresh_installation_it_says_what_brings_samples(researcher: TestClient) -> None:
    body = researcher.get("/samples").json()
    assert (body["a"], body["b"], body["prompts"]) == ("initial", "initial", [])
    assert body["missing"].startswith("No snapshot has answered the fixed prompts yet: a policy training does it")
    assert researcher.get("/samples?a=nobody").status_code == 404
