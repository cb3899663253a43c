"""How often a preference model agrees with people: `python -m models.evaluate_pm SNAPSHOT COMPARISONS… OUT.json`."""

import argparse
import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from models.backbone import set_threads
from models.baselines import BagOfWords
from models.data import select
from models.dialogue import Conversation, id_among, id_of, read_conversations, rows_of
from models.judgements import (
    Judgement,
    above_thresholds,
    alarms,
    calibrate,
    compare,
    histograms,
    judge,
    length_correlation,
    spread,
    summary,
)
from models.preference_model import Ensemble, PreferenceModel, TaskHead
from models.run import BadInput, check_report, main, run_of_output, write_atomically

LABELS = ("source", "subset", "agreement")  # fields of a row by which an evaluation is sliced where rows have them


def report(judgements: Sequence[Judgement], temperature: float | None = None) -> dict[str, Any]:
    """The evaluation overall and in slices (a turn of 1 is the first), its calibration, and the margin of each
    comparison, with which two PMs are compared on the same rows."""

    def sliced(key: Callable[[Judgement], str | None]) -> dict[str, Any]:
        names = {name for j in judgements if (name := key(j)) is not None}
        return {name: summary([j for j in judgements if key(j) == name]) for name in sorted(names, key=_by_number)}

    mean, std = spread(judgements)
    labels = sorted({label for j in judgements for label in j.labels})
    return {
        "overall": summary(judgements),
        "alarms": alarms(judgements),
        "by_task": sliced(lambda j: j.task),
        "by_kind": sliced(lambda j: j.kind),
        "by_turn": sliced(lambda j: str(j.turn + 1)),
        "by_strength": sliced(lambda j: "unknown" if j.strength is None else str(j.strength)),
        "by_lengths": sliced(lambda j: j.lengths),
        **{f"by_{label}": sliced(lambda j, label=label: j.labels.get(label)) for label in labels},  # type: ignore[misc]
        "score": {"mean": mean, "std": std, "length_correlation": length_correlation(judgements)},
        "histograms": histograms(judgements),
        "above_thresholds": above_thresholds(judgements),
        "calibration": calibrate(judgements, temperature),
        "pairs": [{"id": j.id, "turn": j.turn, "margin": round(j.margin, 5)} for j in judgements],
    }


def _by_number(name: str) -> tuple[int, str]:
    """2 before 11."""
    return (len(name) if name.isdigit() else 99, name)


def against_words(
    judgements: Sequence[Judgement], training: Sequence[Path], conversations: Sequence[Conversation]
) -> dict[str, Any]:
    """The PM beside a bag of words that learnt from the train split of these files, paired. A comparison of a family
    that is judged here teaches it nothing."""
    held_out = {conversation.family for conversation in conversations}
    told = [c for path in training for c in read_conversations(path).conversations if c.family not in held_out]
    others = BagOfWords(select(told, "train").conversations).judge(conversations)
    return {"snapshot": "a bag of words", **compare(judgements, others)}


# The command ------------------------------------------------------------------------------------------------------


class Rows(NamedTuple):
    conversations: list[Conversation]
    set_aside: Counter[str]
    labels: dict[str, dict[str, str]]


