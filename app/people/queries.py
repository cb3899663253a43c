"""Who is here, newest first, a page at a time. A page begins after a person, whose place is looked up."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.own_data.erasure import NO_PASSWORD
from app.errors import DomainError
from app.people.schemas import People, Person
from app.tables import Account, CrowdworkerTotal

PAGE = 50

not_erased = Account.password_hash.is_distinct_from(NO_PASSWORD)


class UnknownPlace(DomainError):
    status = 422


class Wanted(BaseModel):
    q: Annotated[str, Field(max_length=300, description="A part of the name.")] = ""
    after: Annotated[str | None, Field(max_length=64, description="`next` of the page before.")] = None


def people(session: Session, wanted: Wanted) -> People:
    """All that have not erased themselves."""
    page = _rows().order_by(Account.created_at.desc(), Account.id.desc()).limit(PAGE + 1)
    if typed := wanted.q.strip():
        page = page.where(Account.username.contains(typed.casefold(), autoescape=True))
    if wanted.after is not None:
        at = session.scalar(select(Account.created_at).where(Account.id == wanted.after))
        if at is None:
            raise UnknownPlace("after: there is no such person any more; please begin with the first page.")
        page = page.where(tuple_(Account.created_at, Account.id) < (at, wanted.after))
    rows = session.execute(page).all()
    shown = [_view(row) for row in rows[:PAGE]]
    return People(people=shown, next=shown[-1].id if len(rows) > PAGE else None)


def person(session: Session, account_id: str) -> Person:
    return _view(session.execute(_rows().where(Account.id == account_id)).one())


def _rows() -> Select[*tuple[Any, ...]]:
    """Accounts with their choices as the job has counted them."""
    totals = CrowdworkerTotal.account_id == Account.id
    return select(Account, CrowdworkerTotal.comparisons).outerjoin(CrowdworkerTotal, totals).where(not_erased)


def _view(row: Row[*tuple[Any, ...]]) -> Person:
    account, comparisons = row
    return Person(
        id=account.id,
        username=account.username,
        role=account.role,
        may_edit=account.may_edit,
        suspended=account.suspended_at is not None,
        comparisons=comparisons or 0,
        created_at=account.created_at,
    )
