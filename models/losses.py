"""The mathematics of policy training, as pure functions of tensors.

Shapes: B rollouts, T response tokens (padded to the longest response), V vocabulary. `is_response` is True where the
policy chose a token; what is False there is padding, and no result depends on what stands in it.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

# Log-probabilities ------------------------------------------------------------------------------------------------


class Chosen(NamedTuple):
    """What a distribution says about the tokens that were chosen from it."""

    logprobs: Tensor  # (n,)
    entropy: Tensor  # (n,) of the whole distribution, in nats; without gradient: the paper has no entropy bonus


def chosen(logits: Tensor, tokens: Tensor) -> Chosen:
    """log π(token) and H(π) = −Σ π log π, for logits (n, V) at temperature 1 and tokens (n,)."""
    all_logprobs = F.log_softmax(logits, dim=-1)
    with torch.no_grad():
        entropy = -(all_logprobs.exp() * all_logprobs).sum(-1)
    return Chosen(all_logprobs.gather(-1, tokens[:, None]).squeeze(-1), entropy)


def chosen_in_chunks(head: Callable[[Tensor], Tensor], hidden: Tensor, tokens: Tensor, chunk: int = 256) -> Chosen:
    """`chosen(head(hidden), tokens)` with at most `chunk` rows of logits in memory at a time: a vocabulary of 50,000
    makes 0.2 MB of each position. The backward pass computes them again instead of keeping them.

    hidden: (n, d); head: (·, d) → (·, V)."""
    if len(tokens) == 0:
        return Chosen(hidden.new_zeros(0), hidden.new_zeros(0))
    parts = []
    for states, targets in zip(hidden.split(chunk), tokens.split(chunk), strict=True):
        if torch.is_grad_enabled():
            made = checkpoint(lambda s, t: chosen(head(s), t), states, targets, use_reentrant=False)
        else:
            made = chosen(head(states), targets)
        parts.append(made)
    return Chosen(torch.cat([p.logprobs for p in parts]), torch.cat([p.entropy for p in parts]))


# Means over what is there -----------------------------------------------------------------------------------------


def masked_mean(values: Tensor, is_response: Tensor) -> Tensor:
    """Mean of `values` (B, T) where `is_response`; padding may even be NaN."""
    return values[is_response].mean()


def whiten(values: Tensor, is_response: Tensor) -> Tensor:
    """(x − mean) / std over the response tokens of the whole batch; zeros on padding.

    The usual step before the policy loss; padding does not count, or short responses would shift the mean."""
    there = values[is_response]
    std = there.std(unbiased=False)
    return torch.where(is_response, (values - there.mean()) / (std + 1e-8), 0.0)


def explained_variance(values: Tensor, returns: Tensor, is_response: Tensor) -> float:
    """1 − Var(returns − values) / Var(returns): 1 is perfect, 0 no better than a constant; 0 for constant returns."""
    v, r = values[is_response], returns[is_response]
    spread = r.var(unbiased=False)
    return float(1 - (r - v).var(unbiased=False) / spread) if spread > 0 else 0.0


# Divergence -------------------------------------------------------------------------------------------------------


def kl_k1(logprobs: Tensor, reference: Tensor) -> Tensor:
    """log π − log π_ref of sampled tokens: its mean over samples of π is KL(π ‖ π_ref), unbiased, and so is its sum
    over a response. The estimator that belongs into a reward (Bai et al. 2022 §4.1)."""
    return logprobs - reference


def kl_k3(logprobs: Tensor, reference: Tensor) -> Tensor:
    """(r − 1) − log r with r = π_ref / π: never negative and of low variance, for logs and early stopping
    (Schulman 2020, "Approximating KL divergence"). Its gradient is not that of the KL: not for rewards."""
    log_ratio = reference - logprobs
    return log_ratio.expm1() - log_ratio


# Distillation -----------------------------------------------------------------------------------------------------


class Top(NamedTuple):
    """Distributions over the vocabulary, kept as their k likeliest tokens and one class for all others together."""

    ids: Tensor  # (n, k)
    logprobs: Tensor  # (n, k)
    rest: Tensor  # (n,) log-probability of the others together


def top_of(logits: Tensor, k: int) -> Top:
    """The k likeliest tokens of logits (n, V), k < V."""
    logprobs, ids = F.log_softmax(logits, dim=-1).topk(k, dim=-1)
    return Top(ids, logprobs, _rest(logits, ids))


def kl_from_top(teacher: Top, logits: Tensor) -> Tensor:
    """KL(teacher ‖ student) in nats, (n,), over the teacher's k likeliest tokens and the rest as class k + 1 (Bai et
    al. 2022, App. A.1, with k = 50), for the student's logits (n, V):

        Σ_i p_i (log p_i − log q_i) + p_rest (log p_rest − log q_rest).

    Never more than the KL over the whole vocabulary: what happens within the rest does not count."""
    own = F.log_softmax(logits, dim=-1).gather(-1, teacher.ids)
    of_top = (teacher.logprobs.exp() * (teacher.logprobs - own)).sum(-1)
    return of_top + teacher.rest.exp() * (teacher.rest - _rest(logits, teacher.ids))


def _rest(logits: Tensor, ids: Tensor) -> Tensor:
    # Not log(1 − Σ p): where the others are rarer than 1e-7, that is the logarithm of rounding.
    return logits.scatter(-1, ids, -torch.inf).logsumexp(-1) - logits.logsumexp(-1)


# Advantages -------------------------------------------------------------------------------------------------------


class Advantages(NamedTuple):
    advantages: Tensor  # (B, T), zeros on padding
    returns: Tensor  # (B, T), what the values should have been


def gae(rewards: Tensor, values: Tensor, is_response: Tensor, lambda_: float) -> Advantages:
    """Generalised advantage estimation (Schulman et al. 2016, eq. 16) without discount (γ = 1, Bai et al. 2022 §4.1):

        δ_t = r_t + V_{t+1} − V_t,   A_t = δ_t + λ·A_{t+1},   R_t = A_t + V_t,

    where V is 0 after the last token of a response: it has ended there, whether by its end-of-turn token or by length
    (then the score that replaces the PM's already says what that is worth)."""
    values = torch.where(is_response, values, 0.0)
    rewards = torch.where(is_response, rewards, 0.0)
    advantages = torch.zeros_like(rewards)
    running = torch.zeros_like(rewards[:, 0])
    following = torch.zeros_like(running)
    for t in reversed(range(rewards.shape[1])):
        delta = rewards[:, t] + following - values[:, t]
        # On padding all of these are zero, so the recursion begins anew at each response's own last token.
        running = torch.where(is_response[:, t], delta + lambda_ * running, 0.0)
        following = values[:, t]
        advantages[:, t] = running
    return Advantages(advantages, advantages + values)


def leave_one_out(rewards: Tensor) -> Tensor:
    """RLOO's advantages of K ≥ 2 responses to each prompt, from their whole rewards, (P, K) → (P, K):

        A_i = R_i − mean of the others' R   (Kool et al. 2019; Ahmadian et al. 2024, arXiv 2402.14740),

    the baseline that a value function would have to learn, without one and without bias."""
    k = rewards.shape[1]
    return (rewards - rewards.mean(1, keepdim=True)) * (k / (k - 1))


def in_group_deviations(rewards: Tensor) -> Tensor:
    """GRPO's, likewise: A_i = (R_i − mean R) / std R over the prompt's responses (Shao et al. 2024, arXiv 2402.03300,
    §4.1.2); zeros where all are worth the same. Every prompt weighs the same, however little its responses differ."""
    return (rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-8)


# PPO --------------------------------------------------------------------------------------------------------------


class PolicyLoss(NamedTuple):
    loss: Tensor
    ratio: Tensor  # mean π_new / π_old
    clip_fraction: Tensor  # share of tokens at which the clip decided
    approx_kl: Tensor  # KL(π_old ‖ π_new), k3


def ppo_loss(
    logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, is_response: Tensor, clip: float
) -> PolicyLoss:
    """The clipped surrogate (Schulman et al. 2017, eq. 7; ε = 0.2 in Bai et al. 2022 App. B.1), a mean over tokens:

    −E[min(ρ·A, clamp(ρ, 1 − ε, 1 + ε)·A)],   ρ = π_new / π_old."""
    new, old, a = logprobs[is_response], old_logprobs[is_response], advantages[is_response]
    ratio = (new - old).exp()
    unclipped, clipped = ratio * a, ratio.clamp(1 - clip, 1 + clip) * a
    with torch.no_grad():
        approx_kl = kl_k3(old, new).mean()
        clip_fraction = (clipped < unclipped).float().mean()
    return PolicyLoss(-torch.minimum(unclipped, clipped).mean(), ratio.detach().mean(), clip_fraction, approx_kl)


def value_loss(values: Tensor, old_values: Tensor, returns: Tensor, is_response: Tensor, clip: float) -> Tensor:
    """½·E[max((V − R)², (V_clipped − R)²)], V_clipped within ± `clip` of the value at rollout time (as in OpenAI's
    baselines; a mean over tokens)."""
    v, old, r = values[is_response], old_values[is_response], returns[is_response]
    clipped = old + (v - old).clamp(-clip, clip)
    return 0.5 * torch.maximum((v - r).square(), (clipped - r).square()).mean()
