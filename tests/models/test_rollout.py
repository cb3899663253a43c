"""Rollouts as trees, with policies and value function as adapters, against sequences computed one by one."""

import copy
import dataclasses
from pathlib import Path

import pytest
import torch

from models import evaluate_policy, snapshot
from models.backbone import Backbone
from models.config import Reads
from models.dialogue import DEFAULT_SYSTEM, Renderer
from models.losses import chosen
from models.packing import Batch
from models.policy import Policy, ValueFunction
from models.preference_model import PreferenceModel, beside
from models.rollout import Networks, Rollouts, collect, rows
from models.sampling import Sampler
from tests.models.test_sampling import HUMANS, plain_logits
from tests.networks import disturb, random_pm


@pytest.fixture
def networks(toy: tuple[Backbone, Renderer], tmp_path: Path) -> Networks:
    """A policy that has left the base, an untrained PM, and its value function."""
    backbone, renderer = toy
    pm = random_pm(backbone, 2)
    manifest = snapshot.Manifest("pm", "pm", {"source": "toy", "hash": backbone.hash}, "")
    snapshot.save(tmp_path / "pm", manifest, pm.write)
    value = ValueFunction.from_pm(backbone, "value", pm, tmp_path / "pm")
    backbone.add_adapter("policy", 2)
    disturb(backbone, "policy")
    sampler = Sampler(backbone, renderer._tokenizer, renderer)
    return Networks(Policy(backbone, "policy"), Policy(backbone, None), value, pm, None, sampler, renderer, 200)


def roll(networks: Networks, max_tokens: int = 12) -> Rollouts:
    prompts = [networks.renderer.opening_ids(DEFAULT_SYSTEM, human) for human in HUMANS]
    return collect(networks, prompts, [[4 * p + k for k in range(3)] for p in range(4)], max_tokens)


