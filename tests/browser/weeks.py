"""A quarter of weeks for the tour: what came of each, one that the gate held, and one that is being trained."""

import math
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app import db
from app.iterations.week import STAGES
from app.leaderboard.schemas import Board, Elo, Standing
from app.settings import get_settings
from app.tables import (
    Account,
    Deployment,
    EloBoard,
    EloFit,
    EloFitStatus,
    Iteration,
    IterationStatus,
    IterationTranche,
    Metric,
    RunStatus,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
    Task,
    TrainingRun,
    Tranche,
    TrancheKind,
)
from app.tasks.defaults import HELPFULNESS
from tests.app.leaderboard.rows import choose
from tests.factories import make_account, make_deployment, make_snapshot

MINUTES = {"freeze_tranche": 0, "train_pm": 11, "evaluate_pm": 2, "train_policy": 15, "evaluate_policy": 4, "gate": 0}
CONFIG = {
    "freeze_tranche": {},
    "train_pm": {"pm": {"adapters": 2, "batch_comparisons": 8, "epochs": 1, "lora_rank": 16, "learning_rate": 1e-4}},
    "evaluate_pm": {"evaluation": {"max_comparisons": 2000, "prompts": 512, "max_tokens": 128}},
    "train_policy": {"policy": {"algorithm": "ppo", "rollouts": 512, "learning_rate": 1e-5, "kl_coef": 0.02}},
}
HELD = "The policy moved 23.4 nats per response from the initial one; at most 20 are allowed."
LINES = [
    ("pm-against-deployed", "pass", 0.6, -2, "On 412 test comparisons it is right on 63.1%, the deployed PM on 62.1%."),
    ("kl", "fail", 23.4, 20, HELD),
    ("entropy", "pass", 0.71, 0.5, "Its entropy is 0.71 times the initial one's; at least 0.5 is wanted."),
    ("length", "pass", 1.62, 2, "Its answers are 1.62 times as long as the initial policy's; 0.5 to 2 is allowed."),
    ("end-of-turn", "not enough data", 0.84, 0.9, "61% of its answers end by themselves, 0.84 times the initial one's "
     "rate; at least 0.9 is wanted. That is 0.9 standard errors beyond it, which may be chance with so few prompts."),
    ("refusals", "pass", 3.1, 10, "It refuses 6% of the prompts, +3 points against the initial policy."),
    ("pm-gap", "not enough data", None, 10, "There is no test-PM this week, so nobody can say whether the policy "
     "exploits its PM."),
]  # fmt: skip
ENDINGS = {
    3: (IterationStatus.SKIPPED, "Only 41 new comparisons; 200 are wanted."),
    6: (IterationStatus.FAILED, "models.train_policy ended unexpectedly (signal SIGKILL). That was attempt 3 of 3."),
    10: (IterationStatus.HELD, HELD),
}
LAST = {IterationStatus.FAILED: 4, IterationStatus.HELD: 6}  # stages
WEEKS = 12


