"""Figures of crowdworkers, against rows that one counts by eye."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.dashboard.figure import Asked, Figure
from app.dashboard.figures import draw
from app.dashboard.figures.crowdworkers import UnknownCrowdworker
from app.tables import Candidate, Review, Role, SnapshotKind
from tests.app.crowdworkers.conftest import MONDAY, chosen
from tests.factories import make_account, make_snapshot
from worker import crowdworkers

WEEK = timedelta(days=7)


def figure(name: str, crowdworker: str | None = None) -> Figure:
    with db.reading() as session:
        return draw(session, name, Asked(crowdworker=crowdworker))


def test_over_time_one_crowdworkers_choices_seconds_and_sides(session: Session) -> None:
    ada, pm = make_account(session, username="ada"), make_snapshot(session, "pm", SnapshotKind.PM).id
    for number in range(10):
        chosen(session, ada, "a" if number < 7 else "b", seconds_to_choose=10 + number, scores=(1.0, 0.0), pm=pm)
    chosen(session, ada, at=MONDAY + 2 * WEEK, seconds_to_choose=5)
    session.commit()
    crowdworkers.count()
    first, second, third = (MONDAY.date() + number * WEEK for number in range(3))

    volume = figure("crowdworker-volume", "Ada").series[0]
    assert [(point.x, point.y) for point in volume.points] == [(first, 10), (second, 0), (third, 1)]
    seconds = figure("crowdworker-seconds", "ada").series[0]
    assert [(point.x, point.y, point.of) for point in seconds.points] == [(first, 14, 10), (third, 5, 1)]
    habits = {series.name: series.points for series in figure("crowdworker-habits", "ada").series}
    assert [(point.x, point.y, point.of) for point in habits["picked A"]] == [(first, 70, 10)], "one choice is no share"
    assert [point.y for point in habits["with the PM"]] == [70]
    assert figure("crowdworker-habits", "ada").command == "turnwise figure crowdworker-habits --crowdworker ada"


def test_how_much_comes_from_how_few(session: Session) -> None:
    ada, bob = make_account(session), make_account(session)
    for _ in range(3):
        chosen(session, ada)
    chosen(session, bob)
    session.commit()
    crowdworkers.count()
    points = figure("data-by-crowdworker").series[0].points
    assert [(point.x, point.y) for point in points] == [(1, 75), (2, 100)]


def test_agreement_of_three_on_the_comparisons_that_were_reviewed(session: Session) -> None:
    ada, rosa = make_account(session), make_account(session, Role.RESEARCHER)
    pm = make_snapshot(session, "pm", SnapshotKind.PM).id
    for number in range(20):  # the PM is always for a
        row = chosen(session, ada, "a" if number < 15 else "b", scores=(1.0, 0.0), pm=pm)
        review = Review(comparison_id=row.id, turn_id=row.turn_id, account_id=rosa.id)
        review.picked_id, review.picked_shown = (row.picked_id if number < 12 else row.other_id), "a"
        session.add(review)
    chosen(session, ada, "b", scores=(1.0, 0.0), pm=pm)  # nobody reviewed it
    session.commit()
    points = {point.x: (point.y, point.of) for point in figure("agreement").series[0].points}
    assert points == {
        "researchers and crowdworkers": (60, 20),
        "PM and crowdworkers": (75, 20),
        # Twelve times both a, three times ada a and rosa b, five times ada b and rosa a.
        "PM and researchers": (85, 20),
    }
    with db.writing() as later:
        for candidate in later.scalars(select(Candidate)):
            candidate.score = None
    assert [point.x for point in figure("agreement").series[0].points] == ["researchers and crowdworkers"]


def test_what_is_missing_is_said(session: Session) -> None:
    make_account(session, username="ada")
    session.commit()
    for name, crowdworker, sentence in (
        ("crowdworker-volume", None, "Say whose"),
        ("crowdworker-habits", "ada", "ada has chosen nothing yet."),
        ("data-by-crowdworker", None, "No crowdworker has chosen anything yet."),
        ("agreement", None, "Not enough data: it takes 10 reviews."),
    ):
        found = figure(name, crowdworker)
        assert (found.missing or "").startswith(sentence)
        assert found.series == []
    with pytest.raises(UnknownCrowdworker):
        figure("crowdworker-volume", "zoe")
