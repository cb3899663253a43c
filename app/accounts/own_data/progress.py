"""What somebody has done and earned, and what became of it."""

from sqlalchemy import Select, distinct, exists, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.own_data.schemas import OwnProgress, TaskProgress, Week
from app.db import now
from app.pay import Money, earned
from app.tables import (
    Account,
    Assignment,
    Comparison,
    Conversation,
    Deployment,
    Iteration,
    IterationStatus,
    IterationTranche,
    Snapshot,
    SnapshotKind,
    Task,
    TrancheMember,
    Turn,
)
from app.weeks import WEEK

WEAKEST = 1  # such choices are dropped before training


def progress(session: Session, account: Account) -> OwnProgress:
    by_task = own_comparisons(account).with_only_columns(
        Task.slug, func.count(distinct(Conversation.id)), func.count()
    )  # fmt: skip
    tasks = [
        TaskProgress(task=slug, conversations=conversations, comparisons=comparisons)
        for slug, conversations, comparisons in session.execute(by_task.group_by(Task.slug).order_by(Task.slug))
    ]
    lately = own_comparisons(account).where(Comparison.created_at >= now() - WEEK)
    return OwnProgress(
        conversations=sum(task.conversations for task in tasks),
        comparisons=sum(task.comparisons for task in tasks),
        by_task=tasks,
        earned=_earned(session, account),
        trained_on=_trained_on(session, account),
        week=Week(comparisons=session.scalar(lately.with_only_columns(func.count())) or 0),
    )


def own_comparisons(account: Account) -> Select[Comparison]:
    return (
        select(Comparison)
        .join(Turn, Comparison.turn_id == Turn.id)
        .join(Conversation, Turn.conversation_id == Conversation.id)
        .join(Task, Conversation.task_id == Task.id)
        .where(
            Conversation.account_id == account.id,
            Conversation.preview.is_(False),
            Comparison.superseded_at.is_(None),
        )
    )


def _earned(session: Session, account: Account) -> list[Money]:
    """Added up by currency."""
    assignments = session.scalars(select(Assignment).where(Assignment.account_id == account.id)).all()
    totals: dict[str, int] = {}
    for money in earned(session, assignments).values():
        totals[money.currency] = totals.get(money.currency, 0) + money.cents
    return [Money(cents=cents, currency=currency) for currency, cents in sorted(totals.items()) if cents]


def _trained_on(session: Session, account: Account) -> int:
    """How many of the person's choices the newest policy in use was trained on: what the page can truly thank for. It
    tells that there is a newer version, and nothing about which response came from it."""
    newest = session.scalar(
        select(Iteration.id)
        .join(Snapshot, Snapshot.iteration_id == Iteration.id)
        .join(Deployment, Deployment.snapshot_id == Snapshot.id)
        .where(
            Iteration.status == IterationStatus.DEPLOYED,
            Snapshot.kind == SnapshotKind.POLICY,
            Deployment.active,
            Deployment.task_id.is_not(None),
        )
        .order_by(Iteration.number.desc())
        .limit(1)
    )
    if newest is None:
        return 0
    of_newest = select(IterationTranche.tranche_id).where(IterationTranche.iteration_id == newest)
    comparisons = own_comparisons(account).where(
        exists().where(TrancheMember.comparison_id == Comparison.id, TrancheMember.tranche_id.in_(of_newest)),
        or_(Comparison.strength.is_(None), Comparison.strength > WEAKEST),
    )
    families = session.scalars(comparisons.with_only_columns(Conversation.family))
    return sum(_is_trained_on(family) for family in families)


def _is_trained_on(family: str | None) -> bool:
    """The split of docs/seams.md §3: five families in a hundred are kept for tests."""
    return family is not None and int(family, 16) % 100 >= 5
