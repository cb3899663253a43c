"""Which task the comparisons of a file are of, where no row says it.

The published helpful and harmless data has no such field, and a PM that takes both for one task learns the smaller one
upside down. But where a dialogue went on, it shows: from the better response in tasks that ask for the better one, from
the rejected one in red-teaming (as here, and in the published data). Where a file also holds the comparison of an
earlier turn of a dialogue, that is seen; and what the base makes of a dialogue tells the others.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.backbone import Backbone
from models.data import as_chosen
from models.dialogue import HELPFULNESS, RED_TEAM, Conversation
from models.packing import pack, prompt_tree

FEW = 20  # dialogues of a task, below which it is not known what they are like
TOLD_APART = 2 / 3  # balanced accuracy
FOLDS = 5  # of the dialogues whose task was seen

# What is read of a dialogue, and how deep: more of either names hardly any more of the published rows.
FIRST_TOKENS = 128
LOWEST_LAYERS = 1 / 3
ROW_TOKENS = 512


class Naming(NamedTuple):
    """Conversations with their tasks, and how these are known."""

    conversations: list[Conversation]
    seen: Counter[str]
    """Conversations whose task was seen from where a dialogue went on."""
    right: float | None
    """Balanced accuracy of the guess on those that were seen, dialogue families apart; None if nothing was guessed."""


def name_tasks(conversations: Sequence[Conversation], read: Callable[[Sequence[str]], np.ndarray]) -> Naming:
    """The same conversations, named helpfulness or red-team; all of them helpfulness where nothing tells otherwise: the
    file shows no dialogue going on, or the two are not told apart. `read` says what the base makes of n texts, (n, d):
    asked only where it is needed."""
    seen = tasks_seen(conversations)
    counts = Counter(seen.values())
    enough = [task for task, count in counts.items() if count >= FEW]
    right = None
    names = [HELPFULNESS] * len(conversations)
    if len(enough) == 1:
        names = enough * len(conversations)
    elif len(enough) == 2:
        guesses, right = guess_tasks(conversations, seen, read([text_of(c) for c in conversations]))
        if right >= TOLD_APART:
            names = [seen.get(i, guess) for i, guess in enumerate(guesses)]
    named = [dataclasses.replace(c, task=name) for c, name in zip(conversations, names, strict=True)]
    return Naming(named, counts, right)


def tasks_seen(conversations: Sequence[Conversation]) -> dict[int, str]:
    """The task of each conversation, by its index, that goes on from a response which was compared, or has a response
    from which another conversation goes on."""
    compared: dict[tuple[str, ...], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for i, conversation in enumerate(conversations):
        for t, turn in enumerate(conversation.turns):
            said = _said(conversation, t)
            for chosen, rejected in as_chosen(turn):
                for task, candidate in ((HELPFULNESS, chosen), (RED_TEAM, rejected)):
                    compared[(*said, turn.human, turn.candidates[candidate].text)][task].add(i)
    votes: dict[int, set[str]] = defaultdict(set)
    for i, conversation in enumerate(conversations):
        whole = _said(conversation, len(conversation.turns) - 1)
        for end in range(2, len(whole) + 1, 2):
            by_task = compared.get(whole[:end], {})
            if len(by_task) == 1:  # what one chose and another rejected tells nothing
                ((task, sources),) = by_task.items()
                for j in {i, *sources}:
                    votes[j].add(task)
    return {i: task for i, (task, *others) in votes.items() if not others}


def guess_tasks(
    conversations: Sequence[Conversation], seen: Mapping[int, str], states: np.ndarray
) -> tuple[list[str], float]:
    """The task of each conversation by logistic regression on `states` (n, d), learnt from those in `seen`; and how
    well that names them, judged on families that it did not learn from (balanced accuracy, 1/2 is chance, and all that
    is known of a task whose dialogues are of one family)."""
    known = sorted(seen)
    tasks = np.array([seen[i] for i in known])
    families = [conversations[i].family for i in known]
    enough = len(set(families)) >= FOLDS
    folds = list(StratifiedGroupKFold(FOLDS).split(states[known], tasks, families)) if enough else []
    if not enough or any(len(set(tasks[learnt])) == 1 for learnt, _ in folds):
        return [HELPFULNESS] * len(conversations), 0.5
    # Held back strongly: there are about as many features as dialogues to learn from.
    regression = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, class_weight="balanced", max_iter=1000))
    guessed = cross_val_predict(regression, states[known], tasks, cv=folds)
    right = float(balanced_accuracy_score(tasks, guessed))
    return [str(task) for task in regression.fit(states[known], tasks).predict(states)], right


def text_of(conversation: Conversation) -> str:
    """What was said along the trunk, and the first response that was compared at its end."""
    last = conversation.turns[-1]
    said = [*_said(conversation, len(conversation.turns) - 1), last.human]
    return "\n\n".join([*said, *(candidate.text for candidate in last.candidates[:1])])


@torch.no_grad()
def mean_states(
    backbone: Backbone,
    tokenizer: Any,
    texts: Sequence[str],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> np.ndarray:
    """What the base makes of each text: the mean of the states of its first tokens in a lower layer, (n, d)."""
    ids = [tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] for text in texts]
    rows = pack([prompt_tree(some[:FIRST_TOKENS] or [0], []) for some in ids], ROW_TOKENS)
    found = np.zeros((len(texts), backbone.width), dtype=np.float32)
    with backbone.use(None), backbone.lowest_layers(LOWEST_LAYERS):
        for done, row in enumerate(rows):
            on_progress(done, len(rows))
            states = backbone.hidden(row.batch().to(backbone.device))[0].float().cpu()  # (N, d)
            for text in row.trees:
                found[text] = states[row.spans[text, 0]].mean(0).numpy()
    return found


def _said(conversation: Conversation, turns: int) -> tuple[str, ...]:
    """Human message, response, human message, … of the first turns, along the trunk."""
    said: list[str] = []
    for turn in conversation.turns[:turns]:
        if turn.trunk is None:
            break
        said += (turn.human, turn.candidates[turn.trunk].text)
    return tuple(said)
