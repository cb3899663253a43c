"""Who samples a turn: a lease on its row. Every write here is conditional on still holding it, so two processes never
both own a turn, and one that was paused too long cannot overwrite what its successor wrote.

Short transactions of their own, called from threads of the event loop.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app import db, jobs
from app.chat.queries import said_before, scoring_pm
from app.tables import CandidateStatus, Snapshot, Turn, TurnStatus

LENGTH = timedelta(seconds=15)
RENEW_EVERY = 5.0  # seconds
NOT_BEGUN_FOR = timedelta(seconds=3)  # a turn without any lease: the process that stored it had time to take one


class Request(NamedTuple):
    """What one candidate asks of its policy."""

    shown: str
    snapshot: str
    seed: int
    sampling: dict[str, Any]

    @property
    def best_of(self) -> int:
        return int(self.sampling["best_of"])


class Work(NamedTuple):
    """A turn that the holder of the lease has to answer."""

    turn_id: str
    owner: str
    attempt: int
    stop_requested: bool
    messages: list[dict[str, str]]
    requests: list[Request]
    pm: str | None

    @property
    def held(self) -> bool:
        """Best-of-k cannot stream, so its partner is not shown before it either."""
        return any(request.best_of > 1 for request in self.requests)


@dataclass
class Draft:
    """A candidate in the making."""

    text: str = ""
    finish: str | None = None  # set when it is complete
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    first_token_ms: int | None = None
    total_ms: int | None = None
    best_of_texts: list[dict[str, Any]] | None = None
    score: float | None = None
    published: int = field(default=0, repr=False)  # characters that readers have got


def claim(turn_id: str, owner: str) -> Work | None:
    """Take the turn if nobody holds it; the attempt counts up. None: somebody does, or it is finished."""
    with db.writing() as session:
        attempt = session.scalar(
            update(Turn)
            .where(Turn.id == turn_id, Turn.status == TurnStatus.GENERATING)
            .where(or_(Turn.lease_until.is_(None), Turn.lease_until < db.now()))
            .values(lease_owner=owner, lease_until=db.now() + LENGTH, attempt=Turn.attempt + 1)
            .returning(Turn.attempt)
        )
    if attempt is None:
        return None
    with db.reading() as session:
        turn, pm = session.get_one(Turn, turn_id), scoring_pm(session)
        requests = [
            Request(
                candidate.shown,
                session.get_one(Snapshot, candidate.snapshot_id).name,
                candidate.seed or 0,
                candidate.sampling or {},
            )
            for candidate in turn.candidates
        ]
        messages = said_before(session, turn)
        return Work(turn_id, owner, attempt, turn.stop_requested, messages, requests, pm.name if pm else None)


def renew(turn_id: str, owner: str) -> bool | None:
    """Hold it for longer. True when a stop was requested, None when the lease was lost."""
    return _held(turn_id, owner, lease_until=db.now() + LENGTH)


def begin_again(turn_id: str, owner: str) -> int | None:
    """Count one more attempt of the same holder; None when the lease was lost."""
    with db.writing() as session:
        return session.scalar(
            update(Turn)
            .where(Turn.id == turn_id, Turn.lease_owner == owner, Turn.status == TurnStatus.GENERATING)
            .values(attempt=Turn.attempt + 1, lease_until=db.now() + LENGTH)
            .returning(Turn.attempt)
        )


def release(turn_id: str, owner: str) -> None:
    """Give it back at once: this process ends, and another one need not wait until the lease runs out."""
    _held(turn_id, owner, lease_owner=None, lease_until=None)


def finish(work: Work, drafts: dict[str, Draft]) -> bool:
    """Write both candidates, complete or stopped: the turn is ready. False: the lease was lost, nothing is written."""
    if not any(draft.text or draft.finish for draft in drafts.values()):
        return fail(work, drafts, "It was stopped before anything was written. Try again, or end the conversation.")
    with db.writing() as session:
        turn = _final(session, work, TurnStatus.READY, None)
        if turn is None:
            return False
        turn.ready_at = db.now()
        pm = scoring_pm(session)
        for candidate in turn.candidates:
            draft = drafts[candidate.shown]
            candidate.status = CandidateStatus.DONE if draft.finish else CandidateStatus.STOPPED
            candidate.text, candidate.finish = draft.text, draft.finish or "stopped"
            candidate.prompt_tokens, candidate.completion_tokens = draft.prompt_tokens, draft.completion_tokens
            candidate.first_token_ms, candidate.total_ms = draft.first_token_ms, draft.total_ms
            candidate.best_of_texts, candidate.score = draft.best_of_texts, draft.score
            candidate.scored_by_id = pm.id if pm and pm.name == work.pm and draft.score is not None else None
        jobs.send_after_commit(session, "score_turn", work.turn_id)
    return True


def fail(work: Work, drafts: dict[str, Draft], detail: str) -> bool:
    """No answer: the human message stays, and the crowdworker may try again."""
    with db.writing() as session:
        turn = _final(session, work, TurnStatus.FAILED, detail)
        if turn is None:
            return False
        for candidate in turn.candidates:
            candidate.status, candidate.finish = CandidateStatus.FAILED, "failed"
            candidate.text = drafts[candidate.shown].text
    return True


def waiting(limit: int = 50) -> list[str]:
    """Turns that nobody samples: their lease ran out, or was never taken."""
    with db.reading() as session:
        unheld = or_(
            Turn.lease_until < db.now(), Turn.lease_until.is_(None) & (Turn.created_at < db.now() - NOT_BEGUN_FOR)
        )
        query = select(Turn.id).where(Turn.status == TurnStatus.GENERATING, unheld)
        return list(session.scalars(query.order_by(Turn.created_at).limit(limit)))


def _held(turn_id: str, owner: str, **values: Any) -> bool | None:
    with db.writing() as session:
        return session.scalar(
            update(Turn)
            .where(Turn.id == turn_id, Turn.lease_owner == owner, Turn.status == TurnStatus.GENERATING)
            .values(**values)
            .returning(Turn.stop_requested)
        )


def _final(session: Session, work: Work, status: TurnStatus, error: str | None) -> Turn | None:
    """End the turn if this holder still owns it."""
    ended = session.scalar(
        update(Turn)
        .where(Turn.id == work.turn_id, Turn.lease_owner == work.owner, Turn.status == TurnStatus.GENERATING)
        .values(status=status, error=error, lease_owner=None, lease_until=None)
        .returning(Turn.id)
    )
    return None if ended is None else session.get_one(Turn, ended)
