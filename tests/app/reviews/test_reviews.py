"""A researcher reviews blind, through the API."""

import random
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.reviews import drawing
from app.reviews.schemas import DrawWanted
from app.tables import (
    Account,
    AuditEvent,
    CandidateStatus,
    Comparison,
    ConversationStatus,
    Review,
    Role,
    SnapshotKind,
    TaskKind,
)
from tests.app.conftest import Browser
from tests.app.crowdworkers.conftest import MONDAY, chosen
from tests.factories import (
    make_account,
    make_comparison,
    make_conversation,
    make_snapshot,
    make_task,
    make_tranche,
    make_turn,
)
from worker import crowdworkers


@pytest.fixture
def rosa(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, Role.RESEARCHER, username="rosa")


@pytest.fixture
def researcher(browser: Browser, rosa: Account) -> TestClient:
    return browser(rosa)


@pytest.fixture(autouse=True)
def never_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """No draw that only some tests are about."""
    monkeypatch.setattr(drawing, "AGAIN", 0.0)


def draw(researcher: TestClient, **wanted: Any) -> Any:
    answer = researcher.post("/reviews/draw", json=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()["drawn"]


def only(account: Account, picked: str = "b", **fields: Any) -> Comparison:
    with db.writing() as session:
        row = chosen(session, session.get_one(Account, account.id), picked, **fields)
    crowdworkers.count()
    return row


@pytest.fixture
def ada(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, username="ada")


def test_before_the_pick_no_answer_tells_what_anybody_made_of_the_pair(
    browser: Browser, researcher: TestClient, ada: Account
) -> None:
    with db.writing() as session:
        pm, policy = make_snapshot(session, "the-pm", SnapshotKind.PM), make_snapshot(session, "week-7-policy")
        other = make_account(session, Role.RESEARCHER, username="otto")
        row = chosen(session, ada, "b", scores=(0.25, -1.5), pm=pm.id, strength=4)
        for candidate in row.turn.candidates:
            candidate.snapshot_id, candidate.seed = policy.id, 424242
        later = make_turn(session, row.turn.conversation, ("Later a.", "Later b."))
        make_comparison(session, later, strength=1)
    crowdworkers.count()
    browser(other).put(f"/reviews/{row.id}", json={"picked": row.other_id}).raise_for_status()

    for _ in range(8):
        drawn = draw(researcher, crowdworker="ada")
        if drawn["comparison"] == row.id:
            break
    assert set(drawn) == {
        "comparison", "task", "kind", "choice_direction", "question", "before", "human", "a", "b",
    }  # fmt: skip
    assert {"a": set(drawn["a"]), "b": set(drawn["b"])} == {"a": {"id", "text"}, "b": {"id", "text"}}
    assert {drawn["a"]["text"], drawn["b"]["text"]} == {"Yes.", "No."}
    told = str(drawn)
    for secret in ("Later", "-1.5", "424242", "week-7", "the-pm", "otto", "ada"):
        assert secret not in told
    assert "picked" not in str(researcher.get("/reviews").json()).replace("picked_a", "")


def test_a_skipped_one_tells_nothing_and_does_not_come_back(researcher: TestClient, ada: Account) -> None:
    row = only(ada)
    skipped = researcher.put(f"/reviews/{row.id}", json={"picked": None}).json()
    assert (skipped["crowdworker_picked"], skipped["score_a"], skipped["crowdworker"]) == (None, None, None)
    assert draw(researcher) is None
    refused = researcher.put(f"/reviews/{row.id}", json={"picked": row.picked_id})
    assert refused.json()["type"] == "already-reviewed"
    assert researcher.put(f"/reviews/{row.id}/note", json={"note": "x"}).json()["type"] == "unknown-review"


def test_after_the_pick_all_is_there_on_the_sides_that_the_reviewer_had(
    researcher: TestClient, ada: Account, rosa: Account
) -> None:
    with db.writing() as session:
        pm = make_snapshot(session, "the-pm", SnapshotKind.PM)
    row = only(ada, "b", scores=(0.25, -1.5), pm=pm.id, strength=4)
    drawn = draw(researcher)
    yes = "a" if drawn["a"]["text"] == "Yes." else "b"  # what stands left here was a there
    body = {"picked": drawn[yes]["id"], "strength": 2, "seconds": 12.5}
    seen = researcher.put(f"/reviews/{row.id}", json=body).json()
    no = "b" if yes == "a" else "a"
    assert (seen["picked"], seen["strength"]) == (yes, 2)
    assert (seen["crowdworker"], seen["crowdworker_picked"], seen["crowdworker_strength"]) == ("ada", no, 4)
    assert (seen[f"score_{yes}"], seen[f"score_{no}"]) == (0.25, -1.5)
    assert seen["scored_by"] == "the-pm"
    assert researcher.put(f"/reviews/{row.id}", json=body).json() == seen, "the same again is the same"
    changed = researcher.put(f"/reviews/{row.id}", json=body | {"picked": drawn[no]["id"]})
    assert (changed.status_code, changed.json()["type"]) == (409, "already-reviewed")
    noted = researcher.put(f"/reviews/{row.id}/note", json={"note": " Ada did not read b. "}).json()
    assert noted["note"] == "Ada did not read b."
    with db.reading() as session:
        review = session.scalars(select(Review)).one()
        assert (review.account_id, review.picked_id, review.picked_shown) == (rosa.id, row.other_id, yes)
        assert (review.strength, review.seconds_to_choose) == (2, 12.5)


def test_each_reviewer_has_an_order_of_their_own(browser: Browser, ada: Account) -> None:
    only(ada)
    with db.writing() as session:
        people = [make_account(session, Role.RESEARCHER) for _ in range(16)]
    lefts = {draw(browser(person))["a"]["text"] for person in people}
    assert lefts == {"Yes.", "No."}, "once in 32,768 all sixteen have the same"


def test_the_dialogue_stops_at_the_message_and_follows_what_was_picked(researcher: TestClient, ada: Account) -> None:
    with db.writing() as session:
        conversation = make_conversation(session, account=ada, status=ConversationStatus.COMPLETED)
        first = make_turn(session, conversation, ("One.", "Two."), text="First?")
        make_comparison(session, first, "b", created_at=MONDAY).strength = 1
        second = make_turn(session, conversation, ("Three.", "Four."), text="Second?")
        make_comparison(session, second, "a", created_at=MONDAY)
        first_id = first.id
    crowdworkers.count()
    drawn = [draw(researcher) for _ in range(12)]
    by_message = {one["human"]: one["before"] for one in drawn}
    assert by_message["Second?"] == [{"human": "First?", "assistant": "Two."}]
    assert by_message["First?"] == []
    assert first_id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_no_choice_between_two_policies_is_never_drawn(
    browser: Browser, researcher: TestClient, ada: Account, rosa: Account
) -> None:
    with db.writing() as session:

        def held(**fields: Any) -> Comparison:
            conversation = make_conversation(session, account=ada, **fields)
            return make_comparison(session, make_turn(session, conversation), created_at=MONDAY)

        held()  # may still be changed
        held(preview=True)
        done = {"status": ConversationStatus.COMPLETED}
        held(**done).turn.candidates[0].status = CandidateStatus.STOPPED
        held(**done).superseded_at = db.now()
        same = held(**done)
        same.turn.candidates[0].text = same.turn.candidates[1].text
        chosen(session, session.get_one(Account, rosa.id))  # the reviewer's own, of an earlier life
    crowdworkers.count()
    assert draw(researcher) is None
    assert researcher.post("/reviews/draw", json={}).json()["why"].startswith("There is nothing left")
    assert researcher.put(f"/reviews/{same.id}", json={"picked": same.picked_id}).json()["type"] == "not-reviewable"
    assert researcher.put("/reviews/nothing", json={"picked": None}).json()["type"] == "not-reviewable"


def test_who_was_reviewed_least_comes_first(browser: Browser, ada: Account, rosa: Account) -> None:
    with db.writing() as session:
        bob = make_account(session, username="bob")
        for number in range(3):
            chosen(session, ada, at=MONDAY + timedelta(days=7 * number))
            chosen(session, bob)
    crowdworkers.count()
    drawn_of: list[str | None] = []
    for _ in range(6):
        with db.writing() as session:
            found = drawing.draw(session, rosa, DrawWanted(), random.Random(3))
            assert found is not None
            row = session.get_one(Comparison, found)
            drawn_of.append(row.account_id)
            session.add(Review(comparison_id=row.id, turn_id=row.turn_id, account_id=rosa.id))
    assert [set(drawn_of[at : at + 2]) for at in (0, 2, 4)] == [{ada.id, bob.id}] * 3
    with db.writing() as session:
        assert drawing.draw(session, rosa, DrawWanted(), random.Random(3)) is None


def test_now_and_then_it_is_one_that_another_researcher_reviewed(
    ada: Account, rosa: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.writing() as session:
        rows = [chosen(session, ada) for _ in range(20)]
        otto = make_account(session, Role.RESEARCHER)
        review = Review(comparison_id=rows[7].id, turn_id=rows[7].turn_id, account_id=otto.id)
        review.picked_id, review.picked_shown = rows[7].picked_id, "a"
        session.add(review)
    crowdworkers.count()
    monkeypatch.setattr(drawing, "AGAIN", 1.0)
    with db.writing() as session:
        assert drawing.draw(session, rosa, DrawWanted(), random.Random(0)) == rows[7].id
        assert drawing.draw(session, otto, DrawWanted(), random.Random(0)) != rows[7].id


def test_of_one_crowdworker_or_one_tranche(researcher: TestClient, ada: Account) -> None:
    with db.writing() as session:
        chosen(session, make_account(session, username="bob"), strength=1)
        frozen = chosen(session, ada)
        make_tranche(session, frozen, name="w1-base")
        chosen(session, ada)
    crowdworkers.count()
    assert {draw(researcher, tranche="w1-base")["comparison"] for _ in range(4)} == {frozen.id}
    with db.reading() as session:
        of_ada = set(session.scalars(select(Comparison.id).where(Comparison.account_id == ada.id)))
    assert draw(researcher, crowdworker="Ada")["comparison"] in of_ada
    for wanted in ({"tranche": "w9"}, {"crowdworker": "zoe"}):
        assert researcher.post("/reviews/draw", json=wanted).json()["type"] == "unknown-filter"


def test_red_teaming_is_read_by_who_agreed_to_the_warning_and_on_record(
    browser: Browser, researcher: TestClient, ada: Account, rosa: Account
) -> None:
    with db.writing() as session:
        row = chosen(session, ada, task=make_task(session, TaskKind.RED_TEAM))
        conversation = row.turn.conversation_id
    crowdworkers.count()
    assert draw(researcher) is None
    assert researcher.post("/reviews/draw", json={"red_team": True}).json()["type"] == "warning-not-agreed"
    assert researcher.put(f"/reviews/{row.id}", json={"picked": row.picked_id}).json()["type"] == "not-reviewable"
    with db.writing() as session:
        session.get_one(Account, rosa.id).red_team_opt_in_at = db.now()
    assert draw(researcher) is None, "still only when asked for"
    drawn = draw(researcher, red_team=True)
    assert (drawn["kind"], drawn["choice_direction"]) == ("red-team", "pick-worse")
    with db.reading() as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "read-red-team")).all()
    assert (event.account_id, event.subject) == (rosa.id, f"conversation:{conversation}")


