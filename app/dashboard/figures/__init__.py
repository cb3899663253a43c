"""Every figure by its name: a function from rows to a Figure, in a file per page of the dashboard."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.dashboard.figure import Asked, Figure, signed
from app.dashboard.figures.crowdworkers import (
    AGREEMENT,
    CONCENTRATION,
    HABITS,
    SECONDS,
    VOLUME,
    agreement,
    concentration,
    habits,
    seconds,
    volume,
)
from app.dashboard.figures.data import PER_DAY, comparisons_per_day
from app.dashboard.figures.deployments import SHARES, shares_over_time
from app.dashboard.figures.improvement import ELO_BY_WEEK, SCORE_BY_WEEK, elo_by_week, score_by_week
from app.dashboard.figures.leaderboard import ELO, FOUR_WAYS, WINS, elo, four_ways, wins
from app.dashboard.figures.policies import SCORE, WIN_RATE, score_and_kl, win_rate_against_initial
from app.dashboard.figures.preference_models import ACCURACY, accuracy
from app.errors import DomainError


class FigureUnknown(DomainError):
    status = 404


class Entry(NamedTuple):
    page: str
    title: str
    draw: Callable[[Session, Asked], Figure]


FIGURES = {
    "comparisons-per-day": Entry("data", PER_DAY, comparisons_per_day),
    "pm-accuracy": Entry("preference-models", ACCURACY, accuracy),
    "policy-score-and-kl": Entry("policies", SCORE, score_and_kl),
    "win-rate-against-initial": Entry("policies", WIN_RATE, win_rate_against_initial),
    "elo": Entry("leaderboard", ELO, elo),
    "elo-four-ways": Entry("leaderboard", FOUR_WAYS, four_ways),
    "win-matrix": Entry("leaderboard", WINS, wins),
    "improvement-elo": Entry("improvement", ELO_BY_WEEK, elo_by_week),
    "improvement-score": Entry("improvement", SCORE_BY_WEEK, score_by_week),
    "data-by-crowdworker": Entry("crowdworkers", CONCENTRATION, concentration),
    "crowdworker-volume": Entry("crowdworkers", VOLUME, volume),
    "crowdworker-habits": Entry("crowdworkers", HABITS, habits),
    "crowdworker-seconds": Entry("crowdworkers", SECONDS, seconds),
    "agreement": Entry("reviews", AGREEMENT, agreement),
    "deployment-shares": Entry("deployments", SHARES, shares_over_time),
}


def draw(session: Session, name: str, asked: Asked) -> Figure:
    if name not in FIGURES:
        raise FigureUnknown(f"There is no figure “{name}”; there are {', '.join(FIGURES)}.")
    return signed(FIGURES[name].draw(session, asked), asked)
