"""Figures from week 0 to week N: is what comes out of the loop better than what went in?"""

from sqlalchemy.orm import Session

from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.improvement.weeks import elos, weeks

ELO_BY_WEEK = "Elo of each week's policy, by crowdworkers"
SCORE_BY_WEEK = "PM score gained on the initial policy, by week"
WEEK_0 = "week 0"
NO_WEEK = "No week has trained a policy yet."


def elo_by_week(session: Session, asked: Asked) -> Figure:
    """Of the first task that has a leaderboard, or the one asked for."""
    figure = Figure(
        name="improvement-elo",
        title=ELO_BY_WEEK,
        x=Axis(label="Week"),
        y=Axis(label="Elo, initial policy = 0", unit="Elo"),
        interval="95 %, bootstrap over crowdworkers",
        paper="Fig. 1",
        how_to_read="Week 0 is the initial policy. 100 Elo are 64 % of the choices against it, 200 are 76 %. Weeks "
        "whose policy has not been compared enough are left out.",
    )
    there = weeks(session)
    task, elo = elos(session, asked.task)
    points = [
        Point(x=week.iteration, y=found.elo, low=found.low, high=found.high)
        for week in there
        if (found := elo.get(week.snapshot))
    ]
    if points and task:
        figure.series = [Series(name=task, points=[Point(x=WEEK_0, y=0), *points])]
    else:
        figure.missing = (
            "Not enough data: no week's policy has an Elo yet; crowdworkers have to compare it with the initial one."
            if there
            else NO_WEEK
        )
    return figure


def score_by_week(session: Session, _: Asked) -> Figure:
    """Of each week's policy on test prompts, by the week's own PM."""
    there = weeks(session)
    points = [
        Point(x=week.iteration, y=week.gain.value, low=week.gain.low, high=week.gain.high)
        for week in there
        if week.gain
    ]
    return Figure(
        name="improvement-score",
        title=SCORE_BY_WEEK,
        x=Axis(label="Week"),
        y=Axis(label="PM score above the initial policy's"),
        interval="95 %, over prompts",
        paper="Fig. 35, the PM's side of Fig. 1",
        series=[Series(name="gain", points=[Point(x=WEEK_0, y=0), *points])] if points else [],
        how_to_read="On prompts of families that no training saw, each week by its own PM, so that only the sign and "
        "the interval compare across weeks. A gain that crowdworkers' Elo does not follow is an exploited PM.",
        missing=None
        if points
        else ("Not enough data: no week's policy was evaluated on unseen prompts yet." if there else NO_WEEK),
    )
