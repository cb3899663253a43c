"""The new PM and the deployed one on the same comparisons, of families that no training saw."""

import json
from dataclasses import asdict
from math import isfinite
from statistics import fmean
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app import db
from app.snapshots.store import directory_of
from app.tables import Evaluation, Snapshot
from models.intervals import standard_error
from worker import runs
from worker.stages.gate import PMMeasures
from worker.stages.inputs import at_most, comparisons_in, conversations, read_lines, write_lines
from worker.week import Result, Week


def work(week: Week) -> None:
    tested = [row for row in conversations(week) if row["split"] == "test" and comparisons_in(row)]
    if not tested:
        return
    tested = at_most(tested, week.config.evaluation.max_comparisons, comparisons_in)
    # The new one last, so that its run is the one that the dashboard shows for this stage.
    for what, snapshot_id in reversed(_pms(week).items()):
        directory = week.directory(f"evaluate-{what}-pm")
        comparisons, out = directory / "comparisons.jsonl", directory / "result.json"
        if not comparisons.exists():
            write_lines(comparisons, tested)
        with db.reading() as session:
            snapshot = directory_of(session.get_one(Snapshot, snapshot_id))
        run = runs.find_or_create("evaluate_pm", directory, week.stage_run_id)
        runs.carry_out(run, week.stage_run_id, [str(snapshot), str(comparisons), str(out)])


def _pms(week: Week) -> dict[str, str]:
    pms = {"new": week.results["train_pm"]["snapshot_id"]}
    if deployed := week.results["freeze_tranche"]["deployed_pm_id"]:
        pms["deployed"] = deployed
    return pms


def record(session: Session, week: Week) -> Result:
    reports: dict[str, Any] = {}
    for what, snapshot_id in _pms(week).items():
        directory = week.directory(f"evaluate-{what}-pm")
        if not (directory / "result.json").exists():
            continue
        report = json.loads((directory / "result.json").read_text())
        if not report["overall"]["comparisons"]:
            continue
        reports[what] = report
        session.add(
            Evaluation(
                snapshot_id=snapshot_id,
                iteration_id=week.iteration.id,
                training_run_id=runs.find(session, directory).id,
                kind="evaluate_pm",
                result=_without_pairs(report),
            )
        )
    new, deployed = reports.get("new"), reports.get("deployed")
    measures = PMMeasures(comparisons=0)
    if new:
        overall = new["overall"]
        measures = PMMeasures(comparisons=overall["comparisons"], accuracy=overall["accuracy"])
    if new and deployed:
        tested = read_lines(week.directory("evaluate-new-pm") / "comparisons.jsonl")
        families = {row["id"]: row["family"] for row in tested}
        measures = compare(_rights(new, families), _rights(deployed, families))
    return {"measures": asdict(measures), **{what: report["overall"] for what, report in reports.items()}}


def _without_pairs(report: dict[str, Any]) -> dict[str, Any]:
    """The numbers alone, overall ones first: what figures read. The pairs stay in the run directory."""
    return report["overall"] | {name: part for name, part in report.items() if name not in ("overall", "pairs")}


class Row(NamedTuple):
    family: str
    conversation: str
    turn: int


def _rights(report: dict[str, Any], families: dict[str, str]) -> dict[Row, float]:
    """1 where the PM prefers the chosen candidate, 0 where it does not, a half for a tie. A conversation whose line was
    erased meanwhile counts as a family of its own."""
    return {
        Row(families.get(pair["id"], pair["id"]), pair["id"], pair["turn"]): 0.5
        if pair["margin"] == 0
        else float(pair["margin"] > 0)
        for pair in report["pairs"]
    }


def compare(new: dict[Row, float], deployed: dict[Row, float]) -> PMMeasures:
    """On the rows that both scored, paired: the error of the difference is far below that of either accuracy. By
    family, for what a crowdworker chose in one dialogue, or in two that open alike, is not chosen independently."""
    rows = sorted(new.keys() & deployed.keys())
    if not rows:
        return PMMeasures(comparisons=0)
    error = standard_error([new[row] - deployed[row] for row in rows], [row.family for row in rows])
    return PMMeasures(
        comparisons=len(rows),
        accuracy=fmean(new[row] for row in rows),
        deployed_accuracy=fmean(deployed[row] for row in rows),
        standard_error=error if isfinite(error) else None,
    )
