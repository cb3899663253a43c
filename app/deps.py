"""What endpoints ask for, as annotated dependencies: a session of each kind, and who is signed in.

`scope="function"` ends a session *before* the answer leaves: a failed commit must not have told the browser 200.
What needs no database is async: each sync dependency of a request is a trip to another thread and back.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import db
from app.errors import DomainError
from app.settings import get_settings
from app.tables import Account, ConsentText, Role, SignIn

COOKIE = "turnwise_session"
READ_ONLY = ("GET", "HEAD", "OPTIONS")


class SignedOut(DomainError):
    status = 401


class AccountSuspended(DomainError):
    status = 403


class CrossSiteRequest(DomainError):
    status = 403


class NotAllowed(DomainError):
    status = 403


class ConsentNeeded(DomainError):
    status = 403


def _reading() -> Iterator[Session]:
    with db.reading() as session:
        yield session


# Whoever holds a lock still needs a thread before it commits, for its answer's validation. So those who wait for the
# lock must never take all forty threads: without a limit, 60 writing requests stood still until SQLite gave up.
WRITERS = 8


async def _may_write() -> AsyncIterator[None]:
    yield


MayWrite = Annotated[None, Depends(_may_write, scope="function", max_concurrency=WRITERS)]
"""One of a few places, for an endpoint that opens its writing session itself."""


def _writing(_: MayWrite) -> Iterator[Session]:
    with db.writing() as session:
        yield session


Reading = Annotated[Session, Depends(_reading, scope="function")]
Writing = Annotated[Session, Depends(_writing, scope="function")]


async def same_origin(request: Request) -> None:
    """Refuse a change that another site's page asks for. Clients that are no browser send no Origin."""
    origin = request.headers.get("origin")
    if request.method in READ_ONLY or origin is None:
        return
    if urlsplit(origin).netloc in (request.headers.get("host"), urlsplit(get_settings().public_url).netloc):
        return
    raise CrossSiteRequest(f"Requests from {origin} are not accepted here.")


SameOrigin = Depends(same_origin)


class SignedIn(NamedTuple):
    account: Account
    sign_in: SignIn
    consent_wanted: int | None
    """The newest version of what people agree to; None: there is no text, and nobody is asked."""

    @property
    def consented(self) -> bool:
        return consented(self.account, self.consent_wanted)


def consented(account: Account, wanted: int | None) -> bool:
    """Has this person agreed to the newest text? Researchers' conversations are previews: they are not asked."""
    return account.role != Role.CROWDWORKER or wanted is None or account.consent_version == wanted


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _signed_in(
    request: Request,
    token: Annotated[str | None, Depends(APIKeyCookie(name=COOKIE, auto_error=False))],
    _: Annotated[None, SameOrigin],
) -> SignedIn:
    if not token:
        raise SignedOut("Please sign in.")
    # Its own short session: held by nothing while the endpoint waits for a connection of the other kind.
    with db.reading() as session:
        found = session.execute(
            select(Account, SignIn, select(func.max(ConsentText.version)).scalar_subquery())
            .join(SignIn, SignIn.account_id == Account.id)
            .where(SignIn.token_hash == token_hash(token), SignIn.expires_at > db.now())
        ).first()
    if found is None:
        raise SignedOut("You are signed out; please sign in again.")
    account, sign_in, consent_wanted = found
    refuse_suspended(account)
    if request.method not in READ_ONLY:
        given = request.headers.get("x-csrf-token", "")
        if not secrets.compare_digest(given.encode(), sign_in.csrf_token.encode()):
            raise CrossSiteRequest("The X-CSRF-Token header is missing or is not this session's; reload the page.")
    return SignedIn(account, sign_in, consent_wanted)


def refuse_suspended(account: Account) -> None:
    if account.suspended_at is not None:
        raise AccountSuspended("This account is suspended. Your work is kept; please write to the researchers.")


CurrentSignIn = Annotated[SignedIn, Depends(_signed_in)]


async def _current_account(signed_in: CurrentSignIn) -> Account:
    return signed_in.account


CurrentAccount = Annotated[Account, Depends(_current_account)]


async def _consenting_account(signed_in: CurrentSignIn) -> Account:
    if not signed_in.consented:
        raise ConsentNeeded("Please read what you take part in, and agree to it, before you go on.")
    return signed_in.account


ConsentingAccount = Annotated[Account, Depends(_consenting_account)]
"""Whoever takes or makes dialogue."""


async def _researcher(account: CurrentAccount) -> Account:
    if account.role not in (Role.RESEARCHER, Role.ADMIN):
        raise NotAllowed("Only researchers and admins may do this.")
    return account


async def _admin(account: CurrentAccount) -> Account:
    if account.role != Role.ADMIN:
        raise NotAllowed("Only admins may do this.")
    return account


Researcher = Annotated[Account, Depends(_researcher)]
Admin = Annotated[Account, Depends(_admin)]
