"""The new policy and the initial one on prompts of families that no training saw."""

from sqlalchemy.orm import Session
from worker.week import Result, Week


def work(week: Week) -> None: ...
def record(session: Session, week: Week) -> Result:
    return {}
