"""What people agree to before they talk with an assistant. Every version stays; the newest is what counts."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.deps import consented
from app.errors import DomainError
from app.tables import Account, ConsentText


class ConsentOutdated(DomainError):
    status = 409


class NoConsentText(DomainError):
    status = 404


def newest(session: Session) -> ConsentText | None:
    return session.scalar(select(ConsentText).order_by(ConsentText.version.desc()).limit(1))


def is_given(session: Session, account: Account) -> bool:
    text = newest(session)
    return consented(account, text.version if text else None)


def agree(session: Session, account: Account, version: int) -> None:
    """Nobody agrees to a text that they did not see: the version is the one on their screen."""
    current = newest(session)
    if current is None or version != current.version:
        raise ConsentOutdated("There is a newer text than the one you read; please read that one.")
    account.consented_at, account.consent_version = now(), version


def publish(session: Session, body: str, author: Account | None, based_on: int | None = None) -> ConsentText:
    """A new version. From now on everybody is asked for it before they go on. With the version that it was written
    from, one that somebody else published meanwhile is not replaced unseen."""
    before = newest(session)
    if based_on is not None and before is not None and before.version != based_on:
        raise ConsentOutdated(
            f"Version {before.version} was published meanwhile, and you began with version {based_on}; please read "
            "that one first. Nothing of yours is published yet."
        )
    text = ConsentText(version=before.version + 1 if before else 1, body=body, created_by=author.id if author else None)
    try:
        with session.begin_nested():
            session.add(text)
    except IntegrityError:
        raise ConsentOutdated("Somebody else has just published a newer text; please read that one first.") from None
    was = {"version": before.version} if before else None
    audit(session, author, "publish-consent", "consent", before=was, after={"version": text.version})
    session.flush()
    return text
