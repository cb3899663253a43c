from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import db
from app.dashboard.figure import Asked
from app.dashboard.figures import FIGURES
from app.dashboard.figures.policies import Tally, interval
from app.tables import (
    Account,
    ChoiceDirection,
    Evaluation,
    Iteration,
    IterationStatus,
    Metric,
    Role,
    Snapshot,
    SnapshotKind,
    StageRun,
    Task,
    TrainingRun,
    TrancheKind,
)
from tests.app.clients import client_of
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_task, make_turn


def test_every_figure_of_an_empty_installation_says_what_is_missing(session: Session) -> None:
    for name, entry in FIGURES.items():
        figure = entry.draw(session, Asked())
        assert figure.name == name
        assert figure.title == entry.title
        assert figure.series == []
        assert figure.missing
        assert figure.missing.endswith(".")


def test_figures_are_listed_and_an_unknown_one_names_them(engine: Engine) -> None:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    client = client_of(account)
    assert [entry["name"] for entry in client.get("/figures").json()] == list(FIGURES)
    assert client.get("/figures/comparisons-per-day").json()["missing"]
    answer = client.get("/figures/unknown")
    assert answer.status_code == 404
    assert "comparisons-per-day" in answer.json()["detail"]


def test_comparisons_are_counted_by_utc_day_and_kind(session: Session) -> None:
    for at, kind in (
        (datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC), TrancheKind.BASE),
        (datetime(2026, 11, 24, 0, 0, 0, tzinfo=UTC), TrancheKind.BASE),
        (datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC), TrancheKind.BASE),
        (datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC), TrancheKind.ONLINE),
    ):
        make_comparison(session, kind=kind, created_at=at)
    figure = FIGURES["comparisons-per-day"].draw(session, Asked())
    found = {series.name: [(str(point.x), point.y) for point in series.points] for series in figure.series}
    assert found == {"base": [("2026-11-23", 1), ("2026-11-24", 2)], "online": [("2026-11-24", 1)]}
    assert figure.missing is None


def test_pm_accuracy_shows_each_weeks_new_pm_beside_longer_wins(session: Session) -> None:
    iteration = Iteration(number=1, name="2026-w48", preset="toy", overrides={}, status=IterationStatus.DEPLOYED)
    session.add(iteration)
    session.flush()
    new = make_snapshot(session, "2026-w48-pm", SnapshotKind.PM, iteration_id=iteration.id)
    deployed = make_snapshot(session, "2026-w47-pm", SnapshotKind.PM)
    for snapshot, accuracy in ((new, 0.64), (deployed, 0.6)):
        numbers = {"accuracy": accuracy, "low": 0.6, "high": 0.68, "longer_wins": 0.55}
        session.add(Evaluation(snapshot_id=snapshot.id, iteration_id=iteration.id, kind="evaluate_pm", result=numbers))
    session.flush()
    pm, longer = FIGURES["pm-accuracy"].draw(session, Asked()).series
    assert [(p.x, p.y, p.low, p.high) for p in pm.points] == [("2026-w48", 64.0, 60.0, 68.0)]
    assert [(p.x, p.y) for p in longer.points] == [("2026-w48", pytest.approx(55.0))]


def policy_training(session: Session, number: int, kl: float) -> Iteration:
    iteration = Iteration(
        number=number, name=f"week-{number}", preset="toy", overrides={}, status=IterationStatus.DEPLOYED
    )
    run = TrainingRun(module="train_policy", directory=f"week-{number}")
    session.add_all([iteration, run])
    session.flush()
    session.add(StageRun(iteration_id=iteration.id, stage="train_policy", training_run_id=run.id))
    for name, value in (("policy/score", 2.0), ("policy/kl_to_initial", kl)):
        session.add(Metric(training_run_id=run.id, name=name, step=1, value=value))
    session.flush()
    return iteration


def test_score_is_drawn_over_the_root_of_kl_for_the_newest_run_or_the_one_asked_for(session: Session) -> None:
    first, _ = policy_training(session, 1, kl=4.0), policy_training(session, 2, kl=9.0)
    (newest,) = FIGURES["policy-score-and-kl"].draw(session, Asked()).series
    assert [(p.x, p.y) for p in newest.points] == [(3.0, 2.0)]
    (asked,) = FIGURES["policy-score-and-kl"].draw(session, Asked(iteration=first.id)).series
    assert [(p.x, p.y) for p in asked.points] == [(2.0, 2.0)]
    assert asked.name == "week-1: PM"


def compared(
    session: Session, task: Task, account: Account, a: Snapshot, b: Snapshot, picked: str, direction: ChoiceDirection
) -> None:
    turn = make_turn(session, make_conversation(session, task, account))
    for candidate, snapshot in zip(turn.candidates, (a, b), strict=True):
        candidate.snapshot_id = snapshot.id
    make_comparison(session, turn, picked, choice_direction=direction)


def test_the_win_rate_counts_the_better_candidate_whatever_was_asked_for(session: Session) -> None:
    task, account = make_task(session, slug="talk"), make_account(session)
    initial, policy = make_snapshot(session, "initial"), make_snapshot(session, "week-1")
    better, worse = ChoiceDirection.PICK_BETTER, ChoiceDirection.PICK_WORSE
    compared(session, task, account, policy, initial, "a", better)  # the policy wins
    compared(session, task, account, initial, policy, "a", worse)  # the policy wins: the initial one is the worse
    compared(session, task, account, policy, initial, "a", worse)  # the initial one wins
    compared(session, task, account, policy, initial, "a", better)  # the policy wins
    compared(session, task, account, policy, policy, "a", better)  # nobody: the same policy twice
    (series,) = FIGURES["win-rate-against-initial"].draw(session, Asked()).series
    assert series.name == "talk"
    assert [(p.x, p.y) for p in series.points] == [("week-1", 75.0)]
    assert series.points[0].low is None  # one crowdworker has no spread


def test_the_interval_resamples_crowdworkers_so_one_busy_person_widens_it() -> None:
    crowd = [Tally(wins=6, comparisons=10)] * 50
    low, high = interval(crowd)
    assert low == high == 60  # everybody agrees to the last comparison
    busy = [Tally(0, 250), *[Tally(6, 10)] * 25]
    low, high = interval(busy)
    assert high - low > 30
