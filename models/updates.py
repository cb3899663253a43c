"""What a policy learns from a step's rollouts: what each token was worth more than expected, and the updates that make
it more likely.

PPO, RLOO and GRPO differ in what is expected: what a value function says, or what the other responses to the same
prompt got. All else is the same code.
"""

import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from models.config import PolicyConfig
from models.losses import Advantages, gae, in_group_deviations, leave_one_out, ppo_loss, value_loss, whiten
from models.policy import ValueFunction
from models.processes import ALONE, Processes
from models.rewards import PRESETS
from models.rollout import Networks, Rollouts, rows
from models.sampling import seed_of


def calibrate(value: ValueFunction, rollouts: Rollouts, per_token: Tensor, step: int) -> Rollouts:
    """Put the value function where the returns of the rewards (B, T) are, and the rollouts' values with it.

    A PM is trained at the ends of responses; what its copy says elsewhere may lie anywhere, and clipped updates would
    need many steps to bring it back: in step 1 it is moved by least squares. But a step has few prompts, whose scores
    may all be high: step n moves the intercept by 1/n of what it still lacks, so that it becomes that of all steps so
    far. A value that is too high makes every ending a disappointment, and the policy unlearns to end."""
    is_response = rollouts.is_response
    returns = per_token.flip(1).cumsum(1).flip(1)  # rewards are zero on padding
    v, r = rollouts.values[is_response], returns[is_response]
    slope = 1.0
    if step == 1:
        spread = v.var(unbiased=False)
        slope = float(((v - v.mean()) * (r - r.mean())).mean() / spread) if spread > 0 else 0.0
        slope = max(slope, 0.0)
    intercept = float(r.mean() - slope * v.mean()) / step
    value.rescale(slope, intercept)
    return dataclasses.replace(rollouts, values=slope * rollouts.values + intercept)


def advantages(rollouts: Rollouts, per_token: Tensor, config: PolicyConfig) -> Advantages:
    """By the config's algorithm, from rewards (B, T). GAE's are whitened over the step's rollouts; the others are one
    number for a whole response, and leave the returns, which only a value function asks for, at zero. Tokens that a
    server sampled weigh what makes up for its rounding."""
    if config.algorithm == "ppo":
        made = gae(per_token, rollouts.values, rollouts.is_response, config.gae_lambda)
        made = Advantages(whiten(made.advantages, rollouts.is_response), made.returns)
    else:
        of_prompts = per_token.sum(1).view(len(rollouts.prompts), -1)  # (P, K)
        compare = leave_one_out if config.algorithm == "rloo" else in_group_deviations
        spread = compare(of_prompts).flatten()[:, None] * rollouts.is_response  # (B, T)
        made = Advantages(spread, torch.zeros_like(spread))
    if rollouts.engine_logprobs is None:
        return made
    weight = importance(rollouts.logprobs, rollouts.engine_logprobs, rollouts.is_response)
    return Advantages(weight * made.advantages, made.returns)


def importance(logprobs: Tensor, sampled_logprobs: Tensor, is_response: Tensor, cap: float = 2.0) -> Tensor:
    """min(π / μ, cap) of tokens that were sampled from μ and are learned from as if from π: truncated importance
    sampling (Yao et al. 2025, "Your efficient RL framework secretly brings you off-policy RL training"), for a server's
    kernels that round otherwise than the training forward pass. Zeros on padding."""
    return torch.where(is_response, (logprobs - sampled_logprobs).exp().clamp(max=cap), 0.0)


class Outcome(NamedTuple):
    """Of one step's updates: means over its minibatches."""

    loss: float
    value_loss: float | None
    """None without a value function."""
    ratio: float
    clip_fraction: float
    approx_kl: float
    updates: int
    """Optimiser steps; fewer than planned where the preset stops early."""
    first_ratio_error: float
    """Largest |log ratio| of the first minibatch, where the policy is still the one that sampled: rounding."""


