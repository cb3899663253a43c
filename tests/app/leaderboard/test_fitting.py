"""From rows to boards: who counts, for whom, and what is said where there is not enough."""

from datetime import UTC, date, datetime
from math import log10

import pytest
from sqlalchemy.orm import Session

from app.db import now
from app.leaderboard.fitting import fit
from app.leaderboard.schemas import Board
from app.tables import Account, Candidate, Deployment, Evaluation, SnapshotKind, Task, TaskKind
from tests.app.leaderboard.rows import choose
from tests.factories import make_account, make_deployment, make_snapshot, make_task

Policies = tuple[Deployment, Deployment]


@pytest.fixture
def task(session: Session) -> Task:
    return make_task(session, slug="talk")


@pytest.fixture
def policies(session: Session, task: Task) -> Policies:
    """The initial policy and another one."""
    initial, new = make_snapshot(session, "initial"), make_snapshot(session, "week-1")
    return make_deployment(session, task, initial, 50), make_deployment(session, task, new, 50)


@pytest.fixture
def people(session: Session) -> list[Account]:
    return [make_account(session) for _ in range(4)]


def board(session: Session, week: date | None = None) -> Board:
    return next(one.board for one in fit(session).boards if one.week == week)


def elo(session: Session, name: str = "week-1") -> float:
    found = next(one.elo for one in board(session).standings if one.name == name)
    assert found is not None
    return found.elo


def three_of_four(session: Session, task: Task, policies: Policies, people: list[Account]) -> None:
    initial, new = policies
    for account in people:
        choose(session, task, account, new, initial, 3)
        choose(session, task, account, initial, new)


def test_twelve_wins_of_sixteen_by_four_people(
    session: Session, task: Task, policies: Policies, people: list[Account]
) -> None:
    three_of_four(session, task, policies, people)
    found = board(session)
    assert (found.comparisons, found.crowdworkers, found.effective) == (16, 4, 16)
    initial, new = found.standings
    assert (initial.name, new.name) == ("initial", "week-1")
    assert (new.beat_initial, new.met_initial, new.comparisons, new.crowdworkers) == (12, 16, 16, 4)
    assert new.beat_initial_error == 0  # all four say the same
    assert initial.beat_initial_error is None
    assert new.elo is not None
    assert new.elo.elo == pytest.approx(400 * log10(3), abs=0.01)
    (meeting,) = found.meetings
    assert (meeting.first, meeting.second, meeting.wins, meeting.comparisons) == (0, 1, 4, 16)
    assert found.length_effect is None  # all texts are equally long


def test_where_the_worse_one_is_asked_for_the_other_one_wins(
    session: Session, policies: Policies, people: list[Account]
) -> None:
    red_team = make_task(session, TaskKind.RED_TEAM, slug="attack")
    initial, new = (make_deployment(session, red_team, one.snapshot, 50) for one in policies)
    three_of_four(session, red_team, (initial, new), people)
    assert elo(session) == pytest.approx(400 * log10(3), abs=0.01)


def test_what_does_not_count(session: Session, task: Task, policies: Policies, people: list[Account]) -> None:
    three_of_four(session, task, policies, people)
    initial, new = policies
    excluded = make_account(session, excluded_reason="sold the account")
    (superseded,) = choose(session, task, people[0], initial, new)
    superseded.superseded_at = now()
    choose(session, task, people[0], initial, new, strength=1)  # the paper's "unsure"
    choose(session, task, people[0], initial, new, excluded_reason="by hand")
    (erased,) = choose(session, task, people[0], initial, new)
    erased.account_id = None
    choose(session, task, people[0], initial, new, picked_deployment_id=None, other_deployment_id=None)  # an edit
    choose(session, task, people[0], initial, new, propensity=None)
    choose(session, task, people[0], new, new, 5)  # twice the same says nothing
    choose(session, task, excluded, initial, new)
    assert board(session).comparisons == 16
    choose(session, task, people[0], initial, new, strength=None)  # nobody was asked how much
    assert board(session).comparisons == 17


