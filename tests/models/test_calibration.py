import math
from typing import Any

import numpy as np
import pytest

from models import calibration
from models.calibration import (
    Array,
    brier,
    expected_calibration_error,
    log_loss,
    noise_floor,
    reliability,
    slope,
    spiegelhalter_z,
    temperature,
)


def array(*numbers: float) -> Array:
    return np.array(numbers, dtype=np.float64)


def planted(n: int, seed: int, true_slope: float = 1.0, spread: float = 1.0) -> Array:
    """Margins of a PM whose P(chosen) should be σ(true_slope · margin): a coin of that bias says what is chosen."""
    draw = np.random.default_rng(seed)
    difference = draw.normal(0, spread, n)  # response a − response b
    a_chosen = draw.random(n) < 1 / (1 + np.exp(-true_slope * difference))
    margins: Array = np.where(a_chosen, difference, -difference)
    return margins


def test_loss_and_brier_by_hand() -> None:
    # ln 3 is a probability of 3/4.
    margins = array(math.log(3), -math.log(3))
    assert log_loss(margins) == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)
    assert brier(margins) == pytest.approx(((1 / 4) ** 2 + (3 / 4) ** 2) / 2)
    assert log_loss(array(0, 0)) == pytest.approx(math.log(2))
    assert brier(array(0, 0)) == 0.25


def test_the_reliability_curve_by_hand() -> None:
    # Gaps of 1 are right once in two, gaps of 3 always; which way round the PM was right does not matter.
    first, second = reliability(array(3, -1, 1, 3), bins=2)
    assert first == (2, 1.0, pytest.approx(1 / (1 + math.exp(-1))), 0.5)
    assert second == (2, 3.0, pytest.approx(1 / (1 + math.exp(-3))), 1.0)
    expected = (abs(0.5 - 0.73106) + abs(1 - 0.95257)) / 2
    assert expected_calibration_error(array(3, -1, 1, 3), bins=2) == pytest.approx(expected, abs=1e-5)


def test_bins_hold_equally_many_and_few_comparisons_make_fewer_bins() -> None:
    assert [b.comparisons for b in reliability(planted(103, 0))] == [11, 11, 11, 10, 10, 10, 10, 10, 10, 10]
    assert [b.comparisons for b in reliability(array(1, -2, 3))] == [1, 1, 1]


def test_spiegelhalters_z_by_hand() -> None:
    # p = 3/4: (1 − p)(1 − 2p) = −1/8 and (1 − 2p)²p(1 − p) = 3/64; p = 1/4: 3/8 and again 3/64.
    up = math.log(3)
    assert spiegelhalter_z(array(up)) == pytest.approx(-(1 / 8) / math.sqrt(3 / 64))
    assert spiegelhalter_z(array(up, -up)) == pytest.approx((3 / 8 - 1 / 8) / math.sqrt(6 / 64))
    assert spiegelhalter_z(array(up, up, up, -up)) == pytest.approx(0)  # three of four right at p = 3/4


def test_the_slope_by_hand() -> None:
    # Margins of one size, right in three of four: the best probability is 3/4, so β = ln 3 / 2.
    found = slope(array(2, 2, 2, -2))
    assert found is not None
    assert found.value == pytest.approx(math.log(3) / 2)
    # Information: Σ x²p(1 − p) = 4 · 4 · 3/16 = 3.
    assert found.standard_error == pytest.approx(1 / math.sqrt(3))


@pytest.mark.parametrize("true_slope", [0.25, 1.0, 3.0])
def test_a_planted_slope_is_found_within_its_error(true_slope: float) -> None:
    found = slope(planted(20_000, 1, true_slope))
    assert found is not None
    assert abs(found.value - true_slope) < 3 * found.standard_error
    assert found.standard_error < 0.1 * true_slope


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_the_slope_is_found_whatever_the_unit_of_scores(unit: float) -> None:
    margins = planted(2_000, 2)
    reference, found = slope(margins), slope(margins * unit)
    assert reference is not None
    assert found is not None
    assert found.value * unit == pytest.approx(reference.value, rel=1e-6)


