"""Each formula against arithmetic done by hand or by brute force."""

import math

import pytest
import torch
from torch import Tensor, nn

from models.losses import (
    chosen,
    chosen_in_chunks,
    explained_variance,
    gae,
    in_group_deviations,
    kl_k1,
    kl_k3,
    leave_one_out,
    masked_mean,
    ppo_loss,
    value_loss,
    whiten,
)

NAN = float("nan")


def lengths_mask(*lengths: int) -> Tensor:
    return torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]


def test_logprob_and_entropy_of_a_fair_and_a_loaded_coin() -> None:
    logits = torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]])
    made = chosen(logits, torch.tensor([1, 0]))
    assert made.logprobs.tolist() == pytest.approx([math.log(0.5), math.log(0.75)])
    assert made.entropy.tolist() == pytest.approx([math.log(2), -0.75 * math.log(0.75) - 0.25 * math.log(0.25)])


def test_chunks_change_neither_logprobs_nor_gradients() -> None:
    torch.manual_seed(0)
    head, tokens = nn.Linear(8, 50), torch.randint(50, (23,))
    whole, parts = torch.randn(23, 8, requires_grad=True), None
    parts = whole.detach().clone().requires_grad_()
    expected, made = chosen(head(whole), tokens), chosen_in_chunks(head, parts, tokens, chunk=5)
    torch.testing.assert_close(made, expected)
    expected.logprobs.sum().backward()
    made.logprobs.sum().backward()
    torch.testing.assert_close(parts.grad, whole.grad)


def test_no_tokens_at_all_have_no_logprobs() -> None:
    made = chosen_in_chunks(nn.Linear(8, 50), torch.zeros(0, 8), torch.zeros(0, dtype=torch.long))
    assert made.logprobs.shape == made.entropy.shape == (0,)


def test_the_masked_mean_does_not_see_padding() -> None:
    assert masked_mean(torch.tensor([[1.0, 2.0], [6.0, NAN]]), lengths_mask(2, 1)) == 3.0


def test_whitening_ignores_padding() -> None:
    mask = lengths_mask(2, 1)
    made = whiten(torch.tensor([[1.0, 2.0], [3.0, 1e9]]), mask)
    spread = math.sqrt(2 / 3)
    assert made[mask].tolist() == pytest.approx([-1 / spread, 0, 1 / spread])
    assert made[1, 1] == 0
    torch.testing.assert_close(made, whiten(torch.tensor([[1.0, 2.0], [3.0, NAN]]), mask))


def test_whitening_equal_advantages_gives_zeros_and_not_nan() -> None:
    assert whiten(torch.full((2, 2), 5.0), lengths_mask(2, 2)).abs().max() == 0


def test_explained_variance_is_one_when_perfect_and_zero_for_a_constant() -> None:
    returns, mask = torch.tensor([[1.0, 2.0], [3.0, NAN]]), lengths_mask(2, 1)
    assert explained_variance(returns, returns, mask) == 1
    assert explained_variance(torch.full((2, 2), 7.0), returns, mask) == pytest.approx(0, abs=1e-6)
    assert explained_variance(returns, torch.ones(2, 2), mask) == 0


def test_kl_of_a_policy_to_itself_is_zero() -> None:
    logprobs = torch.log_softmax(torch.randn(100), 0)
    assert kl_k1(logprobs, logprobs).abs().max() == 0
    assert kl_k3(logprobs, logprobs).abs().max() == 0


def test_both_kl_estimators_have_the_true_kl_as_their_mean_and_k3_is_never_negative() -> None:
    p, q = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.2, 0.2, 0.6])
    true = float((p * (p / q).log()).sum())
    assert float((p * kl_k1(p.log(), q.log())).sum()) == pytest.approx(true)
    assert float((p * kl_k3(p.log(), q.log())).sum()) == pytest.approx(true)
    assert (kl_k3(p.log(), q.log()) >= 0).all()
    assert (kl_k1(p.log(), q.log()) < 0).any()


def test_gae_by_hand() -> None:
    # One response of two tokens, then padding. δ_1 = 2 − 0.5 = 1.5; δ_0 = 0.1 + 0.5 − 1 = −0.4; A_0 = δ_0 + δ_1/2.
    made = gae(
        torch.tensor([[0.1, 2.0, 9.0]]), torch.tensor([[1.0, 0.5, 9.0]]), torch.tensor([[True, True, False]]), 0.5
    )
    assert made.advantages[0].tolist() == pytest.approx([0.35, 1.5, 0.0])
    assert made.returns[0, :2].tolist() == pytest.approx([1.35, 2.0])


