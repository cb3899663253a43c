from math import exp, log
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import db
from app.dashboard.figure import Asked, Figure
from app.dashboard.figures import draw
from app.dashboard.figures.learning import law
from app.dashboard.scaling import NoStudy, import_study
from app.tables import AuditEvent, Role, ScalingStudy
from tests.app.clients import client_of
from tests.app.dashboard.evaluations import evaluate, make_evaluated_pm, make_iteration, part
from tests.factories import make_account


def drawn(figure: Figure) -> dict[str, list[tuple[object, float]]]:
    return {series.name: [(point.x, round(point.y, 3)) for point in series.points] for series in figure.series}


def test_the_pm_asked_for_is_sliced_and_stands_beside_longer_wins(session: Session) -> None:
    make_evaluated_pm(session, 1, by_turn={"1": part(0.7, 50), "2": part(0.6, 30, longer_wins=0.4)})
    make_evaluated_pm(session, 2, by_turn={"1": part(0.9)})
    figure = draw(session, "pm-by-turn", Asked(snapshot="week-1-pm"))
    assert drawn(figure) == {"week-1-pm": [("1", 70.0), ("2", 60.0)], "longer wins": [("1", 50.0), ("2", 40.0)]}
    first = figure.series[0].points[0]
    assert (first.low, first.high, first.of) == (pytest.approx(60), pytest.approx(80), 50)
    assert drawn(draw(session, "pm-by-turn", Asked()))["week-2-pm"] == [("1", 90.0)]  # the newest PM
    assert "“nobody”" in str(draw(session, "pm-by-turn", Asked(snapshot="nobody")).missing)


@pytest.mark.parametrize(
    "name", ["pm-by-tranche", "pm-by-turn", "pm-calibration", "pm-scores-by-task", "pm-high-scores"]
)
def test_an_evaluation_from_before_a_figure_was_there_asks_for_another_one(session: Session, name: str) -> None:
    make_evaluated_pm(session, 1)
    figure = draw(session, name, Asked())
    assert figure.series == []
    assert str(figure.missing).startswith("Not enough data: the evaluation of week-1-pm")


def test_a_slice_without_comparisons_is_left_out(session: Session) -> None:
    make_evaluated_pm(session, 1, by_kind={"base": part(0.7), "online": {"comparisons": 0}})
    assert drawn(draw(session, "pm-by-tranche", Asked()))["week-1-pm"] == [("base", 70.0)]


def bin_of(gap: float, accuracy: float, comparisons: int = 100) -> dict[str, float]:
    return {"comparisons": comparisons, "gap": gap, "confidence": 0.5, "accuracy": accuracy}


AS_IS = {
    "comparisons": 200, "brier": 0.21, "slope": 0.8, "slope_error": 0.1, "ece": 0.05, "ece_noise_floor": 0.04,
    "ece_noise_high": 0.06, "reliability": [bin_of(0.5, 0.5), bin_of(2.0, 0.9)],
}  # fmt: skip


def test_calibration_is_beside_the_curve_of_a_calibrated_pm(session: Session) -> None:
    scaled = {"comparisons": 100, "ece": 0.03, "ece_noise_floor": 0.035}
    measured = {"as_is": AS_IS, "temperature": 1.25, "with_temperature": scaled}
    make_evaluated_pm(session, 1, calibration=measured)
    figure = draw(session, "pm-calibration", Asked())
    pm, calibrated = figure.series
    assert [(point.x, point.y) for point in pm.points] == [(0.5, 50.0), (2.0, 90.0)]
    assert (pm.points[0].low, pm.points[0].high) == (pytest.approx(40.4, abs=0.05), pytest.approx(59.6, abs=0.05))
    assert calibrated.role == "reference"
    assert (calibrated.points[0].x, calibrated.points[0].y) == (0, 50)
    assert (calibrated.points[-1].x, calibrated.points[-1].y) == (2.0, pytest.approx(100 / (1 + exp(-2))))
    assert "ECE 0.050 on 200 comparisons; chance alone makes 0.040" in str(figure.finding)
    assert "Slope 0.80 ± 0.10" in str(figure.finding)
    assert "Divided by its temperature, 1.25: ECE 0.030" in str(figure.finding)


def test_a_slope_or_temperature_that_nobody_can_tell_is_not_enough_data(session: Session) -> None:
    always_right = AS_IS | {"slope": None, "slope_error": None}
    make_evaluated_pm(session, 1, calibration={"as_is": always_right, "temperature": None, "with_temperature": None})
    figure = draw(session, "pm-calibration", Asked())
    assert len(figure.series) == 2
    assert "Slope not enough data" in str(figure.finding)
    assert "Temperature: not enough data" in str(figure.finding)


def test_high_scores_are_drawn_over_their_thresholds(session: Session) -> None:
    parts = [{"quantile": 0.0, "threshold": -1.0, **part(0.7)}, {"quantile": 0.9, "threshold": 2.0, "comparisons": 0}]
    make_evaluated_pm(session, 1, above_thresholds=parts)
    assert drawn(draw(session, "pm-high-scores", Asked())) == {"week-1-pm": [(-1.0, 70.0)]}


def test_scores_are_shares_of_each_side(session: Session) -> None:
    counted = {"base": {"chosen": [1, 3], "rejected": [2, 0]}, "online": {"chosen": [0, 0], "rejected": [0, 0]}}
    make_evaluated_pm(session, 1, histograms={"edges": [0.0, 1.0, 2.0], "by_kind": counted, "by_task": {}})
    figure = draw(session, "pm-scores-by-tranche", Asked())
    assert drawn(figure) == {
        "base: chosen": [(0.5, 25.0), (1.5, 75.0)],
        "base: rejected": [(0.5, 100.0), (1.5, 0.0)],
    }  # nothing has no shares
    assert [series.role for series in figure.series] == [None, "companion"]


