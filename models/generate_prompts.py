"""Prompts that a policy writes: `python -m models.generate_prompts SNAPSHOT_DIR|base PROMPTS.jsonl OUT.jsonl`.

First messages of people, from PROMPTS, stand before the policy, about ten at a time and others at each request, and it
writes the next one, in the human's place (few-shot; Bai et al. 2022 §4.1 train policies on 137,000 prompts of people
and 369,000 such ones). In the assistant's place, asked for a message, the small base of ours wrote worse ones.
OUT holds `{"prompt": text, "task", "generated_by": the policy's name}`, to be put beside people's prompts in
`prompts.jsonl`; `generated_share` of `train_policy` says how many of each a run takes.

Only messages of the split's train side are shown, and only such are kept: test families stay unseen.
"""

import argparse
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from models import mix
from models.backbone import set_threads
from models.dialogue import DEFAULT_SYSTEM, Message, Prompt, Renderer, family_of, read_prompts, split_of
from models.policy import Opened, Policy
from models.run import BadInput, file_atomically, main, run_of_output
from models.sampling import Response, Sampler, seed_of

PER_REQUEST = 4  # messages on the same examples, which share their computation
AT_ONCE = 16  # requests
TRIES = 20  # messages written for each that is wanted, before we give up

RUN = 3
"""Words that follow each other and are compared together."""
ALIKE = 0.7
"""Share of a message's runs of words that stand in one other message, from which on it is a copy of it."""
REPEATS_HUMAN, REPEATS_GENERATED = "repeats a human one", "repeats a generated one"


class Written(NamedTuple):
    """What came out."""

    prompts: list[Prompt]
    dropped: Counter[str]
    """Messages that were written and not kept, by reason."""


def of_sides(
    opened: Opened,
    human: Sequence[Prompt],
    count: int,
    helpful_share: float | None,
    shots: int,
    max_tokens: int,
    seed: int,
    on_progress: Callable[[int], None],
) -> Written:
    """New first messages after the manner of people's, of which this share are not red-teaming; None: as many as among
    people's. BadInput if a side that is asked for has no examples, or as `generate`."""
    shown, sieve, written = usable(human, opened.renderer, max_tokens), Sieve(human), Written([], Counter())
    for side, share in mix.by_side(helpful_share).items():
        if not share:
            continue
        examples = {task: texts for task, texts in shown.items() if side in ("", mix.side_of(task))}
        if not examples:
            raise BadInput(
                f"There is no first message of people{side and f' about {side}'} of at most {max_tokens} tokens that "
                "is of the split's train side."
            )

        def of_side(done: int, before: int = len(written.prompts)) -> None:
            on_progress(before + done)

        part = generate(opened, examples, sieve, math.ceil(count * share), shots, max_tokens, seed, of_side)
        written.prompts.extend(part.prompts)
        written.dropped.update(part.dropped)
    return written


