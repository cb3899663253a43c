import dataclasses
from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from models import tiny
from models.backbone import Backbone, prepare
from models.config import PMConfig
from models.data import examples
from models.dialogue import Candidate, Conversation, Renderer
from models.packing import Node, Tree, conversation_tree, conversation_trees, pack, prompt_tree
from models.preference_model import PreferenceModel, pairwise_loss
from models.train_pm import accumulate
from tests.networks import random_pm

RENDERER = Renderer(tiny.tokenizer())


# The layout, by hand


def test_positions_are_depths_and_a_token_attends_to_its_ancestors_alone() -> None:
    #  a b ─┬─ c       d      the second tree in the row is a lone root: e f
    #       └─ d ── g
    tree = Tree([Node([1, 2], None), Node([3], 0), Node([4], 0), Node([7], 2)])
    (row,) = pack([tree, Tree([Node([5, 6], None)])], row_tokens=16)
    assert row.trees == [0, 1]
    assert row.input_ids.tolist() == [1, 2, 3, 4, 7, 5, 6]
    assert row.position_ids.tolist() == [0, 1, 2, 2, 3, 0, 1]
    assert row.batch().mask[0, 0].int().tolist() == [
        [1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 1, 0, 1, 0, 0, 0],
        [1, 1, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 1, 1],
    ]
    assert [row.end(0, node) for node in range(4)] == [1, 2, 3, 4]
    assert row.spans[1, 0] == slice(5, 7)


def test_rows_are_filled_no_tree_is_split_and_a_long_one_has_a_row_of_its_own() -> None:
    sizes = [6, 3, 9, 4, 1, 25, 7]
    rows = pack([Tree([Node([i] * size, None)]) for i, size in enumerate(sizes)], row_tokens=10)
    assert sorted(tree for row in rows for tree in row.trees) == list(range(7))
    assert sorted(map(len, rows)) == [10, 10, 10, 25]
    for row in rows:
        for tree in row.trees:
            assert row.input_ids[row.spans[tree, 0]].tolist() == [tree] * sizes[tree]


def test_a_conversation_becomes_a_tree_whose_branches_are_its_flattened_dialogues() -> None:
    conversation = next(tiny.conversations(1, turns=3))
    tree, candidates = conversation_tree(conversation, RENDERER)
    assert len(candidates) == 6
    for (t, c), node in candidates.items():
        branch: list[int] = []
        walk: int | None = node
        while walk is not None:
            branch = [*tree.nodes[walk].tokens, *branch]
            walk = tree.nodes[walk].parent
        assert branch == flattened(conversation, t, c)


def flattened(conversation: Conversation, t: int, c: int, renderer: Renderer = RENDERER) -> list[int]:
    ids = renderer.opening_ids(conversation.system, conversation.turns[0].human)
    for turn, following in zip(conversation.turns[:t], conversation.turns[1:], strict=False):
        assert turn.trunk is not None
        ids = [*ids, *renderer.response_ids(turn.candidates[turn.trunk].text), *renderer.next_ids(following.human)]
    return [*ids, *renderer.response_ids(conversation.turns[t].candidates[c].text)]


def test_a_long_conversation_becomes_trees_that_fit_and_every_comparison_is_in_one() -> None:
    conversation = next(tiny.conversations(1, turns=6))
    whole = conversation_tree(conversation, RENDERER).tree.size
    assert [tree.tree.size for tree in conversation_trees(conversation, RENDERER, whole).trees] == [whole]

    limit = whole // 2
    cut = conversation_trees(conversation, RENDERER, limit)
    assert len(cut.trees) > 1
    assert all(tree.tree.size <= limit for tree in cut.trees)
    assert not cut.set_aside
    # A turn branches in one tree; in later ones it may be context, with the candidate it went on from alone.
    branching = [t for tree in cut.trees for t in range(6) if {(t, 0), (t, 1)} <= set(tree.candidates)]
    assert branching == list(range(6))
    # The last tree begins with the system message although its first turns are cut away.
    first = min(t for t, _ in cut.trees[-1].candidates)
    opening = RENDERER.opening_ids(conversation.system, conversation.turns[first].human)
    assert cut.trees[-1].tree.nodes[0].tokens == opening
    behind = [
        t
        for tree in cut.trees
        for t in range(6)
        if {(t, 0), (t, 1)} <= set(tree.candidates) and (0, 0) not in tree.candidates and (0, 1) not in tree.candidates
    ]
    assert cut.without_context == behind
    assert cut.without_context


