"""Iterations for tests."""

from typing import Any

from sqlalchemy.orm import Session

from app.tables import Iteration, IterationStatus, StageRun, StageStatus


def make_iteration(
    session: Session, status: IterationStatus = IterationStatus.RUNNING, *, number: int = 1, **stages: StageStatus
) -> str:
    """An iteration with these stages, each at its first attempt; its id."""
    iteration = Iteration(number=number, name=f"2026-w{47 + number}", preset="toy", overrides={}, status=status)
    iteration.stages = [StageRun(stage=stage, status=state) for stage, state in stages.items()]
    session.add(iteration)
    session.flush()
    return iteration.id


def stage_of(session: Session, iteration_id: str, stage: str, **fields: Any) -> StageRun:
    """The stage of an iteration, which now has these fields."""
    row = next(row for row in session.get_one(Iteration, iteration_id).stages if row.stage == stage)
    for name, value in fields.items():
        setattr(row, name, value)
    session.flush()
    return row
