"""Shares day by day, counted by eye."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from app.dashboard.figure import Asked
from app.dashboard.figures import draw
from tests.factories import make_deployment, make_snapshot, make_task


def points(session: Session, task: str) -> dict[str, list[tuple[date, float]]]:
    figure = draw(session, "deployment-shares", Asked(task=task))
    return {series.name: [(point.x, point.y) for point in series.points] for series in figure.series}  # type: ignore[misc]


def test_a_line_steps_on_the_day_of_a_deployment_and_ends_today(session: Session) -> None:
    task = make_task(session, slug="talk")
    initial, policy, never = (make_snapshot(session, name) for name in ("initial", "w1", "elsewhere"))
    first, second = datetime(2026, 11, 2, 9, tzinfo=UTC), datetime(2026, 11, 9, 9, tzinfo=UTC)
    make_deployment(session, task, initial, 100, generation=1, active=False, created_at=first)
    # Two generations in one day: the later one counts. Both lines of w1 are one.
    make_deployment(session, task, policy, 100, generation=2, active=False, created_at=second)
    third = {"generation": 3, "created_at": second.replace(hour=10)}
    make_deployment(session, task, policy, 60, **third)
    make_deployment(session, task, policy, 20, best_of=16, **third)
    make_deployment(session, task, initial, 20, **third)
    make_deployment(session, None, never, 100)
    found = points(session, "talk")
    today = found["w1"][-1][0]
    assert found == {
        "w1": [(date(2026, 11, 9), 80), (today, 80)],
        "initial": [(date(2026, 11, 2), 100), (date(2026, 11, 8), 100), (date(2026, 11, 9), 20), (today, 20)],
    }


def test_what_answers_no_more_ends_at_zero(session: Session) -> None:
    task = make_task(session, slug="talk")
    initial, policy = make_snapshot(session, "initial"), make_snapshot(session, "w1")
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (2, 3)]
    make_deployment(session, task, policy, 100, generation=1, active=False, created_at=days[0])
    make_deployment(session, task, initial, 100, generation=2, created_at=days[1])
    assert points(session, "talk")["w1"] == [(date(2026, 11, 2), 100), (date(2026, 11, 3), 0)]


def test_a_task_without_deployments_says_so(session: Session) -> None:
    make_task(session, slug="talk")
    assert draw(session, "deployment-shares", Asked(task="talk")).missing == "Nothing was ever deployed for “talk”."
    assert draw(session, "deployment-shares", Asked()).missing == "Nothing is deployed yet."


def test_a_single_day_is_no_line(session: Session) -> None:
    task = make_task(session, slug="talk")
    make_deployment(session, task, make_snapshot(session, "initial"))
    missing = draw(session, "deployment-shares", Asked()).missing
    assert missing == "All that was deployed so far was deployed on one day; from the next change on there is a line."
