"""The new policy and the initial one on prompts of families that no training saw."""

import dataclasses
import json

from sqlalchemy.orm import Session

from app import db
from app.snapshots.store import directory_of
from app.tables import SEEN, UNSEEN, Evaluation, Snapshot
from worker import runs, samples
from worker.stages.gate import Answers, PolicyMeasures
from worker.stages.inputs import conversations, prompts, sample, write_lines
from worker.stages.train_policy import pms
from worker.week import Result, Week

SHOWN = ("prompts", "prompts_from", "new", "old", "paired", "left_out")


def work(week: Week) -> None:
    directory = week.directory("evaluate-policy")
    asked, out = directory / "prompts.jsonl", directory / "result.json"
    if not asked.exists():
        write_lines(asked, _prompts(week))
    with db.reading() as session:
        policy = directory_of(session.get_one(Snapshot, week.results["train_policy"]["snapshot_id"]))
    pm, test_pm = pms(week)
    initial = week.config.policy.initial or "base"
    arguments = [str(policy), str(asked), str(out), "--pm", pm, "--against", initial, "--initial", initial]
    arguments += ["--max-prompt-tokens", str(week.config.policy.max_prompt_tokens)]  # such as it has learnt from
    arguments += ["--max-tokens", str(week.config.evaluation.max_tokens)]
    if test_pm:
        arguments += ["--test-pm", test_pm]
    run = runs.find_or_create("evaluate_policy", directory, week.stage_run_id)
    runs.carry_out(run, week.stage_run_id, arguments)


def _prompts(week: Week) -> list[dict[str, object]]:
    """Unseen prompts; while there is not one, a look at seen ones, which the gate does not count."""
    limit = week.config.evaluation.prompts
    for split, name in (("test", UNSEEN), ("train", SEEN)):
        rows = (row for row in conversations(week) if row["split"] == split)
        if found := sample(prompts(rows), limit):
            return [{**prompt, "from": name} for prompt in found]
    raise runs.RunFailed("There is no prompt to evaluate the policy on.")


def record(session: Session, week: Week) -> Result:
    directory = week.directory("evaluate-policy")
    report = samples.storable(json.loads((directory / "result.json").read_text()))
    with (directory / "prompts.jsonl").open() as file:
        report["prompts_from"] = json.loads(file.readline())["from"]
    session.add(
        Evaluation(
            snapshot_id=week.results["train_policy"]["snapshot_id"],
            iteration_id=week.iteration.id,
            training_run_id=runs.find(session, directory).id,
            kind="evaluate_policy",
            result=report,
        )
    )
    # The answers side by side stay in the evaluation: every page that lists iterations reads this.
    return {"measures": dataclasses.asdict(measures(report)), **{key: report[key] for key in SHOWN if key in report}}


def measures(report: Result) -> PolicyMeasures:
    """What the gate reads; prompts that training saw count as none."""
    paired = report["paired"]
    return PolicyMeasures(
        prompts=report["prompts"] if report["prompts_from"] == UNSEEN else 0,
        kl=report["new"]["kl_to_initial"],
        new=_answers(report["new"]),
        initial=_answers(report["old"]),
        win_rate=paired["score"]["win_rate"],
        test_win_rate=paired["test_score"]["win_rate"] if "test_score" in paired else None,
    )


def _answers(side: dict[str, float]) -> Answers:
    return Answers(**{field.name: side[field.name] for field in dataclasses.fields(Answers)})