def test_rollouts_know_the_logprobs_of_each_sequence_alone(networks: Networks) -> None:
    rollouts, backbone = roll(networks), networks.policy.backbone
    b = 0
    for prompt, group in zip(rollouts.prompts, rollouts.responses, strict=True):
        for response in group:
            n, made = len(response.tokens), {}
            for name, policy in (("policy", networks.policy), ("initial", networks.initial)):
                with backbone.use(policy.adapter):
                    logits = plain_logits(backbone, prompt + response.tokens)[len(prompt) - 1 : -1]
                made[name] = chosen(logits, torch.tensor(response.tokens))
            torch.testing.assert_close(rollouts.logprobs[b, :n], made["policy"].logprobs, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(rollouts.entropy[b, :n], made["policy"].entropy, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(rollouts.initial_logprobs[b, :n], made["initial"].logprobs, atol=1e-4, rtol=1e-4)
            assert rollouts.is_response[b].sum() == n
            b += 1
    assert rollouts.kl_to_initial.abs().max() > 0.1


def test_a_policy_that_is_the_initial_one_has_no_kl(networks: Networks) -> None:
    backbone = networks.policy.backbone
    backbone.add_adapter("fresh", 2)
    rollouts = roll(dataclasses.replace(networks, policy=Policy(backbone, "fresh")))
    assert rollouts.kl_to_initial.abs().max() == 0


def test_the_pm_scores_the_text_that_a_crowdworker_reads_and_its_end_of_turn_token(networks: Networks) -> None:
    rollouts, pm = roll(networks, max_tokens=6), networks.pm
    assert not rollouts.ended.all()
    b = 0
    for prompt, group in zip(rollouts.prompts, rollouts.responses, strict=True):
        for response in group:
            alone = pm.score([prompt], [[networks.renderer.response_ids(response.text)]])[0][0]
            assert rollouts.scores[b] == pytest.approx(alone, abs=1e-4)
            b += 1


@pytest.mark.parametrize("reads", ["end", "response"])
def test_a_value_is_what_the_pm_would_read_of_the_response_so_far(
    networks: Networks, tmp_path: Path, reads: Reads
) -> None:
    backbone = networks.policy.backbone
    pm = PreferenceModel.fresh(backbone, "of tasks", 2, tasks=["helpfulness", "red-team"], reads=reads)
    disturb(backbone, "of tasks")
    for parameter in pm.head.parameters():
        torch.nn.init.normal_(parameter, std=backbone.width**-0.5)
    manifest = snapshot.Manifest("pm", "pm", {"source": "toy", "hash": backbone.hash}, "")
    snapshot.save(tmp_path / "of tasks", manifest, pm.write)
    value = ValueFunction.from_pm(backbone, "its value", pm, tmp_path / "of tasks")
    rollouts = roll(dataclasses.replace(networks, value=value))
    b = 0
    for prompt, group in zip(rollouts.prompts, rollouts.responses, strict=True):
        for response in group:
            expected = []
            for t in range(len(response.tokens)):
                n = len(prompt) + t
                mask = torch.ones(n, n, dtype=torch.bool).tril()[None, None]
                ids = torch.tensor([(prompt + response.tokens)[:n]])
                with torch.no_grad(), backbone.use("of tasks"):
                    hidden = backbone.hidden(Batch(ids, torch.arange(n)[None], mask))[0]
                so_far, dialogue = hidden[len(prompt) - 1 :].mean(0), hidden[: len(prompt)].mean(0)
                read = hidden[-1:] if reads == "end" else beside(x[None] for x in (hidden[-1], so_far, dialogue))
                expected.append(float(pm.head(read).detach()))
            made = rollouts.values[b, : len(response.tokens)]
            torch.testing.assert_close(made, torch.tensor(expected), atol=1e-4, rtol=1e-4)
            b += 1
    assert rollouts.values[:3, 0].std() < 1e-5  # nothing has been said yet
    assert rollouts.values[rollouts.is_response].std() > 0.01


def test_every_part_of_a_value_function_learns_and_comes_back(networks: Networks) -> None:
    value, rollouts = networks.value, roll(networks)
    assert value is not None
    for places in rows(rollouts.prompts, rollouts.responses, range(4), 200, networks.device):
        value.values(places).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in value.parameters())
    kept = copy.deepcopy(value.state())
    value.rescale(2.0, 1.0)
    value.load_state(kept)
    assert torch.equal(roll(networks).values, rollouts.values)


def test_a_value_function_begins_as_its_pm_and_moves_to_the_units_of_rewards(networks: Networks) -> None:
    value, rollouts = networks.value, roll(networks)
    assert value is not None
    value.rescale(0.5, 3.0)
    again = roll(networks)
    mask = rollouts.is_response
    torch.testing.assert_close(again.values[mask], 0.5 * rollouts.values[mask] + 3.0, atol=1e-4, rtol=1e-4)


def test_every_token_of_every_response_is_trained_on_once(networks: Networks) -> None:
    rollouts = roll(networks)
    seen = torch.zeros_like(rollouts.is_response, dtype=torch.int)
    for places in rows(rollouts.prompts, rollouts.responses, [2, 0], 200, networks.device):
        seen[places.rollout, places.step] += 1
        for rollout, step, token in zip(places.rollout, places.step, places.tokens, strict=True):
            assert rollouts.responses[int(rollout) // 3][int(rollout) % 3].tokens[int(step)] == token
    expected = rollouts.is_response.int()
    expected[3:6] = expected[9:] = 0  # prompts 1 and 3 were not asked for
    assert torch.equal(seen, expected)


def test_gradients_reach_the_policy_alone(networks: Networks) -> None:
    rollouts = roll(networks)
    for places in rows(rollouts.prompts, rollouts.responses, range(4), 200, networks.device):
        networks.policy.chosen(places).logprobs.sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in networks.policy.parameters())
    trained = {id(p) for p in networks.policy.parameters()}
    for parameter in networks.policy.backbone.causal_lm.parameters():
        assert parameter.grad is None or id(parameter) in trained


def test_the_first_prompts_of_rollouts_are_rollouts(networks: Networks) -> None:
    rollouts = roll(networks)
    first = rollouts.first(2)
    assert evaluate_policy.answers(first) == evaluate_policy.answers(rollouts)[:6]
    assert len(first.scores) == len(first.is_response) == 6
