"""From PM scores to rewards: reward = score − λ_KL · KL(policy ‖ initial) (Bai et al. 2022 §4.1).

Two presets. `paper`: the raw score, λ_KL = 0.001 for ever, and one reward per response, at its end. `safe`, for
policies and PMs far smaller than the paper's: scores in units of their running standard deviation, clipped, λ_KL from
0.02 and adaptive, the KL paid for token by token, and updates that end early when they have moved the policy far.

Shapes as in models/losses.py: B rollouts, T response tokens.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from models.losses import kl_k1


class Preset(NamedTuple):
    kl_coef: float
    """λ_KL at the start."""
    adaptive: bool
    """λ_KL follows the KL that is observed."""
    per_token: bool
    """The KL is paid for at each token, not at the end: the same sum, but it says which token cost it."""
    scaled: bool
    """Scores are divided by their running standard deviation, and clipped to ± 10."""
    stops_early: bool
    """A step's updates end when the policy has moved `max_approx_kl` from where it sampled."""


PRESETS = {
    "paper": Preset(kl_coef=0.001, adaptive=False, per_token=False, scaled=False, stops_early=False),
    "safe": Preset(kl_coef=0.02, adaptive=True, per_token=True, scaled=True, stops_early=True),
}

SCORE_CLIP = 10.0


def charge_truncated(scores: Tensor, ended: Tensor, penalty: float | None) -> Tensor:
    """Scores (B,), with `penalty` taken off those of responses that were cut before their turn ended; None makes these
    the lowest of the batch − 1."""
    return torch.where(ended, scores, scores.min() - 1 if penalty is None else scores - penalty)


def rewards(
    scores: Tensor, logprobs: Tensor, initial_logprobs: Tensor, is_response: Tensor, kl_coef: float, per_token: bool
) -> Tensor:
    """Rewards (B, T), whose sum over a response is score − λ_KL·Σ(log π − log π_initial). The score (B,) lands on the
    last real token. Zeros on padding."""
    cost = kl_coef * torch.where(is_response, kl_k1(logprobs, initial_logprobs), 0.0)
    if not per_token:
        cost = at_the_end(cost.sum(1), is_response)
    return at_the_end(scores, is_response) - cost


def at_the_end(values: Tensor, is_response: Tensor) -> Tensor:
    """(B,) → (B, T): each value at its response's last real token, zeros elsewhere."""
    placed = torch.zeros(is_response.shape, dtype=values.dtype, device=values.device)
    last = is_response.sum(1, keepdim=True) - 1
    return placed.scatter(1, last, values[:, None])


@dataclass
class ScoreScale:
    """Puts PM scores where a value function can follow them. The pairwise loss leaves a PM's offset undetermined, so
    the mean on the initial policy's own responses becomes 0; in preset `safe` the spread becomes 1."""

    scaled: bool
    offset: float = 0.0
    count: int = 0
    mean: float = 0.0
    squares: float = 0.0  # sum of squared deviations from the mean

    @property
    def scale(self) -> float:
        """The running standard deviation if scaled, else 1."""
        if not self.scaled or self.count < 2:
            return 1.0
        return max((self.squares / (self.count - 1)) ** 0.5, 1e-6)

    def observe(self, scores: Tensor) -> None:
        """Count raw scores (B,) in. The first ones, which are the initial policy's, set the offset."""
        n, mean = len(scores), float(scores.mean())
        if self.count == 0:
            self.offset = mean
        squares, between = float((scores - mean).square().sum()), mean - self.mean
        total = self.count + n
        self.squares += squares + between**2 * self.count * n / total
        self.mean += between * n / total
        self.count = total

    def __call__(self, scores: Tensor) -> Tensor:
        moved = (scores - self.offset) / self.scale
        return moved.clamp(-SCORE_CLIP, SCORE_CLIP) if self.scaled else moved


def priced(kl_coef: float, kl: float, target: float, damping: float, least: float) -> float:
    """λ_KL of a step whose own rollouts have a mean KL of `kl`: λ·(kl/target)^damping, with a kl/target of 2 at most.

    `adapted` alone adds up errors and swings about its target, for a policy follows λ_KL late. A term in proportion to
    the error damps that (Stooke, Achiam, Abbeel 2020, "Responsive Safety in Reinforcement Learning by PID Lagrangian
    Methods"); here both move log λ. At or above `least`, as there."""
    return max(least, kl_coef * min(max(kl / target, 0.0), 2.0) ** damping)


def adapted(kl_coef: float, kl: float, target: float, rollouts: int, horizon: int, least: float) -> float:
    """λ_KL after `rollouts` responses with a mean KL of `kl`: λ·(1 + clamp(kl/target − 1, ±0.2))^(rollouts/horizon),
    with an exponent of 10 at most. For few rollouts that is the rule of Ziegler et al. 2019, §2.2; a step of many
    cannot turn it negative.

    It stays at or above `least`, where it began: every run begins at a KL of zero, which does not say that λ_KL is too
    high, and what it lost by then it would lack when the KL comes to its target."""
    error = min(max(kl / target - 1, -0.2), 0.2)
    return max(least, float(kl_coef * (1 + error) ** min(rollouts / horizon, 10)))