def test_agreement_is_counted_per_reviewer_and_between_two(browser: Browser, researcher: TestClient) -> None:
    with db.writing() as session:
        ada = make_account(session)
        one, two = (make_account(session, Role.RESEARCHER, username=name) for name in ("nia", "otto"))
        for number in range(12):
            row = chosen(session, ada, "a" if number < 6 else "b")
            for person, agrees in ((one, number != 0), (two, number not in (0, 6))):
                if person is two and number == 11:
                    continue
                picked = row.picked_id if agrees else row.other_id
                review = Review(comparison_id=row.id, turn_id=row.turn_id, account_id=person.id)
                review.picked_id, review.picked_shown = picked, "b"
                session.add(review)
    found = researcher.get("/reviews").json()
    assert (found["reviews"], found["skipped"]) == (23, 0)
    assert found["with_crowdworkers"]["share"] == pytest.approx(20 / 23)
    nia, otto = found["reviewers"]
    assert (nia["username"], nia["reviews"], nia["with_crowdworkers"]["share"]) == ("nia", 12, pytest.approx(11 / 12))
    assert (otto["reviews"], otto["picked_a"]["share"]) == (11, 0.0)
    (pair,) = found["pairs"]
    # Of eleven they differ once: nia has 5 a and 6 b, otto 6 a and 5 b; by chance (5·6 + 6·5) / 121.
    assert (pair["both"], pair["agreement"]["share"]) == (11, pytest.approx(10 / 11))
    assert pair["kappa"] == pytest.approx((10 / 11 - 60 / 121) / (1 - 60 / 121))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_researchers_review(browser: Browser, ada: Account) -> None:
    crowdworker = browser(ada)
    for verb, path in (
        ("GET", "/reviews"),
        ("POST", "/reviews/draw"),
        ("PUT", "/reviews/x"),
        ("PUT", "/reviews/x/note"),
    ):
        body = None if verb == "GET" else {"picked": None, "note": ""}
        assert crowdworker.request(verb, path, json=body).status_code == 403
