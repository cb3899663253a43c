from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import db
from app.dashboard import collected, inference
from app.settings import Settings, get_settings
from app.tables import (
    CollectedDay,
    ConversationStatus,
    EloBoard,
    EloFit,
    EloFitStatus,
    Role,
    SnapshotKind,
    Task,
    TrancheKind,
)
from tests.app.clients import client_of
from tests.factories import (
    make_account,
    make_comparison,
    make_conversation,
    make_deployment,
    make_snapshot,
    make_task,
    make_tranche,
    make_turn,
)
from worker import dashboard

WEDNESDAY = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def on_wednesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collected, "now", lambda: WEDNESDAY)


def choose(session: Session, days_ago: int, count: int = 1, kind: TrancheKind = TrancheKind.BASE) -> None:
    """So many choices in the task “talk”, at noon."""
    at = WEDNESDAY - timedelta(days=days_ago)
    for _ in range(count):
        conversation = make_conversation(session, make_talk(session))
        make_comparison(session, make_turn(session, conversation), kind=kind, created_at=at)


def make_talk(session: Session) -> Task:
    return session.scalar(select(Task).where(Task.slug == "talk")) or make_task(session, slug="talk")


def test_the_overview_counts_current_choices_and_leaves_previews_and_unfinished_imports_out(engine: Engine) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
        task = make_task(session, slug="talk")
        conversation = make_conversation(session, task)
        frozen = make_comparison(session, make_turn(session, conversation))
        make_tranche(session, frozen)
        changed = make_turn(session, conversation)
        make_comparison(session, changed, superseded_at=db.now())
        make_comparison(session, changed, picked="b", kind=TrancheKind.ONLINE)
        make_comparison(session, make_turn(session, make_conversation(session, task, preview=True)))
        importing = make_conversation(session, task, status=ConversationStatus.IMPORTING)
        make_comparison(session, make_turn(session, importing))
    body = client_of(researcher).get("/overview").json()["collected"]
    assert (body["all"]["total"], body["all"]["today"], body["new"]) == (2, 2, 1)
    assert {task: counts["total"] for task, counts in body["by_task"].items()} == {"talk": 2}
    assert {kind: counts["total"] for kind, counts in body["by_kind"].items()} == {"base": 1, "online": 1}


def test_weeks_begin_on_monday_and_days_at_midnight_utc(session: Session, on_wednesday: None) -> None:
    for days_ago, count in ((0, 1), (1, 2), (2, 4), (3, 8), (9, 16), (10, 32)):
        choose(session, days_ago, count)
    # Today; since Monday; Monday to Sunday before; all, with the Sunday before that.
    assert collected.collected(session).all == collected.Counts(today=1, this_week=7, last_week=24, total=63)


def test_days_that_are_over_are_written_down_once_and_count_the_same(session: Session, on_wednesday: None) -> None:
    for days_ago, count in ((0, 1), (1, 2), (2, 3), (70, 4)):
        choose(session, days_ago, count)
        choose(session, days_ago, 1, TrancheKind.ONLINE)
    before = collected.came_in(session)
    while collected.close_days(session):
        pass
    rows = session.scalars(select(CollectedDay).order_by(CollectedDay.day, CollectedDay.kind)).all()
    closed = [(row.day.isoformat(), str(row.kind), row.comparisons) for row in rows]
    assert closed == [  # not today's, and not yesterday's: a choice may be changed until the next message
        ("2026-09-16", "base", 4),
        ("2026-09-16", "online", 1),
        ("2026-11-23", "base", 3),
        ("2026-11-23", "online", 1),
    ]
    assert collected.came_in(session) == before
    assert collected.close_days(session) is False


def test_a_month_of_previews_alone_does_not_keep_later_days_open(session: Session, on_wednesday: None) -> None:
    preview = make_conversation(session, make_talk(session), preview=True)
    make_comparison(session, make_turn(session, preview), created_at=WEDNESDAY - timedelta(days=90))
    choose(session, 3)
    while collected.close_days(session):
        pass
    assert [row.comparisons for row in session.scalars(select(CollectedDay))] == [1]


