"""Recording a choice. Rows are only ever added; what an earlier choice said stays, superseded."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from app.comparisons.schemas import Choice
from app.db import now
from app.errors import DomainError
from app.snapshots.reconcile import INITIAL
from app.tables import (
    Account,
    Candidate,
    CandidateStatus,
    Comparison,
    Conversation,
    Deployment,
    Snapshot,
    TrancheKind,
    Turn,
    TurnStatus,
)
from app.views import is_changeable


class UnknownTurn(DomainError):
    status = 404


class UnknownCandidate(DomainError):
    status = 422


class TurnNotReady(DomainError):
    status = 409


class ChoiceFinal(DomainError):
    status = 409


def own_turn(session: Session, turn_id: str, account: Account) -> Turn:
    """The crowdworker's own turn, its conversation locked: no message is sent while a choice is made."""
    turn = session.scalar(
        select(Turn)
        .join(Turn.conversation)
        .join(Conversation.task)
        .options(contains_eager(Turn.conversation).contains_eager(Conversation.task))
        .where(Turn.id == turn_id, Conversation.account_id == account.id)
        .with_for_update(of=Conversation)
    )
    if turn is None:
        raise UnknownTurn("There is no such turn of yours.")
    return turn


def record(session: Session, turn: Turn, choice: Choice) -> Comparison:
    """Record which candidate the crowdworker picked; one current comparison per turn, the same again is the same."""
    ids = [candidate.id for candidate in turn.pair]
    if choice.picked not in ids:
        raise UnknownCandidate("picked: that is not one of this turn's two candidates.")
    before = turn.comparison
    if before and (before.picked_id, before.strength) == (choice.picked, choice.strength):
        return before
    must_be_changeable(turn)
    conversation = turn.conversation
    task = conversation.task
    comparison = Comparison(
        turn_id=turn.id,
        account_id=conversation.account_id,
        picked_id=choice.picked,
        other_id=next(id for id in ids if id != choice.picked),
        strength=choice.strength,
        choice_direction=task.choice_direction,
        kind=kind_of(session, turn.pair),
        propensity=conversation.propensity,  # of the last draw, and only the last turn can be chosen on
        text_version=task.text_version,
        seconds_to_choose=(now() - turn.ready_at).total_seconds() if turn.ready_at else None,
    )
    replace(session, turn, comparison)
    return comparison


def must_be_changeable(turn: Turn) -> None:
    if turn.status != TurnStatus.READY:
        raise TurnNotReady("Please wait until both responses are complete.")
    if not is_changeable(turn):
        raise ChoiceFinal("This choice is final: the conversation has gone on, has ended, or was already used.")


def replace(session: Session, turn: Turn, comparison: Comparison | None) -> None:
    """Make this the turn's current choice; the one before it stays, superseded."""
    if before := turn.comparison:
        before.superseded_at = now()
        session.flush()
    if comparison:
        _copy_who_met(session, turn, comparison)
        turn.comparisons.append(comparison)
    session.flush()


def _copy_who_met(session: Session, turn: Turn, comparison: Comparison) -> None:
    """Two policies, where the choice says something about them: not in a researcher's preview, not where a crowdworker
    rewrote one response, not when a candidate was stopped, not between two equal texts."""
    picked, other = (session.get_one(Candidate, id) for id in (comparison.picked_id, comparison.other_id))
    comparison.picked_length, comparison.other_length = len(picked.text.strip()), len(other.text.strip())
    both = {picked.status, other.status} == {CandidateStatus.DONE} and picked.deployment_id and other.deployment_id
    if both and not turn.conversation.preview and picked.text.strip() != other.text.strip():
        comparison.picked_deployment_id, comparison.other_deployment_id = picked.deployment_id, other.deployment_id


def kind_of(session: Session, sampled: Sequence[Candidate]) -> TrancheKind:
    """Any best-of-k: rejection-sampled; any trained snapshot: online; else base."""
    answered = session.execute(
        select(Snapshot.name, Deployment.best_of)
        .join(Snapshot, Snapshot.id == Deployment.snapshot_id)
        .where(Deployment.id.in_({candidate.deployment_id for candidate in sampled}))
    ).all()
    if any(best_of > 1 for _, best_of in answered):
        return TrancheKind.REJECTION_SAMPLED
    return TrancheKind.BASE if {name for name, _ in answered} == {INITIAL} else TrancheKind.ONLINE
