import dataclasses

from models import tiny
from models.data import batches, content_hash, examples, select
from models.dialogue import Candidate, Renderer

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


def test_batches_hold_everything_once_and_enough_each() -> None:
    sizes = [3, 1, 4, 1, 5, 9, 2, 6]
    groups = batches(sizes, at_least=6, seed=0)
    assert sorted(i for group in groups for i in group) == list(range(8))
    assert all(sum(sizes[i] for i in group) >= 6 for group in groups[:-1])
    assert groups == batches(sizes, at_least=6, seed=0) != batches(sizes, at_least=6, seed=1)


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
