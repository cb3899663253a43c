"""Share the improvement page behind a link, and take the link back. What was shared stays as it was."""

import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.improvement import schemas
from app.improvement.sheet import Wanted, refuse_unwarned, sheet
from app.settings import get_settings
from app.tables import Account, SharedImprovement


class NothingToShare(DomainError):
    status = 409


class UnknownSharedPage(DomainError):
    status = 404


def share(session: Session, new: schemas.NewSharedSheet, researcher: Account) -> SharedImprovement:
    """Freeze the sheet as it is now. No prompt that a crowdworker wrote is in it."""
    wanted = Wanted(new.weeks, new.red_team, new.task)
    refuse_unwarned(wanted, researcher)
    content = sheet(session, wanted, public=True)
    if content.missing:
        raise NothingToShare(content.missing)
    row = SharedImprovement(
        token=secrets.token_urlsafe(24),
        title=new.title,
        sheet=content.model_dump(mode="json"),
        created_by=researcher.id,
    )
    session.add(row)
    session.flush()
    after = {
        "title": row.title,
        "weeks": [column.name for column in content.columns],
        "prompts": len(content.rows),
        "red_team": new.red_team,
    }
    audit(session, researcher, "share-improvement", f"improvement:{row.id}", after=after)
    return row


def revoke(session: Session, id: str, researcher: Account) -> SharedImprovement:
    """From now on the link leads nowhere. Again is the same."""
    row = session.scalar(select(SharedImprovement).where(SharedImprovement.id == id).with_for_update())
    if row is None:
        raise UnknownSharedPage("There is no such shared page.")
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = now(), researcher.id
        before, after = {"revoked": False}, {"revoked": True}
        audit(session, researcher, "revoke-improvement", f"improvement:{row.id}", before=before, after=after)
    session.flush()
    return row


def shared_with(session: Session, token: str) -> SharedImprovement | None:
    """What the link leads to; None: nothing, or nothing any more."""
    row = session.scalar(select(SharedImprovement).where(SharedImprovement.token == token))
    return row if row and row.revoked_at is None else None


def shown(session: Session, id: str | None = None) -> list[schemas.SharedSheet]:
    """All that was shared, newest first; or one."""
    by, revoker = aliased(Account), aliased(Account)
    columns = (
        SharedImprovement.id,
        SharedImprovement.title,
        SharedImprovement.token,
        SharedImprovement.created_at,
        SharedImprovement.revoked_at,
        by.username,
        revoker.username,
    )  # without the sheets, which are long
    rows = (
        select(*columns)
        .outerjoin(by, SharedImprovement.created_by == by.id)
        .outerjoin(revoker, SharedImprovement.revoked_by == revoker.id)
        .order_by(SharedImprovement.created_at.desc())
        .limit(100)
    )
    if id is not None:
        rows = rows.where(SharedImprovement.id == id)
    return [_view(row) for row in session.execute(rows).tuples()]


def _view(row: Sequence[object]) -> schemas.SharedSheet:
    id, title, token, created_at, revoked_at, created_by, revoked_by = row
    url = f"{get_settings().public_url.rstrip('/')}/improvement/{token}" if revoked_at is None else None
    return schemas.SharedSheet.model_validate(
        {
            "id": id,
            "title": title,
            "url": url,
            "created_at": created_at,
            "created_by": created_by,
            "revoked_at": revoked_at,
            "revoked_by": revoked_by,
        }
    )
