"""The statistics, against arithmetic that one can do by hand and against leagues whose truth is known."""

from collections.abc import Sequence
from math import log10

import numpy as np
import pytest

from app.leaderboard.bradley_terry import ELO, Games, Undetermined, comparable, fit, games
from tests.app.leaderboard.leagues import planted

Compared = tuple[int, int, int]
"""Judge, better, worse."""


def league(compared: Sequence[Compared], weights: Sequence[float] | None = None) -> Games:
    numbers = np.array(compared, int).reshape(-1, 3)
    return games(*numbers.T, np.array(weights if weights is not None else [1.0] * len(compared)))


def test_three_wins_of_four_are_400_log10_of_3() -> None:
    standings = fit(league([(0, 1, 0), (1, 1, 0), (2, 1, 0), (3, 0, 1)]), 2)
    assert standings.elo == pytest.approx([0, 400 * log10(3)])


def test_strengths_add_up_along_a_chain() -> None:
    """1 beats 0 in 3 of 4, 2 beats 1 in 9 of 10: nothing else is known, so the likelihood is met exactly."""
    compared = [(0, 1, 0)] * 3 + [(1, 0, 1)] + [(2, 2, 1)] * 9 + [(0, 1, 2)]
    assert fit(league(compared), 3).elo == pytest.approx([0, 400 * log10(3), 400 * log10(27)])


def test_at_the_maximum_everybody_has_won_as_much_as_was_expected() -> None:
    """The likelihood's own equations, on a cycle where no strengths fit exactly."""
    compared = [(0, 1, 0)] * 5 + [(1, 0, 1)] * 3 + [(2, 2, 1)] * 4 + [(0, 1, 2)] * 4 + [(1, 0, 2)] * 6 + [(2, 2, 0)]
    strengths = fit(league(compared), 3).elo / ELO
    won, expected = np.zeros(3), np.zeros(3)
    for _, better, worse in compared:
        won[better] += 1
        chance = 1 / (1 + np.exp(strengths[worse] - strengths[better]))
        expected[better] += chance
        expected[worse] += 1 - chance
    assert won == pytest.approx(expected)


def test_weights_count_like_repeats() -> None:
    once = fit(league([(0, 1, 0), (1, 0, 1), (2, 1, 0)], [3, 1, 2]), 2)
    again = fit(league([(0, 1, 0)] * 3 + [(1, 0, 1)] + [(2, 1, 0)] * 2), 2)
    assert once.elo == pytest.approx(again.elo)
    assert once.sandwich == pytest.approx(again.sandwich)


def test_who_only_ever_won_or_has_met_nobody_who_leads_here_is_no_member() -> None:
    compared = [(0, 1, 0), (1, 0, 1), (0, 2, 1), (0, 1, 3), (1, 4, 5), (1, 5, 4)]
    found = comparable(league(compared), 6)
    assert list(found.both) == [True, True, False, False, False, False]
    assert (found.beats[2], found.beaten[2]) == (True, False)
    assert (found.beats[3], found.beaten[3]) == (False, True)
    assert list(found.met) == [True, True, True, True, False, False]
    standings = fit(league(compared), 6)
    assert list(standings.members) == [0, 1]
    assert standings.elo == pytest.approx([0, 0])  # 2's win over 1 says no number


def test_a_league_without_comparisons_has_one_member_and_no_number_that_is_none() -> None:
    standings = fit(league([]), 3)
    assert (list(standings.members), list(standings.elo)) == ([0], [0])


def test_nothing_is_ever_nan() -> None:
    chance = np.random.default_rng(1)
    for _ in range(60):
        count = chance.integers(1, 12)
        numbers = chance.integers(0, 4, (count, 3))
        numbers = numbers[numbers[:, 1] != numbers[:, 2]]
        standings = fit(league([tuple(row) for row in numbers]), 4, resamples=20)
        assert np.isfinite(standings.elo).all()
        assert not np.isnan(standings.bootstrap).any()
        assert not np.isnan(standings.sandwich).any()


def test_two_judges_are_too_few_for_an_interval_and_a_third_who_did_hardly_anything_does_not_help() -> None:
    two = [(judge, *pair) for judge in (0, 1) for pair in ((1, 0), (1, 0), (0, 1))] * 10
    assert np.isinf(fit(league(two), 2).bootstrap[1])
    assert np.isinf(fit(league([*two, (2, 1, 0)]), 2).sandwich[1])
    others = [(judge + 2, worse, better) for judge, better, worse in two]
    assert np.isfinite(fit(league(two + others), 2).sandwich[1])


