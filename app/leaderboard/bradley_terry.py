"""Bradley–Terry by maximum likelihood: how strong each contestant of a league is, from who was judged the better one.

    log-odds of "i is judged better than j" = θ_i − θ_j + β·x        (Bai et al. 2022, eq. B.1; β only where x is given)
    Elo = 400 / ln 10 · θ, contestant 0 at 0

All contestants are fitted jointly. A comparison counts by its weight: with 1/propensity the fit asks how the
contestants stand if every pair met equally often, however the pairs were drawn. x is something that may sway a
judgement and is not the contestant's strength, like a difference of length; the strengths are then those at x = 0.

Only numpy, and nothing here knows of rows, crowdworkers' names or policies.
"""

from collections.abc import Iterator
from math import log
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ELO = 400 / log(10)
"""Elo points of one unit of log-odds: 174."""

CONVERGED = 1e-9  # log-odds
ROUNDING = 1e-9  # of sums of weights whose mean is 1
LONGEST_STEP = 2.0  # log-odds; further away a step of Newton's knows nothing
RUNAWAY = 25.0  # log-odds: one in 10¹¹
DENSE = 2_000_000  # numbers at once in a table of judges × rows
JUDGES_WANTED = 3
"""With fewer (or as good as fewer, where one of them did nearly all) there is no interval: how much people differ would
be read from one difference."""
LEAST_SPREAD = 0.1
"""Nor where people differ by so much less than coins of these odds would: three who chose exactly alike say nothing of
a fourth."""


class Undetermined(Exception):
    """x tells all of some pairs' outcomes, or nothing beside the pair itself: its effect has no finite maximum."""


class Games(NamedTuple):
    """A league's comparisons, summed over those with the same judge, pair and x. Sorted by judge; (N,) each."""

    judge: Ints
    """0, 1, …"""
    row: Ints
    """Which of `first`, `second` and `x`."""
    wins: Floats
    """Weight of those in which the first of the pair was the better one."""
    total: Floats
    """Weight of all of them."""
    first: Ints
    """(R,) Contestant, of each pair (and x) that met."""
    second: Ints
    """(R,) A later contestant."""
    x: Floats
    """(R,) The first one's x minus the second one's."""


def games(judge: Ints, better: Ints, worse: Ints, weight: Floats, x: Floats | None = None) -> Games:
    """Sum up comparisons, (N,) each, in which `better` was judged better than `worse`; x: the better one's minus the
    other one's, from −1 to 1, and counted in steps of a tenth."""
    first, second = np.minimum(better, worse), np.maximum(better, worse)
    contestants = int(second.max(initial=0)) + 1
    tenths = np.zeros(len(judge), np.int64) if x is None else np.rint(10 * np.where(first == better, x, -x)).astype(int)
    met, row = np.unique((first * contestants + second) * 21 + tenths + 10, return_inverse=True)
    cell, comparison = np.unique(judge * len(met) + row, return_inverse=True)
    pair, tenth = np.divmod(met, 21)
    return Games(
        judge=cell // max(len(met), 1),
        row=cell % max(len(met), 1),
        wins=_sums(comparison, np.where(first == better, weight, 0.0), len(cell)),
        total=_sums(comparison, weight, len(cell)),
        first=pair // contestants,
        second=pair % contestants,
        x=(tenth - 10) / 10,
    )


def _sums(of: Ints, values: Floats, count: int) -> Floats:
    """(count,) The sum of the values of each number in `of`."""
    return np.bincount(of, values, count).astype(np.float64, copy=False)


class Standings(NamedTuple):
    """What a league says of its `members`; (M,) each, of members alone. Member 0 is contestant 0, at 0."""

    members: Ints
    """Contestants whose likelihood has a finite maximum: see `comparable`."""
    elo: Floats
    bootstrap: Floats
    """Half the width of the 95 % interval, in Elo; infinite where there is none (`JUDGES_WANTED`, `LEAST_SPREAD`)."""
    sandwich: Floats
    """The same, by another way."""
    x_effect: float
    """β: log-odds that a whole unit of x is worth; 0 where it was not asked for."""


