"""Files of comparisons that researchers ask for; a job writes them (`worker/exports.py`)."""

import enum
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, now
from app.tables.people import enum_column
from app.tables.work import TaskKind


class ExportStatus(enum.StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"  # it was done; its file is gone again


class Export(Base):
    """One file: the comparisons of a tranche, of all tranches of an iteration, or (neither) all there are."""

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("tranche_id IS NULL OR iteration_id IS NULL", name="one_scope"),
        Index("uq_exports_one_running", "status", unique=True, sqlite_where=text("status = 'running'"),
              postgresql_where=text("status = 'running'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    format: Mapped[str]  # of app/tranches/formats.py
    task_kind: Mapped[TaskKind | None] = mapped_column(enum_column(TaskKind))  # only such tasks; None: all
    tranche_id: Mapped[str | None] = mapped_column(ForeignKey("tranches.id"))
    iteration_id: Mapped[str | None] = mapped_column(ForeignKey("iterations.id"))
    status: Mapped[ExportStatus] = mapped_column(enum_column(ExportStatus), default=ExportStatus.WAITING)
    reason: Mapped[str | None]  # why failed, cancelled or deleted: one sentence
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now, index=True)
    attempt: Mapped[int] = mapped_column(default=0)  # who writes holds this number; an older one has lost the row
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # then the file goes
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int | None]
    file_name: Mapped[str | None]  # what a browser saves it as
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]  # of the file
    erasures_seen: Mapped[
        int | None
    ]  # how many there were when its rows were read; more since: its words may be erased