def test_the_law_by_hand_and_not_for_two_sizes() -> None:
    sizes = [1000, 2000, 4000]
    found = law(sizes, [0.6 + 0.02 * log(size / 1000) for size in sizes])
    assert found is not None
    assert (found.a, found.b, found.b_error) == (pytest.approx(0.6), pytest.approx(0.02), pytest.approx(0, abs=1e-9))
    assert law([1000, 2000, 2000], [0.6, 0.61, 0.62]) is None
    # Residuals of a flat line through 0.5, 0.6, 0.5 at equal steps: ±0.033…, so s² = 0.2²/600 and the error is known.
    bent = law(sizes, [0.5, 0.6, 0.5])
    assert bent is not None
    assert bent.b == pytest.approx(0)
    assert bent.b_error == pytest.approx((0.02 / 3) ** 0.5 / (2**0.5 * log(2)))


def test_weeks_are_drawn_over_what_they_were_trained_on_with_the_papers_slope(session: Session) -> None:
    for number, comparisons in enumerate((1000, 2000, 4000), start=1):
        accuracy = 0.6 + 0.02 * log(comparisons / 1000)
        pm = make_evaluated_pm(session, number, accuracy, {"helpfulness": comparisons})
        # As the deployed PM of the next week it is evaluated again: another week's point it is not.
        evaluate(session, pm, make_iteration(session, 10 + number), part(0.1))
    figure = draw(session, "pm-learning-curve", Asked())
    weeks, fitted, papers = figure.series
    assert [(point.x, round(point.y, 2)) for point in weeks.points] == [(1000, 60.0), (2000, 61.39), (4000, 62.77)]
    assert fitted.role == "companion"
    assert fitted.points[-1].y == pytest.approx(weeks.points[-1].y)
    assert papers.points[-1].y - papers.points[0].y == pytest.approx(1.5 * log(4))
    assert "weeks: +2.0 ± 0.0 points for e times the comparisons" in str(figure.finding)
    assert figure.x.scale == "log"


def test_one_week_has_no_law(session: Session) -> None:
    make_evaluated_pm(session, 1)
    figure = draw(session, "pm-learning-curve", Asked())
    assert [series.name for series in figure.series] == ["weeks"]
    assert "not enough data" in str(figure.finding)


STUDY = """{"runs": [
  {"base": "toy", "comparisons": 500, "harmless": null, "seed": 0, "name": "r1", "trained_on": 500,
   "overall": {"comparisons": 90, "accuracy": 0.6, "low": 0.5, "high": 0.7}, "by_task": {}},
  {"base": "toy", "comparisons": 1000, "harmless": 0.25, "seed": 0, "name": "r2", "trained_on": 1000,
   "overall": {"comparisons": 90, "accuracy": 0.6, "low": 0.5, "high": 0.7},
   "by_task": {"helpfulness": {"comparisons": 60, "accuracy": 0.55, "low": 0.4, "high": 0.7},
               "red-team": {"comparisons": 30, "accuracy": 0.65, "low": 0.5, "high": 0.8}}}],
 "laws": {"toy": null}}"""


def test_a_study_is_imported_drawn_and_replaced_by_one_of_the_same_name(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    path.write_text(STUDY)
    for _ in range(2):
        import_study(session, path, "toy scan")
        session.flush()
    assert session.query(ScalingStudy).count() == 1
    assert [(event.action, event.before) for event in session.query(AuditEvent).order_by(AuditEvent.id)] == [
        ("import-study", None),
        ("import-study", {"runs": 2}),
    ]
    assert drawn(draw(session, "pm-learning-curve", Asked())) == {"toy scan: toy": [(500, 60.0)]}
    assert drawn(draw(session, "pm-mixture", Asked())) == {
        "toy scan: helpfulness": [(25.0, 55.0)],
        "toy scan: red-team": [(25.0, 65.0)],
    }


def test_weeks_stand_at_their_share_of_red_team_comparisons(session: Session) -> None:
    by_task = {"helpfulness": part(0.6), "red-team": part(0.7)}
    make_evaluated_pm(session, 1, trained_on={"helpfulness": 60, "red-team": 40}, by_task=by_task)
    make_evaluated_pm(session, 2, trained_on={"helpfulness": 90, "red-team": 10}, by_task=by_task)
    assert drawn(draw(session, "pm-mixture", Asked())) == {
        "weeks: helpfulness": [(10.0, 60.0), (40.0, 60.0)],
        "weeks: red-team": [(10.0, 70.0), (40.0, 70.0)],
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [("nonsense", "is no JSON"), ('{"runs": [], "laws": {}}', "runs: "), ('{"laws": {}}', "runs: Field required")],
)
def test_a_file_that_is_no_study_is_one_sentence(session: Session, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "study.json"
    path.write_text(content)
    with pytest.raises(NoStudy, match=said):
        import_study(session, path, "scan")
    assert session.query(ScalingStudy).count() == 0


def test_pms_are_listed_by_their_newest_evaluation_the_newest_first(engine: Engine) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
        first = make_evaluated_pm(session, 1, 0.6, {"helpfulness": 30, "red-team": 20})
        second = make_evaluated_pm(session, 2, alarms=["The PM does not tell candidates apart."])
        evaluate(session, first, make_iteration(session, 3), part(0.62) | {"alarms": [], "score": {}})
    listed = client_of(researcher).get("/preference-models").json()
    assert [(pm["name"], pm["accuracy"], pm["trained_on"]) for pm in listed] == [
        (second.name, 0.6, 100),
        (first.name, 0.62, 50),
    ]
    assert listed[0]["alarms"] == ["The PM does not tell candidates apart."]
    assert listed[1]["length_correlation"] is None