class Comparable(NamedTuple):
    """(K,) each."""

    beaten: Bools
    """Contestant 0 has beaten it, or beaten one that has beaten it …"""
    beats: Bools
    """It has beaten contestant 0, or one that …"""
    met: Bools
    """It is connected with contestant 0 by comparisons, whoever was better."""

    @property
    def both(self) -> Bools:
        return self.beaten & self.beats


def comparable(league: Games, contestants: int) -> Comparable:
    """Whose strength the comparisons fix: that of contestants who are, over others if need be, both better and worse
    than contestant 0 at least once. Whoever only ever won has no finite strength (Ford 1957)."""
    first_won = _sums(league.row, league.wins, len(league.first)) > 0
    second_won = _sums(league.row, league.total - league.wins, len(league.first)) > ROUNDING
    won = np.zeros((contestants, contestants), bool)
    won[league.first[first_won], league.second[first_won]] = True
    won[league.second[second_won], league.first[second_won]] = True
    return Comparable(beaten=_reached(won), beats=_reached(won.T), met=_reached(won | won.T))


def _met_by(league: Games, contestants: int, judges: int) -> Bools:
    """(K, K) Who was compared with whom by at least so many judges."""
    pairs, pair = np.unique(league.first * contestants + league.second, return_inverse=True)
    judged = np.zeros((int(league.judge.max(initial=-1)) + 1, len(pairs)), bool)
    judged[league.judge, pair[league.row]] = True
    met = np.zeros((contestants, contestants), bool)
    met.flat[pairs[judged.sum(axis=0) >= judges]] = True
    return met | met.T


def _reached(steps: Bools) -> Bools:
    """(K,) Which contestants one comes to from contestant 0."""
    reached = np.zeros(len(steps), bool)
    reached[:1] = True
    while (further := reached | steps[reached].any(axis=0)).sum() > reached.sum():
        reached = further
    return reached


def fit(league: Games, contestants: int, *, resamples: int = 200, seed: int = 0, swayed: bool = False) -> Standings:
    """Fit all comparable contestants jointly, with two intervals; `swayed`: by x, too.

    Both intervals take judges, not comparisons, as what was sampled: one person's comparisons are alike. The sandwich
    is H⁻¹ (Σ g g′) H⁻¹ over the judges' gradients g, times C/(C − 1) for C judges. The bootstrap weighs every judge by
    a draw from the exponential distribution (Rubin 1981) instead of drawing judges: nobody is left out altogether, so
    every resample has a finite fit, which one of drawn judges may lack; its variance is put right by (C + 1)/(C − 1).

    With few judges, or a few who did most of it, normal quantiles and percentiles are too narrow: percentiles cover
    86 % for twelve uneven judges. So both are ± a quantile of Student's t with the effective number of judges − 1
    degrees of freedom (Satterthwaite's, as of Bell and McCaffrey 2002): (Σ a)² / Σ a², where a is what a judge
    contributes to the variance of that contestant under the model.

    Raises nothing for want of data (a league without comparisons has the one member 0), but Undetermined if swayed."""
    league, members = _among(league, comparable(league, contestants).both)
    design = _Design.of(league, len(members), swayed)
    if swayed and len(design.pairs) == len(league.first):
        raise Undetermined
    wins, total = (_sums(league.row, values, len(league.first)) for values in (league.wins, league.total))
    best = _maximise(design, wins[None], total[None], np.zeros(design.size))[0]
    if swayed and np.abs(best).max(initial=0.0) > RUNAWAY:
        raise Undetermined
    spread = _spread(design, league, best, resamples, np.random.default_rng(seed))
    strengths = len(members) - 1
    elo, bootstrap, sandwich = (
        ELO * np.concatenate([[0.0], values[:strengths]]) for values in (best, spread.bootstrap, spread.sandwich)
    )
    alone = ~_reached(_met_by(league, len(members), judges=2))
    return Standings(
        members=members,
        elo=elo,
        bootstrap=np.where(alone, np.inf, bootstrap),
        sandwich=np.where(alone, np.inf, sandwich),
        x_effect=float(best[-1]) if swayed else 0.0,
    )


