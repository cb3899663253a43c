"""Let the week's snapshots answer crowdworkers, next to earlier ones."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.snapshots.reconcile import INITIAL
from app.snapshots.service import active_generation, deploy, lines_of
from app.snapshots.shares import Wanted
from app.tables import Snapshot, Task
from worker.presets import ShareConfig
from worker.week import Result, Week


def record(session: Session, week: Week) -> Result:
    """A new generation for every task, and the new PM to score with; the same transaction ends the iteration."""
    policy = session.get_one(Snapshot, week.results["train_policy"]["snapshot_id"])
    pm = session.get_one(Snapshot, week.results["train_pm"]["snapshot_id"])
    deploy(session, None, [Wanted(pm.name, 100)], iteration=week.iteration)
    generations = {}
    for task in session.scalars(select(Task).where(Task.active).order_by(Task.slug)):
        earlier = sorted(active_generation(session, task), key=lambda row: row.snapshot.created_at, reverse=True)
        # Adapters of an earlier BASE_MODEL cannot be loaded any more. The initial policy is the base, whichever it is.
        lines = [
            line
            for row, line in zip(earlier, lines_of(earlier), strict=True)
            if row.snapshot.name != INITIAL and row.snapshot.base_hash == policy.base_hash
        ]
        wanted = shares(week.config.shares, policy.name, lines)
        rows = deploy(session, task, wanted, iteration=week.iteration, canary_share=week.config.shares.canary)
        generations[task.slug] = [line._asdict() for line in lines_of(rows)]
    return {"scoring_pm": pm.name, "deployments": generations}


def shares(config: ShareConfig, new: str, earlier: Sequence[Wanted]) -> list[Wanted]:
    """The new policy, up to two earlier ones (newest first; they keep their best-of) and the initial policy, in the
    config's proportions scaled to 100. Those of a canary generation have at most what they have now: more is for
    somebody to say, who promotes it."""
    kept = [line for line in earlier if line.snapshot != new][:2]
    wanted = [
        Wanted(new, config.new),
        *(Wanted(line.snapshot, config.earlier, line.best_of) for line in kept),
        Wanted(INITIAL, config.initial),
    ]
    total = sum(line.share for line in wanted)
    most = {line.who: line.share for line in kept if line.full_share is not None}
    scaled = [line._replace(share=min(round(100 * line.share / total, 2), most.get(line.who, 100))) for line in wanted]
    # What a canary does not take, and what rounding took or gave, goes to the new policy, so that the sum is exact.
    rest = round(100 - sum(line.share for line in scaled[1:]), 2)
    return [scaled[0]._replace(share=rest), *scaled[1:]]
