"""A walk through every address that changes something: what a researcher or an admin changes is in the audit log. A new
route has to be walked here, or to say why it leaves no entry; so has a new command."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select

from app import cli, db
from app.main import app
from app.tables import (
    Account,
    AuditEvent,
    Delivery,
    DeliveryStatus,
    Export,
    ExportStatus,
    Iteration,
    IterationStatus,
    Payment,
    Report,
    ReportReason,
    Role,
    Task,
)
from app.tasks.defaults import HELPFULNESS
from tests.app.conftest import Browser
from tests.app.improvement.rows import make_week
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_turn

OWN = "What somebody does with their own account, work or words is a row of its own, with who and when."
REVIEW = "A review is a row of its own, with who and when."
UNRECORDED = {
    "POST /session": OWN,
    "DELETE /session": OWN,
    "POST /account/consent": OWN,
    "POST /account/red-team-opt-in": OWN,
    "POST /assignments": OWN,
    "POST /assignments/{assignment_id}/withdraw": OWN,
    "POST /candidates/{candidate_id}/report": OWN,
    "POST /care/survey": OWN,
    "POST /conversations/{conversation_id}/complete": OWN,
    "POST /conversations/{conversation_id}/turns": OWN,
    "PUT /conversations/{conversation_id}/plan": OWN,
    "POST /messages": OWN,
    "POST /studies/enter": OWN,
    "POST /tasks/{slug}/qualification": OWN,
    "POST /turns/{turn_id}/check": OWN,
    "POST /turns/{turn_id}/retry": OWN,
    "POST /turns/{turn_id}/stop": OWN,
    "PUT /turns/{turn_id}/comparison": OWN,
    "PUT /turns/{turn_id}/edit": OWN,
    "DELETE /turns/{turn_id}/edit": OWN,
    "POST /visits/current/withdraw": OWN,
    "POST /threads/{account_id}": "The message itself says who wrote it and when, and nobody can change it.",
    "POST /reviews/draw": "Changes nothing; that a red-team conversation was read is recorded, and tested there.",
    "PUT /reviews/{comparison_id}": REVIEW,
    "PUT /reviews/{comparison_id}/note": REVIEW,
    "POST /leaderboard/fit": "Nothing is changed: the same numbers are counted anew, and the fit says who asked.",
    "POST /playground": "Nothing is stored.",
}
BY_PEOPLE_THEMSELVES = {"POST /accounts": "join", "DELETE /account/data": "erase"}
"""Recorded, but by somebody who is no researcher yet or any more: tests below."""

UNRECORDED_COMMANDS = {
    "init": "What an installation begins with; its deployments and texts are recorded like any others.",
    "export": "Reads.",
    "datasheet": "Reads.",
    "elo": "Reads.",
    "figure": "Reads.",
    "improvement": "Reads.",
    "doctor": "Reads.",
}
RECORDED_COMMANDS = {
    "first-admin-link",
    "create-admin",
    "import-hh",
    "import-study",
    "iterate",
    "deploy",
    "promote",
    "rollback",
    "retire",
}


@dataclass(frozen=True)
class Step:
    route: str
    at: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    query: dict[str, str] | None = None


def a_day(ana: Account) -> Iterator[Step]:
    """Everything that researchers and admins can change, in an order in which it can be changed."""
    with db.writing() as session:
        make_week(session, 1)
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        crowdworker = make_account(session)
        comparison = make_comparison(session, make_turn(session, make_conversation(session, task, crowdworker)))
        candidate = comparison.turn.candidates[0]
        report = Report(candidate_id=candidate.id, account_id=crowdworker.id, reason=ReportReason.BROKEN)
        done = Export(format="hh", status=ExportStatus.DONE, asked_by=ana.id)
        session.add_all([report, done])
        make_snapshot(session, "old", directory="old")
        make_snapshot(session, "new")
        other = make_account(session).id

    slug, person = {"slug": HELPFULNESS.slug}, {"account_id": crowdworker.id}
    yield Step("POST /consent", body={"body": "Be well."})
    yield Step("POST /invitations", body={"role": "researcher", "note": "For Lee."})
    settings = {"pass_mark": 4, "qualification_tries": 9, "pay_cents": 5, "currency": "USD", "active": True}
    settings |= {"assignments_per_day": None, "assignments_per_person": None, "max_turns": 4, "max_tokens": 64}
    settings |= {"conversations_per_assignment": 5, "pair_scope": "turn", "temperature": 1}
    yield Step("PUT /tasks/{slug}", slug, settings)
    text = {"title": "T", "question": "Q?", "instructions": "I.", "qualification": HELPFULNESS.qualification}
    yield Step("POST /tasks/{slug}/texts", slug, text)

    yield Step("POST /explorer/conversations/{conversation_id}/openings", {"conversation_id": red_team_conversation()})
    yield Step("POST /samples/openings", query={"a": "2026-w41-policy", "b": "initial"})
    yield Step("PUT /comparisons/{comparison_id}/exclusion", {"comparison_id": comparison.id}, {"reason": "Spam."})
    yield Step("PUT /accounts/{account_id}/exclusion", person, {"reason": "Spam."})
    yield Step("PUT /accounts/{account_id}/may-edit", person, {"may_edit": True})
    yield Step("PUT /accounts/{account_id}/suspended", person, {"suspended": True, "reason": "Spam."})
    decided = {"account_id": other, "slug": HELPFULNESS.slug}
    yield Step("PUT /accounts/{account_id}/qualifications/{slug}", decided, {"qualified": True, "reason": "By hand."})
    yield Step("PUT /accounts/{account_id}/role", {"account_id": other}, {"role": "researcher", "reason": "Hired."})
    yield Step("POST /reports/{report_id}/handled", {"report_id": report.id})

    yield Step("POST /iterations", body={"preset": "toy"})
    week = {"id": newest_iteration()}
    yield Step("POST /iterations/{id}/cancel", week)
    yield Step("POST /iterations/{id}/resume", week)
    with db.writing() as session:
        session.get_one(Iteration, week["id"]).status = IterationStatus.HELD
    yield Step("POST /iterations/{id}/overrule", week, {"reason": "It is better than it looks."})
    plan = {"cron": "0 5 * * 2", "timezone": "UTC", "enabled": True, "preset": "toy", "min_new_comparisons": 3}
    yield Step("PUT /schedule", body=plan)

    shares = [{"snapshot": "new", "share": 60}, {"snapshot": "initial", "share": 40}]
    yield Step("PUT /tasks/{slug}/deployments", slug, {"deployments": shares, "reason": "To try it.", "canary": 5})
    yield Step("POST /tasks/{slug}/promote", slug, {"reason": "It does well."})
    yield Step("POST /tasks/{slug}/rollback", slug, {"reason": "It does not."})
    yield Step("POST /snapshots/{name}/retire", {"name": "old"}, {"reason": "Old."})
    yield Step("POST /snapshots/{name}/unretire", {"name": "old"}, {"reason": "Not so old."})

    yield Step("POST /exports", body={"format": "hh"})
    with db.reading() as session:
        waiting = session.scalars(select(Export.id).where(Export.status == ExportStatus.WAITING)).one()
    yield Step("POST /exports/{export_id}/cancel", {"export_id": waiting})
    yield Step("DELETE /exports/{export_id}/file", {"export_id": done.id})

    yield from the_pay()
    yield from the_notifications()

    study = {"provider": "mturk", "external_id": "hit", "task": HELPFULNESS.slug}
    study |= {"code_completed": "A", "code_screened_out": "B", "code_withdrawn": "C"}
    yield Step("POST /studies", body=study)
    yield Step("PUT /studies/{study_id}", {"study_id": of_newest("study")}, study | {"active": False})
    yield Step("POST /improvement/shared", body={"title": "One week"})
    yield Step("POST /improvement/shared/{shared_id}/revoke", {"shared_id": of_newest("improvement")})


def the_pay() -> Iterator[Step]:
    with db.writing() as session:
        paid = make_account(session, username="noor").id
    yield Step("POST /pay/bonuses", body={"csv": "noor,1.50,Thank you.", "currency": "USD"})
    bonus = {"key": "k", "cents": 100, "currency": "USD", "reason": "Again."}
    yield Step("POST /accounts/{account_id}/bonuses", {"account_id": paid}, bonus)
    with db.reading() as session:
        newest = session.scalars(select(Payment.id).order_by(Payment.created_at.desc())).first() or ""
    yield Step("DELETE /pay/bonuses/{bonus_id}", {"bonus_id": newest})
    yield Step("POST /pay/exports", body={"until": None})


def the_notifications() -> Iterator[Step]:
    hook = {"kind": "webhook", "address": "https://example.org/hook", "events": ["iteration.held"]}
    yield Step("POST /notifications/receivers", body=hook)
    receiver = {"receiver_id": of_newest("receiver")}
    changed = {"events": ["iteration.held", "iteration.failed"], "active": True}
    yield Step("PUT /notifications/receivers/{receiver_id}", receiver, changed)
    yield Step("POST /notifications/receivers/{receiver_id}/test", receiver)
    with db.writing() as session:
        delivery = session.scalars(select(Delivery)).first() or Delivery()
        delivery.status = DeliveryStatus.GIVEN_UP
    yield Step("POST /notifications/deliveries/{delivery_id}/try-again", {"delivery_id": delivery.id})
    yield Step("DELETE /notifications/receivers/{receiver_id}", receiver)


def red_team_conversation() -> str:
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == "red-team")).one()
        return make_conversation(session, task).id


def newest_iteration() -> str:
    with db.reading() as session:
        return session.scalars(select(Iteration.id).order_by(Iteration.number.desc())).first() or ""


def of_newest(kind: str) -> str:
    """The id in the newest entry about such a thing."""
    with db.reading() as session:
        entries = select(AuditEvent.subject).where(AuditEvent.subject.startswith(f"{kind}:"))
        return session.scalars(entries.order_by(AuditEvent.id.desc())).first().partition(":")[2]  # type: ignore[union-attr]


@pytest.fixture
def ana(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, Role.ADMIN, username="ana", red_team_opt_in_at=db.now())


def entries(account: Account) -> int:
    with db.reading() as session:
        of_person = select(func.count()).select_from(AuditEvent).where(AuditEvent.account_id == account.id)
        return session.scalar(of_person) or 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everything_that_a_researcher_changes_is_recorded(browser: Browser, ana: Account) -> None:
    http = browser(ana)
    unrecorded, walked = [], set()
    for step in a_day(ana):
        verb, path = step.route.split()
        before = entries(ana)
        answer = http.request(verb, path.format(**step.at), json=step.body, params=step.query)
        assert answer.status_code < 300, f"{step.route}: {answer.text}"
        walked.add(step.route)
        if entries(ana) == before:
            unrecorded.append(step.route)
    assert unrecorded == []

    known = walked | UNRECORDED.keys() | BY_PEOPLE_THEMSELVES.keys()
    assert routes() - known == set(), "add a Step to a_day(), or say in UNRECORDED why these leave no entry"
    assert known - routes() == set()


def routes() -> set[str]:
    paths = app.openapi()["paths"]
    return {
        f"{verb.upper()} {path.removeprefix('/api/v1')}"
        for path, verbs in paths.items()
        for verb in verbs
        if verb != "get"
    }


def test_every_command_is_recorded_or_says_why_not() -> None:
    (commands,) = [action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert set(commands.choices) - UNRECORDED_COMMANDS.keys() - RECORDED_COMMANDS == set()


def test_an_admin_made_at_a_terminal_is_recorded(web: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    monkeypatch.setattr("sys.stdin.readline", lambda: "correct horse\n", raising=False)
    assert cli.main(["create-admin", "lee"]) == 0
    with db.reading() as session:
        lee = session.scalars(select(Account).where(Account.username == "lee")).one()
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "create-admin")).one()
        assert (event.account_id, event.subject, event.after) == (None, f"account:{lee.id}", {"role": "admin"})


def test_whoever_joins_by_invitation_is_recorded_with_the_role(browser: Browser, ana: Account) -> None:
    token = browser(ana).post("/invitations", json={"role": "researcher"}).json()["token"]
    person = {"username": "lee", "password": "correct horse", "consent": True, "invitation": token}
    browser().post("/accounts", json=person).raise_for_status()
    browser().post("/accounts", json=person | {"username": "kim", "invitation": None}).raise_for_status()
    with db.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "join")).one()
        lee = session.get_one(Account, event.account_id)
        assert (lee.username, event.subject, event.after) == ("lee", f"account:{lee.id}", {"role": "researcher"})


def test_the_end_of_an_iteration_is_recorded_with_its_reason(session: Any) -> None:
    from app.iterations import service

    iteration = service.start(session, "toy")
    service.close(iteration, IterationStatus.HELD, "KL is 31 nats.")
    service.skip(session, "toy", {}, "Too few new comparisons.")
    session.flush()
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.action, event.account_id, event.reason) for event in events] == [
        ("iterate", None, None),
        ("held", None, "KL is 31 nats."),
        ("skip", None, "Too few new comparisons."),
    ]
    assert (events[1].before, events[1].after) == ({"status": "running"}, {"status": "held"})
