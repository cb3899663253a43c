"""Scoring against a real HTTP server that answers like a PM: the length of what it read."""

from collections.abc import Iterator
from datetime import timedelta
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import db, settings
from app.tables import Candidate, CandidateStatus, Snapshot, SnapshotKind, Turn
from tests.answering import Answer, JSONHandler, answering
from tests.factories import make_comparison, make_conversation, make_deployment, make_snapshot, make_turn
from worker import scoring


class PMServer(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, object]] = []
        self.knows_the_pm = True


class _Handler(JSONHandler):
    server: PMServer

    def get(self) -> Answer:
        return 200, {"data": []}

    def post(self, body: Any) -> Answer:
        if self.path == "/v1/load_lora_adapter":
            self.server.knows_the_pm = True
            return 200, {}
        if not self.server.knows_the_pm:
            return 404, {"error": {"message": "?", "type": "NotFoundError", "code": 404}}
        self.server.requests.append(body)
        score = float(len(body["messages"][-1]["content"]))
        return 200, {"data": [{"index": 0, "data": [score]}]}


@pytest.fixture
def pm_server(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[PMServer]:
    with answering(server := PMServer()) as url:
        monkeypatch.setenv("PM_URL", url)
        monkeypatch.setenv("INFERENCE_URL", url)
        settings.get_settings.cache_clear()
        yield server


def deploy_pm(session: Session) -> Snapshot:
    pm = make_snapshot(session, "pm-1", SnapshotKind.PM, directory="pm-1")
    make_deployment(session, None, pm)
    return pm


def scores(turn: Turn) -> list[tuple[float | None, str | None]]:
    with db.reading() as session:
        rows = select(Candidate).where(Candidate.turn_id == turn.id).order_by(Candidate.shown)
        return [(row.score, row.scored_by_id) for row in session.scalars(rows)]


def test_both_candidates_are_scored_after_the_trunk_they_continue(pm_server: PMServer) -> None:
    with db.writing() as session:
        pm, conversation = deploy_pm(session), make_conversation(session)
        first = make_turn(session, conversation, ("Left.", "Right."), text="Which way?")
        make_comparison(session, first, picked="b")
        turn = make_turn(session, conversation, ("No", "Yes!"), text="Sure?")
    scoring.score_turn(turn.id)
    assert scores(turn) == [(2.0, pm.id), (4.0, pm.id)]
    request = max(pm_server.requests, key=lambda request: str(request["messages"]))
    assert request["model"] == "pm-1"
    assert request["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Which way?"},
        {"role": "assistant", "content": "Right."},
        {"role": "user", "content": "Sure?"},
        {"role": "assistant", "content": "Yes!"},
    ]


def test_scoring_twice_asks_once(pm_server: PMServer) -> None:
    with db.writing() as session:
        deploy_pm(session)
        turn = make_turn(session)
    scoring.score_turn(turn.id)
    scoring.score_turn(turn.id)
    assert len(pm_server.requests) == 2


def test_stopped_candidates_and_weeks_without_a_pm_are_left_alone(pm_server: PMServer) -> None:
    with db.writing() as session:
        turn = make_turn(session)
    scoring.score_turn(turn.id)
    scoring.score_turn("unknown")
    assert pm_server.requests == []
    with db.writing() as session:
        pm = deploy_pm(session)
        session.get_one(Turn, turn.id).candidates[0].status = CandidateStatus.STOPPED
    scoring.score_turn(turn.id)
    assert scores(turn) == [(None, None), (3.0, pm.id)]


def test_a_server_that_forgot_the_pm_gets_it_loaded_and_is_asked_again(
    pm_server: PMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.snapshots import reconcile

    monkeypatch.setattr(reconcile, "verify", lambda directory: None)
    with db.writing() as session:
        deploy_pm(session)
        turn = make_turn(session)
    pm_server.knows_the_pm = False
    scoring.score_turn(turn.id)
    assert [score for score, _ in scores(turn)] == [4.0, 3.0]


def test_overdue_turns_are_those_held_here_whose_scores_are_missing(engine: Engine) -> None:
    with db.writing() as session:
        policy = make_snapshot(session, "initial")
        overdue, fresh, imported, scored = (make_turn(session) for _ in range(4))
        for turn in (overdue, fresh, scored):
            turn.ready_at = db.now() - timedelta(minutes=5)
            for candidate in turn.candidates:
                candidate.snapshot_id = policy.id
        fresh.ready_at = db.now()
        imported.ready_at = db.now() - timedelta(minutes=5)
        for candidate in scored.candidates:
            candidate.score = 1.0
    assert scoring.unscored_turns() == []  # nobody could score them
    with db.writing() as session:
        deploy_pm(session)
    assert scoring.unscored_turns() == [overdue.id]


def test_a_tick_sends_a_bounded_number_of_them(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "RESENT_AT_ONCE", 2)
    with db.writing() as session:
        deploy_pm(session)
        policy = make_snapshot(session, "initial")
        for minutes in range(5):
            turn = make_turn(session, ready_at=db.now() - timedelta(minutes=1 + minutes))
            for candidate in turn.candidates:
                candidate.snapshot_id = policy.id
    assert len(scoring.unscored_turns()) == 2
