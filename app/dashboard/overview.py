"""Monday morning, in one answer: what came in, what is being trained, who answers, what is wrong, what waits for a
decision."""

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.dashboard.alarms import alarms
from app.dashboard.answering import Answering, answering, scoring_pm
from app.dashboard.collected import Collected, collected
from app.dashboard.decisions import decisions
from app.dashboard.first_steps import FirstStep, first_steps
from app.dashboard.notice import Notice
from app.dashboard.training import NextRun, Training, next_run, training


class Overview(BaseModel):
    decisions: list[Notice]
    alarms: list[Notice]
    collected: Collected
    training: Training | None
    next_run: NextRun | None
    answering: list[Answering]
    scoring_pm: str | None
    first_steps: list[FirstStep]


def overview(session: Session) -> Overview:
    return Overview(
        decisions=decisions(session),
        alarms=alarms(session),
        collected=collected(session),
        training=training(session),
        next_run=next_run(session),
        answering=answering(session),
        scoring_pm=scoring_pm(session),
        first_steps=first_steps(session),
    )
