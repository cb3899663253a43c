"""Rows of choices between policies, as the leaderboard reads them."""

from typing import Any

from sqlalchemy.orm import Session

from app.tables import Account, ChoiceDirection, Comparison, Deployment, Task
from tests.factories import make_comparison, make_conversation, make_turn


def choose(
    session: Session, task: Task, account: Account, better: Deployment, worse: Deployment, times: int = 1, **fields: Any
) -> list[Comparison]:
    """`better` was judged the better one; in a task that asks for the worse one, the other one was picked."""
    picks_better = task.choice_direction == ChoiceDirection.PICK_BETTER
    picked, other = (better, worse) if picks_better else (worse, better)
    made = []
    for _ in range(times):
        turn = make_turn(session, make_conversation(session, task, account))
        for candidate, deployment in zip(turn.candidates, (picked, other), strict=True):
            candidate.deployment_id, candidate.snapshot_id = deployment.id, deployment.snapshot_id
        met = {"picked_deployment_id": picked.id, "other_deployment_id": other.id, "propensity": 0.5}
        lengths = {"picked_length": 100, "other_length": 100, "choice_direction": task.choice_direction}
        made.append(make_comparison(session, turn, **(met | lengths | fields)))
    return made
