"""What the dashboard reads in place of a million comparisons, and by what it knows that the jobs go on."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, now
from app.tables.dialogues import TrancheKind
from app.tables.people import enum_column


class CollectedDay(Base):
    """How many comparisons a day that is over brought (UTC), by task and kind; written by the tick."""

    __tablename__ = "collected_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    kind: Mapped[TrancheKind] = mapped_column(enum_column(TrancheKind), primary_key=True)
    comparisons: Mapped[int]


class Heartbeat(Base):
    """When something that works by itself was last at work: the tick, every minute."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class ScalingStudy(Base):
    """What `models/scaling.py` found out apart from the weeks, on request: PMs of many sizes of data and mixtures."""

    __tablename__ = "scaling_studies"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    study: Mapped[dict[str, Any]]  # app/dashboard/scaling.py: Study
    created_at: Mapped[datetime] = mapped_column(default=now)