def test_three_who_chose_exactly_alike_say_nothing_of_a_fourth() -> None:
    alike = [(judge, *pair) for judge in range(3) for pair in ((1, 0), (1, 0), (0, 1))] * 10
    standings = fit(league(alike), 2)
    assert standings.elo[1] == pytest.approx(400 * log10(2))
    assert np.isinf(standings.bootstrap[1])
    assert np.isinf(standings.sandwich[1])
    fourth = [(3, worse, better) for judge, better, worse in alike if judge == 0]
    assert np.isfinite(fit(league(alike + fourth), 2).bootstrap[1])


def test_whom_a_single_judge_has_seen_has_no_interval() -> None:
    many = [(judge, *pair) for judge in range(9) for pair in ((1, 0), (0, 1), (judge % 2, 1 - judge % 2))]
    only_by_one = [(0, 2, 1), (0, 1, 2)]
    standings = fit(league(many + only_by_one), 3)
    assert np.isfinite(standings.bootstrap[1])
    assert np.isinf(standings.bootstrap[2])


def test_one_persons_hundred_choices_are_not_a_hundred_peoples() -> None:
    each = [(judge, *((1, 0) if judge % 3 else (0, 1))) for judge in range(300)]
    alike = [(judge, *((1, 0) if judge < 20 else (0, 1))) for judge in range(30) for _ in range(10)]
    wide, narrow = fit(league(alike), 2), fit(league(each), 2)
    assert wide.elo == pytest.approx(narrow.elo)
    assert wide.sandwich[1] > 3 * narrow.sandwich[1]
    assert wide.bootstrap[1] == pytest.approx(wide.sandwich[1], rel=0.25)


def test_the_same_seed_is_the_same_interval() -> None:
    found = planted(1, adaptive=False, comparisons=300)
    first, again, other = (fit(found.games, 5, seed=seed).bootstrap for seed in (3, 3, 4))
    assert list(first) == list(again) != list(other)


def test_weights_undo_how_pairs_were_drawn_where_no_strengths_fit() -> None:
    """Stone, scissors, paper: 1 beats 0, 2 beats 1, 0 beats 2, each in 3 of 4. Met equally often all are equal; drawn
    often, one pair alone makes its winner strong, unless 1/propensity takes that back."""
    cycle = [pair for pair in ((1, 0), (2, 1), (0, 2)) for _ in range(3)] + [(0, 1), (1, 2), (2, 0)]
    compared = [(0, *pair) for pair in cycle] + [(0, *pair) for pair in ((1, 0), (1, 0), (1, 0), (0, 1))] * 9
    drawn_often = [1.0] * len(compared)
    assert fit(league(compared, drawn_often), 3).elo[1] > 50
    by_propensity = [0.1 if set(pair) == {0, 1} else 1.0 for _, *pair in compared]
    assert fit(league(compared, by_propensity), 3).elo == pytest.approx([0, 0, 0], abs=1e-6)


def test_length_is_told_apart_from_strength() -> None:
    """Contestant 1 is no better, only longer; whoever is longer wins 3 of 4."""
    better = np.array([1, 1, 1, 0] * 30 + [0, 0, 0, 1] * 10)
    longer = np.array([0.5, 0.5, 0.5, -0.5] * 30 + [0.5, 0.5, 0.5, -0.5] * 10)  # of the better one
    judge, weight = np.arange(160) % 20, np.ones(160)
    swayed = fit(games(judge, better, 1 - better, weight, longer), 2, swayed=True)
    assert fit(games(judge, better, 1 - better, weight), 2).elo[1] == pytest.approx(400 * log10(100 / 60))
    assert swayed.elo[1] == pytest.approx(0, abs=1e-6)
    assert swayed.x_effect == pytest.approx(np.log(3) / 0.5)


def test_where_length_decides_everything_it_is_undetermined() -> None:
    better = np.array([1, 0] * 10)
    judge, weight = np.arange(20), np.ones(20)
    for longer in (np.full(20, 0.5), np.where(better == 1, 0.5, -0.5)):
        with pytest.raises(Undetermined):
            fit(games(judge, better, 1 - better, weight, longer), 2, swayed=True)


@pytest.mark.parametrize("adaptive", [False, True], ids=["equal shares", "adaptive shares"])
def test_over_400_leagues_the_intervals_cover_the_planted_elo_95_times_in_100(adaptive: bool) -> None:
    covered: dict[str, list[bool]] = {"bootstrap": [], "sandwich": []}
    for seed in range(400):
        league = planted(seed, adaptive=adaptive)
        standings = fit(league.games, 5)
        assert list(standings.members) == [0, 1, 2, 3, 4]
        for name, half in (("bootstrap", standings.bootstrap), ("sandwich", standings.sandwich)):
            covered[name] += list(np.abs(standings.elo - league.elo)[1:] <= half[1:])
    for name, hits in covered.items():
        assert 0.93 <= np.mean(hits) <= 0.97, (name, np.mean(hits))
