"""What a policy's run begins with: config, prompts, comparisons and policies, each checked before it starts."""

import dataclasses
import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from models import logp_accuracy, mix, snapshot
from models.backbone import Backbone
from models.config import PolicyConfig, must_go_together, to_json
from models.data import Example
from models.dialogue import Message, Renderer, read_prompts
from models.policy import Policy
from models.preference_model import MAX_TOKENS
from models.run import BadInput
from models.sampling import seed_of


def check(config: PolicyConfig, where: Path) -> None:
    """BadInput for what each field alone does not show."""
    if not config.pm:
        raise BadInput(f"{where}: pm must name the snapshot directory of a preference model.")
    must_go_together(config, str(where))


class Prompts(NamedTuple):
    """The prompts of a run, as token ids."""

    ids: list[list[int]]
    hash: str
    left_out: dict[str, int]
    kinds: list[mix.Kind]
    told: list[list[Message]]
    """The same, to read."""
    tasks: Sequence[str] = ()
    """Of each; none where all have the same."""

    def some(self, config: PolicyConfig) -> "Shown":
        """A seeded choice of them."""
        draw = random.Random(seed_of(config.seed, "shown prompts"))
        chosen = sorted(draw.sample(range(len(self.ids)), min(config.sample_prompts, len(self.ids))))
        tasks = [self.tasks[i] if self.tasks else None for i in chosen]
        return Shown([self.ids[i] for i in chosen], [self.told[i] for i in chosen], tasks)

    def of_step(self, step: int, config: PolicyConfig) -> tuple[list[list[int]], list[list[int]]]:
        """The prompts of a step, counted from 1, and a seed for each response."""
        k, numbers = config.responses_per_prompt, self._numbers(step, config)
        seeds = [[seed_of(config.seed, "response", n, i) for i in range(k)] for n in numbers]
        return [self.ids[i] for i in self._order(numbers, config)], seeds

    def tasks_of_step(self, step: int, config: PolicyConfig) -> list[str]:
        """Of those prompts; none where all have the same."""
        return [self.tasks[i] for i in self._order(self._numbers(step, config), config)] if self.tasks else []

    def _numbers(self, step: int, config: PolicyConfig) -> range:
        k, done = config.responses_per_prompt, (step - 1) * config.rollouts_per_step
        return range(done // k, min(done + config.rollouts_per_step, config.rollouts) // k)

    def _order(self, numbers: range, config: PolicyConfig) -> list[int]:
        return mix.order(self.kinds, numbers.stop, config.seed)[numbers.start :]


def longest_prompt(config: PolicyConfig, context: int) -> int:
    """Tokens of a prompt that leaves room for a response in the base's context; BadInput if none does."""
    room = context - config.max_new_tokens - 1
    if room < 1:
        raise BadInput(f"max_new_tokens is {config.max_new_tokens}, but the base reads {context} tokens in all.")
    return min(config.max_prompt_tokens, room)


def read_data(path: Path, config: PolicyConfig, renderer: Renderer, limit: int) -> Prompts:
    """The prompts of at most `limit` tokens; BadInput if there is none."""
    prompts = read_prompts(path, config.system)
    if not prompts:
        raise BadInput(f"{path} holds no prompts.")
    ids = [renderer.prompt_ids(prompt.messages) for prompt in prompts]
    fitting = [i for i, prompt in enumerate(ids) if len(prompt) <= limit]
    if not fitting:
        shortest = min(map(len, ids))
        raise BadInput(f"{path}: every prompt is longer than {limit} tokens; the shortest has {shortest}.")
    left_out = {"too long": len(ids) - len(fitting)} if len(fitting) < len(ids) else {}
    kept = [ids[i] for i in fitting]
    kinds = mix.kinds_of([prompts[i] for i in fitting], config.generated_share, config.helpful_share, path)
    told = [prompts[i].messages for i in fitting]
    tasks = [prompts[i].task for i in fitting]
    several = tasks if len(set(tasks)) > 1 else []
    return Prompts(kept, _sha256(json.dumps([kept, kinds])), left_out, kinds, told, several)


class Shown(NamedTuple):
    """The prompts that every snapshot of the run answers."""

    ids: list[list[int]]
    told: list[list[Message]]
    tasks: list[str | None]


def read_shown(path: Path, data: Prompts, config: PolicyConfig, renderer: Renderer, limit: int) -> Shown:
    """The first of a file, so that runs on different data answer the same; without one, a choice of the run's own. What
    has more than `limit` tokens is left out."""
    if not path.exists():
        return data.some(config)
    prompts = [(renderer.prompt_ids(prompt.messages), prompt) for prompt in read_prompts(path, config.system)]
    fitting = [(ids, prompt) for ids, prompt in prompts if len(ids) <= limit]
    chosen = fitting[: config.sample_prompts]
    return Shown([ids for ids, _ in chosen], [one.messages for _, one in chosen], [one.task for _, one in chosen])


def read_held_out(run: Path, config: PolicyConfig, renderer: Renderer, context: int) -> list[Example]:
    """The comparisons that watch the run, if there are any."""
    found = [path for name in ("comparisons.jsonl", "comparisons.jsonl.gz") if (path := run / name).exists()]
    if not found or not config.logp_comparisons:
        return []
    max_tokens = min(context, MAX_TOKENS)
    return logp_accuracy.read(found[0], renderer, config.logp_comparisons, max_tokens, config.system, config.seed)


def begin_from(config: PolicyConfig, backbone: Backbone, run: Path) -> tuple[Policy, Policy, list[str]]:
    """The initial policy, which is the KL anchor; the policy, which begins as its copy or as `start`; names of
    parents."""
    initial, parents = Policy(backbone, None), []
    if config.initial is not None:
        initial, anchor = Policy.load(backbone, "initial", run / config.initial)
        parents.append(anchor.manifest.name)
    begin = config.start or config.initial
    if begin is not None:
        parents.append(snapshot.load(run / begin, "policy", backbone.hash).manifest.name)
    directory = run / begin if begin else None
    if config.method == "full":
        backbone.add_full_adapter("policy", directory)
    elif directory:
        backbone.load_adapter("policy", directory, trainable=True)
    else:
        backbone.add_adapter("policy", config.lora_rank)
    return initial, Policy(backbone, "policy"), list(dict.fromkeys(parents))


def fingerprint(config: PolicyConfig, prompts: Prompts, shown: Shown, held_out: Sequence[Example], run: Path) -> str:
    """sha256 of all that a step follows from: a checkpoint of other inputs is not gone on from."""
    samples_here = dataclasses.replace(config, rollout_url=None)  # a server may have moved since
    snapshots = [run / name for name in (config.pm, config.test_pm, config.initial, config.start) if name]
    manifests = [(directory / "manifest.json").read_text() for directory in snapshots]
    watching = [[dataclasses.asdict(example.conversation), example.turns] for example in held_out]
    return _sha256(to_json(samples_here), prompts.hash, json.dumps([shown.ids, watching]), *manifests)


def _sha256(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
