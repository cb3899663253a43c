import dataclasses
import random
import statistics

from models import tiny
from models.data import Example, batches, content_hash, examples, one_sided, pmp_examples, select
from models.dialogue import Candidate, Conversation, Renderer, Turn
from models.packing import Node, Tree, pack

RENDERER = Renderer(tiny.tokenizer())
TOLD = list(tiny.conversations(200, turns=3))


def test_training_sees_one_side_of_the_split() -> None:
    train, test = select(TOLD, "train"), select(TOLD, "test")
    assert {c.split for c in train.conversations} == {"train"}
    assert {c.split for c in test.conversations} == {"test"}
    assert train.comparisons + test.comparisons == 600 == select(TOLD, None).comparisons


def test_the_weakest_strength_is_dropped_and_an_unknown_one_is_not_the_weakest() -> None:
    weakest = sum(turn.strength == 1 for c in TOLD for turn in c.turns)
    assert 0 < weakest < 600
    selection = select(TOLD, None, drop_weakest=True)
    assert selection.comparisons == 600 - weakest
    assert selection.left_out == {"weakest strength": weakest}
    unknown = [
        dataclasses.replace(c, turns=tuple(dataclasses.replace(turn, strength=None) for turn in c.turns)) for c in TOLD
    ]
    assert select(unknown, None, drop_weakest=True).comparisons == 600


def test_comparisons_that_teach_nothing_are_left_out_with_a_reason() -> None:
    conversation = next(c for c in TOLD if c.split == "train")
    first = conversation.turns[0]
    for candidates, reason in [
        ((first.candidates[0], first.candidates[0]), "identical"),
        ((first.candidates[0], Candidate("b", " ")), "empty text"),
        ((first.candidates[0], Candidate("b", "se", "stopped")), "a candidate was stopped"),
    ]:
        turn = dataclasses.replace(first, candidates=candidates)
        selection = select([dataclasses.replace(conversation, turns=(turn, *conversation.turns[1:]))], "train")
        assert selection.comparisons == 2
        assert selection.left_out == {reason: 1}
        # The turn stays as context of the later ones, with the candidate that the conversation went on from.
        ((example,), _) = examples(selection.conversations, RENDERER, 4096)
        assert example.turns == [1, 2]


def test_a_subset_is_seeded_exact_and_of_whole_conversations_but_for_the_last() -> None:
    one = select(TOLD, "train", at_most=50, seed=1)
    assert one.comparisons == 50
    assert one == select(TOLD, "train", at_most=50, seed=1)
    assert one.conversations != select(TOLD, "train", at_most=50, seed=2).conversations
    assert [len(c.turns) for c in one.conversations].count(3) >= 16
    assert one.left_out["beyond the subset"] == select(TOLD, "train").comparisons - 50


def test_the_hash_tells_data_apart_and_the_same_data_not() -> None:
    assert content_hash(TOLD) == content_hash(list(tiny.conversations(200, turns=3)))
    changed = dataclasses.replace(TOLD[0], turns=(dataclasses.replace(TOLD[0].turns[0], human="?"), *TOLD[0].turns[1:]))
    assert content_hash([changed, *TOLD[1:]]) != content_hash(TOLD)


def of_sizes(sizes: list[int]) -> list[Example]:
    """Examples of one comparison and so many tokens."""
    return [Example(TOLD[0], Tree([Node([0] * size, None)]), [0], [(0, 0)]) for size in sizes]


def test_batches_hold_everything_once_and_enough_each() -> None:
    todo, _ = examples(TOLD, RENDERER, 4096)
    groups = batches(todo, 7, 1024, seed=0)
    assert sorted(map(id, (example for group in groups for example in group))) == sorted(map(id, todo))
    assert all(sum(len(example.pairs) for example in group) >= 7 for group in groups[:-1])
    assert groups == batches(todo, 7, 1024, seed=0)
    assert groups != batches(todo, 7, 1024, seed=1)
    assert groups != batches(todo, 7, 1024, seed=0, epoch=1)
    assert batches([], 7, 1024, seed=0) == []


def test_the_rows_of_a_batch_are_full_whatever_the_lengths() -> None:
    draw = random.Random(0)
    todo = of_sizes([min(512, round(draw.lognormvariate(5.5, 0.6))) for _ in range(1000)])  # about as in HH
    fill = []
    for group in batches(todo, 16, 512, seed=0):
        rows = pack([example.tree for example in group], 512)
        fill.append(sum(map(len, rows)) / (512 * len(rows)))
    assert sum(fill) / len(fill) > 0.95
    # And yet no batch is of one length: short ones are spread as widely as chance would.
    means = [statistics.mean(e.tree.size for e in group) for group in batches(todo, 16, 512, seed=0)[:-1]]
    assert statistics.stdev(means) < 80


