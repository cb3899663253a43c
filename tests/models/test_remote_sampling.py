"""Responses from a server instead of this process, in the toy world."""

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from models import health, updates
from models.backbone import Backbone
from models.config import PolicyConfig
from models.dialogue import DEFAULT_SYSTEM, Renderer
from models.remote_sampling import RemoteSampler
from models.run import BadInput, Interrupted
from models.sampling import Sampler
from tests.conftest import free_port
from tests.models.rollout_server import RolloutServer, rollout_server
from tests.models.test_sampling import HUMANS
from tests.models.test_train_policy import LEARNING, finished, make_run, metrics, planted, train, undisturbed
from tests.models.test_updates import REWARDS, TWO_AND_TWO, rollouts
from tests.networks import disturb

__all__ = ["finished", "planted", "undisturbed"]  # fixtures


@pytest.fixture
def server(toy_world: None) -> Iterator[tuple[RolloutServer, str]]:
    with rollout_server() as (running, url):
        yield running, url


@pytest.fixture
def policy(toy: tuple[Backbone, Renderer]) -> Backbone:
    """A backbone in use with a policy that has left the base."""
    toy[0].add_adapter("policy", 2)
    disturb(toy[0], "policy")
    toy[0].use("policy")
    return toy[0]


def sampler(url: str, backbone: Backbone, renderer: Renderer, directory: Path, longest: int = 100) -> RemoteSampler:
    return RemoteSampler(url, backbone, renderer._tokenizer, renderer, directory, longest)


def prompts_of(renderer: Renderer) -> list[list[int]]:
    return [renderer.opening_ids(DEFAULT_SYSTEM, human) for human in HUMANS]


# What is asked, and what comes back


