"""Freeze what crowdworkers chose since last week, and pin everything this week is measured against."""

from collections import Counter
from pathlib import Path

from sqlalchemy.orm import Session

from app.errors import DomainError
from app.settings import get_settings
from app.snapshots.service import deployed_pm
from app.tables import TaskKind
from app.tranches.service import count_by_split, freeze
from models.config import PolicyConfig
from models.run import BadInput
from worker.presets import IterationConfig
from worker.week import Result, Week


class NothingToTrainOn(DomainError):
    pass


def record(session: Session, week: Week) -> Result:
    """All tranches so far (the paper's way), new ones included. Later stages compare with the PM deployed now, even if
    somebody deploys another one meanwhile."""
    must_lead_somewhere(week.config)
    tranches = freeze(session, week.iteration)
    by_task = count_by_split(session, [tranche.id for tranche in tranches])
    by_split = {side: tasks.total() for side, tasks in by_task.items()}
    if not by_split["train"]:
        raise NothingToTrainOn(
            f"There is nothing to train on: all {by_split['test']} comparisons belong to test families."
        )
    must_have_tasks(week.config.policy, by_task["train"])
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
        "comparisons": sum(by_split.values()),
        "by_split": by_split,
        "deployed_pm_id": incumbent.id if incumbent else None,
        "base": get_settings().base_model,
    }


def must_lead_somewhere(config: IterationConfig) -> None:
    """BadInput for a path that a run would not find, hours later; from its own directory, so a relative one never."""
    for name, path in (("start", config.policy.start), ("initial", config.policy.initial)):
        if path is not None and not (Path(path).is_absolute() and (Path(path) / "manifest.json").is_file()):
            raise BadInput(f"policy: {name} is {path!r}, but must be the absolute path of a snapshot's directory.")
    for path in config.pm.pmp_comparisons:
        if not (Path(path).is_absolute() and Path(path).is_file()):
            raise BadInput(f"pm: pmp_comparisons names {path!r}, but must name files by their absolute paths.")


def must_have_tasks(config: PolicyConfig, training: Counter[TaskKind]) -> None:
    """BadInput where a task is given a share of the policy's prompts and has none."""
    if config.helpful_share is None:
        return
    for task, share in (
        (TaskKind.HELPFULNESS, config.helpful_share),
        (TaskKind.RED_TEAM, 1 - config.helpful_share),
    ):
        if share and not training[task]:
            raise BadInput(
                f"policy: helpful_share is {config.helpful_share:g}, but no training comparison is of the task {task}."
            )
