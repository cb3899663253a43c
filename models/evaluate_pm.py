"""How often a preference model agrees with people: `python -m models.evaluate_pm SNAPSHOT COMPARISONS OUT.json`."""

import argparse
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from models.data import examples, select
from models.dialogue import Conversation, Renderer, read_conversations
from models.preference_model import PreferenceModel
from models.run import RunDirectory, main, write_atomically

CHUNK = 32  # trees that are packed together


class Judgement(NamedTuple):
    """What a PM says about one comparison."""

    id: str
    turn: int
    task: str
    kind: str
    score_chosen: float
    score_rejected: float
    longer: float
    """1 if the chosen response is the longer one, 0 if the rejected one is, 0.5 if they are equally long."""

    @property
    def margin(self) -> float:
        return self.score_chosen - self.score_rejected

    @property
    def right(self) -> float:
        """1, 0, or 0.5 for a tie: a PM that says the same of everything is no better than a coin."""
        return (math.copysign(1, self.margin) + 1) / 2 if self.margin else 0.5


def judge(
    pm: PreferenceModel,
    renderer: Renderer,
    conversations: Sequence[Conversation],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[Judgement], Counter[str]]:
    """Score every comparison of selected conversations; and how many were touched by the limit of length, by reason."""
    todo, touched = examples(conversations, renderer, pm.max_tokens)
    judgements: list[Judgement] = []
    for start in range(0, len(todo), CHUNK):
        on_progress(start, len(todo))
        chunk = todo[start : start + CHUNK]
        scores = pm.score_trees([example.tree for example in chunk], [example.ends for example in chunk])
        for (conversation, _, turns, _), ends in zip(chunk, scores, strict=True):
            for t, chosen, rejected in zip(turns, ends[::2], ends[1::2], strict=True):
                judgements.append(_judgement(conversation, t, chosen, rejected))
    on_progress(len(todo), len(todo))
    return judgements, touched


def _judgement(conversation: Conversation, t: int, score_chosen: float, score_rejected: float) -> Judgement:
    turn = conversation.turns[t]
    assert turn.chosen is not None
    assert turn.rejected is not None
    chosen, rejected = len(turn.candidates[turn.chosen].text), len(turn.candidates[turn.rejected].text)
    longer = 0.5 if chosen == rejected else float(chosen > rejected)
    kind = turn.kind or "imported"
    return Judgement(conversation.id, t, conversation.task, kind, score_chosen, score_rejected, longer)


def summary(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Accuracy with its 95 % interval, beside what "the longer response wins" reaches; loss, Brier score and mean
    margin."""
    n = len(judgements)
    if not n:
        return {"comparisons": 0}
    accuracy = sum(j.right for j in judgements) / n
    low, high = wilson(accuracy, n)
    return {
        "comparisons": n,
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "longer_wins": sum(j.longer for j in judgements) / n,
        "loss": sum(-math.log(max(sigmoid(j.margin), 1e-300)) for j in judgements) / n,
        "brier": sum((1 - sigmoid(j.margin)) ** 2 for j in judgements) / n,
        "margin": sum(j.margin for j in judgements) / n,
    }


def wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of n trials (Wilson 1927): honest also for few and near 0 or 1."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def spread(judgements: Sequence[Judgement]) -> tuple[float, float]:
    """Mean and standard deviation of all scores."""
    scores = [score for j in judgements for score in (j.score_chosen, j.score_rejected)]
    if not scores:
        return 0.0, 0.0
    mean = sum(scores) / len(scores)
    return mean, math.sqrt(sum((score - mean) ** 2 for score in scores) / len(scores))


def report(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """The evaluation overall and by task, kind and turn (1 is the first), and the margin of each comparison, with which
    two PMs are compared on the same rows."""

    def sliced(key: Callable[[Judgement], str]) -> dict[str, Any]:
        names = sorted({key(j) for j in judgements}, key=lambda name: (len(name), name))
        return {name: summary([j for j in judgements if key(j) == name]) for name in names}

    mean, std = spread(judgements)
    return {
        "overall": summary(judgements),
        "by_task": sliced(lambda j: j.task),
        "by_kind": sliced(lambda j: j.kind),
        "by_turn": sliced(lambda j: str(j.turn + 1)),
        "score": {"mean": mean, "std": std},
        "pairs": [{"id": j.id, "turn": j.turn, "margin": round(j.margin, 5)} for j in judgements],
    }


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.evaluate_pm", description=__doc__)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("comparisons", type=Path, help="conversations or HH rows, .jsonl or .jsonl.gz")
    parser.add_argument("out", type=Path)
    parser.add_argument("--all", action="store_true", help="every comparison, not only those of the test split")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        run = None
        if os.environ.get("TURNWISE_WATCH_STDIN"):  # a worker's child: the output lies in its run directory
            run = stack.enter_context(RunDirectory.open(arguments.out.parent))
        reading = read_conversations(arguments.comparisons)
        selection = select(reading.conversations, None if arguments.all else "test")
        pm, snapshot, renderer = PreferenceModel.open(arguments.snapshot)

        def on_progress(done: int, total: int) -> None:
            if run:
                run.progress("evaluate", done, total)
                run.check_preempted()

        judgements, touched = judge(pm, renderer, selection.conversations, on_progress)
    content = {
        "snapshot": snapshot.manifest.name,
        "split": "all" if arguments.all else "test",
        "left_out": {**Counter(reason for _, reason in reading.set_aside), **selection.left_out, **touched},
        **report(judgements),
    }
    write_atomically(arguments.out, json.dumps(content) + "\n")
    print(_sentence(content["overall"], len(reading.conversations), arguments.all))


def _sentence(overall: dict[str, Any], conversations: int, all_rows: bool) -> str:
    which = "all rows" if all_rows else "the test split; --all takes every row"
    if not overall["comparisons"]:
        return f"No comparisons to evaluate in {conversations} conversations ({which})."
    return (
        f"accuracy {overall['accuracy']:.3f} (95 % {overall['low']:.3f} to {overall['high']:.3f}), longer wins "
        f"{overall['longer_wins']:.3f}, on {overall['comparisons']} comparisons among {conversations} conversations "
        f"({which})"
    )


if __name__ == "__main__":
    main(command)
