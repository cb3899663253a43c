"""The leaderboard's fits: made by a job from all comparisons, read by its page."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, now
from app.tables.people import enum_column


class EloFitStatus(enum.StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class EloFit(Base):
    """All tasks and weeks fitted at once, and what they were fitted on."""

    __tablename__ = "elo_fits"
    __table_args__ = (
        Index("uq_elo_fits_one_waiting", "status", unique=True, sqlite_where=text("status = 'waiting'"),
              postgresql_where=text("status = 'waiting'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    status: Mapped[EloFitStatus] = mapped_column(enum_column(EloFitStatus), default=EloFitStatus.WAITING)
    seed: Mapped[int] = mapped_column(default=0)  # of the bootstrap
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))  # None: the tick
    asked_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    seconds: Mapped[float | None]
    comparisons: Mapped[int | None]
    newest_at: Mapped[datetime | None]  # of those comparisons
    counts_hash: Mapped[str | None]  # sha256 of who was better than whom how often, by task and week
    error: Mapped[str | None]


class EloBoard(Base):
    """One task's standings over one week, or over all of them."""

    __tablename__ = "elo_boards"
    __table_args__ = (UniqueConstraint("fit_id", "task_id", "week"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    fit_id: Mapped[str] = mapped_column(ForeignKey("elo_fits.id"))
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"))
    week: Mapped[date | None]  # its Monday (UTC); None: all weeks
    comparisons: Mapped[int]
    board: Mapped[dict[str, Any]]  # app/leaderboard/schemas.py: Board
