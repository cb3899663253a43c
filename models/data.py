"""From conversations to what a PM trains on and is judged by: which comparisons count, which subset, which trees."""

import dataclasses
import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from models.dialogue import Conversation, Renderer, Turn
from models.packing import Tree, conversation_trees


class Selection(NamedTuple):
    """Conversations whose compared turns are exactly those to use; the other turns keep only their trunk."""

    conversations: list[Conversation]
    left_out: Counter[str]
    """Comparisons not used, by reason."""

    @property
    def comparisons(self) -> int:
        return sum(turn.compared for conversation in self.conversations for turn in conversation.turns)


def select(
    conversations: Sequence[Conversation],
    split: str | None,
    *,
    drop_weakest: bool = False,
    at_most: int | None = None,
    seed: int = 0,
) -> Selection:
    """The usable comparisons of one side of the split (None: both), in the order of the file; with `at_most`, of a
    seeded subset of conversations that holds that many."""
    selection = Selection([], Counter())
    order = list(range(len(conversations)))
    if at_most is not None:
        random.Random(seed).shuffle(order)
    room = float("inf") if at_most is None else at_most
    taken: dict[int, Conversation] = {}
    for i in order:
        if split and conversations[i].split != split:
            continue
        turns: list[Turn] = []
        for turn in conversations[i].turns:
            reason = _unusable(turn, drop_weakest)
            if turn.compared and reason is None and room < 1:
                reason = "beyond the subset"
            if reason:
                selection.left_out[reason] += turn.compared
                turn = _without_branches(turn)
            room -= turn.compared
            turns.append(turn)
        while turns and not turns[-1].compared:
            turns.pop()
        if turns:
            taken[i] = dataclasses.replace(conversations[i], turns=tuple(turns))
    selection.conversations.extend(taken[i] for i in sorted(taken))
    return Selection(selection.conversations, +selection.left_out)


class Example(NamedTuple):
    """A dialogue tree and the comparisons in it."""

    conversation: Conversation
    tree: Tree
    turns: list[int]
    """The compared turns."""
    pairs: list[tuple[int, int]]
    """Nodes of the chosen and the rejected candidate of each."""

    @property
    def ends(self) -> list[int]:
        """All nodes to score: chosen, rejected, chosen, …"""
        return [node for pair in self.pairs for node in pair]


def examples(
    conversations: Sequence[Conversation], renderer: Renderer, max_tokens: int
) -> tuple[list[Example], Counter[str]]:
    """The trees of selected conversations, and how many comparisons were touched by the limit, by what happened."""
    made: list[Example] = []
    touched: Counter[str] = Counter()
    for conversation in conversations:
        cut = conversation_trees(conversation, renderer, max_tokens)
        touched["too long"] += sum(conversation.turns[t].compared for t in cut.set_aside)
        touched["earliest turns left out"] += sum(conversation.turns[t].compared for t in cut.without_context)
        for tree, candidates in cut.trees:
            pairs: dict[int, tuple[int, int]] = {}
            for t, turn in enumerate(conversation.turns):
                chosen, rejected = (None if c is None else candidates.get((t, c)) for c in (turn.chosen, turn.rejected))
                # In the trees of a long conversation, turns that branch in another one are here only as context.
                if chosen is not None and rejected is not None:
                    pairs[t] = chosen, rejected
            if pairs:
                made.append(Example(conversation, tree, list(pairs), list(pairs.values())))
    return made, +touched


def content_hash(conversations: Sequence[Conversation]) -> str:
    """sha256 over all that training sees of these conversations."""
    digest = hashlib.sha256()
    for conversation in conversations:
        digest.update(json.dumps(dataclasses.asdict(conversation), sort_keys=True).encode())
    return digest.hexdigest()


def batches(sizes: Sequence[int], at_least: int, seed: int) -> list[list[int]]:
    """Indices in a seeded order, in groups whose sizes sum to at least `at_least`, the last one perhaps to less."""
    order = list(range(len(sizes)))
    random.Random(seed).shuffle(order)
    groups: list[list[int]] = [[]]
    for i in order:
        if sum(sizes[j] for j in groups[-1]) >= at_least:
            groups.append([])
        groups[-1].append(i)
    return [group for group in groups if group]


def _unusable(turn: Turn, drop_weakest: bool) -> str | None:
    if turn.chosen is None or turn.rejected is None:
        return "no comparison"
    chosen, rejected = turn.candidates[turn.chosen], turn.candidates[turn.rejected]
    if chosen.text == rejected.text:
        return "identical"  # it would teach log 2 and noise
    if not (chosen.text.strip() and rejected.text.strip()):
        return "empty text"
    for candidate in (chosen, rejected):
        if candidate.finish in ("stopped", "failed"):
            return f"a candidate was {candidate.finish}"
    if drop_weakest and turn.strength == 1:
        return "weakest strength"
    return None


def _without_branches(turn: Turn) -> Turn:
    trunk = () if turn.trunk is None else (turn.candidates[turn.trunk],)
    return dataclasses.replace(
        turn, candidates=trunk, chosen=None, rejected=None, strength=None, trunk=0 if trunk else None
    )
