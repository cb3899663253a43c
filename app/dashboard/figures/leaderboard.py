"""Figures about the leaderboard: they read what its newest fit has left in a row."""

from sqlalchemy.orm import Session

from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.leaderboard.queries import NoSuchBoard, board, leaderboard
from app.leaderboard.schemas import Board

ELO = "Elo of each policy, by crowdworkers"
FOUR_WAYS = "Elo by crowdworkers beside what the PM predicts"
WINS = "Who was better than whom"
NO_FIT = (
    "No fit yet. It starts by itself once 20 choices between two different policies are there, "
    "with the initial policy among them."
)


def elo(session: Session, asked: Asked) -> Figure:
    """One series per task, or the task asked for; over all weeks, or the one asked for."""
    figure = Figure(
        name="elo",
        title=ELO,
        kind="points",
        x=Axis(label="Policy"),
        y=Axis(label="Elo, initial policy = 0", unit="Elo"),
        interval="95 %, bootstrap over crowdworkers",
        paper="Fig. 1 and Fig. 16; eq. B.1",
        how_to_read="All policies are fitted jointly, pairs weighed by 1/propensity. 100 Elo are 64 % of the choices "
        "against the initial policy, 200 are 76 %. In red-teaming, a higher Elo is the less harmful policy.",
    )
    for task, found in _boards(session, asked):
        points = [
            Point(x=one.name, y=one.elo.elo, low=one.elo.low, high=one.elo.high) for one in found.standings if one.elo
        ]
        if points:
            figure.series.append(Series(name=task, points=points))
    if not figure.series:
        figure.missing = _missing(session)
    return figure


def four_ways(session: Session, asked: Asked) -> Figure:
    """Of the first task, or the one asked for: the paper's four curves."""
    figure = Figure(
        name="elo-four-ways",
        title=FOUR_WAYS,
        x=Axis(label="Policy"),
        y=Axis(label="Elo, initial policy = 0", unit="Elo"),
        interval="95 %: crowdworkers, bootstrap over them; test prompts, over prompts",
        paper="Fig. 35",
        how_to_read="A PM that predicts more than crowdworkers choose is being exploited, or is asked about other "
        "prompts than theirs: compare test prompts with the mean score on the crowdworkers' own conversations. "
        "Scores are × 174.",
    )
    task, found = next(iter(_boards(session, asked._replace(week=None))), ("", None))
    if found is None:
        figure.missing = _missing(session)
        return figure
    standings = found.standings
    for label, points in (
        ("crowdworkers", [(one, one.elo.elo, one.elo.low, one.elo.high) for one in standings if one.elo]),
        ("PM's choices", [(one, one.by_pm_choice, None, None) for one in standings]),
        ("PM's score, same conversations", [(one, one.by_pm_score, None, None) for one in standings]),
        (
            "PM's score, test prompts",
            [(one, one.held_out.elo, one.held_out.low, one.held_out.high) for one in standings if one.held_out],
        ),
    ):
        drawn = [Point(x=one.name, y=y, low=low, high=high) for one, y, low, high in points if y is not None]
        if drawn:
            figure.series.append(Series(name=label, points=drawn))
    if found.pm is None:
        figure.series, figure.missing = (
            [],
            (f"No candidate of {task} has a PM score: deploy a PM that scores (`turnwise deploy scoring-pm PM=100`)."),
        )
    return figure


def wins(session: Session, asked: Asked) -> Figure:
    """Of the first task, or the one asked for: a row per policy, in percent of the choices between the two."""
    figure = Figure(
        name="win-matrix",
        title=WINS,
        kind="matrix",
        x=Axis(label="against"),
        y=Axis(label="Better", unit="%"),
        interval="none, since these are the counts themselves; Elo has intervals over crowdworkers",
        paper="§2.4: the counts N of eq. B.1",
        how_to_read="How often the policy of the row was the better one against that of the column, as counted, "
        "without weights. Empty: they have not met.",
    )
    _, found = next(iter(_boards(session, asked)), ("", None))
    if found is None:
        figure.missing = _missing(session)
        return figure
    won = {(m.first, m.second): (m.wins, m.comparisons) for m in found.meetings}
    won |= {(m.second, m.first): (m.comparisons - m.wins, m.comparisons) for m in found.meetings}
    for row, one in enumerate(found.standings):
        points = [
            Point(x=other.name, y=round(100 * won[row, column][0] / won[row, column][1], 1), of=won[row, column][1])
            for column, other in enumerate(found.standings)
            if (row, column) in won
        ]
        figure.series.append(Series(name=one.name, points=points))
    return figure


def _boards(session: Session, asked: Asked) -> list[tuple[str, Board]]:
    """By task; a task that has none in this week is left out."""
    tasks = [asked.task] if asked.task else [entry.task for entry in leaderboard(session, None, None).boards]
    found = []
    for task in tasks:
        try:
            found.append((task, board(session, task, asked.week)))
        except NoSuchBoard:
            continue
    return found


def _missing(session: Session) -> str:
    if not leaderboard(session, None, None).boards:
        return NO_FIT
    return "Not enough data here: no policy can be compared with the initial one yet."
