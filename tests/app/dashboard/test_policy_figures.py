from math import inf, log, nan, pi, sqrt

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import db
from app.dashboard.figure import Asked, Axis, Figure, Point, Series, finite
from app.dashboard.figures import draw, policy_runs
from app.dashboard.figures.policies import kl_of_best, mean_of_best
from app.tables import Iteration, Metric, Role, StageRun, TrainingRun
from tests.app.clients import client_of
from tests.app.dashboard.evaluations import evaluate, make_iteration, make_policy_run
from tests.app.dashboard.test_pm_figures import drawn
from tests.factories import make_account, make_snapshot

LINE = {"reward_line": {"start": 1.0, "slope": 0.5, "bend": 2.0}}


def test_every_run_is_drawn_from_zero_with_its_fitted_line_up_to_the_bend(session: Session) -> None:
    make_policy_run(session, 1, {"kl_to_initial": [0, 4, 9], "score": [1, 2, 1.5]}, LINE)
    make_policy_run(session, 2, {"kl_to_initial": [0, 1], "score": [5, 6]})
    figure = draw(session, "policy-runs", Asked())
    assert drawn(figure) == {
        "week-2": [(0.0, 0.0), (1.0, 1.0)],
        "week-1": [(0.0, 0.0), (2.0, 1.0), (3.0, 0.5)],
        "week-1: fitted": [(0.0, 0.0), (2.0, 1.0)],
    }
    assert [series.role for series in figure.series] == [None, None, "companion"]
    assert "too few steps" in str(figure.finding)


def test_the_run_asked_for_is_in_colour_and_the_oldest_others_are_behind(session: Session) -> None:
    first = make_policy_run(session, 1, {"kl_to_initial": [1], "score": [1]}, LINE)
    for number in range(2, 9):
        make_policy_run(session, number, {"kl_to_initial": [1], "score": [1]})
    figure = draw(session, "policy-runs", Asked(iteration=first.id))
    assert [(s.name, s.role) for s in figure.series if s.role != "companion"] == [
        *((f"week-{number}", None) for number in (1, 8, 7, 6, 5, 4)),
        ("week-3", "background"),
        ("week-2", "background"),
    ]
    assert figure.finding == "week-1: +0.500 per √nat, up to a bend at 2.00 √nats."


def test_a_long_run_is_thinned_by_the_server_and_keeps_its_ends(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_runs, "POINTS", 4)
    make_policy_run(session, 1, {"score": list(range(10))})
    assert drawn(draw(session, "policy-scores-by-step", Asked())) == {"PM": [(1, 0), (5, 4), (9, 8), (10, 9)]}
    monkeypatch.setattr(policy_runs, "POINTS", 500)
    assert len(draw(session, "policy-scores-by-step", Asked()).series[0].points) == 10


def test_only_the_newest_attempt_of_an_iteration_counts(session: Session) -> None:
    iteration = make_policy_run(session, 1, {"score": [0, 9]})
    again = TrainingRun(module="train_policy", directory="again")
    session.add(again)
    session.flush()
    session.add(StageRun(iteration_id=iteration.id, stage="train_policy", attempt=2, training_run_id=again.id))
    session.add(Metric(training_run_id=again.id, name="policy/score", step=1, value=3.0))
    session.flush()
    assert drawn(draw(session, "policy-scores-by-step", Asked())) == {"PM": [(1, 0)]}


def test_the_test_pm_is_beside_the_pm_both_from_zero(session: Session) -> None:
    make_policy_run(session, 1, {"score": [1, 3], "test_score": [2, 1.5]})
    figure = draw(session, "policy-scores-by-step", Asked())
    assert drawn(figure) == {"PM": [(1, 0), (2, 2)], "test-PM": [(1, 0), (2, -0.5)]}


def test_style_is_told_in_percent_of_the_first_step_and_not_of_nothing(session: Session) -> None:
    make_policy_run(session, 1, {"score": [0, 0], "entropy": [2, 1], "length": [50, 75], "distinct_2": [0, 0.4]})
    assert drawn(draw(session, "policy-style", Asked())) == {
        "entropy": [(1, 100), (2, 50)],
        "length": [(1, 100), (2, 150)],
    }


def test_a_run_that_did_not_count_refusals_says_so(session: Session) -> None:
    make_policy_run(session, 1, {"score": [0], "end_of_turn_rate": [0.25]})
    old = draw(session, "policy-rates", Asked())
    assert (drawn(old), old.finding) == (
        {"endings": [(1, 25)]},
        "week-1 did not count refusals by step; newer runs do.",
    )
    make_policy_run(session, 2, {"score": [0], "end_of_turn_rate": [0.25], "refusal_rate": [0.5]})
    new = draw(session, "policy-rates", Asked())
    assert (drawn(new), new.finding) == ({"endings": [(1, 25)], "refusals": [(1, 50)]}, None)


def test_each_task_has_its_own_curve(session: Session) -> None:
    metrics = {"score": [0, 1], "score_helpfulness": [1, 1.5], "score_red-team": [-1, 2]}
    make_policy_run(session, 1, metrics)
    figure = draw(session, "policy-scores-by-task", Asked())
    assert drawn(figure) == {"helpfulness": [(1, 0), (2, 0.5)], "red-team": [(1, 0), (2, 3)]}
    one = make_policy_run(session, 2, {"score": [0, 1]})
    assert "week-2 had prompts of one task" in str(draw(session, "policy-scores-by-task", Asked(one.id)).missing)


