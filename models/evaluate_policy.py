"""What a policy's responses are like: `python -m models.evaluate_policy SNAPSHOT|base PROMPTS OUT.json --pm DIR`.

PM score, KL to the initial policy, entropy, length, endings, refusals and variety, beside those of `--against` on the
same prompts with the same seeds.
"""

import argparse
import dataclasses
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from models import snapshot
from models.backbone import set_threads
from models.dialogue import rows_of
from models.policy import BASE, Opened, Policy
from models.preference_model import PreferenceModel
from models.rollout import Networks, Rollouts, collect
from models.run import BadInput, RunDirectory, check_report, main, run_of_output, write_atomically
from models.sample import prompt_of
from models.sampling import Sampler, seed_of

REFUSALS = (
    "i can't", "i cannot", "i can not", "i won't", "i'm not able to", "i am not able to", "i'm unable to",
    "i am unable to", "i'm sorry, but", "i am sorry, but", "as an ai", "i don't feel comfortable",
    "i do not feel comfortable", "i must decline",
)  # fmt: skip
"""A response that holds one of these in its first 100 characters counts as a refusal. Coarse, but plain to see; the
same list is held against both policies."""

SHOWN = 10  # prompts whose responses are put side by side in OUT
AT_ONCE = 64  # responses that are sampled and scored together, between two words of progress


class Answer(NamedTuple):
    """One response, and what is known of it."""

    text: str
    length: int  # tokens, the end-of-turn token included
    ended: bool
    score: float
    test_score: float | None
    kl_to_initial: float  # nats: the sum of log π − log π_initial over its tokens
    entropy: float  # nats: the sum over its tokens


def answers(rollouts: Rollouts) -> list[Answer]:
    """The rollouts one by one, those on the same prompt beside each other."""
    entropy = (rollouts.entropy * rollouts.is_response).sum(1)
    test = [None] * len(entropy) if rollouts.test_scores is None else rollouts.test_scores.tolist()
    flat = [response for group in rollouts.responses for response in group]
    columns = zip(
        flat, rollouts.scores.tolist(), test, rollouts.kl_to_initial.tolist(), entropy.tolist(), strict=True
    )  # fmt: skip
    return [Answer(r.text, len(r.tokens), r.finish == "stop", s, t, kl, h) for r, s, t, kl, h in columns]


def summary(given: Sequence[Answer]) -> dict[str, float]:
    """Means over responses; entropy over tokens."""
    n, tokens = len(given), sum(a.length for a in given)
    made = {
        "score": sum(a.score for a in given) / n,
        "kl_to_initial": sum(a.kl_to_initial for a in given) / n,
        "entropy": sum(a.entropy for a in given) / tokens,
        "length": tokens / n,
        "end_of_turn_rate": sum(a.ended for a in given) / n,
        "refusal_rate": sum(is_refusal(a.text) for a in given) / n,
        "distinct_2": distinct_2([a.text for a in given]),
    }
    test = [a.test_score for a in given if a.test_score is not None]
    return made | ({"test_score": sum(test) / n} if test else {})


def is_refusal(text: str) -> bool:
    opening = text[:100].lower().replace("’", "'")
    return any(phrase in opening for phrase in REFUSALS)


def distinct_2(texts: Sequence[str]) -> float:
    """Different pairs of neighbouring words, as a share of all: falls when a policy says the same to everybody."""
    pairs = [pair for words in (text.lower().split() for text in texts) for pair in itertools.pairwise(words)]
    return len(set(pairs)) / len(pairs) if pairs else 0.0


def paired(new: Sequence[float], old: Sequence[float], per_prompt: int = 1) -> dict[str, float]:
    """Mean difference with its 95 % interval, and the share of pairs that `new` wins (a tie is half).

    Responses to one prompt (`per_prompt` of them, beside each other) are alike: the interval counts prompts."""
    differences = [a - b for a, b in zip(new, old, strict=True)]
    groups = [sum(differences[i : i + per_prompt]) / per_prompt for i in range(0, len(differences), per_prompt)]
    n, mean = len(groups), sum(groups) / len(groups)
    variance = sum((g - mean) ** 2 for g in groups) / (n - 1) if n > 1 else math.inf
    half = 1.96 * math.sqrt(variance / n)
    wins = sum((d > 0) + 0.5 * (d == 0) for d in differences) / len(differences)
    low, high = (mean - half, mean + half) if n > 1 else (mean, mean)
    return {"mean": mean, "low": low, "high": high, "win_rate": wins}


