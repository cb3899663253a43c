"""Who uses Turnwise: accounts, their sign-ins, the invitations that made them, and what was done by whom."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, now


class Role(enum.StrEnum):
    CROWDWORKER = "crowdworker"
    RESEARCHER = "researcher"
    ADMIN = "admin"


def enum_column(kind: type[enum.StrEnum]) -> Enum:
    """Stored as the word itself, with a CHECK, on both databases."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class Account(Base):
    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("external_provider", "external_id"),
        CheckConstraint("password_hash IS NOT NULL OR external_id IS NOT NULL", name="can_sign_in"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(unique=True)  # stored case-folded
    password_hash: Mapped[str | None]
    external_provider: Mapped[str | None]  # e.g. prolific
    external_id: Mapped[str | None]
    role: Mapped[Role] = mapped_column(enum_column(Role))
    consented_at: Mapped[datetime | None]
    consent_version: Mapped[int | None]
    red_team_opt_in_at: Mapped[datetime | None]
    may_edit: Mapped[bool] = mapped_column(default=False)  # may rewrite a response: the paper's select crowdworkers
    suspended_at: Mapped[datetime | None]
    excluded_reason: Mapped[str | None]  # set: this crowdworker's comparisons stay out of new tranches, and why
    excluded_since: Mapped[datetime | None]  # then only those made from here on; None: all
    created_at: Mapped[datetime] = mapped_column(default=now)


class ConsentText(Base):
    """What people agree to. An account holds the version it agreed to; after a new one it is asked again."""

    __tablename__ = "consent_texts"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str]  # Markdown
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class SignIn(Base):
    """A server-side session of one browser. The cookie holds the token, the row only its SHA-256."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    csrf_token: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class Invitation(Base):
    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    note: Mapped[str] = mapped_column(default="")
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))  # None: made by the command line
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    used_at: Mapped[datetime | None]


class Message(Base):
    """The line between a crowdworker and the researchers: one thread per crowdworker."""

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)  # whose thread
    author_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))  # the crowdworker, or who answered
    turn_id: Mapped[str | None] = mapped_column(ForeignKey("turns.id"))  # what it is about
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]  # by the other side


class WellbeingSurvey(Base):
    """How a crowdworker feels after some red-teaming: ten feelings, 0 (not at all) to 4 (extremely). Optional: a
    declined one is a row without feelings."""

    __tablename__ = "wellbeing_surveys"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    conversations: Mapped[int]  # red-team conversations ended until then
    feelings: Mapped[dict[str, Any] | None]  # name -> 0..4
    comment: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Erasure(Base):
    """A person's wish to have their data erased. The rows lose text and person at once; a job rewrites the copies in
    run directories and then sets done_at."""

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    # Those that were frozen: no longer tied to a person, but the copies must be found, by id or by the hashes of their
    # prompts, which go too when it is done. [{"id", "prompts": [sha256]}]
    conversations: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]


class AuditEvent(Base):
    """What somebody, or the loop itself, has changed. `before` and `after` name the same fields; where they name the
    version of a text alone, the text is in its own table."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_subject", "subject", "id"),
        Index("ix_audit_events_account", "account_id", "id"),
        Index("ix_audit_events_action", "action", "id"),
        Index("ix_audit_events_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))  # None: the command line or the tick
    action: Mapped[str]  # e.g. deploy, rollback, overrule
    subject: Mapped[str]  # e.g. task:helpfulness, iteration:<id>
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]


class SharedImprovement(Base):
    """The improvement page as it was when somebody shared it, behind a link that nobody can guess. What was shared does
    not change; revoked, the link leads nowhere."""

    __tablename__ = "shared_improvements"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    token: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    sheet: Mapped[dict[str, Any]]  # app/improvement/schemas.py: Sheet
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    revoked_at: Mapped[datetime | None]
