import math
import random

import pytest

from models.intervals import mcnemar, paired, share, standard_error, wilson


def test_the_interval_by_hand() -> None:
    # Wilson's interval for 8 of 10, as in the textbooks.
    assert wilson(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(1.0, 3) == pytest.approx((0.4385, 1.0), abs=1e-4)
    assert wilson(0.0, 3)[0] == pytest.approx(0.0, abs=1e-9)


def test_comparisons_of_different_families_have_the_textbook_interval() -> None:
    outcomes = [1.0] * 8 + [0.0] * 2
    value, low, high = share(outcomes, [str(i) for i in range(10)])
    assert value == 0.8
    assert (low, high) == pytest.approx(wilson(0.8, 10))


def test_a_family_that_always_agrees_with_itself_counts_once() -> None:
    outcomes = [1.0] * 40 + [0.0] * 40
    alone = share(outcomes, [str(i) for i in range(80)])
    together = share(outcomes, [str(i // 8) for i in range(80)])  # ten families of eight, five always right
    # Deviations of a family sum to ±4: √(10/9 · 10 · 16) / 80, against √(0.25 / 79).
    effect = (10 / 9 * 160 / 6400) / (0.25 / 79)
    assert (together.low, together.high) == pytest.approx(wilson(0.5, 80 / effect))
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_certainty_is_never_more_than_independent_comparisons_give_nor_made_of_one_family() -> None:
    mixed = share([1.0, 0.0] * 20, [str(i // 2) for i in range(40)])  # each family right once and wrong once
    assert (mixed.low, mixed.high) == pytest.approx(wilson(0.5, 40))
    one = share([1.0, 1.0, 0.0, 1.0], ["a"] * 4)
    assert (one.low, one.high) == pytest.approx(wilson(0.75, 1))
    perfect = share([1.0] * 12, [str(i // 4) for i in range(12)])
    assert (perfect.low, perfect.high) == pytest.approx(wilson(1.0, 3))


def test_the_interval_covers_where_the_naive_one_does_not() -> None:
    draw = random.Random(0)
    covered = naive = 0
    for _ in range(300):
        outcomes, families = [], []
        for family in range(60):
            liking = draw.betavariate(1.2, 0.8)  # mean 0.6, families differ a lot
            outcomes += [float(draw.random() < liking) for _ in range(5)]
            families += [str(family)] * 5
        value, low, high = share(outcomes, families)
        covered += low <= 0.6 <= high
        low, high = wilson(value, len(outcomes))
        naive += low <= 0.6 <= high
    assert covered >= 0.92 * 300
    assert naive < 0.85 * 300


def test_the_standard_error_of_a_mean_by_hand() -> None:
    # Deviations −1, 0, 1 in three families: √(3/2 · 2) / 3. In two, {−1, 0} and {1}: √(2 · 2) / 3.
    assert standard_error([1, 2, 3], ["a", "b", "c"]) == pytest.approx(math.sqrt(3) / 3)
    assert standard_error([1, 2, 3], ["a", "a", "b"]) == pytest.approx(2 / 3)
    assert standard_error([1, 2], ["a", "a"]) == math.inf


def test_mcnemar_by_hand() -> None:
    # 1 of 6 or less, or 5 of 6 or more, of a fair coin: 2 · (1 + 6) / 64.
    assert mcnemar(5, 1) == mcnemar(1, 5) == pytest.approx(14 / 64)
    assert mcnemar(3, 3) == 1.0
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(0, 10) == pytest.approx(2 / 1024)
    assert mcnemar(900, 700) == pytest.approx(6.4e-7, rel=0.05)  # z = 199 / √1600 = 4.975


def test_a_paired_difference_is_surer_than_two_accuracies() -> None:
    first = [1.0, 1.0, 1.0, 0.0, 1.0, 0.5]
    second = [1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    found = paired(first, second, [str(i) for i in range(6)])
    assert found.difference == pytest.approx(2.5 / 6)
    assert found.mcnemar_p == mcnemar(3, 0)  # half a point is a point in its direction
    same = paired(first, first, [str(i) for i in range(6)])
    assert same == (0.0, 0.0, 1.0)
