"""The week and what it makes: tranches, iterations with their stages, runs with metrics, snapshots, deployments."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, new_id, now
from app.tables.dialogues import TrancheKind
from app.tables.people import enum_column


class Tranche(Base):
    """A frozen, named, hashed set of comparisons: its members."""

    __tablename__ = "tranches"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)  # e.g. 2026-w48-online
    kind: Mapped[TrancheKind] = mapped_column(enum_column(TrancheKind))
    content_hash: Mapped[str]  # sha256 over the members' own content hashes, in order
    counts: Mapped[dict[str, Any]]  # comparisons, conversations, by task, by strength
    exclusions: Mapped[dict[str, Any]]  # reason -> count
    facts: Mapped[dict[str, Any] | None]  # app/tranches/facts.py, counted at freezing; None: by an older release
    iteration_id: Mapped[str | None] = mapped_column(ForeignKey("iterations.id"))  # the one that froze it
    erased: Mapped[int] = mapped_column(default=0)  # comparisons whose text is gone at their crowdworker's wish
    created_at: Mapped[datetime] = mapped_column(default=now)


class TrancheMember(Base):
    """A comparison in its tranche, for good, and in no other: the primary key says so. A narrow table of its own, so
    that freezing only adds rows: PostgreSQL would write every index of a comparison again that it updates, and to check
    a foreign key it would lock, which is to write, each of them. `app.tranches.members` adds only what it reads."""

    __tablename__ = "tranche_members"

    comparison_id: Mapped[str] = mapped_column(primary_key=True)
    tranche_id: Mapped[str] = mapped_column(ForeignKey("tranches.id"), index=True)
    content_hash: Mapped[str]  # of the dialogue, both texts and the choice; outlives an erasure


class IterationStatus(enum.StrEnum):
    RUNNING = "running"
    DEPLOYED = "deployed"
    HELD = "held"  # the gate said no; a researcher may overrule
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"  # too few new comparisons, or another one was open


class Iteration(Base):
    __tablename__ = "iterations"
    __table_args__ = (
        Index("uq_iterations_one_open", "status", unique=True, sqlite_where=text("status = 'running'"),
              postgresql_where=text("status = 'running'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str]  # e.g. 2026-w48
    preset: Mapped[str]
    overrides: Mapped[dict[str, Any]]  # dotted config field -> value, e.g. {"policy.rollouts": 256}
    status: Mapped[IterationStatus] = mapped_column(enum_column(IterationStatus), default=IterationStatus.RUNNING)
    reason: Mapped[str | None]  # why held, failed, skipped, cancelled or overruled
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    started_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))  # None: the schedule or the command line
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    stages: Mapped[list["StageRun"]] = relationship(order_by="StageRun.created_at", back_populates="iteration")


class IterationTranche(Base):
    """All tranches an iteration trains on: every one so far, the paper's way."""

    __tablename__ = "iteration_tranches"

    iteration_id: Mapped[str] = mapped_column(ForeignKey("iterations.id"), primary_key=True)
    tranche_id: Mapped[str] = mapped_column(ForeignKey("tranches.id"), primary_key=True)


