"""Leagues with planted strengths, for tests of the statistics alone."""

from typing import NamedTuple

import numpy as np

from app.leaderboard.bradley_terry import ELO, Floats, Games, games


class Planted(NamedTuple):
    elo: Floats
    games: Games


def planted(seed: int, *, contestants: int = 5, judges: int = 30, comparisons: int = 1500, adaptive: bool) -> Planted:
    """Judges of very different diligence. Adaptive: the shares are dealt anew six times by the results so far, so that
    who is drawn depends on who won."""
    chance = np.random.default_rng(seed)
    strengths = np.concatenate([[0.0], chance.normal(0.6, 0.6, contestants - 1)])
    judge = chance.choice(judges, comparisons, p=chance.dirichlet(np.ones(judges)))
    shares, wins, met = np.full(contestants, 1 / contestants), np.ones(contestants), np.full(contestants, 2.0)
    parts = []
    for some in np.array_split(np.arange(comparisons), 6):
        i, j = chance.choice(contestants, (2, len(some)), p=shares)
        propensity = np.where(i == j, shares[i] ** 2, 2 * shares[i] * shares[j])
        i_wins = chance.random(len(some)) < 1 / (1 + np.exp(strengths[j] - strengths[i]))
        better, worse = np.where(i_wins, i, j), np.where(i_wins, j, i)
        parts.append(np.column_stack([judge[some], better, worse, 1 / propensity])[better != worse])
        if adaptive:
            wins += np.bincount(better[better != worse], minlength=contestants)
            met += np.bincount(np.concatenate([i[i != j], j[i != j]]), minlength=contestants)
            best_first = [one for one in np.argsort(-wins / met) if one != 0]
            shares = np.full(contestants, 0.1)
            shares[best_first[0]], shares[best_first[1]] = 0.4, 0.2
            shares /= shares.sum()
    rows = np.concatenate(parts)
    numbers = rows[:, :3].astype(int)
    return Planted(ELO * strengths, games(*numbers.T, rows[:, 3] / rows[:, 3].mean()))