def test_a_policy_that_never_lost_gets_no_number_but_a_reason(
    session: Session, task: Task, policies: Policies, people: list[Account]
) -> None:
    three_of_four(session, task, policies, people)
    best, worst, lonely, friend = (
        make_deployment(session, task, make_snapshot(session, name), 1)
        for name in ("best", "worst", "lonely", "friend")
    )
    choose(session, task, people[0], best, policies[1])
    choose(session, task, people[0], policies[0], worst)
    choose(session, task, people[1], lonely, friend)
    choose(session, task, people[1], friend, lonely)
    missing = {one.name: one.missing for one in board(session).standings if one.elo is None}
    assert missing == {
        "best": "It was never the worse one: its Elo has no upper end yet.",
        "worst": "It was never the better one: its Elo has no lower end yet.",
        "lonely": "No comparison leads from it to the initial policy.",
        "friend": "No comparison leads from it to the initial policy.",
    }
    assert elo(session) == pytest.approx(400 * log10(3), abs=0.01)


def test_the_best_of_sixteen_of_a_policy_is_another_contestant(
    session: Session, task: Task, policies: Policies, people: list[Account]
) -> None:
    initial, _ = policies
    best = make_deployment(session, task, initial.snapshot, 10, best_of=16)
    for account in people:
        choose(session, task, account, best, initial, 3)
        choose(session, task, account, initial, best)
    assert elo(session, "initial, best of 16") == pytest.approx(400 * log10(3), abs=0.01)


def test_a_week_has_a_board_of_its_own(session: Session, task: Task, policies: Policies, people: list[Account]) -> None:
    initial, new = policies
    for day, winner, loser in ((22, initial, new), (23, new, initial), (29, new, initial), (29, initial, new)):
        at = datetime(2026, 11, day, 23, 59, 59, tzinfo=UTC)  # the 23rd is a Monday
        choose(session, task, people[0], winner, loser, created_at=at)
    assert {(one.week, one.board.comparisons) for one in fit(session).boards} == {
        (None, 4), (date(2026, 11, 16), 1), (date(2026, 11, 23), 3)
    }  # fmt: skip
    week = board(session, date(2026, 11, 23))
    assert week.standings[1].elo is not None
    assert week.standings[1].elo.elo == pytest.approx(400 * log10(2), abs=0.01)
    assert week.standings[1].elo.low is None  # one person has no spread


def test_the_pms_elo_stands_beside_the_crowdworkers(
    session: Session, task: Task, policies: Policies, people: list[Account]
) -> None:
    """The PM scores the new one higher by log 9 every time: chance 9 in 10, and always the new one."""
    three_of_four(session, task, policies, people)
    assert board(session).pm is None
    pm = make_snapshot(session, "the-pm", SnapshotKind.PM)
    for candidate in session.query(Candidate):
        is_new = candidate.deployment_id == policies[1].id
        candidate.score, candidate.scored_by_id = (2.1972245773 if is_new else 0.0), pm.id
    gain = {"mean": 1.0, "low": 0.5, "high": 1.5}
    result = {"paired": {"score": gain}, "prompts_from": "test families"}
    session.add(Evaluation(snapshot_id=policies[1].snapshot_id, kind="evaluate_policy", result=result))
    session.flush()
    found = board(session)
    assert (found.pm, found.scored) == ("the-pm", 16)
    new = found.standings[1]
    assert new.by_pm_probability == pytest.approx(400 * log10(9), abs=0.01)
    assert new.by_pm_score == pytest.approx(400 * log10(9), abs=0.01)
    assert new.by_pm_choice is None  # it never chose the initial policy
    assert new.held_out is not None
    assert (new.held_out.elo, new.held_out.low, new.held_out.high) == (173.72, 86.86, 260.58)


def test_the_same_rows_are_the_same_hash_and_one_more_is_another(
    session: Session, task: Task, policies: Policies, people: list[Account]
) -> None:
    three_of_four(session, task, policies, people)
    first = fit(session).counts_hash
    assert fit(session).counts_hash == first
    choose(session, task, people[0], *policies)
    assert fit(session).counts_hash != first


def test_an_empty_installation_has_no_board(session: Session) -> None:
    assert fit(session).boards == []


def test_people_who_differ_make_a_share_less_sure_than_their_choices_would(
    session: Session, task: Task, policies: Policies, people: list[Account]
) -> None:
    initial, new = policies
    choose(session, task, people[0], new, initial, 4)
    choose(session, task, people[1], initial, new, 4)
    found = next(one for one in board(session).standings if one.name == "week-1")
    # Deviations add up to +2 and −2: √(2/1 · 8) / 8; eight choices of one opinion each would have √(0.25/8) = 0.18.
    assert found.beat_initial_error == pytest.approx(0.5)
