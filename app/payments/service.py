"""Exports of pay, and bonuses. What an export holds is counted; nothing holds it a second time."""

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.pay import Money
from app.payments import due
from app.payments.schemas import BonusesAdded, BonusFile, NewBonus
from app.tables import Account, PayExport, Payment, Role
from app.words import CONTROLS

NO_DECIMALS = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF",
               "XPF"}  # fmt: skip
THREE_DECIMALS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
"""ISO 4217. All others have two."""
MOST = 1_000_000  # of the smallest unit in one bonus: more is a slip of the keyboard


class NothingDue(DomainError):
    status = 409


class ExportedMeanwhile(DomainError):
    status = 409


class DayToCome(DomainError):
    status = 422


class NotACrowdworker(DomainError):
    status = 409


class UnknownPerson(DomainError):
    status = 404


class UnknownBonus(DomainError):
    status = 404


class BonusExported(DomainError):
    status = 409


class BonusFileWrong(DomainError):
    status = 422


class FileCountedAlready(DomainError):
    status = 409


def export(session: Session, researcher: Account, until: date | None) -> PayExport:
    """Everything that is due, as rows that say so; the file is written from these."""
    if until is not None and until > now().date():
        raise DayToCome(f"until: {until} is still to come.")
    row = PayExport(created_by=researcher.id, until=until)
    session.add(row)
    session.flush()
    payments = [
        Payment(
            account_id=one.account_id,
            assignment_id=one.assignment_id,
            cents=one.cents,
            currency=one.currency,
            export_id=row.id,
            created_by=researcher.id,
        )
        for one in due.earned(session, until)
    ]
    try:
        with session.begin_nested():
            session.add_all(payments)
    except IntegrityError:
        raise ExportedMeanwhile("Somebody else exported the same at this moment; please load the page again.") from None
    bonuses = update(Payment).where(Payment.export_id.is_(None)).values(export_id=row.id)
    session.execute(bonuses, execution_options={"synchronize_session": False})
    totals = totals_of(session, row.id)
    if not totals:
        raise NothingDue("Nothing is due: no assignment has ended since the last export, and there is no bonus.")
    after = {"until": str(until) if until else None, "totals": {money.currency: money.cents for money in totals}}
    audit(session, researcher, "export-pay", f"pay-export:{row.id}", after=after)
    session.flush()
    return row


def totals_of(session: Session, export_id: str) -> list[Money]:
    sums = select(Payment.currency, func.sum(Payment.cents)).where(Payment.export_id == export_id)
    rows = session.execute(sums.group_by(Payment.currency).order_by(Payment.currency))
    return [Money(cents=cents, currency=currency) for currency, cents in rows]


def add_bonus(session: Session, account_id: str, new: NewBonus, researcher: Account) -> Payment:
    """Waits for the next export. The same key again is the same bonus."""
    account = session.get(Account, account_id)
    if account is None:
        raise UnknownPerson("There is no such account.")
    if account.role != Role.CROWDWORKER:
        raise NotACrowdworker(f"{account.username} is not a crowdworker.")
    key = f"form:{new.key}"
    if found := session.scalar(select(Payment).where(Payment.key == key)):
        return found
    bonus = _bonus(account, new.cents, new.currency, new.reason.strip(), key, researcher)
    session.add(bonus)
    session.flush()
    after = {"cents": new.cents, "currency": new.currency}
    audit(session, researcher, "add-bonus", f"account:{account.id}", after=after, reason=bonus.reason)
    session.flush()
    return bonus


def add_bonuses(session: Session, file: BonusFile, researcher: Account) -> BonusesAdded:
    """All lines of a file, or, where one is wrong, none. The same file is taken once."""
    digest = hashlib.sha256(file.csv.encode()).hexdigest()
    if session.scalar(select(Payment.id).where(Payment.key.startswith(f"file:{digest}:")).limit(1)) is not None:
        raise FileCountedAlready("csv: this file was taken already; its bonuses are not counted twice.")
    bonuses = []
    lines = list(csv.reader(io.StringIO(file.csv)))
    for number, line in enumerate(lines, start=1):
        if not any(field.strip() for field in line) or (number == 1 and _is_heading(line)):
            continue
        account, cents, reason = _read(session, number, line, file.currency)
        bonuses.append(_bonus(account, cents, file.currency, reason, f"file:{digest}:{number}", researcher))
    if not bonuses:
        raise BonusFileWrong("csv: there is no bonus in it; a line is a name or platform id, an amount and a reason.")
    session.add_all(bonuses)
    session.flush()
    total = sum(bonus.cents for bonus in bonuses)
    after = {"bonuses": len(bonuses), "cents": total, "currency": file.currency, "sha256": digest}
    audit(session, researcher, "add-bonuses", f"file:{digest[:12]}", after=after)
    session.flush()
    return BonusesAdded(bonuses=len(bonuses), total=Money(cents=total, currency=file.currency))


def take_back(session: Session, bonus_id: str, researcher: Account) -> None:
    bonus = session.scalar(select(Payment).where(Payment.id == bonus_id).with_for_update())
    if bonus is None or bonus.assignment_id is not None:
        raise UnknownBonus("There is no such bonus.")
    if bonus.export_id is not None:
        raise BonusExported("This bonus was exported already and may have been paid.")
    before = {"cents": bonus.cents, "currency": bonus.currency}
    session.delete(bonus)
    audit(session, researcher, "take-back-bonus", f"account:{bonus.account_id}", before=before)
    session.flush()


def _bonus(account: Account, cents: int, currency: str, reason: str, key: str, researcher: Account) -> Payment:
    return Payment(
        account_id=account.id, cents=cents, currency=currency, reason=reason, key=key, created_by=researcher.id
    )


def _is_heading(line: Sequence[str]) -> bool:
    return len(line) > 1 and not any(letter.isdigit() for letter in line[1])


def _read(session: Session, number: int, line: Sequence[str], currency: str) -> tuple[Account, int, str]:
    if len(line) != 3:
        raise BonusFileWrong(f"csv: line {number} has {len(line)} fields; it wants a name or id, an amount, a reason.")
    who, amount, reason = (field.strip() for field in line)
    called = or_(Account.username == who.casefold(), Account.external_id == who)
    found = session.scalars(select(Account).where(called, Account.role == Role.CROWDWORKER).limit(2)).all()
    if len(found) != 1:
        trouble = "nobody here is called" if not found else "more than one crowdworker is called"
        raise BonusFileWrong(f"csv: line {number}: {trouble} “{who}”.")
    if not reason or len(reason) > 300 or CONTROLS.search(reason):
        raise BonusFileWrong(f"csv: line {number}: please give a reason, of 300 characters at most.")
    return found[0], smallest_units(amount, currency, number), reason


def smallest_units(amount: str, currency: str, number: int) -> int:
    """“2.50” in USD is 250."""
    decimals = 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    try:
        units = Decimal(amount).scaleb(decimals)
    except InvalidOperation:
        units = Decimal("NaN")
    if not units.is_finite() or units != units.to_integral_value() or not 0 < units <= MOST:
        example = f"{Decimal(5).scaleb(-1) if decimals else 500}"
        raise BonusFileWrong(f"csv: line {number}: “{amount}” is not an amount in {currency} like {example}.")
    return int(units)