def test_a_server_gives_the_tokens_that_this_process_would_have_sampled(
    policy: Backbone, toy: tuple[Backbone, Renderer], server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    renderer = toy[1]
    prompts, seeds = prompts_of(renderer), [[1, 2], [3], [], [4, 5]]
    remote = sampler(server[1], policy, renderer, tmp_path)
    remote.prepare()
    given = remote.sample(prompts, seeds, 12, batch_size=3)
    here = Sampler(policy, renderer._tokenizer, renderer).sample(prompts, seeds, 12)
    assert [[r._replace(logprobs=None) for r in group] for group in given] == here
    assert {r.finish for group in given for r in group} == {"stop", "length"}
    assert all(len(r.logprobs or ()) == len(r.tokens) for group in given for r in group)


def test_all_that_a_server_might_take_from_its_own_defaults_is_said(
    policy: Backbone, toy: tuple[Backbone, Renderer], server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    remote = sampler(server[1], policy, toy[1], tmp_path)
    remote.prepare()
    remote.sample(prompts_of(toy[1])[:1], [[7]], 5)
    (asked,) = server[0].requests
    assert asked == {
        "model": server[0].loads[0], "prompt": prompts_of(toy[1])[0], "seed": 7, "max_tokens": 5,
        "temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0,
        "presence_penalty": 0.0, "frequency_penalty": 0.0, "repetition_penalty": 1.0,
        "ignore_eos": True, "stop_token_ids": [toy[1].end_of_turn], "logprobs": 0, "return_token_ids": True,
    }  # fmt: skip


def test_every_version_of_the_policy_has_a_name_of_its_own_and_the_one_before_goes(
    policy: Backbone, toy: tuple[Backbone, Renderer], server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    remote = sampler(server[1], policy, toy[1], tmp_path)
    remote.prepare()
    remote.prepare()  # nothing was learned: nothing is handed over
    disturb(policy, "policy", 0.1)
    remote.prepare()
    assert len(server[0].loads) == len(set(server[0].loads)) == 2
    assert server[0].backbone.adapters == server[0].loads[1:] == [path.name for path in tmp_path.iterdir()]
    again = sampler(server[1], policy, toy[1], tmp_path)  # a process that goes on from there
    again.prepare()
    assert len(server[0].loads) == 2
    sampler(server[1], policy, toy[1], tmp_path / "another run").prepare()
    assert len(server[0].backbone.adapters) == 2
    again.close()
    assert server[0].backbone.adapters == server[0].loads[2:]
    assert not list(tmp_path.glob("turnwise-*"))


def test_the_base_itself_needs_no_adapter(
    policy: Backbone, toy: tuple[Backbone, Renderer], server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    remote = sampler(server[1], policy, toy[1], tmp_path)
    with policy.use(None):
        remote.prepare()
        here = Sampler(policy, toy[1]._tokenizer, toy[1]).sample(prompts_of(toy[1]), [[1]] * 4, 6)
    given = remote.sample(prompts_of(toy[1]), [[1]] * 4, 6)
    assert [[r._replace(logprobs=None) for r in group] for group in given] == here
    assert server[0].loads == []


# A run


def test_a_run_that_a_server_samples_for_is_the_run_that_samples_itself(
    finished: Path, server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    path = make_run(tmp_path / "run", rollout_url=server[1], sample_prompts=1)
    shutil.copytree(finished / "pm", path / "pm", dirs_exist_ok=True)
    train(path)
    for one, other in zip(metrics(finished), metrics(path), strict=True):
        gap = other.pop("policy/engine_gap")
        assert gap < 1e-5
        assert other == pytest.approx(one, abs=1e-3)
    assert server[0].backbone.adapters == []
    assert len(server[0].loads) == 4  # three steps and the evaluation


@pytest.mark.usefixtures("planted")
def test_a_planted_reward_is_learned_from_a_servers_responses(
    server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    path = make_run(
        tmp_path / "run", LEARNING, kl_coef=0.0, algorithm="rloo", rollouts=160, rollout_url=server[1], sample_prompts=0
    )
    result = train(path)
    assert result["final"]["score"] > 1.5 * result["initial"]["score"]
    assert result["paired"]["score"]["low"] > 0
    assert metrics(path)[-1]["policy/kl_to_initial"] > 1


def test_a_run_whose_server_dies_ends_with_a_sentence_and_goes_on_with_another_one(
    finished: Path, server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    path = make_run(tmp_path / "run", rollout_url=server[1], sample_prompts=0)
    shutil.copytree(finished / "pm", path / "pm", dirs_exist_ok=True)
    server[0].dies_after = 11  # in the second step
    with pytest.raises(Interrupted, match=f"The server at {server[1]} is gone: "):
        train(path)
    assert [line["step"] for line in metrics(path)] == [1]
    with rollout_server() as (_, url):
        config = json.loads((path / "config.json").read_text())
        (path / "config.json").write_text(json.dumps(config | {"rollout_url": url}))
        train(path)
    assert [line["step"] for line in metrics(path)] == [1, 2, 3]
    assert metrics(path)[-1]["policy/score"] == pytest.approx(metrics(finished)[-1]["policy/score"], abs=1e-3)


def test_a_server_that_was_started_anew_within_a_step_has_lost_the_adapter(
    policy: Backbone, toy: tuple[Backbone, Renderer], server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    remote = sampler(server[1], policy, toy[1], tmp_path)
    remote.prepare()
    server[0].backbone.remove_adapter(server[0].loads[0])
    with pytest.raises(Interrupted, match=r"failed to sample: The model `turnwise-\w+` does not exist"):
        remote.sample(prompts_of(toy[1]), [[1]] * 4, 5)


# The gap between the server's policy and ours


def test_tokens_weigh_what_makes_up_for_the_servers_rounding() -> None:
    ours, config = rollouts(), PolicyConfig(algorithm="rloo")
    plain = updates.advantages(ours, REWARDS, config).advantages
    theirs = torch.tensor([[0.0, 1.0, 0.0], [-0.5, 0.0, 0.0], [-2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])  # ours are all 0
    weighed = updates.advantages(dataclasses.replace(ours, engine_logprobs=theirs), REWARDS, config).advantages
    weights = torch.tensor([[1.0, torch.e**-1, 0.0], [torch.e**0.5, 0.0, 0.0], [2.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    torch.testing.assert_close(weighed, weights * plain)


def test_the_gap_is_a_mean_over_sampled_tokens() -> None:
    theirs = torch.where(TWO_AND_TWO, torch.tensor([[0.1], [-0.1], [0.2], [0.0]]), 9.0)
    assert rollouts().engine_gap is None
    made = dataclasses.replace(rollouts(), engine_logprobs=theirs)
    assert made.engine_gap == pytest.approx((2 * 0.1 + 0.1 + 3 * 0.2) / 8)
    assert made.first(1).engine_gap == pytest.approx(0.1)


def test_a_gap_above_what_rounding_makes_is_an_alarm() -> None:
    steps = [{"policy/engine_gap": gap} for gap in (0.5, 0.03, 0.02, 0.02, 0.03)]
    assert health.sampled_elsewhere(steps) is None
    assert health.sampled_elsewhere([{"policy/score": 1.0}]) is None
    alarm = health.sampled_elsewhere([*steps, {"policy/engine_gap": 0.5}])
    assert alarm is not None
    assert "differ by 0.143 nats per token" in alarm


def test_a_server_of_another_base_is_one_sentence(server: tuple[RolloutServer, str], tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in server[0].backbone.causal_lm.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    path = make_run(tmp_path / "run", rollout_url=server[1], sample_prompts=0)
    with pytest.raises(BadInput, match=r"samples from another policy .* it must serve the base 'toy'\."):
        train(path)
    assert not (path / "metrics.jsonl").exists()


# Servers that do not suit


def test_nobody_at_the_url_is_one_sentence(tmp_path: Path, toy_world: None) -> None:
    port = free_port()
    path = make_run(tmp_path / "run", rollout_url=f"http://127.0.0.1:{port}")
    with pytest.raises(BadInput, match=rf"rollout_url is http://127.0.0.1:{port}, but no server answers"):
        train(path)
    path = make_run(tmp_path / "no address", rollout_url="nowhere")
    with pytest.raises(BadInput, match="rollout_url is nowhere, but no server answers"):
        train(path)


def test_a_server_that_loads_no_adapters_is_one_sentence(server: tuple[RolloutServer, str], tmp_path: Path) -> None:
    server[0].loads_adapters = False
    with pytest.raises(BadInput, match="loads no adapters: start vLLM with --enable-lora and VLLM_ALLOW_RUNTIME_LORA"):
        train(make_run(tmp_path / "run", rollout_url=server[1], sample_prompts=0))


def test_a_server_that_cannot_read_an_adapter_says_why(
    server: tuple[RolloutServer, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str, directory: Path) -> None:
        raise ValueError(f"LoRA rank 2 is greater than max_lora_rank 1.\n{directory}")

    monkeypatch.setattr(server[0].backbone, "load_adapter", load)
    with pytest.raises(
        BadInput, match=r"refused the policy's adapter in .*: LoRA rank 2 is greater than max_lora_rank"
    ):
        train(make_run(tmp_path / "run", rollout_url=server[1], sample_prompts=0))


def test_a_server_with_too_short_a_context_is_one_sentence(server: tuple[RolloutServer, str], tmp_path: Path) -> None:
    server[0].length = 30
    with pytest.raises(BadInput, match=r"reads 30 tokens, .* start it with --max-model-len \d+\."):
        train(make_run(tmp_path / "run", rollout_url=server[1], sample_prompts=0))


@pytest.mark.parametrize(
    ("lies", "sentence"),
    [
        ({"token_ids": None}, r"does not return token ids with a log-probability each; vLLM does from 0\.10\.2 on"),
        ({"token_logprobs": [0.0]}, "does not return token ids with a log-probability each"),
        ({"finish_reason": "abort"}, "says 'abort' of a response that ends with token"),
    ],
)
def test_an_answer_that_cannot_be_learned_from_is_one_sentence(
    lies: dict[str, Any], sentence: str, server: tuple[RolloutServer, str], tmp_path: Path
) -> None:
    server[0].lies = lies
    with pytest.raises(BadInput, match=sentence):
        train(make_run(tmp_path / "run", rollout_url=server[1], sample_prompts=0))