def test_candidates_that_nobody_compared_are_not_paid_for() -> None:
    conversation = next(c for c in TOLD if c.split == "train")
    first = conversation.turns[0]
    assert first.chosen is not None
    assert first.rejected is not None
    three = (Candidate("c", "moss"), *first.candidates)
    turn = dataclasses.replace(
        first, candidates=three, chosen=first.chosen + 1, rejected=first.rejected + 1, trunk=first.chosen + 1
    )
    (selected,) = select([dataclasses.replace(conversation, turns=(turn, *conversation.turns[1:]))], None).conversations
    assert selected == conversation
    # Unless the conversation went on from it.
    turn = dataclasses.replace(turn, trunk=0)
    (selected,) = select([dataclasses.replace(conversation, turns=(turn, *conversation.turns[1:]))], None).conversations
    assert selected.turns[0] == turn


def test_pretraining_makes_two_binary_comparisons_of_a_ranked_one_which_share_their_prompt() -> None:
    conversation = TOLD[0]
    ((example,), touched) = pmp_examples([conversation], RENDERER, 4096)
    assert not touched
    assert example.turns == [0, 0, 1, 1, 2, 2]
    for t, turn in enumerate(conversation.turns):
        assert turn.chosen is not None
        assert turn.rejected is not None
        chosen, rejected = turn.candidates[turn.chosen].text, turn.candidates[turn.rejected].text
        nodes = [example.tree.nodes[node] for pair in example.pairs[2 * t : 2 * t + 2] for node in pair]
        said = [f"GOOD: {chosen}", f"BAD: {chosen}", f"BAD: {rejected}", f"GOOD: {rejected}"]
        assert [node.tokens for node in nodes] == [RENDERER.response_ids(text) for text in said]
        assert len({node.parent for node in nodes}) == 1
    # What the conversation went on from stands in it as it was said.
    trunk = [node.tokens for node in example.tree.nodes if node.tokens == RENDERER.response_ids(chosen_text(0))]
    assert len(trunk) == 1


def chosen_text(t: int) -> str:
    turn = TOLD[0].turns[t]
    assert turn.chosen is not None
    return turn.candidates[turn.chosen].text


def test_labels_that_only_follow_length_are_one_sided() -> None:
    def told(chosen: str, rejected: str) -> Conversation:
        turn = Turn("Hi", (Candidate("a", chosen), Candidate("b", rejected)), 0, 1, trunk=0)
        return dataclasses.replace(TOLD[0], turns=(turn,))

    assert one_sided(TOLD) is None
    assert one_sided([told("bee tree", "sea")] * 19) is None  # may well be chance
    warning = one_sided([told("bee tree", "sea")] * 29 + [told("sea", "bee tree")])
    assert warning is not None
    assert "in 29 of 30 comparisons the longer response" in warning
    assert "the shorter response" in (one_sided([told("sea", "bee tree")] * 20) or "")
    assert one_sided([told("bee tree", "sea"), told("sea", "bee tree")] * 20) is None
    assert one_sided([told("sea", "sun")] * 40) is None  # equally long


def test_examples_point_at_the_chosen_and_the_rejected_candidate() -> None:
    made, touched = examples(TOLD[:5], RENDERER, 4096)
    assert not touched
    for conversation, tree, turns, pairs in made:
        for t, (chosen, rejected) in zip(turns, pairs, strict=True):
            turn = conversation.turns[t]
            assert turn.chosen is not None
            assert turn.rejected is not None
            assert tree.nodes[chosen].tokens == RENDERER.response_ids(turn.candidates[turn.chosen].text)
            assert tree.nodes[rejected].tokens == RENDERER.response_ids(turn.candidates[turn.rejected].text)
            assert tree.nodes[chosen].parent == tree.nodes[rejected].parent


def test_comparisons_that_the_limit_touches_are_counted() -> None:
    made, touched = examples(TOLD[:5], RENDERER, 250)
    assert sum(len(example.pairs) for example in made) == 15 - touched["too long"]
    assert touched["earliest turns left out"] > 0
    assert all(example.tree.size <= 250 for example in made)
