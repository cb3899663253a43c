"""Every figure by its name: a function from rows to a Figure, in a file per page of the dashboard."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.dashboard.figure import Figure
from app.dashboard.figures.data import PER_DAY, comparisons_per_day
from app.dashboard.figures.policies import SCORE, WIN_RATE, score_and_kl, win_rate_against_initial
from app.dashboard.figures.preference_models import ACCURACY, accuracy


class Entry(NamedTuple):
    page: str
    title: str
    draw: Callable[[Session, str | None], Figure]  # the second: an iteration's id, where one can be asked for


FIGURES = {
    "comparisons-per-day": Entry("data", PER_DAY, comparisons_per_day),
    "pm-accuracy": Entry("preference-models", ACCURACY, accuracy),
    "policy-score-and-kl": Entry("policies", SCORE, score_and_kl),
    "win-rate-against-initial": Entry("policies", WIN_RATE, win_rate_against_initial),
}
