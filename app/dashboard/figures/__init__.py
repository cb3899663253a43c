"""Every figure by its name: a function from rows to a Figure, in a file per page of the dashboard."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.dashboard.figure import Asked, Figure, finite, signed
from app.dashboard.figures import (
    crowdworkers,
    data,
    deployments,
    improvement,
    leaderboard,
    learning,
    policies,
    policy_runs,
)
from app.dashboard.figures import preference_models as pm
from app.errors import DomainError


class UnknownFigure(DomainError):
    status = 404


class Entry(NamedTuple):
    page: str
    title: str
    draw: Callable[[Session, Asked], Figure]


FIGURES = {
    "comparisons-per-day": Entry("data", data.PER_DAY, data.comparisons_per_day),
    "pm-accuracy": Entry("preference-models", learning.ACCURACY, learning.accuracy),
    **{sliced.name: Entry("preference-models", sliced.title, sliced.draw) for sliced in pm.SLICINGS},
    "pm-calibration": Entry("preference-models", pm.CALIBRATION, pm.calibration),
    "pm-high-scores": Entry("preference-models", pm.HIGH_SCORES, pm.high_scores),
    "pm-scores-by-tranche": Entry("preference-models", pm.SCORES_BY_TRANCHE, pm.scores_by_tranche),
    "pm-scores-by-task": Entry("preference-models", pm.SCORES_BY_TASK, pm.scores_by_task),
    "pm-learning-curve": Entry("preference-models", learning.LEARNING, learning.learning_curve),
    "pm-mixture": Entry("preference-models", learning.MIXTURE, learning.mixture),
    "policy-runs": Entry("policies", policy_runs.RUNS, policy_runs.runs),
    "policy-score-and-kl": Entry("policies", policy_runs.SCORE, policy_runs.score_and_kl),
    "policy-scores-by-step": Entry("policies", policy_runs.BY_STEP, policy_runs.scores_by_step),
    "policy-scores-by-task": Entry("policies", policy_runs.BY_TASK, policy_runs.scores_by_task),
    "policy-style": Entry("policies", policy_runs.STYLE, policy_runs.style),
    "policy-rates": Entry("policies", policy_runs.RATES, policy_runs.rates),
    "policy-logp-accuracy": Entry("policies", policy_runs.LOGP, policy_runs.logp_accuracy),
    "policy-tension": Entry("policies", policies.TENSION, policies.tension),
    "policy-best-of-k": Entry("policies", policies.BEST_OF_K, policies.best_of_k),
    "win-rate-against-initial": Entry("policies", policies.WIN_RATE, policies.win_rate_against_initial),
    "elo": Entry("leaderboard", leaderboard.ELO, leaderboard.elo),
    "elo-four-ways": Entry("leaderboard", leaderboard.FOUR_WAYS, leaderboard.four_ways),
    "win-matrix": Entry("leaderboard", leaderboard.WINS, leaderboard.wins),
    "improvement-elo": Entry("improvement", improvement.ELO_BY_WEEK, improvement.elo_by_week),
    "improvement-score": Entry("improvement", improvement.SCORE_BY_WEEK, improvement.score_by_week),
    "data-by-crowdworker": Entry("crowdworkers", crowdworkers.CONCENTRATION, crowdworkers.concentration),
    "crowdworker-volume": Entry("crowdworkers", crowdworkers.VOLUME, crowdworkers.volume),
    "crowdworker-habits": Entry("crowdworkers", crowdworkers.HABITS, crowdworkers.habits),
    "crowdworker-seconds": Entry("crowdworkers", crowdworkers.SECONDS, crowdworkers.seconds),
    "agreement": Entry("reviews", crowdworkers.AGREEMENT, crowdworkers.agreement),
    "deployment-shares": Entry("deployments", deployments.SHARES, deployments.shares_over_time),
}


def draw(session: Session, name: str, asked: Asked) -> Figure:
    if name not in FIGURES:
        raise UnknownFigure(f"There is no figure “{name}”; there are {', '.join(FIGURES)}.")
    return signed(finite(FIGURES[name].draw(session, asked)), asked)
