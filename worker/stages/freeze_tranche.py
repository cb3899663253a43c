"""Freeze what crowdworkers chose since last week, and pin everything this week is measured against."""

from sqlalchemy.orm import Session

from app.errors import DomainError
from app.settings import get_settings
from app.snapshots.service import deployed_pm
from app.tranches.service import count_by_split, freeze
from worker.week import Result, Week


class NothingToTrainOn(DomainError):
    pass


def record(session: Session, week: Week) -> Result:
    """All tranches so far (the paper's way), new ones included. Later stages compare with the PM deployed now, even if
    somebody deploys another one meanwhile."""
    tranches = freeze(session, week.iteration)
    by_split = count_by_split(session, [tranche.id for tranche in tranches])
    if not by_split["train"]:
        raise NothingToTrainOn(
            f"There is nothing to train on: all {by_split['test']} comparisons belong to test families."
        )
    incumbent = deployed_pm(session)
    return {
        "tranches": [
            {
                "id": tranche.id,
                "name": tranche.name,
                "hash": tranche.content_hash,
                "comparisons": tranche.counts["comparisons"],
                "new": tranche.iteration_id == week.iteration.id,
            }
            for tranche in tranches
        ],
        "comparisons": by_split.total(),
        "by_split": dict(by_split),
        "deployed_pm_id": incumbent.id if incumbent else None,
        "base": get_settings().base_model,
    }