def in_deviations(gain: Mapping[str, float], old: Sequence[float], per_prompt: int) -> dict[str, float]:
    """A gain of `paired` and its interval in standard deviations of the old policy's scores within a prompt: PMs have
    units of their own. Beside it what choosing the best of its `per_prompt` responses would gain (1.03 for 4 normal
    ones, for a KL of log 4 − 3/4 = 0.64 nats). Nothing, where each prompt has one response or all score the same."""
    groups = [old[i : i + per_prompt] for i in range(0, len(old), per_prompt)]
    means = [sum(group) / per_prompt for group in groups]
    squares = sum((score - mean) ** 2 for group, mean in zip(groups, means, strict=True) for score in group)
    deviation = math.sqrt(squares / (len(old) - len(groups))) if per_prompt > 1 else 0.0
    if not deviation:
        return {}
    best = sum(max(group) - mean for group, mean in zip(groups, means, strict=True)) / len(groups)
    parts = {"gain": gain["mean"], "gain_low": gain["low"], "gain_high": gain["high"], f"best_of_{per_prompt}": best}
    return {"deviation": deviation} | {name: part / deviation for name, part in parts.items()}


def at_equal_length(new: Sequence[Answer], old: Sequence[Answer], scores: Tensor, per_prompt: int) -> dict[str, float]:
    """What a gain would be among responses of the same length, for PMs are fond of lengths: the coefficient of the
    policy, with its 95 % interval, where least squares explain the scores (2, n), the new ones first, by policy, length
    and prompt; `per_token` is that of the length. Nothing where length alone tells the policies apart.

    Responses to one prompt are alike: the interval counts prompts (Liang and Zeger 1986)."""
    lengths = torch.tensor([[a.length for a in side] for side in (new, old)])
    sides = torch.tensor([1.0, 0.0])[:, None].expand_as(lengths)
    # What differs from prompt to prompt goes with the means: (prompts, responses of both).
    by_prompt = (
        torch.cat(tuple(each.double().unflatten(1, (-1, per_prompt))), dim=1) for each in (sides, lengths, scores)
    )
    side, length, score = (each - each.mean(1, keepdim=True) for each in by_prompt)
    squares = length.square().sum()
    own = side - (side * length).sum() / squares * length if squares else side  # what lengths do not tell of the policy
    left = (own * side).sum()
    if left < 1e-9 * side.square().sum():
        return {}
    gain = (own * score).sum() / left
    per_token = (length * (score - gain * side)).sum() / squares if squares else torch.zeros(())
    errors = (own * (score - gain * side - per_token * length)).sum(1)
    n = len(errors)
    half = 1.96 * (n / (n - 1) * errors.square().sum()).sqrt() / left if n > 1 else torch.zeros(())
    return {"mean": float(gain), "low": float(gain - half), "high": float(gain + half), "per_token": float(per_token)}


def compare(new: Sequence[Answer], old: Sequence[Answer], per_prompt: int) -> dict[str, dict[str, Any]]:
    """`paired`, `in_deviations` and `at_equal_length` by the PM and, if there is one, by the test-PM."""

    def by(score: Callable[[Answer], float | None]) -> dict[str, Any]:
        ours, theirs = ([s for a in side if (s := score(a)) is not None] for side in (new, old))
        if not ours:
            return {}
        gain = paired(ours, theirs, per_prompt)
        level = at_equal_length(new, old, torch.tensor([ours, theirs], dtype=torch.float64), per_prompt)
        return gain | in_deviations(gain, theirs, per_prompt) | {"at_equal_length": level}

    both = {"score": by(lambda answer: answer.score), "test_score": by(lambda answer: answer.test_score)}
    return {name: compared for name, compared in both.items() if compared}


def by_task(tasks: Sequence[str | None], given: Sequence[Sequence[Answer]], per_prompt: int) -> dict[str, Any]:
    """The same numbers for the prompts of each task, by the task of each prompt; the answers of the policy and, where
    there is one, of the policy that it is compared with. What the one gains the other may lose (Bai et al. 2022, §4.4).
    Prompts that name no task are in none."""
    found: dict[str, Any] = {}
    for task in sorted({task for task in tasks if task is not None}):
        places = [place for place, its in enumerate(tasks) if its == task]
        sides = [[a for p in places for a in side[p * per_prompt : (p + 1) * per_prompt]] for side in given]
        found[task] = {"prompts": len(places), "new": summary(sides[0])}
        if len(sides) > 1:
            found[task] |= {"old": summary(sides[1]), "paired": compare(sides[0], sides[1], per_prompt)}
    return found


