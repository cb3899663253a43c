"""How often a policy finds the better of two responses the likelier one: the mean log-p accuracy on held-out
comparisons (Bai et al. 2022, App. B.3 and fig. 34), beside the PM's accuracy on the same ones, which is its ceiling.

    python -m models.logp_accuracy COMPARISONS SNAPSHOT|base [SNAPSHOT|base …] --pm DIR

says it of policies, the others beside the first; a training run watches it at every step (`logp_comparisons`).

A policy learns from its own responses alone. That people's choices between responses of others become likelier too says
that it has learnt what the PM knows, and not only how to please it.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from models.data import Example, examples, select
from models.dialogue import Renderer, read_conversations
from models.intervals import paired, share
from models.packing import Row, pack
from models.policy import BASE, Places, Policy
from models.preference_model import MAX_TOKENS, ROW_TOKENS, PreferenceModel
from models.processes import ALONE, Processes
from models.run import BadInput, main


def read(
    path: Path,
    renderer: Renderer,
    at_most: int | None,
    max_tokens: int,
    system: str,
    seed: int,
    split: str | None = "test",
) -> list[Example]:
    """The comparisons of a file that belong to test families, of which no training knows (`split` None: all of them):
    a seeded subset."""
    held_out = select(read_conversations(path, system).conversations, split, at_most=at_most, seed=seed)
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
    return accuracies(pm_scores(pm, held_out), held_out)


def accuracies(pairs: Sequence[Sequence[float]], held_out: Sequence[Example]) -> dict[str, float]:
    """Share of pairs (chosen, rejected) of numbers, those of `held_out` in order, whose first is the higher one; a tie
    counts half. Over all under the key "", and where there are several tasks, of each under "_" and its name."""
    right = outcomes(pairs)
    return {name: sum(right[i] for i in places) / len(places) for name, places in groups(held_out).items()}


def outcomes(pairs: Sequence[Sequence[float]]) -> list[float]:
    """1 for each pair whose first number is the higher one, ½ for a tie, else 0."""
    return [(chosen > rejected) + 0.5 * (chosen == rejected) for chosen, rejected in pairs]


def groups(held_out: Sequence[Example]) -> dict[str, list[int]]:
    """Which comparisons are counted together: all under "", and of several tasks each under "_" and its name."""
    tasks = [example.conversation.task for example in held_out for _ in example.pairs]
    found = {"": list(range(len(tasks)))}
    for task in sorted(set(tasks)) if len(set(tasks)) > 1 else []:
        found[f"_{task}"] = [i for i, its in enumerate(tasks) if its == task]
    return found


def pm_scores(pm: PreferenceModel, held_out: Sequence[Example]) -> list[list[float]]:
    """Of the chosen and the rejected response of each comparison."""
    scores = pm.score_trees([example.tree for example in held_out], [example.ends for example in held_out])
    return [list(pair) for ends in scores for pair in zip(ends[::2], ends[1::2], strict=True)]


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


# By hand ----------------------------------------------------------------------------------------------------------


def table(judged: Sequence[tuple[str, Sequence[float]]], held_out: Sequence[Example]) -> list[str]:
    """Lines of text: the share of right `outcomes` of each judge, by name, with its 95 % interval, and from the second
    on how far it is from the first one's, with the standard error of that."""
    families = [example.conversation.family for example in held_out for _ in example.pairs]
    lines = []
    for name, places in groups(held_out).items():
        own = [families[i] for i in places]
        lines.append(f"{name[1:] or 'all'}, {len(own)} comparisons of {len(set(own))} families")
        first = [judged[0][1][i] for i in places]
        for number, (judge, right) in enumerate(judged):
            these = [right[i] for i in places]
            value, low, high = (100 * part for part in share(these, own))
            line = f"  {judge:20} {value:.1f} % ({low:.1f} to {high:.1f})"
            if number:
                beside = paired(these, first, own)
                line += f", {100 * beside.difference:+.1f} ± {100 * beside.standard_error:.1f} points"
            lines.append(line)
    return lines


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.logp_accuracy", description=__doc__.split("\n\n")[0])
    parser.add_argument("comparisons", type=Path, help="conversations or HH rows, .jsonl or .jsonl.gz")
    parser.add_argument("policies", nargs="+", metavar="SNAPSHOT|base", help="of one base")
    parser.add_argument("--pm", type=Path, help="snapshot of the PM whose accuracy is the ceiling")
    parser.add_argument("--all", action="store_true", help="every comparison, not only those of the test split")
    parser.add_argument("--at-most", type=int, help="so many comparisons, a seeded subset")
    arguments = parser.parse_args()
    if arguments.at_most is not None and arguments.at_most < 1:
        raise BadInput("--at-most must be at least 1.")
    opened = Policy.open(arguments.policies[0])
    backbone = opened.policy.backbone
    max_tokens, split = min(backbone.context, MAX_TOKENS), None if arguments.all else "test"
    held_out = read(
        arguments.comparisons, opened.renderer, arguments.at_most, max_tokens, opened.system, seed=0, split=split
    )
    if not held_out:
        which = "comparison that fits" if arguments.all else "comparison of test families; --all takes every one"
        raise BadInput(f"{arguments.comparisons} holds no {which}.")

    policies = [(opened.name, opened.policy)]
    for number, which in enumerate(arguments.policies[1:]):
        if which == BASE:
            policies.append((BASE, Policy(backbone, None)))
        else:
            policy, found = Policy.load(backbone, f"policy-{number}", Path(which))
            policies.append((found.manifest.name, policy))
    judged = [(name, outcomes(mean_logprobs(policy, held_out, ROW_TOKENS).tolist())) for name, policy in policies]
    if arguments.pm:
        pm, its = PreferenceModel.load(backbone, "pm", arguments.pm)
        judged.append((f"{its.manifest.name} (PM)", outcomes(pm_scores(pm, held_out))))
    print("\n".join(table(judged, held_out)))


if __name__ == "__main__":
    main(command)