def a_quarter(by: Account) -> tuple[str, str, str]:
    """The ids of the iteration that is being trained, of the one that the gate held, and the newest policy's name."""
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        monday = db.now() - timedelta(days=7 * WEEKS, minutes=18)
        people = [make_account(session) for _ in range(3)]
        ids, standings, newest = {}, [_standing("initial", None, 0.0)], ""
        for number in range(1, WEEKS + 1):
            status, reason = ENDINGS.get(number, (IterationStatus.DEPLOYED, None))
            iteration = Iteration(
                number=number,
                name=f"2026-w{number + 36}",
                preset="small",
                overrides={"policy.rollouts": 512} if number > 8 else {},
                status=IterationStatus.RUNNING if number == WEEKS else status,
                reason=reason,
                started_by=by.id if number in (1, 7, WEEKS) else None,
                created_at=monday + timedelta(days=7 * number),
            )
            session.add(iteration)
            session.flush()
            ids[number] = iteration.id
            if status == IterationStatus.SKIPPED:
                continue
            last = 4 if number == WEEKS else LAST.get(status, len(STAGES))
            pm, policy = _made(session, iteration, number, last)
            _stages(session, iteration, number, last, pm, policy)
            if status == IterationStatus.DEPLOYED and number < WEEKS:
                newest = policy.name
                deployed = make_deployment(
                    session, task, policy, 90, generation=number + 1, active=number == WEEKS - 1,
                    created_at=iteration.created_at, iteration_id=iteration.id,
                )  # fmt: skip
                other = make_deployment(session, task, initial, 10, generation=number + 1, active=False)
                if number == WEEKS - 1:
                    make_deployment(session, None, pm, created_at=iteration.created_at)
                    _earn(session, task, people, deployed, other)
                standings.append(_standing(policy.name, iteration.name, 14.0 * number))
        fit = EloFit(status=EloFitStatus.DONE, finished_at=db.now())
        session.add(fit)
        session.flush()
        counted = {"comparisons": 40 * len(standings), "crowdworkers": len(people)}
        board = Board(**counted, effective=37.5 * len(standings), standings=standings, meetings=[], length_effect=None)
        made = {"fit_id": fit.id, "task_id": task.id, "week": None, "comparisons": board.comparisons}
        session.add(EloBoard(**made, board=board.model_dump(mode="json")))
        return ids[WEEKS], ids[10], newest


def _standing(snapshot: str, iteration: str | None, at: float) -> Standing:
    elo = Elo(elo=at, low=at - 31, high=at + 31) if iteration else Elo(elo=0)
    return Standing(
        snapshot=snapshot, best_of=1, iteration=iteration, comparisons=40, crowdworkers=3, elo=elo, sandwich=elo,
        equal_length=elo, missing=None, met_initial=40, beat_initial=20 + round(at / 14),
    )  # fmt: skip


def _made(session: Session, iteration: Iteration, number: int, last: int) -> tuple[Snapshot, Snapshot]:
    """Tranches and snapshots; what the week being trained has not made yet is not kept."""
    counts = {"comparisons": 310 + 17 * number}
    kind = TrancheKind.BASE if number == 1 else TrancheKind.ONLINE
    tranche = Tranche(
        name=f"{iteration.name}-{kind}", kind=kind, content_hash="1f" * 32, counts=counts, exclusions={},
        iteration_id=iteration.id, created_at=iteration.created_at,
    )  # fmt: skip
    session.add(tranche)
    session.flush()
    for id in session.scalars(select(Tranche.id)):
        session.add(IterationTranche(iteration_id=iteration.id, tranche_id=id))
    made = {"iteration_id": iteration.id, "created_at": iteration.created_at}
    pm = make_snapshot(session, f"{iteration.name}-pm", SnapshotKind.PM, **made)
    if last == LAST[IterationStatus.FAILED]:
        return pm, pm
    return pm, make_snapshot(session, f"{iteration.name}-policy", pm_id=pm.id, **made)


def _stages(session: Session, iteration: Iteration, number: int, last: int, pm: Snapshot, policy: Snapshot) -> None:
    """The first of the week's stages, up to the one at which it stands."""
    at = iteration.created_at
    for stage in STAGES[:last]:
        ends = stage == STAGES[last - 1] and last == LAST[IterationStatus.FAILED]
        row = StageRun(
            stage=stage, status=StageStatus.SUCCEEDED, created_at=at, started_at=at, config=CONFIG.get(stage)
        )
        row.result, row.input_hash = _result(session, stage, number, iteration, pm, policy), "a37f" * 16
        at += timedelta(minutes=MINUTES.get(stage, 0), seconds=2 + 3 * number)
        row.finished_at = at
        if ends:
            failed = number < WEEKS
            row.status = StageStatus.FAILED if failed else StageStatus.RUNNING
            row.error, row.finished_at = iteration.reason, at if failed else None
            row.result = row.input_hash = None
        if stage == "train_policy":
            row.training_run_id = _policy_run(session, iteration, number, live=ends and number == WEEKS)
        iteration.stages.append(row)
    iteration.finished_at = None if number == WEEKS else at
    session.flush()


