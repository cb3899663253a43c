"""Every figure by its name: a function from rows to a Figure, in a file per page of the dashboard."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.dashboard.figure import Figure
from app.dashboard.figures import data, policies, preference_models


class Entry(NamedTuple):
    page: str
    title: str
    draw: Callable[[Session, str | None], Figure]  # the second: an iteration's id, where one can be asked for


FIGURES = {
    "comparisons-per-day": Entry("data", data.PER_DAY, data.comparisons_per_day),
    "pm-accuracy": Entry("preference-models", preference_models.ACCURACY, preference_models.accuracy),
    "policy-score-and-kl": Entry("policies", policies.SCORE, policies.score_and_kl),
    "win-rate-against-initial": Entry("policies", policies.WIN_RATE, policies.win_rate_against_initial),
}