def test_gae_equals_the_sum_over_all_its_terms() -> None:
    torch.manual_seed(0)
    lengths, lambda_ = (5, 1, 7), 0.9
    mask = lengths_mask(*lengths)
    rewards, values = torch.randn(3, 7), torch.randn(3, 7)
    made = gae(rewards.masked_fill(~mask, NAN), values.masked_fill(~mask, NAN), mask, lambda_)
    for i, n in enumerate(lengths):
        v = [*values[i, :n].tolist(), 0.0]
        delta = [float(rewards[i, t]) + v[t + 1] - v[t] for t in range(n)]
        expected = [sum(lambda_ ** (u - t) * delta[u] for u in range(t, n)) for t in range(n)]
        assert made.advantages[i, :n].tolist() == pytest.approx(expected, abs=1e-5)
        assert made.advantages[i, n:].tolist() == [0.0] * (7 - n)


def test_gae_with_lambda_one_is_the_reward_to_come_minus_the_value() -> None:
    rewards, values, mask = torch.randn(2, 4), torch.randn(2, 4), lengths_mask(4, 4)
    made = gae(rewards, values, mask, 1.0)
    to_come = rewards.flip(1).cumsum(1).flip(1)
    torch.testing.assert_close(made.advantages, to_come - values)
    torch.testing.assert_close(made.returns, to_come)


def test_rloo_compares_a_response_with_the_mean_of_the_others() -> None:
    made = leave_one_out(torch.tensor([[1.0, 2.0, 6.0], [5.0, 5.0, 5.0]]))
    assert made.flatten().tolist() == pytest.approx([1 - 4, 2 - 3.5, 6 - 1.5, 0, 0, 0])
    assert leave_one_out(torch.tensor([[1.0, 4.0]])).tolist() == [[-3.0, 3.0]]


def test_grpo_counts_in_standard_deviations_of_the_prompts_own_responses() -> None:
    made = in_group_deviations(torch.tensor([[1.0, 2.0, 3.0], [100.0, 200.0, 300.0], [5.0, 5.0, 5.0]]))
    for row, expected in zip(made.tolist(), ([-1, 0, 1], [-1, 0, 1], [0, 0, 0]), strict=True):
        assert row == pytest.approx(expected, abs=1e-6)


def test_the_ppo_loss_clips_only_what_would_go_too_far() -> None:
    # ratios 1.5, 1.5, 0.5, 0.5 with advantages +, −, +, −: clipped where the change is already in A's direction.
    ratio = torch.tensor([[1.5, 1.5, 0.5, 0.5, NAN]])
    advantages = torch.tensor([[1.0, -1.0, 1.0, -1.0, NAN]])
    mask = torch.tensor([[True, True, True, True, False]])
    made = ppo_loss(ratio.log(), torch.zeros(1, 5), advantages, mask, 0.2)
    assert float(made.loss) == pytest.approx(-(1.2 - 1.5 + 0.5 - 0.8) / 4)
    assert float(made.clip_fraction) == 0.5
    assert float(made.ratio) == pytest.approx(1.0)
    k3 = (0.5 - math.log(1.5) + (-0.5) - math.log(0.5)) / 2
    assert float(made.approx_kl) == pytest.approx(k3)


def test_where_the_clip_decides_no_gradient_flows() -> None:
    logprobs = torch.tensor([[1.5, 0.5]]).log().requires_grad_()
    ppo_loss(logprobs, torch.zeros(1, 2), torch.tensor([[1.0, 1.0]]), lengths_mask(2), 0.2).loss.backward()
    assert logprobs.grad is not None
    assert logprobs.grad[0].tolist() == pytest.approx([0.0, -0.25])


def test_the_value_loss_takes_the_worse_of_clipped_and_unclipped() -> None:
    values, old = torch.tensor([[1.0, 1.0, NAN]]), torch.tensor([[0.0, 0.0, NAN]])
    returns, mask = torch.tensor([[1.0, -1.0, NAN]]), torch.tensor([[True, True, False]])
    # First: unclipped error 0, clipped to 0.2: error 0.8. Second: unclipped error 2, clipped 1.2.
    assert float(value_loss(values, old, returns, mask, 0.2)) == pytest.approx(0.5 * (0.64 + 4) / 2)
