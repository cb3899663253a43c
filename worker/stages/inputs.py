"""What the week's runs read, from frozen tranches: `comparisons.jsonl` and `prompts.jsonl` (docs/seams.md §3)."""

import hashlib
import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app import db
from app.tranches.service import conversations_of
from models.config import to_json
from models.dialogue import split_of
from models.run import file_atomically, write_atomically
from worker.week import Week

Conversation = Mapping[str, Any]
Prompt = dict[str, Any]


def conversations(week: Week) -> Iterator[Conversation]:
    """Everything this week trains on or is tested with, by family; a family is on one side of the split for ever."""
    tranche_ids = [tranche["id"] for tranche in week.results["freeze_tranche"]["tranches"]]
    with db.reading() as session:
        yield from with_split(conversations_of(session, tranche_ids))


def with_split(rows: Iterable[Conversation]) -> Iterator[Conversation]:
    for row in rows:
        yield {**row, "split": split_of(row["family"])}


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """One JSON object a line, all or nothing; how many."""
    count = 0
    with file_atomically(path) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """What `write_lines` wrote."""
    with path.open() as file:
        yield from map(json.loads, file)


def write_config(directory: Path, config: object) -> None:
    """Last of a run's inputs: where it stands, the others are complete, and the child may have filled it in."""
    write_atomically(directory / "config.json", to_json(config))


def is_prepared(directory: Path) -> bool:
    return (directory / "config.json").exists()


def comparisons_in(conversation: Conversation) -> int:
    return sum(turn["chosen"] is not None for turn in conversation["turns"])


def at_most(rows: Iterable[Conversation], limit: int, size: Callable[[Conversation], int]) -> list[Conversation]:
    """Whole conversations in the order of their families' hashes until the limit is reached: the same every week, as
    far as they are the same."""
    chosen, total = [], 0
    for row in sorted(rows, key=lambda row: (_shuffled(row["family"]), row["id"])):
        if total >= limit:
            break
        chosen.append(row)
        total += size(row)
    return chosen


def prompts(rows: Iterable[Conversation]) -> Iterator[Prompt]:
    """Every dialogue up to a human message, along the trunk."""
    for conversation in rows:
        said: list[dict[str, str]] = []
        for turn in conversation["turns"]:
            said = [*said, {"role": "user", "content": turn["human"]}]
            yield {"prompt": said, "system": conversation["system"], "task": conversation["task"]}
            if turn["trunk"] is not None:
                said = [*said, {"role": "assistant", "content": turn["candidates"][turn["trunk"]]["text"]}]


def sample(rows: Iterable[Prompt], limit: int | None) -> list[Prompt]:
    """At most so many prompts, chosen by hash: neither the oldest nor the longest conversations are preferred."""
    if limit is None:
        return list(rows)
    return heapq.nsmallest(limit, rows, key=lambda prompt: _shuffled(json.dumps(prompt["prompt"])))


def _shuffled(text: str) -> str:
    return hashlib.sha256(f"order {text}".encode()).hexdigest()
