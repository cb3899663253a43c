"""Scores of new candidates by the deployed PM, over HTTP (`/pooling`)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NamedTuple

import httpx
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import db
from app.settings import get_settings
from app.snapshots.reconcile import reconcile
from app.snapshots.service import deployed_pm
from app.tables import Candidate, CandidateStatus, Conversation, Turn

RESENT_AT_ONCE = 50  # turns per tick: a PM server that was away for a day is not buried when it returns
OVERDUE = timedelta(seconds=30)  # a turn that was ready for so long and has no score lost its job


class Unscored(NamedTuple):
    candidate_id: str
    messages: list[dict[str, str]]


def score_turn(turn_id: str) -> None:
    """Score the finished candidates of a turn that have no score yet. Without a deployed PM there is nothing to do."""
    with db.reading() as session:
        pm, turn = deployed_pm(session), session.get(Turn, turn_id)
        unscored = _unscored(session, turn) if turn and pm else []
    if not pm or not unscored:
        return
    with httpx.Client(base_url=get_settings().scoring_url, timeout=120) as server, ThreadPoolExecutor() as pool:
        scores = list(pool.map(lambda one: _score(server, pm.name, one.messages), unscored))
    with db.writing() as session:
        for one, score in zip(unscored, scores, strict=True):
            new = update(Candidate).where(Candidate.id == one.candidate_id, Candidate.score.is_(None))
            session.execute(new.values(score=score, scored_by_id=pm.id))


def _score(server: httpx.Client, pm: str, messages: list[dict[str, str]]) -> float:
    request = {"model": pm, "messages": messages}
    answer = server.post("/pooling", json=request)
    if answer.status_code == httpx.codes.NOT_FOUND:  # the server was started anew, or the PM was just deployed
        reconcile()
        answer = server.post("/pooling", json=request)
    answer.raise_for_status()
    return float(answer.json()["data"][0]["data"][0])


def _unscored(session: Session, turn: Turn) -> list[Unscored]:
    if turn.conversation.erased_at is not None:
        return []
    return [
        Unscored(candidate.id, [*_said_before(turn), {"role": "assistant", "content": candidate.text}])
        for candidate in turn.pair  # a crowdworker's own words say nothing about a policy
        if candidate.status == CandidateStatus.DONE and candidate.score is None
    ]


def _said_before(turn: Turn) -> list[dict[str, str]]:
    """The system message and the trunk up to this turn's human message."""
    messages = [{"role": "system", "content": turn.conversation.system}]
    for earlier in turn.conversation.turns[: turn.position]:
        picked = earlier.comparison
        assert picked is not None, "a turn follows only a decided one"
        said = next(candidate for candidate in earlier.candidates if candidate.id == picked.picked_id)
        messages += [{"role": "user", "content": earlier.text}, {"role": "assistant", "content": said.text}]
    return [*messages, {"role": "user", "content": turn.text}]


def unscored_turns() -> list[str]:
    """Turns that were held here (not imported) and whose scores are overdue, newest first."""
    with db.reading() as session:
        if deployed_pm(session) is None:
            return []
        overdue = (
            select(Turn.id)
            .join(Candidate)
            .join(Conversation, Turn.conversation_id == Conversation.id)
            .where(
                Conversation.erased_at.is_(None),
                Candidate.score.is_(None),
                Candidate.status == CandidateStatus.DONE,
                Candidate.snapshot_id.is_not(None),
                Turn.ready_at < db.now() - OVERDUE,
            )
            .group_by(Turn.id, Turn.ready_at)
            .order_by(Turn.ready_at.desc())
        )
        return list(session.scalars(overdue.limit(RESENT_AT_ONCE)))