def _among(league: Games, is_member: Bools) -> tuple[Games, Ints]:
    """The comparisons of members with each other; members and judges are numbered anew, without gaps."""
    members = np.flatnonzero(is_member)
    number = np.cumsum(is_member) - 1
    rows = is_member[league.first] & is_member[league.second]
    new_row = np.cumsum(rows) - 1
    kept = rows[league.row]
    _, judge = np.unique(league.judge[kept], return_inverse=True)
    return Games(
        judge=judge,
        row=new_row[league.row[kept]],
        wins=league.wins[kept],
        total=league.total[kept],
        first=number[league.first[rows]],
        second=number[league.second[rows]],
        x=league.x[rows],
    ), members


class _Design(NamedTuple):
    """How parameters make log-odds. Parameters are the strengths of members 1 …, and β where there is one."""

    first: Ints
    """(R,) Parameter of the first of the pair, −1: member 0."""
    second: Ints
    x: Floats
    pairs: Ints
    """(P,) Where the rows of each pair begin; they differ in x alone."""
    incidence: Floats
    """(P, M − 1) 1 for the first of the pair, −1 for the second."""
    swayed: bool

    @classmethod
    def of(cls, league: Games, members: int, swayed: bool) -> "_Design":
        key = league.first * members + league.second
        pairs = np.flatnonzero(np.diff(key, prepend=-1))
        incidence = np.zeros((len(pairs), members))
        incidence[np.arange(len(pairs)), league.first[pairs]] = 1
        incidence[np.arange(len(pairs)), league.second[pairs]] = -1
        return cls(league.first - 1, league.second - 1, league.x, pairs, incidence[:, 1:], swayed)

    def matrix(self) -> Floats:
        """(R, size) The derivatives of the log-odds."""
        strengths = np.zeros((len(self.first), self.incidence.shape[1] + 1))
        strengths[np.arange(len(self.first)), self.first] += 1
        strengths[np.arange(len(self.first)), self.second] -= 1
        return np.column_stack([strengths[:, :-1], self.x]) if self.swayed else strengths[:, :-1]

    @property
    def size(self) -> int:
        return int(self.incidence.shape[1]) + self.swayed

    def log_odds(self, parameters: Floats) -> Floats:
        """(B, size) → (B, R)"""
        strengths = np.concatenate([parameters[:, : self.incidence.shape[1]], np.zeros((len(parameters), 1))], axis=1)
        odds: Floats = strengths[:, self.first] - strengths[:, self.second]
        return odds + parameters[:, -1:] * self.x if self.swayed else odds

    def gradient(self, residuals: Floats) -> Floats:
        """(B, R) → (B, size)"""
        of_strengths: Floats = self._by_pair(residuals) @ self.incidence
        return np.column_stack([of_strengths, residuals @ self.x]) if self.swayed else of_strengths

    def information(self, variances: Floats) -> Floats:
        """(B, R) → (B, size, size): minus the second derivative of the log-likelihood."""
        strengths = self.incidence.shape[1]
        result = np.zeros((len(variances), strengths + 1, strengths + 1))  # the last: member 0, then β
        by_pair = self._by_pair(variances)
        first, second = self.first[self.pairs], self.second[self.pairs]
        result[:, first, second] = result[:, second, first] = -by_pair
        diagonal = np.arange(strengths + 1)
        result[:, diagonal, diagonal] = -result.sum(axis=2)
        if not self.swayed:
            return result[:, :-1, :-1]
        mixed = self._by_pair(variances * self.x) @ self.incidence
        result[:, :-1, -1] = result[:, -1, :-1] = mixed
        result[:, -1, -1] = variances @ np.square(self.x)
        return result

    def _by_pair(self, values: Floats) -> Floats:
        return np.add.reduceat(values, self.pairs, axis=1) if len(self.pairs) else values


