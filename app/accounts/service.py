"""Accounts, invitations and sign-ins. Password hashes are made outside: they take long, and a session is short."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import consent
from app.audit.record import audit
from app.db import now
from app.deps import token_hash
from app.errors import DomainError
from app.tables import Account, Invitation, Role, SignIn

SIGNED_IN_FOR = timedelta(days=30)
INVITED_FOR = timedelta(days=14)


class WrongCredentials(DomainError):
    status = 401


class UsernameTaken(DomainError):
    status = 409


class InvitationNeeded(DomainError):
    status = 403


class InvitationNotUsable(DomainError):
    status = 403


def by_username(session: Session, username: str) -> Account | None:
    return session.scalar(select(Account).where(Account.username == username))


def create(session: Session, username: str, password_hash: str, role: Role, *, consented: bool) -> Account:
    account = Account(username=username, password_hash=password_hash, role=role)
    if consented:
        text = consent.newest(session)
        account.consented_at, account.consent_version = now(), text.version if text else None
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError:
        raise UsernameTaken(f"The user name “{username}” is taken; please choose another one.") from None
    return account


def sign_in(session: Session, account: Account, replaces: str | None = None) -> tuple[SignIn, str]:
    """A new session of a browser, and the token for its cookie; the one it replaces ends, like all expired ones."""
    session.execute(
        delete(SignIn).where((SignIn.expires_at <= now()) | (SignIn.token_hash == token_hash(replaces or "")))
    )
    token = secrets.token_urlsafe(32)
    row = SignIn(
        token_hash=token_hash(token),
        account_id=account.id,
        csrf_token=secrets.token_urlsafe(24),
        expires_at=now() + SIGNED_IN_FOR,
    )
    session.add(row)
    session.flush()
    return row, token


def sign_out(session: Session, sign_in: SignIn) -> None:
    session.execute(delete(SignIn).where(SignIn.token_hash == sign_in.token_hash))


def invite(session: Session, role: Role, note: str = "", created_by: Account | None = None) -> tuple[Invitation, str]:
    """An invitation and the token of its link, which is stored nowhere."""
    token = secrets.token_urlsafe(24)
    row = Invitation(
        token_hash=token_hash(token),
        role=role,
        note=note,
        created_by=created_by.id if created_by else None,
        expires_at=now() + INVITED_FOR,
    )
    session.add(row)
    session.flush()
    audit(session, created_by, "invite", f"invitation:{row.id}", after={"role": role}, reason=note)
    return row, token


def invitation(session: Session, token: str) -> Invitation:
    row = session.scalar(select(Invitation).where(Invitation.token_hash == token_hash(token)))
    if row is None:
        raise InvitationNotUsable("This invitation link is not known; please ask for a new one.")
    return row


def is_usable(row: Invitation) -> bool:
    return row.used_at is None and row.expires_at > now()


def accept(session: Session, row: Invitation, account: Account) -> None:
    """Use an invitation up. Of two who click at the same moment, one gets it."""
    used = session.scalar(
        update(Invitation)
        .where(Invitation.id == row.id, Invitation.used_at.is_(None), Invitation.expires_at > now())
        .values(used_by=account.id, used_at=now())
        .returning(Invitation.id)
    )
    if used is None:
        raise InvitationNotUsable("This invitation was already used or is too old; please ask for a new one.")
    audit(session, account, "join", f"account:{account.id}", after={"role": row.role})