def read(paths: Sequence[Path]) -> Rows:
    """The conversations of some files and what their rows carry to slice by; of several files also the file's path.
    BadInput for an id that stands twice: what two PMs say about a comparison is paired by it."""
    rows = Rows([], Counter(), {})
    seen: set[str] = set()
    for path in paths:
        reading = read_conversations(path)
        rows.set_aside.update(reason for _, reason in reading.set_aside)
        for conversation in reading.conversations:
            id = id_among(paths, path, conversation.id)
            if id in seen:
                raise BadInput(f"{path}: the id {conversation.id} stands twice, and comparisons are paired by it.")
            seen.add(id)
            rows.conversations.append(dataclasses.replace(conversation, id=id))
        for where, row in rows_of(path):
            labels = {label: str(row[label]) for label in LABELS if row.get(label) is not None}
            if len(paths) > 1:
                labels["file"] = str(path).removesuffix(".gz").removesuffix(".jsonl")
            if labels:
                rows.labels[id_among(paths, path, id_of(row, where))] = labels
    return rows


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.evaluate_pm", description=__doc__)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("comparisons", type=Path, nargs="+", help="conversations or HH rows, .jsonl or .jsonl.gz")
    parser.add_argument("out", type=Path)
    parser.add_argument("--all", action="store_true", help="every comparison, not only those of the test split")
    parser.add_argument("--against", type=Path, help="another PM's snapshot, compared on the same comparisons")
    parser.add_argument("--task", help="judge by the score of this task alone, of a PM that has a head for each task")
    parser.add_argument(
        "--words", type=Path, nargs="+", metavar="FILE", help="compare with a bag of words that learnt from these files"
    )
    arguments = parser.parse_args()
    check_report(arguments.out)
    with run_of_output(arguments.out) as run:
        rows = read(arguments.comparisons)
        selection = select(rows.conversations, None if arguments.all else "test")

        def on_progress(done: int, total: int) -> None:
            if run:
                run.progress("evaluate", done, total)
                run.check_preempted()
                set_threads(run.threads())

        pm, snapshot, renderer = PreferenceModel.open(arguments.snapshot)
        if arguments.task:
            if isinstance(pm, Ensemble) or not isinstance(pm.head, TaskHead):
                raise BadInput(f"{arguments.snapshot} is no single PM with a head for each task; leave --task out.")
            pm.head = pm.head.alone(arguments.task).to(pm.backbone.device)
        judgements, touched = judge(pm, renderer, selection.conversations, on_progress, rows.labels)
        against = None
        if arguments.against:
            other, its_snapshot, its_renderer = PreferenceModel.open(arguments.against)
            others, _ = judge(other, its_renderer, selection.conversations, on_progress)
            against = {"snapshot": its_snapshot.manifest.name, **compare(judgements, others)}
        words = against_words(judgements, arguments.words, selection.conversations) if arguments.words else None
        content = {
            "snapshot": snapshot.manifest.name,
            "split": "all" if arguments.all else "test",
            "left_out": {**rows.set_aside, **selection.left_out, **touched},
            **report(judgements, snapshot.manifest.temperature),
            **({"against": against} if against else {}),
            **({"against_words": words} if words else {}),
        }
        write_atomically(arguments.out, json.dumps(content) + "\n")
    for line in _lines(content, len(rows.conversations)):
        print(line)


def _lines(content: dict[str, Any], conversations: int) -> list[str]:
    overall, which = (
        content["overall"],
        "all rows" if content["split"] == "all" else "the test split; --all takes every row",
    )
    if not overall["comparisons"]:
        return [f"No comparisons to evaluate in {conversations} conversations ({which})."]
    lines = [
        f"accuracy {_interval(overall)}, longer wins {overall['longer_wins']:.3f} (McNemar p "
        f"{overall['over_longer_p']:.2g}), on {overall['comparisons']} comparisons of {overall['families']} families "
        f"among {conversations} conversations ({which})"
    ]
    for name, slices in content.items():
        if name.startswith("by_") and len(slices) > 1:
            what = name.removeprefix("by_").replace("_", " ")
            parts = [f"{key} {part['accuracy']:.3f} of {part['comparisons']}" for key, part in slices.items()]
            lines.append(f"by {what}: {', '.join(parts)}")
    for what in ("as_is", "with_temperature"):
        if (found := content["calibration"][what]) and found["comparisons"]:
            lines.append(_calibration_line(what, found, content["calibration"]["temperature"]))
    for name in ("against", "against_words"):
        if (against := content.get(name)) and against["comparisons"]:
            lines.append(
                f"against {against['snapshot']} ({against['other_accuracy']:.3f}): {against['difference']:+.3f} "
                f"(McNemar p {against['mcnemar_p']:.2g}) on {against['comparisons']} comparisons; they agree on "
                f"{against['agreement']:.3f}"
            )
    return lines + [f"ALARM: {sentence}" for sentence in content["alarms"]]


def _interval(part: dict[str, Any]) -> str:
    return f"{part['accuracy']:.3f} (95 % {part['low']:.3f} to {part['high']:.3f})"


def _calibration_line(what: str, found: dict[str, Any], temperature: float | None) -> str:
    on = found["comparisons"]
    said = "as it is" if what == "as_is" else f"at temperature {temperature:.2f}, on {on} comparisons that fitted none"
    slope = "none" if found["slope"] is None else f"{found['slope']:.2f} ± {found['slope_error']:.2f}"
    z = "none" if found["spiegelhalter_z"] is None else f"{found['spiegelhalter_z']:+.1f}"
    ece = f"ECE {found['ece']:.3f} (noise floor {found['ece_noise_floor']:.3f})"
    return f"calibration {said}: slope {slope}, Spiegelhalter's z {z}, {ece}"


if __name__ == "__main__":
    main(command)
