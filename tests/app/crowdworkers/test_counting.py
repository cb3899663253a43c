"""The counts of a crowdworker's weeks, against rows that one counts by eye."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.crowdworkers.counting import due_weeks, median
from app.tables import (
    Candidate,
    CandidateStatus,
    CountedWeek,
    CrowdworkerTotal,
    CrowdworkerWeek,
    SnapshotKind,
    TaskKind,
)
from tests.app.crowdworkers.conftest import MONDAY, chosen
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_task, make_turn
from worker import crowdworkers

DAY = timedelta(days=1)


def total_of(account_id: str) -> CrowdworkerTotal | None:
    with db.reading() as session:
        return session.get(CrowdworkerTotal, account_id)


def test_every_column_of_a_week_counts_what_it_says(session: Session) -> None:
    ada, pm = make_account(session), make_snapshot(session, "pm", SnapshotKind.PM).id
    red_team = make_task(session, TaskKind.RED_TEAM)
    chosen(session, ada, "a", strength=4, seconds_to_choose=4.9, scores=(1.0, 0.0), pm=pm)  # with the PM
    chosen(session, ada, "a", strength=4, seconds_to_choose=9.0, scores=(0.0, 1.0), pm=pm)  # against it
    # Asked for the worse one, the PM would have picked b as well.
    chosen(session, ada, "b", strength=1, seconds_to_choose=30.2, scores=(1.0, 0.0), pm=pm, task=red_team)
    chosen(session, ada, "b", strength=None, scores=(0.5, 0.5), pm=pm)  # the PM would not know
    session.commit()

    crowdworkers.count()

    with db.reading() as session:
        week = session.scalars(select(CrowdworkerWeek)).one()
    assert (week.account_id, week.week) == (ada.id, MONDAY.date())
    assert (week.comparisons, week.conversations) == (4, 4)
    assert (week.strength_1, week.strength_2, week.strength_3, week.strength_4) == (1, 0, 0, 2)
    assert (week.sided, week.picked_a) == (4, 2)
    assert (week.scored, week.with_pm) == (3, 2)
    assert week.seconds == {"4": 1, "9": 1, "30": 1}
    total = total_of(ada.id)
    assert total is not None
    assert (total.comparisons, total.median_seconds, total.last_at) == (4, 9, MONDAY)


def test_what_was_replaced_previewed_or_imported_is_nobodys_choice(session: Session) -> None:
    ada = make_account(session)
    turn = make_turn(session, make_conversation(session, account=ada))
    make_comparison(session, turn, "a", superseded_at=db.now())
    make_comparison(session, turn, "b")
    make_comparison(session, make_turn(session, make_conversation(session, account=ada, preview=True)))
    make_comparison(session, make_turn(session)).account_id = None
    session.commit()
    crowdworkers.count()
    total = total_of(ada.id)
    assert total is not None
    assert (total.comparisons, total.picked_a) == (1, 0)


def test_an_edit_has_no_side(session: Session) -> None:
    ada = make_account(session)
    row = chosen(session, ada)
    turn, original = row.turn, row.turn.candidates[0]
    fields = {"shown": "edited", "edited_from_id": original.id, "status": CandidateStatus.DONE, "finish": "stop"}
    edited = Candidate(turn_id=turn.id, text="Better.", **fields)
    session.add(edited)
    session.flush()
    row.picked_id, row.other_id, row.strength = edited.id, original.id, None
    session.commit()
    crowdworkers.count()
    total = total_of(ada.id)
    assert total is not None
    assert (total.comparisons, total.sided) == (1, 0)


def test_weeks_add_up_and_what_comes_later_is_counted_once(session: Session) -> None:
    ada, bob = make_account(session), make_account(session)
    for days in (0, 6, 7, 20):
        chosen(session, ada, at=MONDAY + days * DAY, seconds_to_choose=days)
    chosen(session, bob, at=MONDAY + DAY)
    session.commit()
    crowdworkers.count()
    crowdworkers.count()
    chosen(session, ada, "b", at=db.now(), seconds_to_choose=5)
    session.commit()
    crowdworkers.count()

    with db.reading() as session:
        of_ada = select(CrowdworkerWeek).where(CrowdworkerWeek.account_id == ada.id).order_by(CrowdworkerWeek.week)
        by_week = [row.comparisons for row in session.scalars(of_ada)]
    assert by_week == [2, 1, 1, 1]
    total = total_of(ada.id)
    assert total is not None
    assert (total.comparisons, total.picked_a, total.median_seconds) == (5, 4, 6)
    assert total.seconds == {"0": 1, "5": 1, "6": 1, "7": 1, "20": 1}


def test_a_score_that_came_late_is_counted_within_the_hour(session: Session) -> None:
    ada, pm = make_account(session), make_snapshot(session, "pm", SnapshotKind.PM).id
    row = chosen(session, ada, "a")
    session.commit()
    crowdworkers.count()
    for candidate, score in zip(row.turn.candidates, (1.0, 0.0), strict=True):
        candidate.score, candidate.scored_by_id = score, pm
    session.commit()
    crowdworkers.count()
    early = total_of(ada.id)
    with db.writing() as later:
        for week in later.scalars(select(CountedWeek)):
            week.counted_at -= timedelta(hours=2)
    for _ in range(3):  # one of the weeks that were counted long ago each time
        crowdworkers.count()
    total = total_of(ada.id)
    assert early is not None
    assert total is not None
    assert (early.scored, total.scored, total.with_pm) == (0, 1, 1)


def test_a_week_whose_choices_are_gone_has_no_row(session: Session) -> None:
    ada = make_account(session)
    row = chosen(session, ada)
    session.commit()
    crowdworkers.count()
    assert total_of(ada.id) is not None
    row.superseded_at = db.now()
    for week in session.scalars(select(CountedWeek)):
        week.counted_at -= timedelta(hours=2)
    session.commit()
    for _ in range(3):
        crowdworkers.count()
    assert total_of(ada.id) is None


def test_without_a_choice_there_is_nothing_to_count(session: Session) -> None:
    session.commit()
    assert due_weeks(session) == []
    crowdworkers.count()


def test_the_median_of_an_even_number_is_the_lower_of_the_two_in_the_middle() -> None:
    assert median({"3": 1, "5": 1}) == 3
    assert median({"3": 1, "5": 2}) == 5
    assert median({"10": 1, "9": 1, "2": 1}) == 9
    assert median({}) is None