def test_the_policys_preferences_are_below_its_pms(session: Session) -> None:
    make_policy_run(session, 1, {"score": [0], "logp_accuracy": [0.55], "pm_accuracy": [0.7]})
    assert drawn(draw(session, "policy-logp-accuracy", Asked())) == {"all": [(1, 55)], "all: its PM": [(1, 70)]}
    make_policy_run(session, 2, {"score": [0]})
    assert "policy.logp_comparisons" in str(draw(session, "policy-logp-accuracy", Asked()).missing)


def test_an_iteration_without_a_policy_or_a_step_says_so(session: Session) -> None:
    without = make_iteration(session, 1)
    make_policy_run(session, 2, {})
    for name in ("policy-scores-by-step", "policy-style", "policy-rates", "policy-scores-by-task"):
        assert draw(session, name, Asked(without.id)).missing == "This iteration has not trained a policy yet."
        assert draw(session, name, Asked()).missing == "The policy training of week-2 has written no step yet."
    assert draw(session, "policy-runs", Asked()).missing == "The policy training of week-2 has written no step yet."


def gain(mean: float) -> dict[str, object]:
    return {"prompts": 20, "paired": {"score": {"mean": mean, "low": mean - 1, "high": mean + 1, "win_rate": 0.5}}}


def test_tension_shows_both_tasks_of_each_policy_on_unseen_prompts_alone(session: Session) -> None:
    for number, source in ((1, "test families"), (2, "training families"), (3, "test families")):
        iteration, policy = make_iteration(session, number), make_snapshot(session, f"week-{number}-policy")
        by_task = {"helpfulness": gain(0.5 * number), "red-team": gain(2.0)}
        result = {"prompts_from": source, "by_task": by_task}
        evaluate(session, policy, iteration, result, kind="evaluate_policy")
    figure = draw(session, "policy-tension", Asked())
    assert drawn(figure) == {
        "helpfulness": [("week-1-policy", 0.5), ("week-3-policy", 1.5)],
        "red-team": [("week-1-policy", 2.0), ("week-3-policy", 2.0)],
    }
    assert (figure.series[0].points[0].low, figure.series[0].points[0].of) == (-0.5, 20)


def test_an_evaluation_without_tasks_is_not_enough_data(session: Session) -> None:
    iteration, policy = make_iteration(session, 1), make_snapshot(session, "week-1-policy")
    evaluate(session, policy, iteration, {"prompts_from": "test families"}, kind="evaluate_policy")
    assert "Not enough data" in str(draw(session, "policy-tension", Asked()).missing)


def test_the_best_of_k_normal_scores() -> None:
    assert mean_of_best(1) == pytest.approx(0, abs=1e-9)
    assert mean_of_best(2) == pytest.approx(1 / sqrt(pi))
    assert mean_of_best(4) == pytest.approx(1.02938, abs=1e-5)
    assert mean_of_best(64) == pytest.approx(2.3437, abs=1e-3)
    assert [round(kl_of_best(k), 2) for k in (1, 4, 16, 64)] == [0, 0.64, 1.84, 3.17]  # the paper's k, Beirami's KL


def test_a_policys_gain_is_beside_the_best_of_k_in_deviations(session: Session) -> None:
    score = {"deviation": 2.0, "gain": 0.8, "gain_low": 0.5, "gain_high": 1.1, "best_of_4": 1.0}
    result = {"paired": {"score": score}, "final": {"kl_to_initial": 4.0}}
    make_policy_run(session, 1, {"kl_to_initial": [0, 1], "score": [3, 4]}, result)
    make_policy_run(session, 2, {"kl_to_initial": [0], "score": [3]}, {"paired": {}, "final": {}})
    figure = draw(session, "policy-best-of-k", Asked())
    found = drawn(figure)
    assert found["finished policies"] == [(2.0, 0.8)]
    assert found["best of k, measured"] == [(sqrt(log(4) - 0.75), 1.0)]
    assert "week-2, along its run" not in found  # nothing tells its unit
    first = draw(session, "policy-best-of-k", Asked(iteration=policy_of(session, 1)))
    assert drawn(first)["week-1, along its run"] == [(0.0, 0.0), (1.0, 0.5)]


def policy_of(session: Session, number: int) -> str:
    return session.scalars(select(Iteration.id).where(Iteration.number == number)).one()


def test_what_is_no_number_is_left_out_and_never_drawn() -> None:
    points = [Point(x=1, y=nan), Point(x=2, y=2, low=-inf, high=3), Point(x=inf, y=1)]
    figure = Figure(name="f", title="F", x=Axis(label="x"), y=Axis(label="y"), how_to_read="")
    found = finite(figure.model_copy(update={"series": [Series(name="a", points=points)]}))
    assert [(p.x, p.y, p.low, p.high) for p in found.series[0].points] == [(2, 2, None, None)]
    none = finite(figure.model_copy(update={"series": [Series(name="a", points=[Point(x=1, y=nan)])]}))
    assert (none.series, none.missing) == ([], "Not enough data: none of it is a number.")


def test_policy_runs_are_listed_with_what_they_warn_of(engine: Engine) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
        told = {"stopped": "The KL was above its budget.", "warnings": ["It repeats itself."], "steps": 7}
        make_policy_run(session, 1, {}, told | {"final": {"kl_to_initial": 3.5}})
        make_policy_run(session, 2, {})
    newest, first = client_of(researcher).get("/policy-runs").json()
    assert (newest["iteration"], newest["steps"], newest["sentences"]) == ("week-2", None, [])
    assert (first["steps"], first["kl_to_initial"]) == (7, 3.5)
    assert first["sentences"] == ["The KL was above its budget.", "It repeats itself."]
