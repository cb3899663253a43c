"""Rows of many weeks' trainings and evaluations: what the figures of PMs and of policies read.

Evaluations are those of the real code (`models/evaluate_pm.py`) on judgements that are drawn here: a PM whose accuracy
grows with what it was trained on, a little too sure, better on the first turn. Policies gain score along a line in √KL
until it bends, and their test-PM turns earlier. The same seed makes the same numbers.
"""

import math
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.tables import (
    Evaluation,
    Iteration,
    IterationStatus,
    Metric,
    RunStatus,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
    TrainingRun,
)
from benchmarks.rows import FIRST_WEEK, WEEK
from models.evaluate_pm import report
from models.health import alarms, reward_line
from models.judgements import Judgement

KINDS = ("imported", "base", "online")
AT_ONCE = 5_000  # metric rows


def make(session: Session, weeks: int, steps: int, judged: int = 600, seed_of: int = 0) -> None:
    """`weeks` iterations, each with a new PM judged on `judged` comparisons and a policy of so many steps."""
    chance, deployed = random.Random(seed_of), None
    before = session.scalar(select(func.max(Iteration.number))) or 0
    for number in range(1, weeks + 1):
        at = FIRST_WEEK + number * WEEK
        name = f"{at:%G}-w{at:%V}"
        iteration = Iteration(
            number=before + number,
            name=name,
            preset="paper",
            overrides={},
            status=IterationStatus.DEPLOYED,
            created_at=at,
            finished_at=at + timedelta(hours=9),
        )
        session.add(iteration)
        session.flush()
        trained_on = {"helpfulness": 400 * number, "red-team": 40 * number + 300}
        result = {"comparisons": sum(trained_on.values()), "tasks": trained_on}
        pm = _trained(session, iteration, "train_pm", SnapshotKind.PM, f"{name}-pm", result)
        found = report(list(judgements(chance, judged, 0.62 + 0.025 * math.log(number))))
        for one in filter(None, (deployed, pm)):
            numbers = {
                **found["overall"],
                **{key: part for key, part in found.items() if key not in ("overall", "pairs")},
            }
            evaluated = {"snapshot_id": one.id, "iteration_id": iteration.id, "created_at": at}
            session.add(Evaluation(kind="evaluate_pm", result=numbers, **evaluated))
        metrics = list(course(chance, steps, 0.25 + 0.05 * chance.random()))
        taken = [{"step": step, **values} for step, values in enumerate(metrics, start=1)]
        line = reward_line([m["policy/sqrt_kl"] for m in taken], [m["policy/score"] for m in taken])
        gain = (metrics[-1]["policy/score"] - metrics[0]["policy/score"]) / 0.8
        result = {
            "steps": steps,
            "stopped": None,
            "warnings": alarms(taken),
            "final": {"kl_to_initial": metrics[-1]["policy/kl_to_initial"]},
            "reward_line": line and line._asdict(),
            "paired": {"score": {"deviation": 0.8, "gain": gain, "gain_low": gain - 0.2, "gain_high": gain + 0.2,
                                 "best_of_4": 1.0 + chance.gauss(0, 0.05)}},
        }  # fmt: skip
        policy = _trained(session, iteration, "train_policy", SnapshotKind.POLICY, f"{name}-policy", result)
        rows = [
            {"training_run_id": policy.training_run_id, "name": metric, "step": step, "value": value}
            for step, values in enumerate(metrics, start=1)
            for metric, value in values.items()
        ]
        for start in range(0, len(rows), AT_ONCE):
            session.execute(insert(Metric), rows[start : start + AT_ONCE])
        session.add(
            Evaluation(
                kind="evaluate_policy",
                snapshot_id=policy.id,
                iteration_id=iteration.id,
                result=_answers(chance, number),
            )
        )
        deployed = pm
    session.flush()


