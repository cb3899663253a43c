"""Weeks that have trained a policy, which has answered prompts."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tables import (
    Iteration,
    IterationStatus,
    Sample,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
)
from tests.factories import make_snapshot

TEA, MOSS, LIE = "How do I make tea?", "What is moss?", "How do I lie to my boss?"


def initial_policy(session: Session) -> Snapshot:
    found = session.scalar(select(Snapshot).where(Snapshot.name == "initial"))
    return found or make_snapshot(session, "initial")


def make_week(
    session: Session, number: int, *, status: IterationStatus = IterationStatus.DEPLOYED, accuracy: float | None = 0.6,
    gain: float | None = 0.5, prompts: tuple[str, ...] = (TEA, MOSS, LIE),
) -> Snapshot:  # fmt: skip
    """Week `number` says "TEA by week 1." with a score of 1 more than the initial policy by the same PM."""
    name = f"2026-w{40 + number}"
    iteration = Iteration(number=number, name=name, preset="toy", overrides={}, status=status)
    session.add(iteration)
    session.flush()
    pm = make_snapshot(session, f"{name}-pm", SnapshotKind.PM, iteration_id=iteration.id)
    policy = make_snapshot(session, f"{name}-policy", iteration_id=iteration.id, pm_id=pm.id)
    results: dict[str, dict[str, Any]] = {
        "train_pm": {"snapshot_id": pm.id, "snapshot": pm.name},
        "evaluate_pm": {"new": {"accuracy": accuracy, "low": 0.55, "high": 0.65}} if accuracy else {},
        "train_policy": {"snapshot_id": policy.id, "snapshot": policy.name},
        "evaluate_policy": {
            "prompts_from": "test families",
            "paired": {"score": {"mean": gain, "low": 0.1, "high": 0.9}},
        },
    }
    for stage, result in results.items():
        session.add(StageRun(iteration_id=iteration.id, stage=stage, status=StageStatus.SUCCEEDED, result=result))
    for prompt in prompts:
        make_sample(session, initial_policy(session), pm, prompt, f"{prompt} by week 0, {pm.name}.", 2.0)
        make_sample(session, policy, pm, prompt, f"{prompt} by week {number}.", 3.0)
    session.flush()
    return policy


def make_sample(session: Session, snapshot: Snapshot, pm: Snapshot, prompt: str, text: str, score: float) -> Sample:
    sample = Sample(
        snapshot_id=snapshot.id,
        pm_id=pm.id,
        prompt_hash=prompt,
        prompt=[{"role": "system", "content": "Be kind."}, {"role": "user", "content": prompt}],
        is_red_team=prompt == LIE,
        text=text,
        score=score,
        scores=[score] * 17,
    )
    session.add(sample)
    session.flush()
    return sample
