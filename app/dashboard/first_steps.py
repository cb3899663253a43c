"""The first five minutes with a fresh installation: each step is ticked by rows, not by clicks."""

from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.tables import (
    Conversation,
    EloFit,
    EloFitStatus,
    Import,
    ImportStatus,
    Invitation,
    Iteration,
    IterationStatus,
    StageRun,
    StageStatus,
    Study,
    Turn,
    TurnStatus,
)


class Step(StrEnum):
    TRY_A_TURN = "try-a-turn"
    INVITE_SOMEBODY = "invite-somebody"
    IMPORT_DATA = "import-data"
    RUN_A_WEEK = "run-a-week"
    WATCH_IT = "watch-it"
    COMPARE = "compare"


class FirstStep(BaseModel):
    step: Step
    done: bool


def first_steps(session: Session) -> list[FirstStep]:
    return [FirstStep(step=step, done=session.scalar(done.limit(1)) is not None) for step, done in DONE.items()]


DONE: dict[Step, Select[str]] = {
    # By a researcher, as a preview, or by anybody else: two responses have come.
    Step.TRY_A_TURN: select(Conversation.id).where(
        Conversation.import_id.is_(None),
        select(Turn.id).where(Turn.conversation_id == Conversation.id, Turn.status == TurnStatus.READY).exists(),
    ),
    # The first admin's link is nobody's.
    Step.INVITE_SOMEBODY: select(Invitation.id).where(
        or_(Invitation.created_by.is_not(None), select(Study.id).exists())
    ),
    Step.IMPORT_DATA: select(Import.id).where(Import.status == ImportStatus.DONE),
    Step.RUN_A_WEEK: select(Iteration.id).where(Iteration.status != IterationStatus.SKIPPED),
    Step.WATCH_IT: select(StageRun.id).where(
        StageRun.stage == "evaluate_policy", StageRun.status == StageStatus.SUCCEEDED
    ),
    Step.COMPARE: select(EloFit.id).where(EloFit.status == EloFitStatus.DONE, EloFit.comparisons > 0),
}
