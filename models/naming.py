"""Which task the comparisons of a file are of, where no row says it.

The published helpful and harmless data has no such field, and a PM that takes both for one task learns the smaller one
upside down. But where a dialogue went on, it shows: from the better response in tasks that ask for the better one, from
the rejected one in red-teaming (as here, and in the published data). Where a file also holds the comparison of an
earlier turn of a dialogue, that is seen, and its words tell the others.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.naive_bayes import MultinomialNB

from models.data import as_chosen
from models.dialogue import HELPFULNESS, RED_TEAM, Conversation

FEW = 20  # dialogues of a task, below which its words are not known
TOLD_APART = 2 / 3  # balanced accuracy


class Naming(NamedTuple):
    """Conversations with their tasks, and how these are known."""

    conversations: list[Conversation]
    seen: Counter[str]
    """Conversations whose task was seen from where a dialogue went on."""
    right: float | None
    """Balanced accuracy of the words on those that were seen, dialogue families apart; None if they named nothing."""


def name_tasks(conversations: Sequence[Conversation]) -> Naming:
    """The same conversations, named helpfulness or red-team; all of them helpfulness where nothing tells otherwise: the
    file shows no dialogue going on, or words do not tell the two apart."""
    seen = tasks_seen(conversations)
    counts = Counter(seen.values())
    enough = [task for task, count in counts.items() if count >= FEW]
    right = None
    names = [HELPFULNESS] * len(conversations)
    if len(enough) == 1:
        names = enough * len(conversations)
    elif len(enough) == 2:
        words, right = tasks_by_words(conversations, seen)
        if right >= TOLD_APART:
            names = [seen.get(i, word) for i, word in enumerate(words)]
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


def tasks_by_words(conversations: Sequence[Conversation], seen: Mapping[int, str]) -> tuple[list[str], float]:
    """The task of each conversation by naive Bayes over the words that were said in it, learnt from those in `seen`;
    and how well that names them, judged on families that it did not learn from (balanced accuracy, 1/2 is chance)."""
    texts = [
        "\n".join(text for turn in c.turns for text in (turn.human, *(candidate.text for candidate in turn.candidates)))
        for c in conversations
    ]
    try:  # whether a word is there, not how often: the longer dialogues of one task must not tell it
        words = CountVectorizer(binary=True, min_df=2).fit_transform(texts)
    except ValueError:  # sklearn's for an empty vocabulary
        return [HELPFULNESS] * len(conversations), 0.5
    known = sorted(seen)
    tasks = np.array([seen[i] for i in known])
    families = [conversations[i].family for i in known]
    bayes = MultinomialNB(alpha=0.1, fit_prior=False)
    guessed = cross_val_predict(bayes, words[known], tasks, groups=families, cv=GroupKFold(5))
    right = float(balanced_accuracy_score(tasks, guessed))
    return [str(task) for task in bayes.fit(words[known], tasks).predict(words)], right


def _said(conversation: Conversation, turns: int) -> tuple[str, ...]:
    """Human message, response, human message, … of the first turns, along the trunk."""
    said: list[str] = []
    for turn in conversation.turns[:turns]:
        if turn.trunk is None:
            break
        said += (turn.human, turn.candidates[turn.trunk].text)
    return tuple(said)
