"""What a policy run keeps on its way: a snapshot where its KL passes a chosen level, and what it says there to a few
fixed prompts, beside the initial policy.

Whether a policy still gets better where its PM says so, people tell by talking to snapshots along the run (Bai et al.
2022, §4.2 and §4.5); and a sheet of samples says more of a policy than its metrics.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from models.dialogue import Message
from models.evaluate_policy import median
from models.processes import Processes
from models.rollout import Networks
from models.run import write_atomically
from models.sampling import seed_of

SAMPLES = 17
"""Responses to each prompt, of which the median by the PM is shown: the paper's rule against choosing by hand (§6,
App. C)."""


class Waypoint(NamedTuple):
    """A snapshot along the run, `snapshots/NAME`."""

    name: str
    kl_level: int
    """Nats per response that the KL had passed."""
    step: int
    """The steps it has learned from."""
    kl_to_initial: float
    score: float


class Said(NamedTuple):
    """A response, and the PM's score of it."""

    text: str
    score: float
    scores: Sequence[float] = ()
    """Of all the responses that it is the median of, ascending."""


Row = dict[str, Any]
"""A line of `samples.jsonl`: what a snapshot and what the initial policy said to one prompt."""


def passed(kl: float, levels: Iterable[int], before: int) -> int | None:
    """The highest level that a KL of `kl` nats has reached, if it is higher than the level reached before."""
    return max((level for level in levels if before < level <= kl), default=None)


def typical(
    processes: Processes,
    networks: Networks,
    prompts: Sequence[list[int]],
    max_tokens: int,
    seed: int,
    go_on: Callable[[], None] = lambda: None,
) -> list[Said]:
    """What the policy says to each prompt: the median of SAMPLES responses by the PM. The same seed gives every policy
    the same luck. `go_on` is called now and then, and may raise."""
    own, said = list(processes.part(prompts)), []
    at_once = max(1, networks.sampling_batch // SAMPLES)
    with networks.policy.backbone.use(networks.policy.adapter):
        networks.sampler.prepare()
    for start in range(0, len(own), at_once):
        go_on()
        chunk = own[start : start + at_once]
        seeds = [[seed_of(seed, "shown", prompt, i) for i in range(SAMPLES)] for prompt in chunk]
        with networks.policy.backbone.use(networks.policy.adapter):
            responses = networks.sampler.sample(chunk, seeds, max_tokens, networks.sampling_batch)
        texts = [[networks.renderer.response_ids(response.text) for response in group] for group in responses]
        for group, scores in zip(responses, networks.pm.score(chunk, texts), strict=True):
            middle = median(scores)
            ascending = sorted(round(score, 4) for score in scores)
            said.append(Said(group[middle].text, round(scores[middle], 4), ascending))
    networks.policy.backbone.accompany()
    return [one for part in processes.gather(said) for one in part]


def side_by_side(
    snapshot: str,
    step: int,
    prompts: Sequence[list[Message]],
    tasks: Sequence[str | None],
    initial: Sequence[Said],
    new: Sequence[Said],
) -> list[Row]:
    """A row for each prompt; `step` is how many steps the snapshot has learned from."""
    return [
        {
            "snapshot": snapshot,
            "step": step,
            "prompt": [message._asdict() for message in prompt],
            "task": task,
            "initial": before._asdict(),
            "new": now._asdict(),
        }
        for prompt, task, before, now in zip(prompts, tasks, initial, new, strict=True)
    ]


def write_samples(run: Path, samples: Iterable[Row]) -> None:
    """All of them so far, into `samples.jsonl`."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in samples]
    write_atomically(run / "samples.jsonl", "".join(lines))


def rewind(run: Path, waypoints: Iterable[Waypoint], samples: Iterable[Row]) -> None:
    """Leave what a checkpoint knows of, and remove what was kept after it: those steps are taken again."""
    known = {waypoint.name for waypoint in waypoints}
    for directory in (run / "snapshots").glob("*"):
        if directory.name not in known:
            shutil.rmtree(directory)
    if (run / "samples.jsonl").exists():
        write_samples(run, samples)
