"""What crowdworkers are asked to do: tasks with their versioned texts, and assignments of several conversations."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, new_id, now
from app.tables.people import enum_column


class TaskKind(enum.StrEnum):
    HELPFULNESS = "helpfulness"
    RED_TEAM = "red-team"


class ChoiceDirection(enum.StrEnum):
    """What the crowdworker is asked to pick. Training's chosen is the picked candidate, or the other one."""

    PICK_BETTER = "pick-better"
    PICK_WORSE = "pick-worse"


class PairScope(enum.StrEnum):
    CONVERSATION = "conversation"  # the paper's protocol: the same two policies for the whole conversation
    TURN = "turn"


class Task(Base):
    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("max_turns > 0 AND conversations_per_assignment > 0 AND max_tokens > 0", name="positive"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[TaskKind] = mapped_column(enum_column(TaskKind))
    choice_direction: Mapped[ChoiceDirection] = mapped_column(enum_column(ChoiceDirection))
    pair_scope: Mapped[PairScope] = mapped_column(enum_column(PairScope), default=PairScope.CONVERSATION)
    max_turns: Mapped[int] = mapped_column(default=4)
    conversations_per_assignment: Mapped[int] = mapped_column(default=5)
    system: Mapped[str]  # the system message sent with every request and stored on every conversation
    max_tokens: Mapped[int] = mapped_column(default=128)
    temperature: Mapped[float] = mapped_column(default=1.0)
    text_version: Mapped[int] = mapped_column(default=1)  # the version of TaskText shown now
    active: Mapped[bool] = mapped_column(default=True)
    pass_mark: Mapped[int] = mapped_column(default=4)  # right answers that qualify
    qualification_tries: Mapped[int] = mapped_column(default=3)
    pay_cents: Mapped[int | None]  # for a whole assignment; None: not said here
    currency: Mapped[str] = mapped_column(default="USD")
    assignments_per_day: Mapped[int | None]  # of one person; None: as many as they like
    assignments_per_person: Mapped[int | None]

    current_text: Mapped["TaskText"] = relationship(
        primaryjoin="and_(Task.id == foreign(TaskText.task_id), Task.text_version == foreign(TaskText.version))",
        uselist=False,
        viewonly=True,
    )


class TaskText(Base):
    __tablename__ = "task_texts"
    __table_args__ = (UniqueConstraint("task_id", "version"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"))
    version: Mapped[int]
    title: Mapped[str]
    question: Mapped[str]  # shown above every pair
    instructions: Mapped[str]  # Markdown, the pop-up
    guide: Mapped[str] = mapped_column(default="")  # Markdown, the longer page with worked examples
    # Worked pairs that qualify: [{"prompt", "a", "b", "picked": "a" | "b", "why"}]; empty: nobody needs to qualify.
    qualification: Mapped[list[Any]] = mapped_column(default=list)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class AssignmentStatus(enum.StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class Assignment(Base):
    __tablename__ = "assignments"
    __table_args__ = (
        Index(
            "uq_assignments_one_open",
            "account_id",
            "task_id",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    conversation_count: Mapped[int]
    status: Mapped[AssignmentStatus] = mapped_column(enum_column(AssignmentStatus), default=AssignmentStatus.OPEN)
    completion_code: Mapped[str | None]
    pay_cents: Mapped[int | None]  # copied from the task when it was taken
    currency: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None]


class QualificationAttempt(Base):
    __tablename__ = "qualification_attempts"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"))
    text_version: Mapped[int]
    picked: Mapped[list[Any]]  # "a" | "b" of each item, in order
    correct: Mapped[int]
    passed: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)


class QualificationDecision(Base):
    """A researcher's word on whether somebody may take a task; it outranks their tries until it is taken back."""

    __tablename__ = "qualification_decisions"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    qualified: Mapped[bool]
    decided_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime] = mapped_column(default=now)


class StudyProvider(enum.StrEnum):
    PROLIFIC = "prolific"
    MTURK = "mturk"


class Study(Base):
    """A task offered on a crowd platform, with the codes by which the platform learns how it ended."""

    __tablename__ = "studies"
    __table_args__ = (UniqueConstraint("provider", "external_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[StudyProvider] = mapped_column(enum_column(StudyProvider))
    external_id: Mapped[str]  # Prolific's STUDY_ID, MTurk's HIT type or group
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"))
    code_completed: Mapped[str]
    code_screened_out: Mapped[str]
    code_withdrawn: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class VisitStatus(enum.StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    SCREENED_OUT = "screened-out"  # did not qualify
    WITHDRAWN = "withdrawn"


class StudyVisit(Base):
    """One participant's time in a study: Prolific's SESSION_ID, MTurk's assignmentId."""

    __tablename__ = "study_visits"
    __table_args__ = (UniqueConstraint("study_id", "external_session"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    external_session: Mapped[str]
    assignment_id: Mapped[str | None] = mapped_column(ForeignKey("assignments.id"))
    status: Mapped[VisitStatus] = mapped_column(enum_column(VisitStatus), default=VisitStatus.OPEN)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
