"""The draw of two deployments: what is drawn as often as it should, and a propensity that says how often that is."""

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chat import pairs

SHARES = st.lists(st.floats(0.1, 100), min_size=1, max_size=6)


@given(SHARES)
def test_the_propensities_of_all_unordered_pairs_sum_to_one(shares: list[float]) -> None:
    unordered = itertools.combinations_with_replacement(range(len(shares)), 2)
    assert sum(pairs.propensity(shares, i, j) for i, j in unordered) == pytest.approx(1)


@given(SHARES, st.data())
def test_a_propensity_does_not_depend_on_the_order(shares: list[float], data: st.DataObject) -> None:
    i, j = (data.draw(st.integers(0, len(shares) - 1)) for _ in range(2))
    assert pairs.propensity(shares, i, j) == pairs.propensity(shares, j, i)


def test_the_propensities_of_the_usual_shares_by_hand() -> None:
    shares = [50.0, 20.0, 20.0, 10.0]
    assert pairs.propensity(shares, 0, 0) == pytest.approx(0.25)
    assert pairs.propensity(shares, 0, 1) == pytest.approx(0.20)
    assert pairs.propensity(shares, 1, 2) == pytest.approx(0.08)
    assert pairs.propensity(shares, 3, 3) == pytest.approx(0.01)


def test_one_deployment_is_compared_with_itself() -> None:
    assert pairs.draw([100], random.Random(0)) == (0, 0)
    assert pairs.propensity([100], 0, 0) == 1


def test_pairs_are_drawn_as_often_as_their_propensity_says() -> None:
    shares, rng, draws = [50.0, 20.0, 20.0, 10.0], random.Random(1), 40_000
    seen = Counter(tuple(sorted(pairs.draw(shares, rng))) for _ in range(draws))
    for i, j in itertools.combinations_with_replacement(range(4), 2):
        expected = pairs.propensity(shares, i, j)
        tolerance = 5 * (expected * (1 - expected) / draws) ** 0.5  # five standard errors
        assert seen[i, j] / draws == pytest.approx(expected, abs=tolerance)


def test_the_coin_is_fair() -> None:
    rng, tosses = random.Random(2), 20_000
    assert sum(pairs.toss(rng) for _ in range(tosses)) / tosses == pytest.approx(0.5, abs=0.02)
