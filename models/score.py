"""Score rows with a preference model: `python -m models.score SNAPSHOT_DIR IN.jsonl[.gz] OUT.jsonl`.

IN holds HH rows (`chosen`, `rejected` transcripts), rows with `prompt`, `chosen` and `rejected`, or rows with one
`response` (behind a `prompt`, or a transcript). OUT holds the same rows with `score_chosen` and `score_rejected`, or
with `score`.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from models.dialogue import Message, Renderer, read_messages, read_pair, read_transcript, rows_of, with_system
from models.preference_model import PreferenceModel
from models.run import BadInput, check_output, file_atomically, main

CHUNK = 256  # rows that are read, packed and written together: so far apart may those of one prompt lie


class Item(NamedTuple):
    """One dialogue to score, and the field of OUT that takes its score."""

    field: str
    messages: list[Message]


def items_of(row: dict[str, Any], where: str) -> list[Item]:
    """The dialogues of a row of IN; BadInput names the field that is missing or malformed."""
    if "response" not in row:
        pair = read_pair(row, where)
        return [Item("score_chosen", pair.chosen), Item("score_rejected", pair.rejected)]
    response = row["response"]
    if not isinstance(response, str):
        raise BadInput(f"{where}: response must be a text.")
    if "prompt" not in row:
        return [Item("score", read_transcript(response, f"{where}: response"))]
    return [Item("score", [*read_messages(row["prompt"], where), Message("assistant", response)])]


def score_rows(
    pm: PreferenceModel, renderer: Renderer, system: str, rows: Iterable[tuple[str, dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    """The same rows with their scores, in order. A dialogue that cannot be scored (longer than the base reads, or
    without a response at its end) has the score null and is named on stderr."""
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, CHUNK)):
        # Responses to the same prompt, within a row or in neighbouring ones, share its trunk.
        prompts: dict[tuple[int, ...], list[tuple[dict[str, Any], str, list[int]]]] = {}
        scored = []
        for where, row in chunk:
            out = dict(row)
            scored.append(out)
            for field, messages in items_of(row, where):
                out[field] = None
                if messages[-1].role != "assistant":
                    print(f"{where}: {field} is null: the dialogue does not end with a response.", file=sys.stderr)
                    continue
                prompt = tuple(renderer.prompt_ids(with_system(messages[:-1], system)))
                response = renderer.response_ids(messages[-1].content)
                if len(prompt) + len(response) > pm.max_tokens:
                    length = len(prompt) + len(response)
                    print(f"{where}: {field} is null: {length} tokens, {pm.max_tokens} can be read.", file=sys.stderr)
                    continue
                prompts.setdefault(prompt, []).append((out, field, response))
        scores = pm.score(list(prompts), [[response for _, _, response in group] for group in prompts.values()])
        for group, found in zip(prompts.values(), scores, strict=True):
            for (out, field, _), score in zip(group, found, strict=True):
                out[field] = score
        yield from scored


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.score", description=__doc__)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("rows", type=Path, metavar="IN.jsonl")
    parser.add_argument("out", type=Path, metavar="OUT.jsonl")
    arguments = parser.parse_args()
    check_output(arguments.out)
    for where, row in rows_of(arguments.rows):
        items_of(row, where)  # the whole file is read before the first score is paid for
    pm, snapshot, renderer = PreferenceModel.open(arguments.snapshot)
    count = 0
    with file_atomically(arguments.out) as file:
        for row in score_rows(pm, renderer, snapshot.manifest.system, rows_of(arguments.rows)):
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            count += 1
    print(f"{count} rows in {arguments.out}")


if __name__ == "__main__":
    main(command)