def update(
    networks: Networks,
    rollouts: Rollouts,
    learned: Advantages,
    optimiser: torch.optim.Optimizer,
    config: PolicyConfig,
    step: int,
    go_on: Callable[[], None] = lambda: None,
    processes: Processes = ALONE,
) -> Outcome | None:
    """The passes over a step's rollouts, which all processes hold; each adds up the gradients of its part of every
    minibatch. None if a loss or a gradient was not finite; what these updates have made is then not to be used."""
    policy, value = networks.policy, networks.value
    sums, updates, first_error = torch.zeros(4), 0, 0.0
    value_losses = []
    for epoch, batch in minibatches(len(rollouts.prompts), config, step):
        tokens = sum(len(r.tokens) for p in batch for r in rollouts.responses[p])
        means, of_value = torch.zeros(4), torch.zeros(1)
        own = processes.part(batch)
        for places in rows(rollouts.prompts, rollouts.responses, own, config.row_tokens, networks.device):
            go_on()
            old_logprobs, old_values, advantage, returns = (
                t[places.rollout, places.step].to(networks.device)
                for t in (rollouts.logprobs, rollouts.values, learned.advantages, learned.returns)
            )
            share, all_of_them = len(places.tokens) / tokens, torch.ones_like(places.tokens, dtype=torch.bool)
            logprobs = policy.chosen(places).logprobs
            made = ppo_loss(logprobs, old_logprobs, advantage, all_of_them, config.clip)
            (made.loss * share).backward()
            if value is not None and epoch < config.value_epochs:
                loss = value_loss(value.values(places), old_values, returns, all_of_them, config.value_clip)
                (loss * share).backward()
                of_value += share * loss.detach().cpu()
            parts = (made.loss, made.ratio, made.clip_fraction, made.approx_kl)
            means += share * torch.stack([part.detach().cpu() for part in parts])
            if updates == 0:
                first_error = max(first_error, float((logprobs.detach() - old_logprobs).abs().max()))
        policy.backbone.accompany()
        means, of_value = processes.total(torch.cat([means, of_value])).split([4, 1])
        learning = [*policy.parameters(), *(value.parameters() if value and epoch < config.value_epochs else ())]
        processes.add_gradients(learning)
        if not (means.isfinite().all() and of_value.isfinite().all()):
            optimiser.zero_grad()
            return None
        if updates and PRESETS[config.preset].stops_early and means[3] > config.max_approx_kl:
            optimiser.zero_grad()
            break
        planned = (step - 1) * config.ppo_epochs * config.minibatches + updates + 1
        warm = min(1.0, planned / max(1, config.warmup_updates))
        for group in optimiser.param_groups:  # the policy's, and the value function's
            norm = torch.nn.utils.clip_grad_norm_(group["params"], config.max_grad_norm)
            if not norm.isfinite():
                optimiser.zero_grad()
                return None
            group["lr"] = group["peak"] * warm
        optimiser.step()
        optimiser.zero_grad()
        sums, updates = sums + means, updates + 1
        if value is not None and epoch < config.value_epochs:
            value_losses.append(float(of_value))
    loss, ratio, clip_fraction, approx_kl = (sums / updates).tolist()
    first_error = max(processes.gather(first_error))
    mean_value_loss = sum(value_losses) / len(value_losses) if value_losses else None
    return Outcome(loss, mean_value_loss, ratio, clip_fraction, approx_kl, updates, first_error)


def minibatches(prompts: int, config: PolicyConfig, step: int) -> Iterator[tuple[int, list[int]]]:
    """Each pass, counted from 0, takes the prompts (with all their responses) in another order, in `minibatches` about
    equal parts."""
    for epoch in range(config.ppo_epochs):
        order = list(range(prompts))
        random.Random(seed_of(config.seed, "minibatches", step, epoch)).shuffle(order)
        parts = min(config.minibatches, prompts)
        yield from ((epoch, order[part::parts]) for part in range(parts))
