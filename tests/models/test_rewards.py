import math
from functools import partial

import pytest
import torch

from models.rewards import PRESETS, ScoreScale, adapted, charge_truncated, priced, rewards

NAN = float("nan")
IS_RESPONSE = torch.tensor([[True, True, True], [True, False, False]])
LOGPROBS = torch.tensor([[-1.0, -2.0, -3.0], [-1.0, NAN, NAN]])
INITIAL = torch.tensor([[-1.5, -2.0, -2.0], [-3.0, NAN, NAN]])


def test_the_score_lands_on_the_last_real_token() -> None:
    made = rewards(torch.tensor([5.0, 7.0]), LOGPROBS, LOGPROBS, IS_RESPONSE, 0.1, per_token=True)
    assert made.tolist() == [[0, 0, 5], [7, 0, 0]]


def test_the_kl_is_paid_for_at_each_token() -> None:
    made = rewards(torch.tensor([5.0, 7.0]), LOGPROBS, INITIAL, IS_RESPONSE, 0.1, per_token=True)
    assert made[0].tolist() == pytest.approx([-0.05, 0, 5.1])
    assert made[1].tolist() == pytest.approx([6.8, 0, 0])


def test_one_reward_per_response_has_the_same_sum() -> None:
    scores = torch.tensor([5.0, 7.0])
    made = rewards(scores, LOGPROBS, INITIAL, IS_RESPONSE, 0.1, per_token=False)
    assert made[:, :2].tolist() == [[0, 0], [pytest.approx(6.8), 0]]
    torch.testing.assert_close(made.sum(1), rewards(scores, LOGPROBS, INITIAL, IS_RESPONSE, 0.1, per_token=True).sum(1))


@pytest.mark.parametrize(
    ("penalty", "wanted"),
    [(None, [2.0, -2.0, -2.0, -1.0]), (0.5, [2.0, 8.5, 3.5, -1.0]), (0.0, [2.0, 9.0, 4.0, -1.0])],
)
def test_a_response_that_was_cut_counts_as_the_worst_or_as_a_worse_one(
    penalty: float | None, wanted: list[float]
) -> None:
    made = charge_truncated(torch.tensor([2.0, 9.0, 4.0, -1.0]), torch.tensor([True, False, False, True]), penalty)
    assert made.tolist() == wanted


def test_the_first_scores_become_the_middle_and_their_spread_the_unit() -> None:
    scale = ScoreScale(scaled=True)
    scale.observe(torch.tensor([9.0, 11.0]))
    assert scale(torch.tensor([10.0, 10 + math.sqrt(2)])).tolist() == pytest.approx([0, 1])


def test_the_unit_follows_all_scores_but_the_middle_stays_with_the_initial_policy() -> None:
    torch.manual_seed(0)
    first, second = torch.randn(40) + 3, torch.randn(30) * 4 + 8
    scale = ScoreScale(scaled=True)
    scale.observe(first)
    scale.observe(second)
    assert scale.scale == pytest.approx(float(torch.cat([first, second]).std()), rel=1e-5)
    assert scale.offset == pytest.approx(float(first.mean()))


def test_safe_clips_scores_and_paper_leaves_them_raw() -> None:
    safe, paper = ScoreScale(PRESETS["safe"].scaled), ScoreScale(PRESETS["paper"].scaled)
    for scale in (safe, paper):
        scale.observe(torch.tensor([-1.0, 1.0]))
    assert safe(torch.tensor([1000.0])).item() == 10
    assert paper(torch.tensor([1000.0])).item() == 1000


def test_constant_scores_do_not_divide_by_zero() -> None:
    scale = ScoreScale(scaled=True)
    scale.observe(torch.full((8,), 3.0))
    assert scale(torch.full((8,), 3.0)).abs().max() == 0


def test_the_kl_coefficient_moves_towards_its_target_and_never_far_at_once() -> None:
    by = partial(adapted, target=6.0, horizon=128, least=0.02)
    assert by(0.04, kl=6.0, rollouts=64) == pytest.approx(0.04)
    assert by(0.04, kl=6.6, rollouts=128) == pytest.approx(0.044)
    assert by(0.04, kl=60.0, rollouts=128) == pytest.approx(0.048)
    assert by(0.04, kl=0.0, rollouts=128) == pytest.approx(0.032)
    assert by(by(0.04, kl=60.0, rollouts=32), kl=60.0, rollouts=32) == pytest.approx(by(0.04, kl=60.0, rollouts=64))


def test_the_kl_coefficient_falls_no_lower_than_where_it_began() -> None:
    by = partial(adapted, target=6.0, horizon=128, least=0.02)
    assert by(0.02, kl=0.0, rollouts=64) == 0.02
    assert by(0.021, kl=-1.0, rollouts=4096) == 0.02
    assert adapted(0.0, kl=60.0, target=6.0, rollouts=64, horizon=128, least=0.0) == 0


def test_a_step_pays_by_its_own_kl_and_no_more_than_twice_the_target_would() -> None:
    by = partial(priced, target=6.0, damping=2.0, least=0.02)
    assert by(0.03, kl=6.0) == pytest.approx(0.03)
    assert by(0.03, kl=7.2) == pytest.approx(0.03 * 1.2**2)
    assert by(0.03, kl=60.0) == pytest.approx(0.03 * 4)
    assert by(0.03, kl=3.0) == by(0.03, kl=-0.1) == 0.02
    assert priced(0.03, kl=60.0, target=6.0, damping=0.0, least=0.02) == pytest.approx(0.03)
    assert priced(0.0, kl=60.0, target=6.0, damping=2.0, least=0.0) == 0


def test_the_presets_are_those_of_the_paper_and_of_the_page_that_describes_them() -> None:
    assert PRESETS["paper"] == (0.001, False, False, False, False)
    assert PRESETS["safe"] == (0.02, True, True, True, True)