def _result(
    session: Session, stage: str, number: int, iteration: Iteration, pm: Snapshot, policy: Snapshot
) -> dict[str, Any]:
    held = number == 10
    match stage:
        case "freeze_tranche":
            rows = session.scalars(select(Tranche).order_by(Tranche.created_at)).all()
            tranches = [
                {"name": row.name, "comparisons": row.counts["comparisons"], "new": row.iteration_id == iteration.id}
                for row in rows
            ]
            return {"comparisons": sum(row["comparisons"] for row in tranches), "tranches": tranches}
        case "train_pm":
            return {"snapshot": pm.name, "snapshot_id": pm.id, "test_pm": None}
        case "evaluate_pm":
            accuracy, half = 0.57 + 0.006 * number, 0.09 / math.sqrt(number)
            return {"new": {"accuracy": accuracy, "low": accuracy - half, "high": accuracy + half, "comparisons": 412}}
        case "train_policy":
            return {"snapshot": policy.name, "snapshot_id": policy.id}
        case "evaluate_policy":
            return {"new": {"kl_to_initial": 23.4 if held else 3.1 + 0.9 * number}}
        case "gate":
            lines = [dict(zip(("check", "verdict", "value", "limit", "sentence"), line, strict=True)) for line in LINES]
            return {"passed": not held, "lines": lines, "reason": HELD if held else None}
    return {"scoring_pm": pm.name, "deployments": {"helpfulness": [{"snapshot": policy.name, "share": 90.0}]}}


def _policy_run(session: Session, iteration: Iteration, number: int, *, live: bool) -> str:
    progress = {"phase": "train", "done": 37, "total": 64, "seconds_left": 370}
    run = TrainingRun(
        module="train_policy",
        directory=f"{iteration.name}/policy-a37fa37f",
        status=RunStatus.RUNNING if live else RunStatus.SUCCEEDED,
        attempt=1,
        progress=progress if live else None,
        created_at=iteration.created_at,
        heartbeat_at=db.now(),
    )
    session.add(run)
    session.flush()
    if live:
        _print(run, iteration.created_at)
        session.execute(
            insert(Metric),
            [
                {"training_run_id": run.id, "name": f"policy/{name}", "step": step, "value": value}
                for step in range(1, 38)
                for name, value in _step(step).items()
            ],
        )
    return run.id


def _step(step: int) -> dict[str, float]:
    """A training that goes well: its score grows with √KL, its entropy falls slowly."""
    ripple, kl = 0.06 * math.sin(2.1 * step), 0.004 * step**2
    return {
        "score": -0.4 + 0.55 * math.sqrt(kl) + ripple,
        "kl_to_initial": kl,
        "entropy": 2.31 - 0.012 * step + ripple / 2,
        "length": 52 + 0.2 * step + 20 * ripple,
        "end_of_turn_rate": 0.62 + 0.002 * step + ripple / 2,
        "reward": -0.4 + 0.5 * math.sqrt(kl) + ripple,
        "explained_variance": 0.5 + ripple,
    }


def _print(run: TrainingRun, at: datetime) -> None:
    directory = get_settings().runs_dir / run.directory
    directory.mkdir(parents=True, exist_ok=True)
    lines = [
        f"step {step}: score {_step(step)['score']:.3f}, KL {_step(step)['kl_to_initial']:.2f}" for step in range(1, 38)
    ]
    (directory / "log.txt").write_text("\n".join(["train_policy: 512 rollouts, 8 a step", *lines, ""]))


def _earn(session: Session, task: Task, people: list[Account], policy: Deployment, initial: Deployment) -> None:
    for person in people:
        choose(session, task, person, policy, initial, 9)
        choose(session, task, person, initial, policy, 4)