def test_the_slopes_standard_error_covers() -> None:
    inside = 0
    for seed in range(200):
        found = slope(planted(300, seed, 0.7))
        assert found is not None
        inside += abs(found.value - 0.7) < 1.96 * found.standard_error
    assert 180 <= inside <= 199  # 95 % of 200 is 190; three standard errors are 9


def test_z_of_calibrated_pms_is_standard_normal_and_that_of_others_is_not() -> None:
    z = [spiegelhalter_z(planted(400, seed)) or math.nan for seed in range(300)]
    assert abs(float(np.mean(z))) < 0.2
    assert 0.85 < float(np.std(z)) < 1.15
    too_sure = spiegelhalter_z(planted(2_000, 0, true_slope=0.3))
    too_shy = spiegelhalter_z(planted(2_000, 0, true_slope=3.0))
    assert too_sure is not None
    assert too_shy is not None
    assert too_sure > 5
    assert too_shy < -5


def test_the_noise_floor_is_the_ece_of_calibrated_pms() -> None:
    draws = [planted(200, seed) for seed in range(200)]
    errors = [expected_calibration_error(margins) for margins in draws]
    floor = noise_floor(draws[0])
    assert float(np.mean(errors)) == pytest.approx(floor.mean, rel=0.08)
    assert 0.90 <= float(np.mean([error <= floor.high for error in errors])) <= 0.99
    assert floor == noise_floor(draws[0])  # a seed
    assert noise_floor(planted(20_000, 0)).mean < floor.mean / 5
    assert expected_calibration_error(planted(2_000, 0, true_slope=0.3)) > noise_floor(planted(2_000, 0, 0.3)).high


def test_a_temperature_repairs_what_is_too_sure_on_families_that_did_not_fit_it() -> None:
    fitted = temperature(planted(2_000, 3, true_slope=0.4))
    assert fitted == pytest.approx(2.5, rel=0.2)
    assert fitted is not None
    others = planted(4_000, 4, true_slope=0.4)
    before, after = calibration.summary(others), calibration.summary(others / fitted)
    assert abs(before["spiegelhalter_z"]) > 5
    assert abs(after["spiegelhalter_z"]) < 2
    assert 0.8 < after["slope"] < 1.2
    assert after["loss"] < before["loss"]
    assert after["ece"] < after["ece_noise_high"] < before["ece"]


def test_a_temperature_of_few_comparisons_is_nearer_to_the_truth_than_their_slope_alone() -> None:
    errors = []
    for seed, true in enumerate(np.exp(np.random.default_rng(0).normal(0, 0.2, 300))):
        margins = planted(120, seed, true_slope=float(true), spread=0.5)  # as sure as PMs of this size are
        found, fitted = slope(margins), temperature(margins)
        if found is not None and fitted is not None:
            errors.append((math.log(found.value / true), math.log(1 / fitted / true)))
    plain, held_back = np.sqrt(np.square(errors).mean(0))
    assert len(errors) > 200
    assert held_back < 0.8 * plain
    # With many, what they say counts.
    assert temperature(planted(20_000, 3, true_slope=0.4)) == pytest.approx(2.5, rel=0.06)


def test_no_temperature_is_guessed() -> None:
    assert temperature(planted(49, 0)) is None  # too few
    assert temperature(-planted(2_000, 0)) is None  # worse than chance
    assert temperature(np.zeros(100)) is None
    assert temperature(np.ones(100)) is None  # always right: ever smaller temperatures would be ever better


def every(margins: Array) -> list[Any]:
    return [
        log_loss(margins), brier(margins), slope(margins), spiegelhalter_z(margins),
        expected_calibration_error(margins), temperature(margins),
    ]  # fmt: skip


def test_nothing_depends_on_the_order_or_breaks_at_the_edges() -> None:
    margins = planted(500, 5)
    assert np.allclose(every(margins)[0:2], every(margins[::-1])[0:2])
    for edge in (array(0.0), array(0.0, 0.0), array(5.0), array(1e6, -1e6), array(0.0, 1.0)):
        content = calibration.summary(edge)
        assert all(math.isfinite(v) for v in content.values() if isinstance(v, float))
    assert calibration.summary(array()) == {"comparisons": 0}
    assert spiegelhalter_z(np.zeros(3)) is None
