"""From conversations to what a PM trains on and is judged by: which comparisons count, which subset, which trees."""

import dataclasses
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from models.dialogue import Candidate, Conversation, Renderer, Turn
from models.packing import Tree, conversation_trees, pack

WINDOW = 8  # batches whose trees are packed together
FEW = 20  # comparisons that may well agree by chance


class Selection(NamedTuple):
    """Conversations whose compared turns are exactly those to use; the other turns keep only their trunk."""

    conversations: list[Conversation]
    left_out: Counter[str]
    """Comparisons not used, by reason."""

    @property
    def comparisons(self) -> int:
        return sum(turn.compared for conversation in self.conversations for turn in conversation.turns)


def of_half(conversations: Sequence[Conversation], half: Literal["first", "second"] | None) -> list[Conversation]:
    """Those of one half of the families, a pure function of the family; None: all."""

    def is_second(family: str) -> bool:  # hashed again: the split into train and test is of the same number
        return bool(hashlib.sha256(f"half {family}".encode()).digest()[0] & 1)

    return [c for c in conversations if half is None or is_second(c.family) == (half == "second")]


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
                turn = _only(turn, chosen=None, rejected=None)
            else:
                turn = _only(turn, turn.chosen, turn.rejected)  # of three or more, some nobody spoke about
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
    """The turn of each comparison."""
    pairs: list[tuple[int, int]]
    """Nodes of the chosen and the rejected candidate of each."""

    @property
    def ends(self) -> list[int]:
        """All nodes to score: chosen, rejected, chosen, …"""
        return [node for pair in self.pairs for node in pair]


def as_chosen(turn: Turn) -> list[tuple[int, int]]:
    """The comparison of a turn: its chosen and its rejected candidate."""
    return [] if turn.chosen is None or turn.rejected is None else [(turn.chosen, turn.rejected)]


def examples(
    conversations: Sequence[Conversation],
    renderer: Renderer,
    max_tokens: int,
    pairs_of: Callable[[Turn], list[tuple[int, int]]] = as_chosen,
) -> tuple[list[Example], Counter[str]]:
    """The trees of selected conversations, and how many compared turns were touched by the limit, by what happened.
    `pairs_of` says which candidates of a turn are compared, (better, worse) each."""
    made: list[Example] = []
    touched: Counter[str] = Counter()
    for conversation in conversations:
        cut = conversation_trees(conversation, renderer, max_tokens)
        touched["too long"] += sum(conversation.turns[t].compared for t in cut.set_aside)
        touched["earliest turns left out"] += sum(conversation.turns[t].compared for t in cut.without_context)
        for tree, candidates in cut.trees:
            example = Example(conversation, tree, [], [])
            for t, turn in enumerate(conversation.turns):
                for better, worse in pairs_of(turn):
                    # In the trees of a long conversation, turns that branch in another one are here only as context.
                    if (t, better) in candidates and (t, worse) in candidates:
                        example.turns.append(t)
                        example.pairs.append((candidates[t, better], candidates[t, worse]))
            if example.pairs:
                made.append(example)
    return made, +touched


# Preference-model pretraining -------------------------------------------------------------------------------------


def binarised(conversation: Conversation) -> Conversation:
    """Each compared turn with four candidates: GOOD and BAD before the chosen and the rejected response; behind them,
    as it was, the one that the conversation went on from."""

    def labelled(turn: Turn) -> Turn:
        if turn.chosen is None or turn.rejected is None:
            return turn
        four = tuple(
            Candidate(f"{turn.candidates[c].id}/{label}", f"{label}: {turn.candidates[c].text}")
            for c in (turn.chosen, turn.rejected)
            for label in ("GOOD", "BAD")
        )
        trunk = () if turn.trunk is None else (turn.candidates[turn.trunk],)
        return dataclasses.replace(
            turn, candidates=(*four, *trunk), chosen=0, rejected=1, strength=None, trunk=4 if trunk else None
        )

    return dataclasses.replace(conversation, turns=tuple(labelled(turn) for turn in conversation.turns))


def pmp_examples(
    conversations: Sequence[Conversation], renderer: Renderer, max_tokens: int
) -> tuple[list[Example], Counter[str]]:
    """Ranked comparisons as binary ones (Askell et al. 2021, arXiv 2112.00861, §4, where it transfers better): A > B
    becomes GOOD: A > BAD: A and BAD: B > GOOD: B. As a tree, the four share their prompt."""

    def as_binary(turn: Turn) -> list[tuple[int, int]]:
        return [(0, 1), (3, 2)] if turn.compared else []

    return examples([binarised(conversation) for conversation in conversations], renderer, max_tokens, as_binary)


# ------------------------------------------------------------------------------------------------------------------


def content_hash(conversations: Sequence[Conversation]) -> str:
    """sha256 over all that training sees of these conversations."""
    digest = hashlib.sha256()
    for conversation in conversations:
        digest.update(json.dumps(dataclasses.asdict(conversation), sort_keys=True).encode())
    return digest.hexdigest()


def one_sided(conversations: Sequence[Conversation]) -> str | None:
    """A warning if nearly every chosen response is the longer one, or the shorter one: then length is all that there is
    to learn. (That the chosen one always stands first means nothing: files of comparisons are written so.)"""
    differences = []
    for turn in (turn for conversation in conversations for turn in conversation.turns):
        for chosen, rejected in as_chosen(turn):
            differences.append(len(turn.candidates[chosen].text) - len(turn.candidates[rejected].text))
    for word, count in (("longer", sum(d > 0 for d in differences)), ("shorter", sum(d < 0 for d in differences))):
        if len(differences) >= FEW and count >= 0.95 * len(differences):
            return (
                f"The labels are one-sided: in {count} of {len(differences)} comparisons the {word} response was "
                "chosen, so the PM learns length and little else."
            )
    return None


def batches(
    examples: Sequence[Example], at_least: int, row_tokens: int, seed: int, epoch: int = 0
) -> list[list[Example]]:
    """Examples in a seeded order, in groups of at least `at_least` comparisons, the last one perhaps of fewer.

    Groups are made of whole rows: the trees of a few batches are packed together, where there is a match for each
    length, and their rows then shuffled: a batch packed by itself would leave more of its rows empty."""
    draw = random.Random(f"{seed} {epoch}")
    order = draw.sample(examples, len(examples))
    groups: list[list[Example]] = [[]]
    for window in _windows(order, WINDOW * at_least):
        rows = pack([example.tree for example in window], row_tokens)
        for row in draw.sample(rows, len(rows)):
            if sum(len(example.pairs) for example in groups[-1]) >= at_least:
                groups.append([])
            groups[-1] += [window[i] for i in row.trees]
    return [group for group in groups if group]


def _windows(order: Sequence[Example], comparisons: int) -> list[list[Example]]:
    windows: list[list[Example]] = [[]]
    room = comparisons
    for example in order:
        if room <= 0:
            windows.append([])
            room = comparisons
        windows[-1].append(example)
        room -= len(example.pairs)
    return windows


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


def _only(turn: Turn, chosen: int | None, rejected: int | None) -> Turn:
    """The turn with these two candidates and the one that the conversation went on from."""
    kept = [c for c in range(len(turn.candidates)) if c in (chosen, rejected, turn.trunk)]
    return dataclasses.replace(
        turn,
        candidates=tuple(turn.candidates[c] for c in kept),
        chosen=None if chosen is None else kept.index(chosen),
        rejected=None if rejected is None else kept.index(rejected),
        strength=None if chosen is None else turn.strength,
        trunk=None if turn.trunk is None else kept.index(turn.trunk),
    )