class StageStatus(enum.StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StageRun(Base):
    __tablename__ = "stage_runs"
    __table_args__ = (UniqueConstraint("iteration_id", "stage", "attempt"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    iteration_id: Mapped[str] = mapped_column(ForeignKey("iterations.id"))
    stage: Mapped[str]
    attempt: Mapped[int] = mapped_column(default=1)
    status: Mapped[StageStatus] = mapped_column(enum_column(StageStatus), default=StageStatus.PENDING)
    input_hash: Mapped[str | None]
    config: Mapped[dict[str, Any] | None]  # the sections that it reads, whole, as presets and overrides stood then
    training_run_id: Mapped[str | None] = mapped_column(ForeignKey("training_runs.id"))
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    iteration: Mapped[Iteration] = relationship(back_populates="stages")


class RunStatus(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # its owner's heartbeat went stale; taken up again from the last checkpoint


class TrainingRun(Base):
    """One child process and its directory. The row is the truth about who owns it."""

    __tablename__ = "training_runs"
    __table_args__ = (
        Index("uq_training_runs_slot", "slot", unique=True, sqlite_where=text("status = 'running'"),
              postgresql_where=text("status = 'running'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    module: Mapped[str]  # train_pm | evaluate_pm | generate_prompts | train_policy | evaluate_policy
    directory: Mapped[str]  # below the runs directory
    slot: Mapped[str] = mapped_column(default="local")
    status: Mapped[RunStatus] = mapped_column(enum_column(RunStatus), default=RunStatus.QUEUED)
    owner: Mapped[str | None]  # host:pid of the worker that runs it
    attempt: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[dict[str, Any] | None]  # the run directory's progress.json: phase, done, total, seconds_left
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Metric(Base):
    __tablename__ = "metrics"

    training_run_id: Mapped[str] = mapped_column(ForeignKey("training_runs.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)  # run/quantity, e.g. pm/loss
    step: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]


class SnapshotKind(enum.StrEnum):
    POLICY = "policy"
    PM = "pm"


class Snapshot(Base):
    __tablename__ = "snapshots"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)  # the `model` of a request; "initial" is the initial policy
    kind: Mapped[SnapshotKind] = mapped_column(enum_column(SnapshotKind))
    directory: Mapped[str | None]  # below the snapshots directory; None: the base itself
    base_hash: Mapped[str | None]
    data_hash: Mapped[str | None]
    manifest: Mapped[dict[str, Any]] = mapped_column(default=dict)
    training_run_id: Mapped[str | None] = mapped_column(ForeignKey("training_runs.id"))
    iteration_id: Mapped[str | None] = mapped_column(ForeignKey("iterations.id"))
    pm_id: Mapped[str | None] = mapped_column(ForeignKey("snapshots.id"))  # a policy's reward
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]
    wanted_until: Mapped[datetime | None]  # a researcher talks to it in the playground: inference keeps it until then


class Deployment(Base):
    """Desired state: a snapshot that answers crowdworkers of a task with a share of the traffic, or (task None) the PM
    that scores new candidates. Rows of one generation belong together; rolling back copies an earlier generation."""

    __tablename__ = "deployments"
    __table_args__ = (
        UniqueConstraint("task_id", "generation", "snapshot_id", "best_of"),
        CheckConstraint("share > 0 AND share <= 100", name="share"),
        CheckConstraint("best_of >= 1", name="best_of"),
        CheckConstraint("full_share >= 0 AND full_share <= 100", name="full_share"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    task_id: Mapped[str | None] = mapped_column(ForeignKey("tasks.id"))
    snapshot_id: Mapped[str] = mapped_column(ForeignKey("snapshots.id"))
    generation: Mapped[int]  # 1, 2, … per task
    share: Mapped[float]  # percent; the shares of one generation add up to 100
    best_of: Mapped[int] = mapped_column(default=1)
    full_share: Mapped[float | None]  # of a canary generation: its share once promoted; 0: it goes then
    active: Mapped[bool] = mapped_column(default=True)
    iteration_id: Mapped[str | None] = mapped_column(ForeignKey("iterations.id"))
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]

    snapshot: Mapped[Snapshot] = relationship()


UNSEEN, SEEN = "test families", "training families"
"""Where a policy's evaluation has its prompts from (`result["prompts_from"]`): its gain counts on unseen ones alone."""


class Evaluation(Base):
    __tablename__ = "evaluations"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    snapshot_id: Mapped[str] = mapped_column(ForeignKey("snapshots.id"), index=True)
    iteration_id: Mapped[str | None] = mapped_column(ForeignKey("iterations.id"))
    training_run_id: Mapped[str | None] = mapped_column(ForeignKey("training_runs.id"))
    kind: Mapped[str]  # evaluate_pm | evaluate_policy
    result: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Sample(Base):
    """What a snapshot says to one of the fixed prompts: of several responses the median by a PM's score (the paper's
    rule against choosing by hand, Bai et al. 2022, §6). The initial policy has one for each PM that judged it."""

    __tablename__ = "samples"
    __table_args__ = (UniqueConstraint("snapshot_id", "prompt_hash", "pm_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    snapshot_id: Mapped[str] = mapped_column(ForeignKey("snapshots.id"))
    pm_id: Mapped[str] = mapped_column(ForeignKey("snapshots.id"))
    training_run_id: Mapped[str | None] = mapped_column(ForeignKey("training_runs.id"))
    prompt_hash: Mapped[str] = mapped_column(index=True)  # of what was said, without the system message
    prompt: Mapped[list[Any]]  # [{role, content}], the last one human
    is_red_team: Mapped[bool]  # its words are shown to those alone who agreed to read such ones
    text: Mapped[str]
    score: Mapped[float]
    scores: Mapped[list[Any]]  # of all the responses, ascending; the text's own is the median
    created_at: Mapped[datetime] = mapped_column(default=now)


class Schedule(Base):
    __tablename__ = "schedules"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)  # "weekly"
    cron: Mapped[str]
    timezone: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)
    preset: Mapped[str]
    overrides: Mapped[dict[str, Any]] = mapped_column(default=dict)
    min_new_comparisons: Mapped[int]
    next_run_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)  # of the plan; one more with each change
