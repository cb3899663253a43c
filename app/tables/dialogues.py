"""Dialogues held by crowdworkers (or imported): conversation, turn, candidate, comparison.

The rules that must hold whatever the code does are constraints here: one current comparison per turn, picked and other
belong to the turn, a client id is unique in its conversation.
"""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, new_id, now
from app.tables.people import enum_column
from app.tables.work import ChoiceDirection, Task


class ConversationStatus(enum.StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    IMPORTING = "importing"  # rows of an import that is not done yet: invisible everywhere


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("assignment_id", "position"),
        CheckConstraint("account_id IS NOT NULL OR import_id IS NOT NULL OR erased_at IS NOT NULL", name="has_origin"),
        CheckConstraint("overall_rating BETWEEN 1 AND 5", name="overall_rating"),
        CheckConstraint(
            "attack_success BETWEEN 1 AND 5 AND attack_harm BETWEEN 1 AND 5 AND attack_actionability BETWEEN 1 AND 5",
            name="attack_ratings",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    assignment_id: Mapped[str | None] = mapped_column(ForeignKey("assignments.id"))
    position: Mapped[int | None]  # 1 = "Conversation 1 of 5"
    import_id: Mapped[str | None] = mapped_column(ForeignKey("imports.id"), index=True)
    family: Mapped[str | None] = mapped_column(index=True)  # sha256 of the normalised first human message
    system: Mapped[str]
    status: Mapped[ConversationStatus] = mapped_column(enum_column(ConversationStatus), default=ConversationStatus.OPEN)
    # The last pair drawn: the whole conversation's, or (pair scope "turn") the last turn's. Who is shown as a or b is
    # tossed at every turn (Candidate.shown).
    deployment_a_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    deployment_b_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    propensity: Mapped[float | None]  # probability of this unordered pair among the deployments at the draw
    preview: Mapped[bool] = mapped_column(default=False)  # a researcher looking around: never counts
    comment: Mapped[str | None]
    overall_rating: Mapped[int | None]
    red_team_plan: Mapped[str | None]
    attack_success: Mapped[int | None]
    attack_harm: Mapped[int | None]
    attack_actionability: Mapped[int | None]
    erased_at: Mapped[datetime | None]  # at its crowdworker's wish: texts and person are gone
    created_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None]

    task: Mapped[Task] = relationship()
    turns: Mapped[list["Turn"]] = relationship(order_by="Turn.position", back_populates="conversation")


class TurnStatus(enum.StrEnum):
    GENERATING = "generating"  # under a lease, or waiting for somebody to take it
    READY = "ready"  # both candidates are final
    FAILED = "failed"  # a policy failed; retry samples again


class Turn(Base):
    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_id"),
        UniqueConstraint("conversation_id", "position"),
        Index("ix_turns_generating", "lease_until", sqlite_where=text("status = 'generating'"),
              postgresql_where=text("status = 'generating'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    position: Mapped[int]  # 0 = first
    client_id: Mapped[str]  # made by the client, so that a repeated request is the same turn
    text: Mapped[str]  # the human message
    pasted_characters: Mapped[int | None]  # of it, as the browser saw; a signal, never a verdict
    private_kinds: Mapped[list[Any] | None]  # what the page warned of and was sent anyway, e.g. ["email"]
    status: Mapped[TurnStatus] = mapped_column(enum_column(TurnStatus), default=TurnStatus.GENERATING)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    stop_requested: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    ready_at: Mapped[datetime | None]

    conversation: Mapped[Conversation] = relationship(back_populates="turns")
    candidates: Mapped[list["Candidate"]] = relationship(order_by="Candidate.shown", back_populates="turn")
    comparisons: Mapped[list["Comparison"]] = relationship(order_by="Comparison.created_at", back_populates="turn")
    direction_check: Mapped["DirectionCheck | None"] = relationship()
    reports: Mapped[list["Report"]] = relationship(
        secondary="candidates",
        primaryjoin="Turn.id == Candidate.turn_id",
        secondaryjoin="Candidate.id == Report.candidate_id",
        viewonly=True,
    )

    @property
    def pair(self) -> list["Candidate"]:
        """The candidates that policies wrote (or a file held): an edited one is a crowdworker's."""
        return [candidate for candidate in self.candidates if candidate.edited_from_id is None]

    @property
    def edited(self) -> "Candidate | None":
        """The crowdworker's rewriting, also after it was taken back: then no current choice is on it."""
        return next((candidate for candidate in self.candidates if candidate.edited_from_id is not None), None)

    @property
    def replies(self) -> list["Candidate"]:
        """The pair, and the edited candidate while the choice is on it."""
        edited, current = self.edited, self.comparison
        return [*self.pair, edited] if edited and current and current.picked_id == edited.id else self.pair

    @property
    def comparison(self) -> "Comparison | None":
        """The current choice; earlier picks stay as superseded rows."""
        return next((row for row in self.comparisons if row.superseded_at is None), None)


class CandidateStatus(enum.StrEnum):
    PENDING = "pending"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Candidate(Base):
    __tablename__ = "candidates"
    __table_args__ = (
        UniqueConstraint("turn_id", "shown"),
        UniqueConstraint("turn_id", "id"),  # target of the comparison's composite keys
        CheckConstraint("shown IN ('a', 'b', 'edited')", name="shown"),
        CheckConstraint("(shown = 'edited') = (edited_from_id IS NOT NULL)", name="edited"),
        Index("ix_candidates_unscored", "turn_id", sqlite_where=text("score IS NULL AND status = 'done'"),
              postgresql_where=text("score IS NULL AND status = 'done'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"))
    shown: Mapped[str]  # position on screen: a or b; edited: a crowdworker's rewriting of one of these
    status: Mapped[CandidateStatus] = mapped_column(enum_column(CandidateStatus), default=CandidateStatus.PENDING)
    text: Mapped[str] = mapped_column(default="")
    finish: Mapped[str | None]  # stop | length | stopped | failed | imported
    snapshot_id: Mapped[str | None] = mapped_column(ForeignKey("snapshots.id"), index=True)  # None: imported or edited
    deployment_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    seed: Mapped[int | None]
    sampling: Mapped[dict[str, Any] | None]  # temperature, top_p, top_k, max_tokens, best_of
    best_of_texts: Mapped[list[Any] | None]  # all k texts with their scores: [{"text", "finish", "score"}]
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    first_token_ms: Mapped[int | None]
    total_ms: Mapped[int | None]
    score: Mapped[float | None]  # by the PM below
    scored_by_id: Mapped[str | None] = mapped_column(ForeignKey("snapshots.id"))
    edited_from_id: Mapped[str | None] = mapped_column(ForeignKey("candidates.id"))
    is_trunk: Mapped[bool | None]  # imports only: the dialogue went on from this one; None: from the picked one

    turn: Mapped[Turn] = relationship(back_populates="candidates")


class ReportReason(enum.StrEnum):
    PRIVACY = "privacy"
    ILLEGAL = "illegal"
    BROKEN = "broken"
    OTHER = "other"


class Report(Base):
    """A crowdworker points at a candidate that a person should look at."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("candidate_id", "account_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    candidate_id: Mapped[str] = mapped_column(ForeignKey("candidates.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))  # None: erased
    reason: Mapped[ReportReason] = mapped_column(enum_column(ReportReason))
    comment: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    handled_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    handled_at: Mapped[datetime | None]


class DirectionCheck(Base):
    """An occasional question in pick-worst tasks: which response are you asked to pick here?"""

    __tablename__ = "direction_checks"

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)  # asked after this turn's choice
    right: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)


class TrancheKind(enum.StrEnum):
    BASE = "base"
    REJECTION_SAMPLED = "rejection-sampled"
    ONLINE = "online"
    IMPORTED = "imported"


EARNED = "superseded_at IS NULL AND picked_deployment_id IS NOT NULL"


class Comparison(Base):
    """One recorded choice, append-only and neutral: it says which candidate was picked. Direction, text version and
    propensity are copied here, so that editing a task never flips or rewrites an old label; who met whom and the
    lengths, so that the leaderboard never reads a million candidates. Which tranche holds it is a row of its own
    (TrancheMember)."""

    __tablename__ = "comparisons"
    __table_args__ = (
        ForeignKeyConstraint(["turn_id", "picked_id"], ["candidates.turn_id", "candidates.id"]),
        ForeignKeyConstraint(["turn_id", "other_id"], ["candidates.turn_id", "candidates.id"]),
        CheckConstraint("picked_id <> other_id", name="two_candidates"),
        CheckConstraint("strength BETWEEN 1 AND 4", name="strength"),
        CheckConstraint("propensity > 0 AND propensity <= 1", name="propensity"),
        CheckConstraint("(picked_deployment_id IS NULL) = (other_deployment_id IS NULL)", name="who_met"),
        Index("uq_comparisons_current", "turn_id", unique=True, sqlite_where=text("superseded_at IS NULL"),
              postgresql_where=text("superseded_at IS NULL")),
        Index("ix_comparisons_import", "import_id", "import_line"),
        Index("ix_comparisons_account_id", "account_id", "created_at"),
        Index("ix_comparisons_met", "created_at", sqlite_where=text("picked_deployment_id IS NOT NULL"),
              postgresql_where=text("picked_deployment_id IS NOT NULL")),
        # How many a deployment earned, as the one that was picked and as the other one.
        Index("ix_comparisons_earned_picked", "picked_deployment_id", sqlite_where=text(EARNED),
              postgresql_where=text(EARNED)),
        Index("ix_comparisons_earned_other", "other_deployment_id", "picked_deployment_id",
              sqlite_where=text(EARNED), postgresql_where=text(EARNED)),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), index=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    picked_id: Mapped[str]
    other_id: Mapped[str]
    strength: Mapped[int | None]  # 1 weakest … 4 strongest; None: nobody was asked (imported, edited), never "weakest"
    choice_direction: Mapped[ChoiceDirection] = mapped_column(enum_column(ChoiceDirection))
    kind: Mapped[TrancheKind] = mapped_column(enum_column(TrancheKind))
    propensity: Mapped[float | None]
    # Who met whom; None where the choice says nothing about two policies (app/comparisons/service.py: _copy_who_met).
    picked_deployment_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    other_deployment_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    picked_length: Mapped[int | None]  # characters; None: imported
    other_length: Mapped[int | None]
    text_version: Mapped[int | None]
    seconds_to_choose: Mapped[float | None]
    superseded_at: Mapped[datetime | None]
    excluded_reason: Mapped[str | None]
    import_id: Mapped[str | None] = mapped_column(ForeignKey("imports.id"))
    import_line: Mapped[int | None]  # 1 = first line of the file
    import_raw: Mapped[str | None]  # the line itself, only where rendering the rows would not give it back exactly
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

    turn: Mapped[Turn] = relationship(back_populates="comparisons", foreign_keys=[turn_id])


class ImportStatus(enum.StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Import(Base):
    __tablename__ = "imports"
    __table_args__ = (
        Index("uq_imports_file", "sha256", "task_id", unique=True, sqlite_where=text("status = 'done'"),
              postgresql_where=text("status = 'done'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    file_name: Mapped[str]
    sha256: Mapped[str]
    format: Mapped[str]
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"))
    status: Mapped[ImportStatus] = mapped_column(enum_column(ImportStatus), default=ImportStatus.RUNNING)
    rows: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    set_aside: Mapped[dict[str, Any]] = mapped_column(default=dict)  # reason -> [line numbers]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
