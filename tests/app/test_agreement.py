"""Shares, their intervals and kappa, against numbers worked out by hand or printed in books."""

import pytest

from app.agreement import kappa, share, wilson


def test_wilsons_interval_of_a_known_example() -> None:
    assert wilson(8 / 10, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)  # Newcombe 1998's method 3
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I


def test_wilsons_interval_by_hand() -> None:
    # 50 of 100: the middle stays, half of it is 1.96/(1 + 3.8416/100) · √(0.0025 + 3.8416/40,000) = 0.0962.
    assert wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert wilson(1.0, 4)[1] == pytest.approx(1.0)
    assert 0.5 < wilson(1.0, 4)[0] < 0.52


def test_few_of_anything_are_no_share() -> None:
    assert share(9, 9) is None
    assert share(0, 0) is None
    enough = share(5, 10)
    assert enough is not None
    assert (enough.share, enough.of) == (0.5, 10)


def test_kappa_is_agreement_beyond_chance() -> None:
    # Both say a 20 times, both b 15 times; a/b 5 times, b/a 10 times: agreed 0.7, by chance 0.5 (Cohen's example).
    picks = [("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15
    assert kappa(picks) == pytest.approx(0.4)
    assert kappa([("a", "b"), ("b", "a")] * 5) == pytest.approx(-1)


def test_kappa_of_two_who_always_pick_the_same_side_says_nothing() -> None:
    assert kappa([("a", "a")] * 30) is None
    assert kappa([("a", "a"), ("b", "b")]) is None, "two are not enough"