def answer(
    networks: Networks,
    prompts: Sequence[list[int]],
    samples: int,
    max_tokens: int,
    seed: int,
    on_progress: Callable[[int], None] = lambda done: None,
    best_of: int = 1,
) -> list[Answer]:
    """`samples` responses to each prompt, those on the same prompt beside each other; each the one that the PM likes
    best of `best_of`."""
    given: dict[int, list[Answer]] = {}
    sampled = samples * best_of
    at_once = max(1, AT_ONCE // sampled)
    by_length = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    for start in range(0, len(prompts), at_once):
        chunk = by_length[start : start + at_once]
        seeds = [[seed_of(seed, prompts[i], k) for k in range(sampled)] for i in chunk]
        made = answers(collect(networks, [prompts[i] for i in chunk], seeds, max_tokens))
        for place, i in enumerate(chunk):
            own = made[place * sampled : (place + 1) * sampled]
            given[i] = [best(own[k : k + best_of]) for k in range(0, sampled, best_of)]
        on_progress(start + len(chunk))
    return [a for i in range(len(prompts)) for a in given[i]]


def best(given: Sequence[Answer]) -> Answer:
    """The one of k responses to a prompt that the PM likes best. Choosing is a step away from the policy too, of at
    most log k − (k − 1)/k nats (Beirami et al. 2024, arXiv 2401.01879): added to the mean of their own."""
    k = len(given)
    kl = sum(a.kl_to_initial for a in given) / k + math.log(k) - (k - 1) / k
    return max(given, key=lambda a: a.score)._replace(kl_to_initial=kl)


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.evaluate_policy", description=__doc__)
    parser.add_argument("policy", metavar="SNAPSHOT|base")
    parser.add_argument("prompts", type=Path, help=".jsonl or .jsonl.gz")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pm", type=Path, required=True, help="snapshot of the PM that scores")
    parser.add_argument("--test-pm", type=Path, help="snapshot of a PM that the policy was not optimised for")
    parser.add_argument("--against", metavar="DIR|base", help="a policy to compare with on the same prompts")
    parser.add_argument("--initial", metavar="DIR|base", default=BASE, help="what the KL is measured to (base)")
    parser.add_argument("--max-prompts", type=int, help="only the first so many")
    parser.add_argument("--max-prompt-tokens", type=int, help="leave longer prompts out, and count them")
    parser.add_argument("--max-tokens", type=int, default=64, help="tokens of a response, at most (64)")
    parser.add_argument("--samples", type=int, default=1, help="responses per prompt (1)")
    parser.add_argument("--best-of", type=int, default=1, help="each response the best of so many by the PM (1)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in ("max_prompts", "max_prompt_tokens", "max_tokens", "samples", "best_of"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            raise BadInput(f"--{name.replace('_', '-')} must be at least 1.")
    check_report(arguments.out)
    with run_of_output(arguments.out) as run:
        content = evaluate(arguments, run)
        write_atomically(arguments.out, json.dumps(content, ensure_ascii=False) + "\n")
    print(sentence(content))


def evaluate(arguments: argparse.Namespace, run: RunDirectory | None) -> dict[str, Any]:
    """What goes into OUT."""
    rows = list(rows_of(arguments.prompts))
    if not rows:
        raise BadInput(f"{arguments.prompts} holds no prompts.")
    snapshot.load(arguments.pm, "pm")  # before the model is loaded, which takes longer
    opened = Policy.open(arguments.policy)
    backbone = opened.policy.backbone
    pm, pm_snapshot = PreferenceModel.load(backbone, "pm", arguments.pm)
    test_pm = arguments.test_pm and PreferenceModel.load(backbone, "test_pm", arguments.test_pm)[0]
    initial = _beside(opened, "initial", arguments.initial)
    sampler = Sampler(backbone, opened.tokenizer, opened.renderer)
    networks = Networks(opened.policy, initial, None, pm, test_pm, sampler, opened.renderer)

    told = [prompt_of(row, where, opened.system) for where, row in rows]
    prompts = [opened.renderer.prompt_ids(messages) for messages in told]
    # What cannot be read is counted, not fatal: one long dialogue should not spoil a week's evaluation.
    room = min(pm.max_tokens - arguments.max_tokens - 1, arguments.max_prompt_tokens or pm.max_tokens)
    kept = [i for i, prompt in enumerate(prompts) if len(prompt) <= room][: arguments.max_prompts]
    if not kept:
        raise BadInput(f"{arguments.prompts}: every prompt is longer than {room} tokens.")
    too_long = sum(len(prompt) > room for prompt in prompts)
    prompts = [prompts[i] for i in kept]

    sides = [opened.policy, *([_beside(opened, "against", arguments.against)] if arguments.against else [])]
    given = []
    for number, policy in enumerate(sides):

        def on_progress(done: int, number: int = number) -> None:
            if run:
                run.check_preempted()
                set_threads(run.threads())
                run.progress("evaluate", number * len(prompts) + done, len(sides) * len(prompts))

        on_progress(0)
        side = dataclasses.replace(networks, policy=policy)
        of = arguments.best_of if policy is opened.policy else 1  # what it is compared with is sampled plainly
        given.append(answer(side, prompts, arguments.samples, arguments.max_tokens, arguments.seed, on_progress, of))
    bad = [a for side_answers in given for a in side_answers if not math.isfinite(a.score)]
    if bad:
        raise BadInput(f"The PM {pm_snapshot.manifest.name} gives {bad[0].score} for a response; it cannot be used.")
    content: dict[str, Any] = {
        "policy": opened.name,
        "pm": pm_snapshot.manifest.name,
        "prompts": len(prompts),
        "samples": arguments.samples,
        "best_of": arguments.best_of,
        "left_out": {"too long": too_long} if too_long else {},
        "new": summary(given[0]),
    }
    if arguments.against:
        content["against"] = BASE if arguments.against == BASE else snapshot.load(Path(arguments.against)).manifest.name
        content["old"] = summary(given[1])
        content["paired"] = compare(given[0], given[1], arguments.samples)
    content["by_task"] = by_task([rows[i][1].get("task") for i in kept], given, arguments.samples)
    content["side_by_side"] = [
        {
            "prompt": [message._asdict() for message in told[i]],
            **{
                name: _shown(side[p * arguments.samples :][: arguments.samples])
                for name, side in zip(("new", "old"), given, strict=False)
            },
        }
        for p, i in enumerate(kept[:SHOWN])
    ]
    return content


def _shown(given: Sequence[Answer]) -> list[dict[str, Any]]:
    """Responses to one prompt, the median by the PM first: the one to show where there is room for one (with 17 samples
    the paper's rule against choosing by hand, §6)."""
    middle = median([answer.score for answer in given])
    others = sorted((a for i, a in enumerate(given) if i != middle), key=lambda answer: answer.score)
    return [{"text": a.text, "score": round(a.score, 4)} for a in [given[middle], *others]]


def median(scores: Sequence[float]) -> int:
    """Index of the median; of an even number the lower of the two."""
    return sorted(range(len(scores)), key=lambda i: scores[i])[(len(scores) - 1) // 2]


def _beside(opened: Opened, adapter: str, which: str) -> Policy:
    """Another policy on the same base."""
    backbone = opened.policy.backbone
    return Policy(backbone, None) if which == BASE else Policy.load(backbone, adapter, Path(which))[0]


def sentence(content: dict[str, Any]) -> str:
    new = content["new"]
    name = content["policy"] + (f", best of {content['best_of']}" if content["best_of"] > 1 else "")
    text = f"{name}: score {new['score']:.3f}, KL {new['kl_to_initial']:.2f} nats per response"
    if "paired" in content:
        score = content["paired"]["score"]
        text += (
            f"; against {content['against']} {score['mean']:+.3f} (95 % {score['low']:+.3f} to {score['high']:+.3f}), "
            f"wins {score['win_rate']:.0%}"
        )
        for whose, compared in (("", score), (" by the test-PM", content["paired"].get("test_score", {}))):
            if "gain" in compared:
                best_of = compared[f"best_of_{content['samples']}"]
                text += (
                    f"; {compared['gain']:+.2f} deviations within a prompt{whose} ({compared['gain_low']:+.2f} to "
                    f"{compared['gain_high']:+.2f}; the best of {content['samples']}: {best_of:+.2f})"
                )
        if level := score["at_equal_length"]:
            text += f"; at equal length {level['mean']:+.3f} ({level['low']:+.3f} to {level['high']:+.3f})"
    return f"{text}, on {content['prompts']} prompts"


if __name__ == "__main__":
    main(command)