def generate(
    opened: Opened,
    examples: Mapping[str, list[str]],
    sieve: "Sieve",
    count: int,
    shots: int,
    max_tokens: int,
    seed: int,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Written:
    """`count` new first messages after the manner of the examples, by task, or as many as the policy finds in TRIES
    times as many. BadInput if there is no room for the examples, or nothing can be kept. `on_progress` hears how many
    there are, and may raise."""
    policy, tokenizer, renderer, name, system = opened
    sampler = Sampler(policy.backbone, tokenizer, renderer)
    written = Written([], Counter())
    for start in range(0, -(-TRIES * count // PER_REQUEST), AT_ONCE):
        on_progress(len(written.prompts))
        numbers = range(start, start + AT_ONCE)
        requests = [request(examples, shots, random.Random(seed_of(seed, "examples", n))) for n in numbers]
        prompts = [renderer.human_ids(system or DEFAULT_SYSTEM, shown) for _, shown in requests]
        if max(map(len, prompts)) + max_tokens > policy.backbone.context:
            raise BadInput(
                f"{shots} messages of at most {max_tokens} tokens do not fit into the context of "
                f"{policy.backbone.context}: show fewer, or shorter ones."
            )
        seeds = [[seed_of(seed, "message", n, k) for k in range(PER_REQUEST)] for n in numbers]
        with policy.backbone.use(policy.adapter):
            sampled = sampler.sample(prompts, seeds, max_tokens)
        for (task, _), responses in zip(requests, sampled, strict=True):
            for response in responses:
                if len(written.prompts) == count:
                    return written
                if reason := sieve.reason_against(response):
                    written.dropped[reason] += 1
                    continue
                text = response.text.strip()
                sieve.add(text, REPEATS_GENERATED)
                written.prompts.append(Prompt([Message("user", text)], task, name))
    if not written.prompts:
        (reason, number), *_ = written.dropped.most_common(1)
        raise BadInput(
            f"Of {written.dropped.total()} messages that the policy {name} wrote, none could be kept: {number} are "
            f"dropped for “{reason}”."
        )
    return written


def first_of(prompt: Prompt) -> str:
    """The first human message."""
    return next(message.content for message in prompt.messages if message.role == "user")


def usable(human: Sequence[Prompt], renderer: Renderer, max_tokens: int) -> dict[str, list[str]]:
    """First messages to show as examples, by task: of the train side, written by people, each family once, and no
    longer than a new one may become."""
    found: dict[str, list[str]] = defaultdict(list)
    seen = set()
    for prompt in human:
        family, text = prompt.family, first_of(prompt).strip()
        if family in seen or prompt.generated_by or split_of(family) != "train" or not text:
            continue
        seen.add(family)
        if len(renderer.response_ids(text)) <= max_tokens:
            found[prompt.task].append(text)
    return found


def request(examples: Mapping[str, list[str]], shots: int, draw: random.Random) -> tuple[str, list[str]]:
    """A task, as often as it is among the examples, and `shots` messages of that task (fewer where there are not so
    many) to stand before a new one."""
    tasks = sorted(examples)
    (task,) = draw.choices(tasks, [len(examples[task]) for task in tasks])
    return task, draw.sample(examples[task], min(shots, len(examples[task])))


# What is kept -----------------------------------------------------------------------------------------------------


class Sieve:
    """Tells new messages from what is there already."""

    def __init__(self, there: Sequence[Prompt]) -> None:
        self._families: dict[str, str] = {}  # why not, by family
        self._holders: dict[tuple[str, ...], list[int]] = defaultdict(list)  # of each run of words
        self._reasons: list[str] = []  # by holder
        for prompt in sorted(there, key=lambda prompt: bool(prompt.generated_by)):  # of two alike the human one counts
            self.add(first_of(prompt), REPEATS_GENERATED if prompt.generated_by else REPEATS_HUMAN)

    def add(self, text: str, reason: str) -> None:
        """From now on a message like this one is refused, for this reason."""
        self._families.setdefault(family_of(text), reason)
        for run in runs_of(text):
            self._holders[run].append(len(self._reasons))
        self._reasons.append(reason)

    def reason_against(self, response: Response) -> str | None:
        """Why a message is not to be kept; None if it is."""
        if not re.search(r"\w", response.text):
            return "empty"
        if response.finish == "length":
            return "too long"
        family = family_of(response.text)
        if family in self._families:
            return self._families[family]
        runs = runs_of(response.text)
        shared = Counter(holder for run in runs for holder in self._holders.get(run, ()))
        if shared:
            (nearest, count), *_ = shared.most_common(1)
            if count >= ALIKE * len(runs):
                return f"nearly {self._reasons[nearest]}"
        if split_of(family) != "train":
            return "of the test side"
        return None


def runs_of(text: str) -> set[tuple[str, ...]]:
    """All runs of three words, case and punctuation aside; of a shorter message all its words as one."""
    words = re.findall(r"\w+(?:['’]\w+)*", text.casefold())
    return {tuple(words[i : i + RUN]) for i in range(max(1, len(words) - RUN + 1))}


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.generate_prompts", description=__doc__)
    parser.add_argument("policy", metavar="SNAPSHOT_DIR|base")
    parser.add_argument("prompts", type=Path, help=".jsonl or .jsonl.gz, with first messages of people")
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=100, help="messages to keep (100)")
    parser.add_argument(
        "--shots", type=int, default=10, help="messages of people shown at a time, where there are so many (10)"
    )
    parser.add_argument("--helpful-share", type=float, help="share that is not red-teaming (as among people's)")
    parser.add_argument("--max-tokens", type=int, default=64, help="tokens of a message, at most (64)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in ("count", "shots", "max_tokens"):
        if getattr(arguments, name) < 1:
            raise BadInput(f"--{name.replace('_', '-')} must be at least 1.")
    if arguments.helpful_share is not None and not 0 <= arguments.helpful_share <= 1:
        raise BadInput("--helpful-share must be between 0 and 1.")
    count, shots, max_tokens = arguments.count, arguments.shots, arguments.max_tokens
    with run_of_output(arguments.out) as run:
        human = read_prompts(arguments.prompts)  # a file that cannot be read should say so before the base is loaded
        if not human:
            raise BadInput(f"{arguments.prompts} holds no prompts.")

        def on_progress(done: int) -> None:
            if run:
                run.progress("write prompts", done, count)
                run.check_preempted()
                set_threads(run.threads())

        opened = Policy.open(arguments.policy)
        written = of_sides(
            opened, human, count, arguments.helpful_share, shots, max_tokens, arguments.seed, on_progress
        )
        with file_atomically(arguments.out) as file:
            for prompt in written.prompts:
                row = {"prompt": first_of(prompt), "task": prompt.task, "generated_by": prompt.generated_by}
                file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    few = "" if len(written.prompts) >= count else f" of {count} that were wanted"
    print(f"{arguments.out}: {len(written.prompts)} prompts by {opened.name}{few}")
    for reason, number in written.dropped.most_common():
        print(f"  dropped, {reason}: {number}")


if __name__ == "__main__":
    main(command)