def _maximise(design: _Design, wins: Floats, total: Floats, start: Floats) -> Floats:
    """Newton's method on (B, R) wins and totals at once → (B, size). The likelihood is concave."""
    parameters = np.tile(start, (len(wins), 1))
    for _ in range(100):
        chance = _sigmoid(design.log_odds(parameters))
        information = design.information(total * chance * (1 - chance))
        step = np.linalg.solve(information, design.gradient(wins - total * chance)[..., None])[..., 0]
        longest = np.abs(step).max(axis=1, initial=0.0)
        parameters += step * np.minimum(1, LONGEST_STEP / np.maximum(longest, 1e-300))[:, None]
        if longest.max(initial=0.0) < CONVERGED or np.abs(parameters).max() > RUNAWAY:
            break
    return parameters


def _sigmoid(log_odds: Floats) -> Floats:
    chance: Floats = 0.5 * (1 + np.tanh(0.5 * log_odds))
    return chance


class _Spread(NamedTuple):
    """(size,) Half the width of each parameter's 95 % interval."""

    bootstrap: Floats
    sandwich: Floats


def _spread(design: _Design, league: Games, best: Floats, resamples: int, chance: np.random.Generator) -> _Spread:
    judges = int(league.judge.max(initial=-1)) + 1
    if judges < JUDGES_WANTED:
        return _Spread(*np.full((2, design.size), np.inf))
    expected = _sigmoid(design.log_odds(best[None]))[0]
    variance = expected * (1 - expected)
    total = _sums(league.row, league.total, len(league.first))
    inverse = np.linalg.inv(design.information((total * variance)[None])[0])
    spread_out = np.square(design.matrix() @ inverse)
    weights = chance.exponential(size=(resamples, judges))
    drawn = np.zeros((2, resamples, len(league.first)))
    meat, given, given_squared = np.zeros_like(inverse), np.zeros(design.size), np.zeros(design.size)
    for some, by_judge_wins, by_judge_total in _by_judge(league, judges):
        drawn += weights[:, some] @ by_judge_wins, weights[:, some] @ by_judge_total
        gradients = design.gradient(by_judge_wins - by_judge_total * expected)
        meat += gradients.T @ gradients
        # The diagonal of inverse · (a judge's information) · inverse: a sum over rows, without making that matrix.
        contribution = (by_judge_total * variance) @ spread_out
        given, given_squared = given + contribution.sum(axis=0), given_squared + np.square(contribution).sum(axis=0)
    effective = np.square(given) / given_squared
    enough, t = effective >= JUDGES_WANTED, _t_quantile(np.maximum(effective, JUDGES_WANTED) - 1)
    sandwich = np.sqrt(np.maximum(0, np.diag(inverse @ meat @ inverse)) * judges / (judges - 1))
    enough &= sandwich > LEAST_SPREAD * np.sqrt(given)
    if not resamples:
        return _Spread(np.full(design.size, np.inf), np.where(enough, t * sandwich, np.inf))
    refitted = _maximise(design, drawn[0], drawn[1], best)
    deviation = refitted.std(axis=0, ddof=1) * np.sqrt((judges + 1) / (judges - 1))
    return _Spread(np.where(enough, t * deviation, np.inf), np.where(enough, t * sandwich, np.inf))


def _by_judge(league: Games, judges: int) -> Iterator[tuple[slice, Floats, Floats]]:
    """Some judges at a time, and their (judges, R) wins and totals."""
    rows = len(league.first)
    at_once = max(1, DENSE // rows)
    for begin in range(0, judges, at_once):
        end = min(begin + at_once, judges)
        cells = slice(*np.searchsorted(league.judge, [begin, end]))
        place = (league.judge[cells] - begin) * rows + league.row[cells]
        wins, total = (
            _sums(place, values[cells], (end - begin) * rows).reshape(-1, rows)
            for values in (league.wins, league.total)
        )
        yield slice(begin, end), wins, total


def _t_quantile(freedom: Floats) -> Floats:
    """97.5 % of Student's t by its expansion about the normal one (Abramowitz and Stegun 26.7.5): 1 % off at two
    degrees of freedom, less than 0.1 % from five up."""
    z = NormalDist().inv_cdf(0.975)
    return np.asarray(
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * freedom**4)
    )
