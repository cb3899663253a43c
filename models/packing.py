"""Dialogue trees ⇄ packed rows: every shared prefix is computed once.

A conversation is a tree: a trunk (what was said) with branches (the candidates at each turn). So are k candidates on
one prompt. Several trees are laid out behind each other as ONE row of tokens, each tree depth first:

    turn 1                turn 2                       position ids = depth in the own branch
    human ─┬─ B (leaf)                                 human  0 1 2
           └─ A ── human ─┬─ B (leaf)                  B            3 4 5
                          └─ A                         A            3 4
                                                       human            5 6 …
    row:   human | B | A | human | B | A

and a token attends to its ancestors, its own branch up to itself, and nothing else. Masks, position ids and the order
of the row are all there is to it: the scores and gradients are those of the flattened dialogues (tests/models).

Knows token ids and tensors; knows not what a score or a policy is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from models.dialogue import Conversation, Renderer

RUN_TOKENS = 128  # a longer run spends half of its attention on what comes later, a shorter one on calls


class Node(NamedTuple):
    """A run of tokens in a tree, and the index of the node it continues (None: a root)."""

    tokens: Sequence[int]
    parent: int | None


class Tree(NamedTuple):
    """Nodes, each after its parent."""

    nodes: list[Node]

    @property
    def size(self) -> int:
        return sum(len(node.tokens) for node in self.nodes)


class ConversationTree(NamedTuple):
    """A tree, and where its candidates are: `candidates[turn, candidate]` is the index of a node."""

    tree: Tree
    candidates: dict[tuple[int, int], int]


class Run(NamedTuple):
    """A stretch of a row in which every token continues the one before it."""

    size: int
    before: list[int]
    """The runs that it continues, by index, the first of its dialogue first."""


class Batch(NamedTuple):
    """What a decoder reads."""

    input_ids: Tensor  # (B, N)
    position_ids: Tensor  # (B, N)
    mask: Tensor  # (B, 1, N, N) bool, True means "the query (row) attends to the key (column)"
    runs: list[Run] | None = None
    """Of a batch of one row: the same as the mask says, in a form that saves work (models/attention.py)."""

    def to(self, device: torch.device) -> "Batch":
        return Batch(self.input_ids.to(device), self.position_ids.to(device), self.mask.to(device), self.runs)


@dataclass(frozen=True)
class Row:
    """Trees behind each other in one row of tokens."""

    trees: list[int]
    """Which of the packed trees are here: indices into the list given to `pack`."""
    spans: dict[tuple[int, int], slice]
    """The tokens of (tree, node)."""
    input_ids: Tensor  # (N,)
    position_ids: Tensor  # (N,)
    node_ids: Tensor  # (N,) the node of each token, counted through the row
    ancestors: Tensor  # (nodes, nodes) bool, True means "column is row or an ancestor of row"
    runs: list[Run]

    def __len__(self) -> int:
        return len(self.input_ids)

    def end(self, tree: int, node: int) -> int:
        """Index of a node's last token: for a candidate its end-of-turn token."""
        return self.spans[tree, node].stop - 1

    def means(self, nodes: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        """Weights of the tokens, (n, N) each, that make a mean over each (tree, node)'s own tokens, and one over all
        before it in its dialogue."""
        numbers = self.node_ids[[self.spans[node].start for node in nodes]]  # (n,)
        own = self.node_ids == numbers[:, None]  # (n, N)
        before = self.ancestors[numbers][:, self.node_ids] & ~own
        return own / own.sum(1, keepdim=True), before / before.sum(1, keepdim=True).clamp(1)

    def batch(self) -> Batch:
        """The row as a batch of one, with its mask (N² booleans, made when needed)."""
        related = self.ancestors[self.node_ids[:, None], self.node_ids[None, :]]
        mask = related.tril_()  # parents lie before children, so what is later is no ancestor
        return Batch(self.input_ids[None], self.position_ids[None], mask[None, None], self.runs)


def pack(trees: Sequence[Tree], row_tokens: int) -> list[Row]:
    """Put trees into as few rows of at most `row_tokens` as first-fit-decreasing finds, so that rows are about equally
    long. A longer tree gets a row of its own: who makes trees limits them, nothing is cut here."""
    bins: list[list[int]] = []
    room: list[int] = []
    for i in sorted(range(len(trees)), key=lambda i: -trees[i].size):
        size = trees[i].size
        place = next((b for b, free in enumerate(room) if size <= free), len(bins))
        if place == len(bins):
            bins.append([])
            room.append(max(row_tokens, size))
        bins[place].append(i)
        room[place] -= size
    return [_lay_out(trees, sorted(chosen)) for chosen in bins]


def _lay_out(trees: Sequence[Tree], chosen: list[int]) -> Row:
    input_ids: list[int] = []
    position_ids: list[int] = []
    node_ids: list[int] = []
    spans: dict[tuple[int, int], slice] = {}
    ancestors = torch.zeros((sum(len(trees[t].nodes) for t in chosen),) * 2, dtype=torch.bool)
    node = 0
    for t in chosen:
        first = node
        depth: list[int] = []  # where each node of this tree ends in its own branch
        for i, (tokens, parent) in enumerate(trees[t].nodes):
            start = 0
            if parent is not None:
                assert parent < i, "a node comes after its parent"
                start = depth[parent]
                ancestors[node] = ancestors[first + parent]
            ancestors[node, node] = True
            spans[t, i] = slice(len(input_ids), len(input_ids) + len(tokens))
            input_ids += tokens
            position_ids += range(start, start + len(tokens))
            node_ids += [node] * len(tokens)
            depth.append(start + len(tokens))
            node += 1
    runs = _runs([trees[t] for t in chosen])
    return Row(
        chosen, spans, torch.tensor(input_ids), torch.tensor(position_ids), torch.tensor(node_ids), ancestors, runs
    )


def _runs(trees: Sequence[Tree]) -> list[Run]:
    """The runs of these trees behind each other, none longer than RUN_TOKENS. An only child that follows its parent
    goes on in the same run."""
    runs: list[Run] = []
    for tree in trees:
        children = Counter(node.parent for node in tree.nodes)
        sizes: list[int] = []  # of stretches without a fork
        parents: list[int | None] = []
        stretch: list[int] = []  # of each node
        for i, (tokens, parent) in enumerate(tree.nodes):
            if parent is not None and parent == i - 1 and children[parent] == 1:
                stretch.append(stretch[parent])
                sizes[-1] += len(tokens)
            else:
                stretch.append(len(sizes))
                sizes.append(len(tokens))
                parents.append(None if parent is None else stretch[parent])
        through: list[list[int]] = []  # the runs up to the end of each stretch
        for size, up in zip(sizes, parents, strict=True):
            seen = [] if up is None else list(through[up])
            for start in range(0, size, RUN_TOKENS):
                runs.append(Run(min(RUN_TOKENS, size - start), list(seen)))
                seen.append(len(runs) - 1)
            through.append(seen)
    return runs


def prompt_tree(prompt_ids: Sequence[int], responses: Sequence[Sequence[int]]) -> Tree:
    """k responses on one prompt: node 0 is the prompt, node 1 + k the k-th response."""
    return Tree([Node(prompt_ids, None), *(Node(response, 0) for response in responses)])


class Once:
    """What the trees of a conversation ask of its renderer; each text is tokenised once for all of them."""

    def __init__(self, renderer: Renderer) -> None:
        self.opening_ids = cache(renderer.opening_ids)
        self.next_ids = cache(renderer.next_ids)
        self.response_ids = cache(renderer.response_ids)


def conversation_tree(
    conversation: Conversation,
    renderer: Renderer | Once,
    first: int = 0,
    last: int | None = None,
    branches_from: int = 0,
) -> ConversationTree:
    """Turns `first` to `last` (included; default all) of a conversation. Turns before `branches_from` are context: only
    the candidate that the conversation went on from is there."""
    turns = conversation.turns[: len(conversation.turns) if last is None else last + 1]
    nodes: list[Node] = []
    candidates: dict[tuple[int, int], int] = {}
    parent = None
    for t, turn in enumerate(turns[first:], first):
        opening = parent is None
        ids = renderer.opening_ids(conversation.system, turn.human) if opening else renderer.next_ids(turn.human)
        nodes.append(Node(ids, parent))
        human = len(nodes) - 1
        # Depth first: the leaves, then the candidate that the trunk goes on from.
        for c in sorted(range(len(turn.candidates)), key=lambda c: c == turn.trunk):
            if t >= branches_from or c == turn.trunk:
                candidates[t, c] = len(nodes)
                nodes.append(Node(renderer.response_ids(turn.candidates[c].text), human))
        parent = len(nodes) - 1
    return ConversationTree(Tree(nodes), candidates)


class Cut(NamedTuple):
    """A conversation as trees that fit, and what did not fit at all."""

    trees: list[ConversationTree]
    without_context: list[int]
    """Turns whose earliest context was left out, whole turns at a time."""
    set_aside: list[int]
    """Turns that are too long even alone."""


def conversation_trees(conversation: Conversation, renderer: Renderer, max_tokens: int) -> Cut:
    """As few trees of at most `max_tokens` as it takes, usually one. Every turn branches in exactly one of them, behind
    as many of the turns before it as fit: whole turns are cut from the left, tokens never."""
    trees: list[ConversationTree] = []
    without_context: list[int] = []
    set_aside: list[int] = []
    once, turns = Once(renderer), conversation.turns
    # Tokens before each turn: of turns that are context, and of turns that branch.
    context, branching = [0], [0]
    for turn in turns:
        human = len(once.next_ids(turn.human))
        responses = [len(once.response_ids(candidate.text)) for candidate in turn.candidates]
        context.append(context[-1] + human + (0 if turn.trunk is None else responses[turn.trunk]))
        branching.append(branching[-1] + human + sum(responses))
    opening = len(once.opening_ids(conversation.system, "")) - len(once.next_ids(""))

    def fits(first: int, t: int, last: int) -> bool:
        return opening + context[t] - context[first] + branching[last + 1] - branching[t] <= max_tokens

    t = 0
    while t < len(turns):
        first = next((first for first in range(t + 1) if fits(first, t, t)), None)
        if first is None:
            set_aside.append(t)
            t += 1
            continue
        last = next(last for last in range(len(turns) - 1, t - 1, -1) if fits(first, t, last))
        trees.append(conversation_tree(conversation, once, first, last, branches_from=t))
        without_context += range(t, last + 1) if first else ()
        t = last + 1
    return Cut(trees, without_context, set_aside)
