"""Who changed what, and when: newest first, a page after the other."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app import db
from app.audit import schemas
from app.audit.changes import Fields, changes, has_long
from app.audit.subjects import subjects
from app.errors import DomainError
from app.tables import Account, AuditEvent, ConsentText, Task, TaskText

PAGE = 50
FILE_PAGE = 1000
NOBODY = "-"  # as a person's name: the loop, or the command line


class UnknownFilter(DomainError):
    status = 422


class UnknownEvent(DomainError):
    status = 404


class Filters(BaseModel):
    """What is left out does not matter; of several, all must hold."""

    person: Annotated[str | None, Field(description="A user name; “-”: the loop itself, or the command line.")] = None
    action: Annotated[str | None, Field(max_length=100)] = None
    subject: Annotated[
        str | None, Field(max_length=200, description="A thing, such as task:helpfulness, or all of a kind: task.")
    ] = None
    since: Annotated[date | None, Field(description="On this day (UTC) or later.")] = None
    until: Annotated[date | None, Field(description="On this day or earlier.")] = None


class PagedFilters(Filters):
    before: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="`next` of the page before.")] = None


def find(session: Session, filters: Filters, before: int | None) -> schemas.AuditPage:
    rows = _rows(session, filters, before, PAGE + 1)
    shown = rows[:PAGE]
    known = subjects(session, {event.subject for event, _ in shown})
    return schemas.AuditPage(
        events=[_view(event, person, known, changes(event.before, event.after)) for event, person in shown],
        next=shown[-1][0].id if len(rows) > PAGE else None,
    )


def one(session: Session, id: int) -> schemas.AuditEntry:
    """With its texts, line by line."""
    row = session.execute(_every().where(AuditEvent.id == id)).tuples().first()
    if row is None:
        raise UnknownEvent("There is no such entry in the audit log.")
    event, person = row
    before, after = (_with_texts(session, event, side) for side in (event.before, event.after))
    return _view(event, person, subjects(session, {event.subject}), changes(before, after, in_full=True))


def choices(session: Session) -> schemas.AuditChoices:
    acted = select(AuditEvent.account_id).where(AuditEvent.account_id.is_not(None)).distinct()
    people = select(Account.username).where(Account.id.in_(acted)).order_by(Account.username)
    actions = select(AuditEvent.action).distinct().order_by(AuditEvent.action)
    return schemas.AuditChoices(people=list(session.scalars(people)), actions=list(session.scalars(actions)))


def as_csv(filters: Filters) -> Iterator[str]:
    """Everything that is found, a page at a time and each in a session of its own: a long file holds no connection."""
    yield _csv([["id", "at", "person", "action", "subject", "reason", "before", "after"]])
    before: int | None = None
    while True:
        with db.reading() as session:
            rows = _rows(session, filters, before, FILE_PAGE)
        yield _csv(
            [
                event.id,
                event.at.isoformat(),
                _cell(person or ""),
                event.action,
                event.subject,
                _cell(event.reason or ""),
            ]
            + [json.dumps(side, ensure_ascii=False) if side else "" for side in (event.before, event.after)]
            for event, person in rows
        )
        if len(rows) < FILE_PAGE:
            return
        before = rows[-1][0].id


def refuse_unanswerable(session: Session, filters: Filters) -> None:
    """Before a file begins, whose status can no longer say it: nobody of that name, what no database can compare."""
    _rows(session, filters, None, 1)


def _rows(
    session: Session, filters: Filters, before: int | None, limit: int
) -> Sequence[tuple[AuditEvent, str | None]]:
    query = _every().where(*_conditions(session, filters))
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return session.execute(query.order_by(AuditEvent.id.desc()).limit(limit)).tuples().all()


def _every() -> Any:
    return select(AuditEvent, Account.username).outerjoin(Account, AuditEvent.account_id == Account.id)


def _conditions(session: Session, filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.person == NOBODY:
        yield AuditEvent.account_id.is_(None)
    elif filters.person is not None:
        account_id = session.scalar(select(Account.id).where(Account.username == filters.person.casefold()))
        if account_id is None:
            raise UnknownFilter(f"person: nobody here is called “{filters.person}”.")
        yield AuditEvent.account_id == account_id
    if filters.action is not None:
        yield AuditEvent.action == filters.action
    if filters.subject is not None:
        of_kind = AuditEvent.subject.startswith(f"{filters.subject}:", autoescape=True)
        exactly = AuditEvent.subject == filters.subject
        yield exactly if ":" in filters.subject else exactly | of_kind
    if filters.since is not None:
        yield AuditEvent.at >= datetime.combine(filters.since, time.min, UTC)
    if filters.until is not None:
        yield AuditEvent.at <= datetime.combine(filters.until, time.max, UTC)


def _view(
    event: AuditEvent, person: str | None, known: dict[str, schemas.AuditSubject], changed: list[schemas.AuditChange]
) -> schemas.AuditEntry:
    return schemas.AuditEntry(
        id=event.id,
        at=event.at,
        person=person,
        action=event.action,
        subject=known[event.subject],
        reason=event.reason,
        changes=changed,
        has_texts=event.action in PUBLISHED or has_long(event.before, event.after),
    )


# Texts are versions in tables of their own; an event names the version ------------------------------------------------

PUBLISHED = {"publish-text": "text_version", "publish-consent": "version"}
TEXT_FIELDS = ("title", "question", "instructions", "guide")


def _with_texts(session: Session, event: AuditEvent, side: Fields | None) -> Fields | None:
    version = (side or {}).get(PUBLISHED.get(event.action, ""))
    if version is None:
        return side
    if event.action == "publish-consent":
        consent = session.get(ConsentText, version)
        return {**(side or {}), "text": consent.body} if consent else side
    query = select(TaskText).join(Task, TaskText.task_id == Task.id)
    slug = event.subject.partition(":")[2]
    text = session.scalar(query.where(Task.slug == slug, TaskText.version == version))
    if text is None:
        return side
    pairs = "\n\n".join("\n".join(f"{key}: {value}" for key, value in pair.items()) for pair in text.qualification)
    return {**(side or {}), **{name: getattr(text, name) for name in TEXT_FIELDS}, "worked pairs": pairs}


def _csv(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _cell(text: str) -> str:
    """A spreadsheet would take such a beginning for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
