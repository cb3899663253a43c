"""The list of crowdworkers, by any of its columns, a page at a time; read from counts, never from comparisons.

A page begins after a person, whose place is looked up: however the numbers moved meanwhile, nobody comes twice.
"""

from datetime import date
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Float, Select, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.own_data.erasure import NO_PASSWORD
from app.agreement import ENOUGH, share
from app.crowdworkers.schemas import CrowdworkerLine, CrowdworkersFound, Large, Sort
from app.db import now
from app.errors import DomainError
from app.tables import (
    Account,
    Comparison,
    CountedWeek,
    CrowdworkerTotal,
    CrowdworkerWeek,
    Review,
    Role,
)
from app.weeks import monday_of

PAGE = 50
LARGE = 0.20
"""Somebody who gives more than a fifth of all: what is trained is then this person's taste."""
LARGE_FROM = 200
"""Comparisons in all. On a first day everybody gives much."""


not_erased = Account.password_hash.is_distinct_from(NO_PASSWORD)


class UnknownPlace(DomainError):
    status = 422


class Wanted(BaseModel):
    q: Annotated[str, Field(max_length=300, description="A part of the name, or the id on the platform.")] = ""
    sort: Sort = "comparisons"
    down: Annotated[bool, Field(description="The largest first; where nothing is known, last all the same.")] = True
    after: Annotated[str | None, Field(max_length=64, description="`next` of the page before.")] = None


total, this_week = CrowdworkerTotal, aliased(CrowdworkerWeek)

_its = aliased(Comparison)
whose = select(_its.account_id).where(_its.id == Review.comparison_id).scalar_subquery()
"""Whose comparison a review is of."""
_picked = select(_its.picked_id).where(_its.id == Review.comparison_id).scalar_subquery()
_picks = (
    select(whose.label("account_id"), case((_picked == Review.picked_id, 1), else_=0).label("agreed"))
    .where(Review.picked_id.is_not(None))
    .subquery("picks")
)
reviewed = (
    select(_picks.c.account_id, func.count().label("reviews"), func.sum(_picks.c.agreed).label("agreed"))
    .group_by(_picks.c.account_id)
    .subquery("reviewed")
)
"""Blind picks on each crowdworker's comparisons, and how many were the same. As many rows as reviews are read (people
make them, so thousands) and each one's comparison looked up: joined and grouped, SQLite would walk all comparisons."""


def _of(some: ColumnElement[Any] | Any, of: ColumnElement[Any] | Any) -> ColumnElement[float | None]:
    return case((of >= ENOUGH, cast(some, Float) / of))


_strengths = total.strength_1 + total.strength_2 + total.strength_3 + total.strength_4

SORTS: dict[str, Any] = {
    "name": Account.username,
    "comparisons": func.coalesce(total.comparisons, 0),
    "week": func.coalesce(this_week.comparisons, 0),
    "seconds": total.median_seconds,
    "strength": _of(total.strength_1 + 2 * total.strength_2 + 3 * total.strength_3 + 4 * total.strength_4, _strengths),
    "position": func.abs(_of(total.picked_a, total.sided) - 0.5),
    "researchers": _of(reviewed.c.agreed, reviewed.c.reviews),
    "pm": _of(total.with_pm, total.scored),
    "last": total.last_at,
}


class Row(NamedTuple):
    account: Account
    total: CrowdworkerTotal | None
    week: int | None
    reviews: int | None
    agreed: int | None


def crowdworkers(session: Session, wanted: Wanted) -> CrowdworkersFound:
    found = _found(wanted.q)
    everything = count_all(session)
    rows = [Row(*row) for row in session.execute(_page(session, found, wanted))]
    shown = rows[:PAGE]
    return CrowdworkersFound(
        lines=[line(row, everything) for row in shown],
        next=shown[-1].account.id if len(rows) > PAGE else None,
        count=session.scalar(found.with_only_columns(func.count(), maintain_column_froms=True)) or 0,
        comparisons=everything,
        large=large(session),
        counted_at=session.scalar(select(func.max(CountedWeek.counted_at))),
    )


def count_all(session: Session) -> int:
    return session.scalar(select(func.sum(total.comparisons))) or 0


def large(session: Session) -> list[Large]:
    """Whoever gives more than a fifth of all, the largest first."""
    everything = count_all(session)
    if everything < LARGE_FROM:
        return []
    rows = (
        select(Account.id, Account.username, total.comparisons)
        .join(total, total.account_id == Account.id)
        .where(total.comparisons > LARGE * everything)
        .order_by(total.comparisons.desc(), Account.id)
    )
    return [Large(id=id, username=name, of_all=count / everything) for id, name, count in session.execute(rows)]


def rows(week: date | None = None) -> Select[*tuple[Any, ...]]:
    """Accounts with their counts; whoever chose nothing yet has none."""
    return (
        select(Account, total, this_week.comparisons, reviewed.c.reviews, reviewed.c.agreed)
        .outerjoin(total, total.account_id == Account.id)
        .outerjoin(this_week, and_(this_week.account_id == Account.id, this_week.week == (week or monday_of(now()))))
        .outerjoin(reviewed, reviewed.c.account_id == Account.id)
    )


def _found(q: str) -> Select[*tuple[Any, ...]]:
    found = rows().where(Account.role == Role.CROWDWORKER, not_erased)
    if typed := q.strip():
        found = found.where(
            or_(Account.username.contains(typed.casefold(), autoescape=True), Account.external_id == typed)
        )
    return found


def _page(session: Session, found: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    key = SORTS[wanted.sort]
    unknown = case((key.is_(None), 1), else_=0)
    page = found.order_by(unknown, key.desc() if wanted.down else key, Account.id).limit(PAGE + 1)
    if wanted.after is None:
        return page
    place = rows().with_only_columns(key, maintain_column_froms=True).where(Account.id == wanted.after)
    at = session.execute(place).first()
    if at is None:
        raise UnknownPlace("after: there is no such crowdworker any more; please begin with the first page.")
    if at[0] is None:
        return page.where(key.is_(None), Account.id > wanted.after)
    beyond = key < at[0] if wanted.down else key > at[0]
    return page.where(or_(key.is_(None), beyond, and_(key == at[0], Account.id > wanted.after)))


def line(row: Row, everything: int) -> CrowdworkerLine:
    account, counts = row.account, row.total
    return CrowdworkerLine(
        id=account.id,
        username=account.username,
        platform=account.external_provider,  # type: ignore[arg-type]  # pydantic checks
        suspended=account.suspended_at is not None,
        may_edit=account.may_edit,
        excluded_reason=account.excluded_reason,
        excluded_since=account.excluded_since,
        created_at=account.created_at,
        last_at=counts.last_at if counts else None,
        comparisons=counts.comparisons if counts else 0,
        conversations=counts.conversations if counts else 0,
        week=row.week or 0,
        of_all=counts.comparisons / everything if counts and everything else None,
        seconds=counts.median_seconds if counts else None,
        strengths=[getattr(counts, f"strength_{strength}") if counts else 0 for strength in (1, 2, 3, 4)],
        position=share(counts.picked_a, counts.sided) if counts else None,
        researchers=share(row.agreed or 0, row.reviews or 0),
        reviews=row.reviews or 0,
        pm=share(counts.with_pm, counts.scored) if counts else None,
    )
