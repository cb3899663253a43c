"""A second week, begun anew or continued, in the toy world: which policy comes further in the same number of steps?

    python -m benchmarks.second_week

Two weeks as the loop has them. A crowd that likes one letter (models/tiny.py), and is wrong in one choice of ten,
chooses between two responses of the week's policy; a PM learns from all comparisons so far; a policy learns from that
PM, with the KL to the initial policy as its price. The second week's policy is trained twice: from the initial policy,
the paper's way (Bai et al. 2022, §4.5), and from the first week's (`start`). All are judged on prompts of unseen
families, by the second week's PM and by what the crowd really likes.
"""

import argparse
import itertools
import json
import math
import os
import random
import statistics
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from models import evaluate_policy, tiny
from models.dialogue import DEFAULT_SYSTEM, HELPFULNESS, family_of, split_of
from models.policy import BASE, Policy
from models.preference_model import PreferenceModel
from models.rollout import Networks
from models.run import RunDirectory
from models.sample import sample_rows
from models.sampling import Sampler
from models.train_pm import train as train_in_pm_run
from models.train_policy import train as train_in_policy_run

NEW_TOKENS = 24
PM = {
    "base": "toy", "learning_rate": 0.01, "adapted_share": 1.0, "batch_comparisons": 16, "threads": 1,
}  # fmt: skip
POLICY = {
    "base": "toy", "algorithm": "rloo", "rollouts": 192, "rollouts_per_step": 32, "max_new_tokens": NEW_TOKENS,
    "lora_rank": 4, "learning_rate": 0.005, "kl_budget": 100, "evaluation_rollouts": 0, "sample_prompts": 0,
    "threads": 1,
}  # fmt: skip
COMPARISONS, NOISE = 240, 0.1  # of a week; share of choices that are wrong
TEST_PROMPTS, SAMPLES = 32, 4

Row = dict[str, Any]


class Judged(NamedTuple):
    """Means over responses to unseen prompts."""

    liked: float
    """The crowd's letter, how often in a response."""
    score: float
    kl_to_initial: float
    length: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=4, help="of both weeks, with other seeds (4)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.environ.setdefault("MODEL_STORE", f"{directory}/models")
        os.environ["BASE_MODEL"] = "toy"
        repeats = [two_weeks(Path(directory) / str(seed), seed) for seed in range(options.repeats)]
    print(f"{'':24}" + "".join(f"{name:>18}" for name in Judged._fields))
    for which in repeats[0]:
        columns = zip(*(repeat[which] for repeat in repeats), strict=True)
        print(f"{which:24}" + "".join(f"{_mean(column):>18}" for column in columns))
    for name in ("liked", "score"):
        further = [getattr(repeat["continued"], name) - getattr(repeat["anew"], name) for repeat in repeats]
        print(f"continued − anew, {name}: {_mean(further)}")


def two_weeks(directory: Path, seed: int) -> dict[str, Judged]:
    """What the initial policy, the first week's, and both of the second week's are like."""
    first_week = list(choices(BASE, seed, 1))
    last = train_policy(directory / "first", train_pm(directory / "first-pm", first_week), seed)
    pm = train_pm(directory / "second-pm", itertools.chain(first_week, choices(str(last), seed, 2)))
    anew = train_policy(directory / "anew", pm, seed + 1000)
    continued = train_policy(directory / "continued", pm, seed + 1000, start=str(last))
    policies = {"initial": BASE, "first week": last, "anew": anew, "continued": continued}
    return {name: judge(str(policy), pm, seed) for name, policy in policies.items()}


def choices(policy: str, seed: int, week: int) -> Iterator[Row]:
    """The crowd's comparisons of two responses of a policy, as rows of `comparisons.jsonl`."""
    draw, seed = random.Random(f"{seed} {week}"), 10 * seed + week
    asked = (("", {"prompt": prompt}) for prompt in tiny.prompts(COMPARISONS, seed))
    for number, row in enumerate(sample_rows(Policy.open(policy), asked, 2, NEW_TOKENS, seed, 64)):
        counts = [text.count(tiny.FAVOURITE) for text in row["responses"]]
        chosen = int((counts[1] > counts[0]) != (draw.random() < NOISE))
        candidates = [
            {"id": f"{week}-{number}-{i}", "text": text, "finish": finish}
            for i, (text, finish) in enumerate(zip(row["responses"], row["finishes"], strict=True))
        ]
        turn = {"human": row["prompt"], "candidates": candidates, "chosen": chosen, "rejected": 1 - chosen}
        family = family_of(row["prompt"])
        yield {
            "id": f"{week}-{number}", "family": family, "task": HELPFULNESS, "system": DEFAULT_SYSTEM,
            "split": split_of(family), "turns": [{**turn, "trunk": chosen}],
        }  # fmt: skip


def train_pm(directory: Path, comparisons: Iterable[Row]) -> Path:
    directory.mkdir(parents=True)
    (directory / "comparisons.jsonl").write_text("".join(json.dumps(row) + "\n" for row in comparisons))
    (directory / "config.json").write_text(json.dumps(PM))
    with RunDirectory.open(directory) as run:
        train_in_pm_run(run)
    return directory / "snapshot"


def train_policy(directory: Path, pm: Path, seed: int, **options: str) -> Path:
    directory.mkdir(parents=True)
    tiny.write_prompts(directory / "prompts.jsonl", (text for text in tiny.prompts(400, seed) if not is_unseen(text)))
    (directory / "config.json").write_text(json.dumps(POLICY | {"pm": str(pm), "seed": seed} | options))
    with RunDirectory.open(directory) as run:
        train_in_policy_run(run)
    return directory / "snapshot"


def judge(policy: str, pm_directory: Path, seed: int) -> Judged:
    opened = Policy.open(policy)
    backbone, renderer = opened.policy.backbone, opened.renderer
    pm, _ = PreferenceModel.load(backbone, "pm", pm_directory)
    sampler = Sampler(backbone, opened.tokenizer, renderer)
    networks = Networks(opened.policy, Policy(backbone, None), None, pm, None, sampler, renderer)
    unseen = itertools.islice(filter(is_unseen, tiny.prompts(5000, seed=-1)), TEST_PROMPTS)
    asked = [renderer.opening_ids(DEFAULT_SYSTEM, text) for text in unseen]
    given = evaluate_policy.answer(networks, asked, SAMPLES, NEW_TOKENS, seed)
    means = evaluate_policy.summary(given)
    liked = statistics.mean(one.text.count(tiny.FAVOURITE) for one in given)
    return Judged(liked, means["score"], means["kl_to_initial"], means["length"])


def is_unseen(prompt: str) -> bool:
    return split_of(family_of(prompt)) == "test"


def _mean(numbers: Iterable[float]) -> str:
    """With its standard error over repeats."""
    values = list(numbers)
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{statistics.mean(values):.2f} ± {error:.2f}"


if __name__ == "__main__":
    main()