def test_a_text_is_tokenised_once_however_long_its_conversation_is(monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = next(tiny.conversations(1, turns=30))
    tokenised = Counter[str]()
    content = Renderer._content
    monkeypatch.setattr(Renderer, "_content", lambda self, text: (tokenised.update([text]), content(self, text))[1])
    cut = conversation_trees(conversation, RENDERER, 1200)
    assert all(tree.tree.size <= 1200 for tree in cut.trees)
    assert max(tokenised[c.text] for turn in conversation.turns for c in turn.candidates) == 1
    # Human messages that open a tree are rendered for that too.
    assert sum(tokenised[turn.human] for turn in conversation.turns) == 30 + len(cut.trees)


def test_a_turn_that_is_too_long_alone_is_set_aside_and_never_truncated() -> None:
    conversation = next(tiny.conversations(1, turns=3))
    turns = list(conversation.turns)
    turns[1] = dataclasses.replace(turns[1], human="x" * 500)
    cut = conversation_trees(dataclasses.replace(conversation, turns=tuple(turns)), RENDERER, 300)
    assert cut.set_aside == [1]
    assert sorted({t for tree in cut.trees for t, _ in tree.candidates}) == [0, 2]
    assert cut.without_context == [2]  # its context would have been the long turn


# Exactness


def llama() -> Any:
    return LlamaForCausalLM(
        LlamaConfig(vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, max_position_embeddings=1024)
    )  # fmt: skip


def qwen2() -> Any:
    return Qwen2ForCausalLM(
        Qwen2Config(vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, max_position_embeddings=1024)
    )  # fmt: skip


def qwen3() -> Any:
    return Qwen3ForCausalLM(
        Qwen3Config(vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, head_dim=8, max_position_embeddings=1024)
    )  # fmt: skip


def gpt2() -> Any:
    return GPT2LMHeadModel(GPT2Config(vocab_size=300, n_embd=32, n_layer=2, n_head=4, n_positions=1024))


def gpt_neox() -> Any:
    return GPTNeoXForCausalLM(
        GPTNeoXConfig(vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                      max_position_embeddings=1024)
    )  # fmt: skip


def opinionated(make: Any) -> PreferenceModel:
    torch.manual_seed(3)
    model = make()
    prepare(model)
    return random_pm(Backbone(model, "random", "0"), size=0.2)


def untemplated() -> Renderer:
    tokenizer = tiny.tokenizer()
    tokenizer.chat_template = None
    return Renderer(tokenizer)


def with_a_third_candidate(conversation: Conversation) -> Conversation:
    """Said at the second turn, and the conversation went on from it."""
    turns = list(conversation.turns)
    turns[1] = dataclasses.replace(turns[1], candidates=(*turns[1].candidates, Candidate("c", "plum stone")), trunk=2)
    return dataclasses.replace(conversation, turns=tuple(turns))


@pytest.mark.parametrize("make", [llama, qwen2, qwen3, gpt2, gpt_neox])
def test_members_that_share_what_lies_below_their_adapters_learn_what_each_does_alone(make: Any) -> None:
    torch.manual_seed(3)
    model = make()
    prepare(model)
    backbone = Backbone(model, "random", "0")
    members = [PreferenceModel.fresh(backbone, name, 4, 0.5) for name in ("pm", "pm-1")]
    for parameter in (parameter for pm in members for parameter in pm.parameters()):
        torch.nn.init.normal_(parameter, std=0.2)
    todo, _ = examples(list(tiny.conversations(5, turns=2)), RENDERER, 1024)
    config = PMConfig(row_tokens=200)
    rows = len(pack([example.tree for example in todo], config.row_tokens))
    first = next(module for name, module in model.named_modules() if name.endswith(".0"))
    passes: list[Any] = []
    first.register_forward_hook(lambda *_: passes.append(None))

    def learnt(pms: list[PreferenceModel]) -> tuple[Any, list[Tensor]]:
        outcomes = accumulate(pms, todo, config)
        gradients = [parameter.grad for pm in pms for parameter in pm.parameters() if parameter.grad is not None]
        for parameter in (parameter for pm in pms for parameter in pm.parameters()):
            parameter.grad = None
        return outcomes, gradients

    (one, of_one), (other, of_other) = learnt(members[:1]), learnt(members[1:])
    assert len(passes) == 2 * rows > 2
    both, of_both = learnt(members)
    assert len(passes) == 3 * rows
    assert both == [*one, *other]
    assert one != other
    torch.testing.assert_close(of_both, [*of_one, *of_other], atol=0, rtol=0)
    assert len(of_both) > 10


@pytest.mark.parametrize("renderer", [RENDERER, untemplated()], ids=["template", "no template"])
@pytest.mark.parametrize("make", [llama, qwen2, qwen3, gpt2, gpt_neox])
def test_a_packed_tree_is_the_flattened_dialogues_in_loss_and_gradients(make: Any, renderer: Renderer) -> None:
    pm = opinionated(make)
    conversations = [with_a_third_candidate(conversation) for conversation in tiny.conversations(5, turns=3)]
    assert max(len(flattened(c, 2, 0, renderer)) for c in conversations) < 1024

    def flat(conversation: Conversation, t: int, c: int) -> Tensor:
        # The plain way, as its authors mean it: one dialogue, no mask, no positions.
        ids = torch.tensor([flattened(conversation, t, c, renderer)])
        with pm.backbone.use("pm"):
            states = pm.backbone.causal_lm.base_model(input_ids=ids, use_cache=False).last_hidden_state
        score: Tensor = pm.head(states[0, -1:])
        return score

    # Every candidate, all conversations in one row.
    trees = [conversation_tree(conversation, renderer) for conversation in conversations]
    (row,) = pack([tree.tree for tree in trees], row_tokens=4096)
    nodes = [(i, candidates[key]) for i, (_, candidates) in enumerate(trees) for key in sorted(candidates)]
    packed = pm.scores_of(row, nodes).detach()
    plain = torch.cat([flat(c, *key) for c, tree in zip(conversations, trees, strict=True) for key in sorted(tree[1])])
    assert len(packed) == 5 * 7
    assert packed.std() > 0.02  # the scores differ enough for the comparison to say something
    torch.testing.assert_close(packed, plain.detach(), atol=2e-6, rtol=2e-6)

    # The comparisons, as they are trained: several conversations in each of several rows.
    todo, _ = examples(conversations, renderer, 1024)
    config = PMConfig(row_tokens=800)
    assert 1 < len(pack([example.tree for example in todo], config.row_tokens)) < 5
    outcomes = accumulate([pm], todo, config)
    found = torch.cat([parameter.grad.flatten() for parameter in pm.parameters() if parameter.grad is not None])
    pairs = [
        torch.cat([flat(c, t, turn.chosen), flat(c, t, turn.rejected)])
        for c in conversations
        for t, turn in enumerate(c.turns)
        if turn.chosen is not None and turn.rejected is not None
    ]
    loss = pairwise_loss(*torch.stack(pairs).unbind(1)).mean()
    expected = torch.cat([gradient.flatten() for gradient in torch.autograd.grad(loss, pm.parameters())])
    assert outcomes is not None
    assert outcomes[0].loss == pytest.approx(loss.item(), abs=1e-6)
    assert expected.norm() > 0.01
    assert (found - expected).norm() / expected.norm() < 1e-5


@pytest.mark.parametrize("make", [llama, gpt2])
def test_a_response_that_is_read_as_a_whole_is_so_in_a_packed_tree(make: Any) -> None:
    torch.manual_seed(3)
    model = make()
    prepare(model)
    pm = PreferenceModel.fresh(Backbone(model, "random", "0"), "pm", 4, tasks=["a", "b"], reads="response")
    for parameter in pm.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    conversations = [with_a_third_candidate(conversation) for conversation in tiny.conversations(5, turns=3)]

    def flat(conversation: Conversation, t: int, c: int) -> Tensor:
        ids = flattened(conversation, t, c, RENDERER)
        size = len(RENDERER.response_ids(conversation.turns[t].candidates[c].text))
        with pm.backbone.use("pm"):
            states = model.base_model(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state[0]
        parts = [states[-1], states[-size:].mean(0), states[:-size].mean(0)]
        score: Tensor = pm.head(torch.cat([part / part.square().mean().sqrt() for part in parts])[None])
        return score

    trees = [conversation_tree(conversation, RENDERER) for conversation in conversations]
    (row,) = pack([tree.tree for tree in trees], row_tokens=4096)
    found = pm.scores_of(row, [(i, candidates[key]) for i, (_, candidates) in enumerate(trees) for key in candidates])
    expected = torch.cat([flat(c, *key) for c, tree in zip(conversations, trees, strict=True) for key in tree[1]])
    assert found.std() > 0.02
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_scores_do_not_depend_on_what_shares_the_row() -> None:
    pm = opinionated(llama)
    trees = [conversation_tree(c, RENDERER) for c in tiny.conversations(6)]
    nodes = [sorted(tree.candidates.values()) for tree in trees]
    alone = [pm.score_trees([tree.tree], [wanted])[0] for tree, wanted in zip(trees, nodes, strict=True)]
    together = pm.score_trees([tree.tree for tree in trees], nodes)
    for one, other in zip(alone, together, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_k_responses_on_one_prompt_cost_one_trunk() -> None:
    pm = opinionated(llama)
    prompt = RENDERER.opening_ids("Be brief.", "Tell me of the sea")
    responses = [RENDERER.response_ids(text) for text in ("sea", "sun and tea", "", "a" * 40)]
    tree = prompt_tree(prompt, responses)
    assert tree.size == len(prompt) + sum(map(len, responses))
    (shared,) = pm.score([prompt], [responses])
    alone = [pm.score([prompt], [[response]])[0][0] for response in responses]
    assert shared == pytest.approx(alone, abs=1e-5)
    assert len(set(shared)) == 4
