import shlex
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import db
from app.dashboard.figure import Asked
from app.dashboard.figures import FIGURES, draw
from app.leaderboard import fitting
from app.tables import (
    EloBoard,
    EloFit,
    EloFitStatus,
    Evaluation,
    Iteration,
    IterationStatus,
    Metric,
    Role,
    SnapshotKind,
    StageRun,
    TrainingRun,
    TrancheKind,
)
from tests.app.clients import client_of
from tests.app.leaderboard.rows import choose
from tests.factories import make_account, make_comparison, make_deployment, make_snapshot, make_task


def test_every_figure_of_an_empty_installation_says_what_is_missing(session: Session) -> None:
    for name, entry in FIGURES.items():
        figure = entry.draw(session, Asked())
        assert figure.name == name
        assert figure.title == entry.title
        assert figure.series == []
        assert figure.missing
        assert figure.missing.endswith(".")


def test_every_figure_says_how_to_read_it_and_what_of_the_paper_it_answers_to(session: Session) -> None:
    for name in FIGURES:
        figure = draw(session, name, Asked())
        assert all((figure.title, figure.x.label, figure.y.label, figure.interval, figure.paper)), name
        assert figure.how_to_read.endswith("."), name
        assert figure.command == f"turnwise figure {name}"
        assert len(figure.data_hash) == 64


def test_the_command_of_a_figure_can_be_typed_as_it_stands(session: Session) -> None:
    asked = Asked(task="it's a task; ls", week=date(2026, 11, 23))
    command = shlex.split(draw(session, "elo", asked).command)
    assert command == ["turnwise", "figure", "elo", "--task", "it's a task; ls", "--week", "2026-11-23"]


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


def test_the_win_rate_is_that_of_the_leaderboards_newest_fit_as_sure_as_people_agree(session: Session) -> None:
    task, people = make_task(session, slug="talk"), [make_account(session) for _ in range(2)]
    initial, new, newer = (
        make_deployment(session, task, make_snapshot(session, name)) for name in ("initial", "week-1", "week-2")
    )
    choose(session, task, people[0], new, initial, 3)
    choose(session, task, people[0], initial, new, 1)
    choose(session, task, people[1], new, initial, 2)
    choose(session, task, people[1], initial, new, 2)
    choose(session, task, people[1], newer, initial, 4)
    assert FIGURES["win-rate-against-initial"].draw(session, Asked()).missing
    fit = EloFit(status=EloFitStatus.DONE, finished_at=db.now())
    session.add(fit)
    session.flush()
    for of in fitting.fit(session).boards:
        counted = {"comparisons": of.board.comparisons, "board": of.board.model_dump(mode="json")}
        session.add(EloBoard(fit_id=fit.id, task_id=of.task.id, week=of.week, **counted))
    session.flush()
    (series,) = FIGURES["win-rate-against-initial"].draw(session, Asked()).series
    assert series.name == "talk"
    assert [(p.x, p.y, p.of) for p in series.points] == [("week-1", 62.5, 8), ("week-2", 100.0, 4)]
    # Deviations add up to ±0.5: √(2 · 0.5) / 8 = 0.125, worth 15 choices: Wilson's interval of 62.5 % of those.
    assert (series.points[0].low, series.points[0].high) == (pytest.approx(38.0, abs=1), pytest.approx(82.0, abs=1))
    assert series.points[1].low is None  # one crowdworker alone
