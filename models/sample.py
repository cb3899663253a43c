"""Sample responses: `python -m models.sample SNAPSHOT_DIR|base PROMPTS.jsonl OUT.jsonl`.

A prompt is `{"prompt": text or [{role, content}], "system"?}`; OUT holds the same rows with `responses` (texts) and
`finishes` (stop | length). The same prompt and seed give the same responses, whatever else is in the file. With
`--best-of K --pm DIR` each response is the one that the PM likes best of K.
"""

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.dialogue import Message, Renderer, read_messages, rows_of, with_system
from models.policy import Opened, Policy
from models.preference_model import PreferenceModel
from models.run import BadInput, check_output, file_atomically, main
from models.sampling import Response, Sampler, seed_of

CHUNK = 256  # prompts that are read, sorted by length, sampled and written together


def prompt_of(row: dict[str, Any], where: str, system: str) -> list[Message]:
    """The prompt of a row, with its own system message, else `system`, else the default one."""
    if "prompt" not in row:
        raise BadInput(f"{where}: prompt is missing.")
    if row.get("system") is not None and not isinstance(row["system"], str):
        raise BadInput(f"{where}: system must be a text.")
    return with_system(read_messages(row["prompt"], where), row.get("system") or system)


def sample_rows(
    opened: Opened,
    rows: Iterator[tuple[str, dict[str, Any]]],
    n: int,
    max_tokens: int,
    seed: int,
    batch: int,
    best_of: int = 1,
    pm: PreferenceModel | None = None,
) -> Iterator[dict[str, Any]]:
    """The same rows with n responses each, in order, each the PM's choice of `best_of`. BadInput names a prompt that
    leaves no room in the context."""
    policy, tokenizer, renderer, _, system = opened
    sampler, context = Sampler(policy.backbone, tokenizer, renderer), policy.backbone.context
    with policy.backbone.use(policy.adapter):
        while chunk := list(itertools.islice(rows, CHUNK)):
            prompts = [renderer.prompt_ids(prompt_of(row, where, system)) for where, row in chunk]
            for (where, _), prompt in zip(chunk, prompts, strict=True):
                if len(prompt) + max_tokens > context:
                    raise BadInput(
                        f"{where}: a prompt of {len(prompt)} tokens leaves no room for {max_tokens} new ones in the "
                        f"context of {context}."
                    )
            seeds = [[seed_of(seed, prompt, k) for k in range(n * best_of)] for prompt in prompts]
            sampled = sampler.sample(prompts, seeds, max_tokens, batch)
            if pm is not None:
                sampled = chosen(pm, renderer, prompts, sampled, best_of)
            for (_, row), responses in zip(chunk, sampled, strict=True):
                yield {**row, "responses": [r.text for r in responses], "finishes": [r.finish for r in responses]}


def chosen(
    pm: PreferenceModel, renderer: Renderer, prompts: list[list[int]], sampled: list[list[Response]], best_of: int
) -> list[list[Response]]:
    """Of each `best_of` responses to a prompt the one that the PM likes best."""
    texts = [[renderer.response_ids(response.text) for response in group] for group in sampled]
    kept = []
    for group, scores in zip(sampled, pm.score(prompts, texts), strict=True):
        starts = range(0, len(group), best_of)
        kept.append([group[max(range(k, k + best_of), key=lambda i: scores[i])] for k in starts])
    return kept


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.sample", description=__doc__)
    parser.add_argument("policy", metavar="SNAPSHOT_DIR|base")
    parser.add_argument("prompts", type=Path, help=".jsonl or .jsonl.gz")
    parser.add_argument("out", type=Path)
    parser.add_argument("--n", type=int, default=2, help="responses per prompt (2)")
    parser.add_argument("--max-tokens", type=int, default=64, help="tokens of a response, at most (64)")
    parser.add_argument("--best-of", type=int, default=1, help="each response the best of so many by --pm (1)")
    parser.add_argument("--pm", type=Path, metavar="DIR", help="snapshot of the PM that chooses")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=64, help="responses sampled side by side (64)")
    arguments = parser.parse_args()
    for name in ("n", "max_tokens", "batch", "best_of"):
        if getattr(arguments, name) < 1:
            raise BadInput(f"--{name.replace('_', '-')} must be at least 1.")
    if (arguments.best_of > 1) != (arguments.pm is not None):
        raise BadInput("--best-of and --pm belong together: a PM chooses the best of so many.")
    check_output(arguments.out)
    rows = rows_of(arguments.prompts)
    first = next(rows, None)  # a file that cannot be read should say so before the model is loaded
    if first is None:
        raise BadInput(f"{arguments.prompts} holds no prompts.")
    opened = Policy.open(arguments.policy)
    pm = PreferenceModel.load(opened.policy.backbone, "pm", arguments.pm)[0] if arguments.pm else None
    count = 0
    with file_atomically(arguments.out) as file:
        rows = itertools.chain([first], rows)
        sampled = sample_rows(
            opened, rows, arguments.n, arguments.max_tokens, arguments.seed, arguments.batch, arguments.best_of, pm
        )
        for row in sampled:
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            count += 1
    print(f"{arguments.out}: {arguments.n} responses of {opened.name} to each of {count} prompts")


if __name__ == "__main__":
    main(command)
