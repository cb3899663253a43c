"""The page of pay, and an export as a file."""

import csv
import io
from collections import defaultdict

from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session, aliased

from app.errors import DomainError
from app.pay import Money
from app.payments import due, service
from app.payments.schemas import Bonus, Due, Pay, PayExported
from app.tables import Account, Assignment, PayExport, Payment, Study, StudyVisit, Task

BONUSES, EXPORTS = 100, 50
HEADING = ["name", "platform", "participant", "study", "session", "kind", "task", "status", "completion_code",
           "ended_at", "cents", "currency", "reason", "payment"]  # fmt: skip


class UnknownExport(DomainError):
    status = 404


def pay(session: Session) -> Pay:
    return Pay(due=_due(session), bonuses=_bonuses(session), exports=_exports(session))


def _due(session: Session) -> list[Due]:
    cents: dict[str, int] = defaultdict(int)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    people: dict[str, set[str]] = defaultdict(set)
    waiting = select(Payment.account_id, Payment.cents, Payment.currency).where(Payment.export_id.is_(None))
    found = [(one.account_id, one.cents, one.currency, 0) for one in due.earned(session, None)]
    found += [(account_id, amount, currency, 1) for account_id, amount, currency in session.execute(waiting)]
    for account_id, amount, currency, is_bonus in found:
        cents[currency] += amount
        counts[currency][is_bonus] += 1
        people[currency].add(account_id)
    return [
        Due(
            currency=currency,
            cents=cents[currency],
            assignments=counts[currency][0],
            bonuses=counts[currency][1],
            people=len(people[currency]),
        )
        for currency in sorted(cents)
    ]


def _bonuses(session: Session) -> list[Bonus]:
    by = aliased(Account)
    waiting = (
        select(Payment, Account.username, by.username)
        .join(Account, Payment.account_id == Account.id)
        .join(by, Payment.created_by == by.id)
        .where(Payment.export_id.is_(None))
        .order_by(Payment.created_at.desc(), Payment.id)
        .limit(BONUSES)
    )
    return [
        Bonus(
            id=bonus.id,
            account_id=bonus.account_id,
            username=username,
            amount=Money(cents=bonus.cents, currency=bonus.currency),
            reason=bonus.reason or "",
            by=researcher,
            at=bonus.created_at,
        )
        for bonus, username, researcher in session.execute(waiting)
    ]


def _exports(session: Session, export_id: str | None = None) -> list[PayExported]:
    counted = (
        select(PayExport, Account.username, func.count(Payment.id), func.count(distinct(Payment.account_id)))
        .join(Account, PayExport.created_by == Account.id)
        .join(Payment, Payment.export_id == PayExport.id)
        .group_by(PayExport.id, Account.username)
        .order_by(PayExport.created_at.desc())
        .limit(EXPORTS)
    )
    if export_id is not None:
        counted = counted.where(PayExport.id == export_id)
    return [
        PayExported(
            id=row.id,
            created_at=row.created_at,
            by=username,
            until=row.until,
            payments=payments,
            people=people,
            totals=service.totals_of(session, row.id),
        )
        for row, username, payments, people in session.execute(counted)
    ]


def exported(session: Session, export_id: str) -> PayExported:
    found = _exports(session, export_id)
    if not found:
        raise UnknownExport("There is no such export of pay.")
    return found[0]


def as_csv(session: Session, export_id: str) -> str:
    """A line per payment, by name; the same lines whenever it is asked for."""
    exported(session, export_id)
    study = case((StudyVisit.id.is_not(None), Study.external_id))
    rows = (
        select(Payment, Account, Assignment, Task.slug, study, StudyVisit.external_session)
        .join(Account, Payment.account_id == Account.id)
        .outerjoin(Assignment, Payment.assignment_id == Assignment.id)
        .outerjoin(Task, Assignment.task_id == Task.id)
        .outerjoin(StudyVisit, StudyVisit.assignment_id == Assignment.id)
        .outerjoin(Study, StudyVisit.study_id == Study.id)
        .where(Payment.export_id == export_id)
        .order_by(Account.username, Payment.assignment_id.is_(None), Assignment.created_at, Payment.created_at)
    )
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(HEADING)
    seen = set()
    for payment, account, assignment, slug, study_id, external_session in session.execute(rows):
        if payment.id in seen:  # two visits about one assignment: it is paid once
            continue
        seen.add(payment.id)
        ended = assignment and (assignment.completed_at or assignment.created_at)
        fields = [account.username, account.external_provider, account.external_id, study_id, external_session]
        fields += ["assignment" if assignment else "bonus", slug, assignment and assignment.status.value]
        fields += [assignment and assignment.completion_code, ended and ended.isoformat(timespec="seconds")]
        lines.writerow(
            [_plain(field) for field in fields] + [payment.cents, payment.currency, _plain(payment.reason), payment.id]
        )
    return out.getvalue()


def _plain(field: str | None) -> str:
    """A spreadsheet must not take a name or a reason for a formula."""
    return f"'{field}" if field and field[0] in "=+-@" else field or ""