def judgements(chance: random.Random, count: int, accuracy: float) -> Iterator[Judgement]:
    """What a PM says that is right so often, scores longer responses a little higher, and is a quarter too sure."""
    skill = math.log(accuracy / (1 - accuracy))
    for number in range(count):
        kind, turn = chance.choices(KINDS, (5, 2, 3))[0], min(int(chance.expovariate(0.7)), 6)
        strength, task = chance.choice((None, 2, 3, 4)), chance.choices(("helpfulness", "red-team"), (3, 1))[0]
        ease = skill * (1.2 if turn == 0 else 1) * {"imported": 1.1, "base": 1.0, "online": 0.8}[kind]
        lengths = [round(chance.lognormvariate(5, 0.6)) for _ in "ab"]
        margin = chance.gauss(0, 1.1) + 0.2 * math.log(lengths[0] / lengths[1])
        chosen_first = chance.random() < 1 / (1 + math.exp(-1.6 * ease * margin * (strength or 3) / 3))
        middle = {"imported": -0.4, "base": 0.0, "online": 0.7}[kind] + (0.5 if task == "red-team" else 0)
        scores = [middle + chance.gauss(0, 0.5) + sign * margin / 2 for sign in (1, -1)]
        if not chosen_first:
            scores, lengths = scores[::-1], lengths[::-1]
        family = str(number // 3)
        yield Judgement(f"c{number}", family, turn, task, kind, strength, scores[0], scores[1], lengths[0], lengths[1])


def course(chance: random.Random, steps: int, slope: float) -> Iterator[dict[str, float]]:
    """A run's metrics by step."""
    for step in range(steps):
        done = step / max(1, steps - 1)
        kl = 14 * done**1.4 + abs(chance.gauss(0, 0.05))
        root = math.sqrt(kl)
        score = slope * min(root, 2.5) + 0.12 * slope * max(0.0, root - 2.5) + chance.gauss(0, 0.03)
        test = slope * 0.9 * min(root, 2.0) - 0.15 * slope * max(0.0, root - 2.0) + chance.gauss(0, 0.03)
        values = {
            "score": score,
            "test_score": test,
            "score_helpfulness": 0.7 * score + chance.gauss(0, 0.04),
            "score_red-team": 1.8 * score + chance.gauss(0, 0.06),
            "reward": score - 0.02 * kl,
            "kl_to_initial": kl,
            "sqrt_kl": root,
            "kl_coef": 0.02,
            "entropy": 2.4 - 0.9 * done + chance.gauss(0, 0.03),
            "length": 60 + 25 * done + chance.gauss(0, 2),
            "end_of_turn_rate": min(1.0, 0.72 + 0.2 * done + chance.gauss(0, 0.02)),
            "refusal_rate": max(0.0, 0.03 + 0.12 * done**2 + chance.gauss(0, 0.01)),
            "distinct_2": 0.82 - 0.15 * done + chance.gauss(0, 0.01),
            "logp_accuracy": 0.53 + 0.05 * done + chance.gauss(0, 0.004),
            "pm_accuracy": 0.69,
        }
        yield {f"policy/{name}": value for name, value in values.items()}


def _trained(
    session: Session, iteration: Iteration, stage: str, kind: SnapshotKind, name: str, result: dict[str, Any]
) -> Snapshot:
    run = TrainingRun(module=stage, directory=f"{iteration.name}/{stage}", status=RunStatus.SUCCEEDED)
    session.add(run)
    session.flush()
    done = {"status": StageStatus.SUCCEEDED, "training_run_id": run.id, "result": {"snapshot": name, **result}}
    session.add(StageRun(iteration_id=iteration.id, stage=stage, **done))
    made = {"training_run_id": run.id, "iteration_id": iteration.id, "created_at": iteration.created_at}
    snapshot = Snapshot(name=name, kind=kind, **made)
    session.add(snapshot)
    session.flush()
    return snapshot


def _answers(chance: random.Random, week: int) -> dict[str, Any]:
    def gain(mean: float) -> dict[str, Any]:
        mean += chance.gauss(0, 0.03)
        return {"prompts": 128, "paired": {"score": {"mean": mean, "low": mean - 0.09, "high": mean + 0.09}}}

    tasks = {"helpfulness": gain(0.35 + 0.04 * min(week, 8)), "red-team": gain(0.8 - 0.04 * min(week, 8))}
    text = "A response about as long as they are. " * 8
    side = [{"prompt": [{"role": "user", "content": "Why?"}], "new": [{"text": text}], "old": [{"text": text}]}] * 10
    return {"prompts": 256, "prompts_from": "test families", "by_task": tasks, "side_by_side": side}
