"""The same prompts from week 0 to week N, counted by eye."""

import pytest
from sqlalchemy.orm import Session

from app.improvement.sheet import TooManyWeeks, UnknownWeek, Wanted, sheet
from app.improvement.weeks import weeks
from app.tables import IterationStatus, StageRun, StageStatus
from app.tranches.families import family_of
from tests.app.improvement.rows import LIE, MOSS, TEA, initial_policy, make_week
from tests.factories import make_conversation


def test_a_column_is_a_week_and_a_row_is_a_prompt(session: Session) -> None:
    for number in (1, 2):
        make_week(session, number)
    shown = sheet(session, Wanted())
    assert [(column.number, column.name, column.pm) for column in shown.columns] == [
        (0, "initial", "2026-w42-pm"),
        (1, "2026-w41", "2026-w41-pm"),
        (2, "2026-w42", "2026-w42-pm"),
    ]
    assert [row.prompt[0].content for row in shown.rows] == [TEA, MOSS]
    texts = [answer and answer.text for answer in shown.rows[0].answers]
    assert texts == [f"{TEA} by week 0, 2026-w42-pm.", f"{TEA} by week 1.", f"{TEA} by week 2."]
    assert [answer and (answer.gain, answer.of) for answer in shown.rows[0].answers] == [(None, 17), (1, 17), (1, 17)]
    assert (shown.red_team_left_out, shown.missing) == (1, None)


def test_red_team_prompts_are_there_only_when_asked_for(session: Session) -> None:
    make_week(session, 1)
    shown = sheet(session, Wanted(red_team=True))
    assert [row.prompt[0].content for row in shown.rows if row.is_red_team] == [LIE]
    assert shown.red_team_left_out == 0


def test_what_a_week_was_not_asked_is_empty_and_stands_last(session: Session) -> None:
    make_week(session, 1, prompts=(MOSS,))
    make_week(session, 2)
    shown = sheet(session, Wanted())
    assert [row.prompt[0].content for row in shown.rows] == [MOSS, TEA]
    assert [answer is None for answer in shown.rows[1].answers] == [False, True, False]


def test_of_many_weeks_the_first_the_last_and_one_between_are_shown(session: Session) -> None:
    for number in range(1, 8):
        make_week(session, number, prompts=() if number == 7 else (TEA,))
    assert [column.number for column in sheet(session, Wanted()).columns] == [0, 1, 3, 6]
    chosen = sheet(session, Wanted(["2026-w45", "2026-w42"]))
    assert [column.number for column in chosen.columns] == [0, 2, 5]
    with pytest.raises(TooManyWeeks, match="at most 3"):
        sheet(session, Wanted([f"2026-w{number}" for number in (41, 42, 43, 44)]))
    with pytest.raises(UnknownWeek, match="“2026-w99”"):
        sheet(session, Wanted(["2026-w99"]))


def test_prompts_in_a_crowdworkers_words_are_not_for_the_public(session: Session) -> None:
    make_week(session, 1)
    make_conversation(session, family=family_of(" how do I  make TEA?"))
    shown = sheet(session, Wanted(), public=True)
    assert [row.prompt[0].content for row in shown.rows] == [MOSS]
    assert shown.crowdworkers_left_out == 1
    assert len(sheet(session, Wanted()).rows) == 2


def test_each_thing_that_is_missing_has_its_sentence(session: Session) -> None:
    assert (sheet(session, Wanted()).missing or "").startswith("No week has trained a policy yet")
    initial_policy(session)
    make_week(session, 1, prompts=())
    assert "sample_prompts" in (sheet(session, Wanted()).missing or "")
    make_week(session, 2, prompts=(LIE,))
    assert (sheet(session, Wanted()).missing or "").startswith("Nothing is left")


def test_a_week_is_known_by_the_newest_attempt_that_succeeded(session: Session) -> None:
    make_week(session, 1, status=IterationStatus.HELD, accuracy=None, gain=None)
    (week,) = weeks(session)
    assert (week.status, week.accuracy, week.gain) == (IterationStatus.HELD, None, None)
    first = session.query(StageRun).filter_by(stage="evaluate_pm").one()
    for attempt, status, accuracy in ((2, StageStatus.SUCCEEDED, 0.7), (3, StageStatus.FAILED, 0.1)):
        result = {"new": {"accuracy": accuracy, "low": 0.6, "high": 0.8}}
        row = StageRun(
            iteration_id=first.iteration_id, stage="evaluate_pm", attempt=attempt, status=status, result=result
        )
        session.add(row)
    session.flush()
    (week,) = weeks(session)
    assert week.accuracy == (0.7, 0.6, 0.8)


def test_a_gain_on_prompts_that_training_saw_does_not_count(session: Session) -> None:
    make_week(session, 1)
    told = session.query(StageRun).filter_by(stage="evaluate_policy").one()
    told.result = {**(told.result or {}), "prompts_from": "training families"}
    session.flush()
    assert weeks(session)[0].gain is None
