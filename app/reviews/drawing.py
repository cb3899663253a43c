"""Which comparison a researcher reviews next: by chance, among crowdworkers who were reviewed least.

Of a comparison's crowdworker a week is drawn by how much they chose in it, then a comparison of that week: as likely as
any other of theirs, and no more than a week's rows are read. Now and then it is one that another researcher has
reviewed: without such pairs nobody knows how much researchers agree with each other.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.own_data.erasure import NO_PASSWORD
from app.errors import DomainError
from app.reviews.schemas import DrawWanted
from app.tables import (
    Account,
    Candidate,
    CandidateStatus,
    Comparison,
    Conversation,
    ConversationStatus,
    CrowdworkerTotal,
    CrowdworkerWeek,
    Review,
    Role,
    Task,
    TaskKind,
    Tranche,
    TrancheMember,
    Turn,
)
from app.weeks import WEEK

AGAIN = 0.2
"""How often a comparison that another researcher reviewed is drawn, where there is one."""
AT_A_TIME = 20
PEOPLE = 50  # of the least reviewed that are looked at before giving up


class UnknownFilter(DomainError):
    status = 422


_Picked, _Other, _Later, _Own = aliased(Candidate), aliased(Candidate), aliased(Turn), aliased(Review)


def reviewable(reviewer: Account, *, red_team: bool) -> Select[str]:
    """Ids of settled choices between two whole responses of policies, of others, that this reviewer has not had."""
    later = exists().where(_Later.conversation_id == Turn.conversation_id, _Later.position > Turn.position)
    query = (
        select(Comparison.id)
        .join(Turn, Comparison.turn_id == Turn.id)
        .join(Conversation, Turn.conversation_id == Conversation.id)
        .join(Task, Conversation.task_id == Task.id)
        .join(_Picked, Comparison.picked_id == _Picked.id)
        .join(_Other, Comparison.other_id == _Other.id)
        .where(
            Comparison.superseded_at.is_(None),
            Conversation.preview.is_(False),
            Conversation.erased_at.is_(None),
            Conversation.status != ConversationStatus.IMPORTING,
            or_(Conversation.status != ConversationStatus.OPEN, later),
            _Picked.edited_from_id.is_(None),
            _Other.edited_from_id.is_(None),
            _Picked.status == CandidateStatus.DONE,
            _Other.status == CandidateStatus.DONE,
            func.trim(_Picked.text) != func.trim(_Other.text),
            or_(Comparison.account_id.is_(None), Comparison.account_id != reviewer.id),
            ~exists().where(_Own.comparison_id == Comparison.id, _Own.account_id == reviewer.id),
        )
    )
    return query if red_team else query.where(Task.kind != TaskKind.RED_TEAM)


def draw(session: Session, reviewer: Account, wanted: DrawWanted, chance: random.Random) -> str | None:
    """The id of a comparison, or None where nothing is left."""
    query = reviewable(reviewer, red_team=wanted.red_team)
    if wanted.tranche is not None:
        tranche_id = session.scalar(select(Tranche.id).where(Tranche.name == wanted.tranche))
        if tranche_id is None:
            raise UnknownFilter(f"tranche: there is no tranche “{wanted.tranche}”.")
        members = query.join(TrancheMember, TrancheMember.comparison_id == Comparison.id)
        of_tranche = members.where(TrancheMember.tranche_id == tranche_id)
        return session.scalar(of_tranche.order_by(func.random()).limit(1))
    if chance.random() < AGAIN:
        seen = select(Review.comparison_id).where(Review.picked_id.is_not(None))
        again = query.where(Comparison.id.in_(seen), *_of(session, wanted))
        if found := session.scalar(again.order_by(func.random()).limit(1)):
            return found
    for account_id in _people(session, reviewer, wanted):
        for week in _weeks(session, account_id, chance):
            if found := _of_week(session, query, account_id, week, chance):
                return found
    return None


def _of_week(session: Session, query: Select[str], account_id: str, week: date, chance: random.Random) -> str | None:
    """The ids of a week in an order of chance, of which the first that can be reviewed counts: few texts are read."""
    begin = datetime.combine(week, time(), UTC)
    of_week = select(Comparison.id).where(
        Comparison.account_id == account_id, Comparison.created_at >= begin, Comparison.created_at < begin + WEEK
    )
    ids = list(session.scalars(of_week.order_by(Comparison.id)))
    chance.shuffle(ids)
    for start in range(0, len(ids), AT_A_TIME):
        some = ids[start : start + AT_A_TIME]
        allowed = set(session.scalars(query.where(Comparison.id.in_(some))))
        if found := next((id for id in some if id in allowed), None):
            return found
    return None


def _of(session: Session, wanted: DrawWanted) -> list[ColumnElement[bool]]:
    return [] if wanted.crowdworker is None else [Comparison.account_id == _named(session, wanted.crowdworker)]


def _named(session: Session, username: str) -> str:
    found = session.scalar(select(Account.id).where(Account.username == username.casefold()))
    if found is None:
        raise UnknownFilter(f"crowdworker: nobody here is called “{username}”.")
    return found


def _people(session: Session, reviewer: Account, wanted: DrawWanted) -> list[str]:
    """Who chose something, the least reviewed first, and by chance among those who were reviewed as often."""
    if wanted.crowdworker is not None:
        return [_named(session, wanted.crowdworker)]
    # Looked up and not joined: SQLite would walk all comparisons in the order of their crowdworkers.
    whose = select(Comparison.account_id).where(Comparison.id == Review.comparison_id).scalar_subquery()
    had = select(whose.label("account_id")).select_from(Review).subquery()
    reviewed: Any = select(had.c.account_id, func.count().label("reviews")).group_by(had.c.account_id).subquery()
    people = (
        select(Account.id)
        .join(CrowdworkerTotal, CrowdworkerTotal.account_id == Account.id)
        .outerjoin(reviewed, reviewed.c.account_id == Account.id)
        .where(
            Account.id != reviewer.id,
            Account.role == Role.CROWDWORKER,
            Account.password_hash.is_distinct_from(NO_PASSWORD),
        )
        .order_by(func.coalesce(reviewed.c.reviews, 0), func.random())
    )
    return list(session.scalars(people.limit(PEOPLE)))


def _weeks(session: Session, account_id: str, chance: random.Random) -> Iterator[Any]:
    """All weeks in which they chose, by chance, in proportion to how much: one after the other until one has something
    left."""
    counted = select(CrowdworkerWeek.week, CrowdworkerWeek.comparisons).where(CrowdworkerWeek.account_id == account_id)
    left = dict(session.execute(counted.order_by(CrowdworkerWeek.week)).tuples().all())
    while left:
        (week,) = chance.choices(list(left), list(left.values()))
        del left[week]
        yield week
