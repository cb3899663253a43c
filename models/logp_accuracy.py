"""How often a policy finds the better of two responses the likelier one: the mean log-p accuracy on held-out
comparisons (Bai et al. 2022, App. B.3 and fig. 34), beside the PM's accuracy on the same ones, which is its ceiling.

A policy learns from its own responses alone. That people's choices between responses of others become likelier too says
that it has learnt what the PM knows, and not only how to please it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from models.data import Example, examples, select
from models.dialogue import Renderer, read_conversations
from models.packing import Row, pack
from models.policy import Places, Policy
from models.preference_model import PreferenceModel
from models.processes import ALONE, Processes


def read(path: Path, renderer: Renderer, at_most: int, max_tokens: int, system: str, seed: int) -> list[Example]:
    """The comparisons of a file that belong to test families, of which no training knows: a seeded subset."""
    held_out = select(read_conversations(path, system).conversations, "test", at_most=at_most, seed=seed)
    return examples(held_out.conversations, renderer, max_tokens)[0]


def of_policy(
    policy: Policy,
    held_out: Sequence[Example],
    row_tokens: int,
    processes: Processes = ALONE,
    go_on: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Share of the comparisons whose chosen response has the higher mean log-probability per token, by `accuracies`."""
    means = mean_logprobs(policy, list(processes.part(held_out)), row_tokens, go_on).tolist()
    policy.backbone.accompany()
    return accuracies([pair for part in processes.gather(means) for pair in part], held_out)


def of_pm(pm: PreferenceModel, held_out: Sequence[Example]) -> dict[str, float]:
    """Share of the same comparisons whose chosen response has the higher score."""
    scores = pm.score_trees([example.tree for example in held_out], [example.ends for example in held_out])
    pairs = [list(pair) for ends in scores for pair in zip(ends[::2], ends[1::2], strict=True)]
    return accuracies(pairs, held_out)


def accuracies(pairs: Sequence[Sequence[float]], held_out: Sequence[Example]) -> dict[str, float]:
    """Share of pairs (chosen, rejected) of numbers, those of `held_out` in order, whose first is the higher one; a tie
    counts half. Over all under the key "", and where there are several tasks, of each under "_" and its name."""
    tasks = [example.conversation.task for example in held_out for _ in example.pairs]
    right = [(chosen > rejected) + 0.5 * (chosen == rejected) for chosen, rejected in pairs]
    found = {"": sum(right) / len(right)}
    for task in sorted(set(tasks)) if len(set(tasks)) > 1 else []:
        own = [r for r, its in zip(right, tasks, strict=True) if its == task]
        found[f"_{task}"] = sum(own) / len(own)
    return found


@torch.no_grad()
def mean_logprobs(
    policy: Policy, held_out: Sequence[Example], row_tokens: int, go_on: Callable[[], None] = lambda: None
) -> Tensor:
    """Mean log-probability per token, in nats, of the chosen and the rejected response of each comparison: (n, 2)."""
    first, responses = [], 0  # of each example, counted through all of them
    for example in held_out:
        first.append(responses)
        responses += 2 * len(example.pairs)
    sums, tokens = torch.zeros(responses), torch.zeros(responses)
    for row in pack([example.tree for example in held_out], row_tokens):
        go_on()
        places = _places(row, held_out, first, policy.backbone.device)
        logprobs = policy.chosen(places).logprobs.cpu()
        sums.index_add_(0, places.rollout, logprobs)
        tokens.index_add_(0, places.rollout, torch.ones_like(logprobs))
    return (sums / tokens).view(-1, 2)


def _places(row: Row, held_out: Sequence[Example], first: Sequence[int], device: torch.device) -> Places:
    before: list[int] = []
    where: list[int] = []
    response: list[int] = []
    step: list[int] = []
    for tree in row.trees:
        example = held_out[tree]
        for i, node in enumerate(example.ends):
            turn = example.conversation.turns[example.turns[i // 2]]
            candidate = turn.rejected if i % 2 else turn.chosen
            parent = example.tree.nodes[node].parent
            assert candidate is not None
            assert parent is not None
            span = row.spans[tree, node]
            # Who was cut by length has not said the end-of-turn token that the PM reads there.
            cut = turn.candidates[candidate].finish == "length" and span.stop - span.start > 1
            said = range(span.start, span.stop - cut)
            before += [row.end(tree, parent), *said[:-1]]
            where += said
            response += [first[tree] + i] * len(said)
            step += range(len(said))
    return Places(
        row.batch().to(device),
        torch.tensor(before, device=device),
        row.input_ids[where].to(device),
        torch.tensor(response),
        torch.tensor(step),
    )