def test_the_tick_writes_the_days_and_that_it_ticks(engine: Engine) -> None:
    with db.writing() as session:
        make_comparison(session, created_at=db.now() - timedelta(days=400))
        make_comparison(session, created_at=db.now() - timedelta(days=3))
    dashboard.close_collected_days()
    dashboard.beat()
    dashboard.beat()
    with db.reading() as session:
        assert [row.comparisons for row in session.scalars(select(CollectedDay))] == [1, 1]


def test_who_chose_this_week_are_people_and_not_choices(session: Session, on_wednesday: None) -> None:
    ada, ben = make_account(session), make_account(session)
    for account, days_ago in ((ada, 0), (ada, 1), (ben, 2), (make_account(session), 5)):
        at = WEDNESDAY - timedelta(days=days_ago)
        make_comparison(session, make_turn(session, make_conversation(session, account=account)), created_at=at)
    assert collected.collected(session).crowdworkers == 2


def test_an_empty_installation_has_an_overview(engine: Engine) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
    body = client_of(researcher).get("/overview").json()
    assert body["collected"]["all"] == {"today": 0, "this_week": 0, "last_week": 0, "total": 0}
    assert (body["training"], body["next_run"], body["answering"], body["alarms"]) == (None, None, [], [])
    assert {step["done"] for step in body["first_steps"]} == {False}


def test_who_answers_stands_with_the_share_and_the_newest_fits_elo(engine: Engine) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
        task = make_task(session, slug="talk")
        for name, share in (("week-2", 60), ("week-1", 30), ("initial", 10)):
            make_deployment(session, task, make_snapshot(session, name), share)
        make_deployment(session, None, make_snapshot(session, "the-pm", SnapshotKind.PM))
        for ago, elo in ((2, 999.0), (1, 80.0)):
            fit = EloFit(status=EloFitStatus.DONE, finished_at=db.now() - timedelta(hours=ago), comparisons=40)
            session.add(fit)
            session.flush()
            one = {"snapshot": "week-1", "best_of": 1, "comparisons": 40, "elo": {"elo": elo, "low": 20, "high": 140}}
            board = {"standings": [one, {"snapshot": "week-2", "best_of": 1, "comparisons": 0, "elo": None}]}
            session.add(EloBoard(fit_id=fit.id, task_id=task.id, week=None, comparisons=40, board=board))
    body = client_of(researcher).get("/overview").json()
    (talk,) = body["answering"]
    assert [(line["snapshot"], line["share"]) for line in talk["policies"]] == [
        ("week-2", 60),
        ("week-1", 30),
        ("initial", 10),
    ]
    assert [line["strength"] for line in talk["policies"]] == [None, {"elo": 80, "low": 20, "high": 140}, None]
    assert body["scoring_pm"] == "the-pm"


def test_an_inference_server_that_is_away_and_a_snapshot_that_it_lacks_are_alarms(
    engine: Engine, configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
        task = make_task(session)
        make_deployment(session, task, make_snapshot(session, "initial"), 10)
        make_deployment(session, task, make_snapshot(session, "week-1", directory="week-1"), 90)
    asked = client_of(researcher)
    away = asked.get("/overview/inference").json()
    assert (away["reachable"], [alarm["kind"] for alarm in away["alarms"]]) == (False, ["inference"])

    def get(url: str, timeout: float) -> httpx.Response:
        assert url == f"{get_settings().inference_url}/v1/models"
        return httpx.Response(200, json={"data": [{"id": "initial"}]}, request=httpx.Request("GET", url))

    monkeypatch.setattr(inference.httpx, "get", get)
    there = asked.get("/overview/inference").json()
    assert (there["reachable"], there["models"]) == (True, ["initial"])
    assert [alarm["sentence"].split(",")[0] for alarm in there["alarms"]] == ["“week-1” is deployed"]
