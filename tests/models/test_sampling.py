"""Sampling on the toy base, against plain forward passes."""

import math

import pytest
import torch

from models import sampling
from models.backbone import Backbone
from models.dialogue import DEFAULT_SYSTEM, Renderer
from models.packing import Batch
from models.sampling import Response, Sampler, draw, seed_of

HUMANS = ["Tell me of sea and sun 5", "Tell me of owl 7", "And moss?", "Tell me of stone and rain and wind and milk 42"]


@pytest.fixture
def prompts(toy: tuple[Backbone, Renderer]) -> list[list[int]]:
    return [toy[1].opening_ids(DEFAULT_SYSTEM, human) for human in HUMANS]


@pytest.fixture
def sampler(toy: tuple[Backbone, Renderer]) -> Sampler:
    return Sampler(toy[0], toy[1]._tokenizer, toy[1])


def plain_logits(backbone: Backbone, ids: list[int]) -> torch.Tensor:
    """Logits (N, V) of one sequence without padding, cache or batch."""
    n = len(ids)
    mask = torch.ones(n, n, dtype=torch.bool).tril()[None, None]
    with torch.no_grad():
        hidden = backbone.hidden(Batch(torch.tensor([ids]), torch.arange(n)[None], mask))
        return backbone.logits(hidden[0])


def test_tokens_come_as_often_as_their_probabilities_say() -> None:
    logits = torch.tensor([0.5, 0.25, 0.25, 0.0]).log()
    drawn = draw(logits.expand(4000, 4), (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000)
    assert torch.bincount(drawn, minlength=4).tolist() == [2000, 1000, 1000, 0]


def test_nothing_is_cut_from_the_tail_of_the_distribution() -> None:
    # generate() would silently keep the 50 likeliest tokens; the 900 beyond them hold most of this distribution.
    logits = torch.linspace(1, 0, 1000)
    torch.manual_seed(0)
    drawn = draw(logits.expand(5000, 1000), torch.rand(5000, dtype=torch.float64))
    expected = float(logits.softmax(0)[50:].sum())
    share = float((drawn >= 50).float().mean())
    assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / 5000)
    assert int(drawn.max()) > 950


def test_the_ends_of_the_unit_interval_are_tokens_with_probability() -> None:
    logits = torch.tensor([[-math.inf, 0.0, 0.0, -math.inf]])
    assert draw(logits, torch.tensor([0.0], dtype=torch.float64)).item() == 1
    assert draw(logits, torch.tensor([1 - 2**-53], dtype=torch.float64)).item() == 2


def test_each_token_is_drawn_from_the_distribution_of_a_plain_forward_pass(
    toy: tuple[Backbone, Renderer], sampler: Sampler, prompts: list[list[int]]
) -> None:
    """Padding, cache, shared prefill and moved rows change nothing: with the same uniform numbers, one by one."""
    seeds = [[seed_of(p, k) for k in range(3)] for p in range(len(prompts))]
    sampled = sampler.sample(prompts, seeds, 20)
    lengths = {len(r.tokens) for group in sampled for r in group}
    assert len(lengths) > 2, "rows must end at different times, or moving them is not tried"
    for prompt, own, group in zip(prompts, seeds, sampled, strict=True):
        for seed, response in zip(own, group, strict=True):
            uniforms = torch.rand(20, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
            logits = plain_logits(toy[0], prompt + response.tokens)[len(prompt) - 1 : -1]
            assert draw(logits, uniforms[: len(response.tokens)]).tolist() == response.tokens


def test_a_response_does_not_depend_on_who_shares_its_batch(sampler: Sampler, prompts: list[list[int]]) -> None:
    together = sampler.sample(prompts, [[7, 8]] * 4, 20)
    for prompt, group in zip(prompts, together, strict=True):
        assert sampler.sample([prompt], [[8]], 20) == [[group[1]]]
    assert sampler.sample(prompts, [[7, 8]] * 4, 20, batch_size=3) == together


def test_a_long_prompt_does_not_pad_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "PROMPT_TOKENS", 100)
    lengths = [10, 90, 20, 30, 120, 40]
    prompts, seeds = [[0] * n for n in lengths], [[1]] * 6
    batches = [[lengths[i] for i in batch] for batch in sampling._batches(prompts, seeds, 64)]
    assert batches == [[10, 20, 30], [40], [90], [120]]


def test_the_samples_of_a_prompt_differ_and_another_seed_gives_others(
    sampler: Sampler, prompts: list[list[int]]
) -> None:
    responses = sampler.sample(prompts[:1], [[seed_of("a", k) for k in range(8)]], 20)[0]
    assert len({r.text for r in responses}) >= 7


def test_a_response_ends_with_its_end_of_turn_token_or_by_length(
    toy: tuple[Backbone, Renderer], sampler: Sampler, prompts: list[list[int]]
) -> None:
    end = toy[1].end_of_turn
    responses = [r for g in sampler.sample(prompts, [list(range(6))] * 4, 12) for r in g]
    assert {r.finish for r in responses} == {"stop", "length"}
    for response in responses:
        assert end not in response.tokens[:-1]
        if response.finish == "stop":
            assert response.tokens[-1] == end
            assert toy[1].response_ids(response.text) == response.tokens
        else:
            assert len(response.tokens) == 12
            assert toy[1].response_ids(response.text) == [*response.tokens, end]


def test_the_text_is_what_a_crowdworker_reads(sampler: Sampler) -> None:
    tokenizer = sampler._tokenizer
    ids = tokenizer("tea")["input_ids"]
    made = sampler._response([*ids, tokenizer.convert_tokens_to_ids("<|im_start|>"), *ids])
    assert made == Response("teatea", made.tokens, "length")


def test_prompts_without_seeds_get_no_responses(sampler: Sampler, prompts: list[list[int]]) -> None:
    assert sampler.sample(prompts[:2], [[], [1]], 4)[0] == []
    assert sampler.sample([], [], 4) == []


def test_seeds_are_stable_and_apart() -> None:
    assert seed_of(0, "response", 1, 2) == seed_of(0, "response", 1, 2)
    assert len({seed_of(0, "response", n, k) for n in range(50) for k in range(4)}) == 200
    assert 0 <= seed_of("x") < 2**63
