"""How much do more comparisons help, and do the objectives pull apart? `python -m models.scaling STUDY_DIR FILE…`

Trains a preference model for each size, mixture, seed and base that has no result yet, evaluates all of them on the
same held-out comparisons, and writes `study.json` and `study.md`. Sizes are nested: 500 comparisons are among the 1,000
of the same seed. `STUDY_DIR/config.json` may hold fields of the PM's config for all runs (models/config.py); the runs
are ordinary run directories in `STUDY_DIR/runs`, so the same command goes on after an interruption.
"""

import argparse
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from models import train_pm
from models.config import PMConfig, parse
from models.data import content_hash, select
from models.dialogue import RED_TEAM, Conversation, id_among, read_conversations
from models.judgements import judge, summary
from models.preference_model import PreferenceModel
from models.run import BadInput, RunDirectory, main, write_atomically

AT = 1000  # comparisons at which the law's constant is the accuracy
NONE = "–"  # where a base, of a short context, can read no test comparison


class Run(NamedTuple):
    """One PM of the study."""

    base: str
    comparisons: int | None
    """None: all."""
    harmless: float | None
    """Share of red-team comparisons; None: as in the files."""
    seed: int

    @property
    def name(self) -> str:
        size = "all" if self.comparisons is None else str(self.comparisons)
        mixture = "" if self.harmless is None else f"-harmless-{100 * self.harmless:g}"
        return f"{re.sub(r'[^0-9A-Za-z]+', '-', self.base).strip('-')}-{size}{mixture}-seed-{self.seed}"


class Law(NamedTuple):
    """Accuracy ≈ a + b·ln(D / 1,000) of D comparisons, by least squares; errors are None for two points, through which
    a line always passes."""

    a: float
    b: float
    a_error: float | None
    b_error: float | None


def law(comparisons: Sequence[int], accuracies: Sequence[float]) -> Law | None:
    """The paper's law of data (Bai et al. 2022, eq. A.1, where b = 0.015) at one size of base. None for one size."""
    if len(set(comparisons)) < 2:
        return None
    x, y = np.log(np.array(comparisons) / AT), np.array(accuracies)
    spread = float(((x - x.mean()) ** 2).sum())
    b = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    a = float(y.mean() - b * x.mean())
    if len(x) < 3:
        return Law(a, b, None, None)
    noise = float(((y - a - b * x) ** 2).sum()) / (len(x) - 2)
    return Law(a, b, math.sqrt(noise * (1 / len(x) + float(x.mean()) ** 2 / spread)), math.sqrt(noise / spread))


def study(directory: Path, runs: Sequence[Run], training: list[Conversation], test: list[Conversation]) -> None:
    """Carry out what has no result yet, and write `study.json` and `study.md`."""
    path = directory / "config.json"
    config = json.loads(path.read_text()) if path.exists() else {}
    parse(PMConfig, config, str(path))
    results = []
    for run in runs:
        place = directory / "runs" / run.name
        _prepare(place, run, config, training)
        with RunDirectory.open(place) as run_directory:
            train_pm.train(run_directory)
        results.append({**run._asdict(), "name": run.name, **_evaluated(place, test)})
        print(f"{run.name}: {_percent(results[-1]['overall'])}", flush=True)
    laws = {base: found._asdict() if found else None for base, found in _laws(results)}
    write_atomically(directory / "study.json", json.dumps({"runs": results, "laws": laws}, indent=1) + "\n")
    write_atomically(directory / "study.md", _table(results, laws))


def _prepare(place: Path, run: Run, config: dict[str, Any], training: list[Conversation]) -> None:
    """The run directory, as `models.train_pm` wants it. BadInput if there is one of other comparisons or another
    config."""
    wanted = {**config, "base": run.base, "seed": run.seed, "name": run.name}
    chosen = _subset(training, run, parse(PMConfig, wanted, "config.json").drop_weakest)
    rows = "".join(json.dumps(asdict(replace(c, split="train"))) + "\n" for c in chosen)
    if (place / "comparisons.jsonl").exists():
        known = json.loads((place / "config.json").read_text())
        measured = ("dtype", "threads")  # the run replaces "auto" by what it found
        same = all(known.get(name) == value for name, value in wanted.items() if name not in measured)
        if not same or (place / "comparisons.jsonl").read_text() != rows:
            raise BadInput(f"{place} is of other comparisons or another config; remove it, or name another study.")
        return
    place.mkdir(parents=True, exist_ok=True)
    write_atomically(place / "config.json", json.dumps(wanted, indent=1) + "\n")
    write_atomically(place / "comparisons.jsonl", rows)  # last: with it the directory is complete


def _subset(training: list[Conversation], run: Run, drop_weakest: bool) -> list[Conversation]:
    if run.harmless is None:
        return _take(training, run.comparisons, run.seed, drop_weakest, "")
    assert run.comparisons is not None
    harmless = round(run.comparisons * run.harmless)
    sides = [(harmless, [c for c in training if c.task == RED_TEAM], f" of {RED_TEAM} tasks")]
    sides += [(run.comparisons - harmless, [c for c in training if c.task != RED_TEAM], " of other tasks")]
    return [c for count, side, what in sides if count for c in _take(side, count, run.seed, drop_weakest, what)]


def _take(
    conversations: list[Conversation], count: int | None, seed: int, drop_weakest: bool, what: str
) -> list[Conversation]:
    selection = select(conversations, None, drop_weakest=drop_weakest, at_most=count, seed=seed)
    if not selection.comparisons or (count is not None and selection.comparisons < count):
        wanted = count or "Some"
        raise BadInput(f"{wanted} comparisons{what} are wanted for training; the files hold {selection.comparisons}.")
    return selection.conversations


def _evaluated(place: Path, test: list[Conversation]) -> dict[str, Any]:
    """The run's accuracies on the test comparisons, computed once."""
    path, test_hash = place / "evaluation.json", content_hash(test)
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_text())
        if known["test_hash"] == test_hash:
            return known
    pm, _, renderer = PreferenceModel.open(place / "snapshot")
    judgements, _ = judge(pm, renderer, test)
    tasks = sorted({j.task for j in judgements})
    content = {
        "test_hash": test_hash,
        "trained_on": json.loads((place / "result.json").read_text())["comparisons"],
        "overall": summary(judgements),
        "by_task": {task: summary([j for j in judgements if j.task == task]) for task in tasks},
    }
    write_atomically(path, json.dumps(content, indent=1) + "\n")
    return content


def _laws(results: list[dict[str, Any]]) -> Iterator[tuple[str, Law | None]]:
    """By base, over all runs with the files' own mixture."""
    for base in dict.fromkeys(result["base"] for result in results):
        own = [result for result in results if result["base"] == base and result["harmless"] is None]
        points = [result for result in own if result["overall"]["comparisons"]]
        yield base, law([p["trained_on"] for p in points], [p["overall"]["accuracy"] for p in points])


def _table(results: list[dict[str, Any]], laws: dict[str, dict[str, Any] | None]) -> str:
    tasks = sorted({task for result in results for task in result["by_task"]})
    lines = [
        f"| base | comparisons | harmless | seed | overall | {' | '.join(tasks)} | longer wins |",
        "|" + "---|" * (6 + len(tasks)),
    ]
    for result in results:
        mixture = "as it is" if result["harmless"] is None else f"{result['harmless']:.0%}"
        cells = [result["base"], result["trained_on"], mixture, result["seed"], _percent(result["overall"])]
        cells += [_percent(result["by_task"].get(task)) for task in tasks]
        cells.append(f"{result['overall']['longer_wins']:.1%}" if result["overall"]["comparisons"] else NONE)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    for base, found in laws.items():
        if found:
            a, b = (_with_error(found[name], found[f"{name}_error"]) for name in "ab")
            lines += ["", f"{base}: accuracy ≈ {a} + ({b}) · ln(D / {AT:,}); the paper has 0.015 · ln D."]
    return "\n".join(lines) + "\n"


def _with_error(value: float, error: float | None) -> str:
    return f"{value:.4f}" if error is None else f"{value:.4f} ± {error:.4f}"


def _percent(part: dict[str, Any] | None) -> str:
    if not part or not part["comparisons"]:
        return NONE
    return f"{part['accuracy']:.1%} ({100 * part['low']:.1f} to {100 * part['high']:.1f})"


def read(paths: Sequence[Path]) -> list[Conversation]:
    """The conversations of some files. HH files have no tasks: those named after harmlessness or red-teaming are
    red-team ones."""
    found: list[Conversation] = []
    for path in paths:
        red = is_red_team(path)
        for c in read_conversations(path).conversations:
            found.append(replace(c, id=id_among(paths, path, c.id), task=RED_TEAM if red else c.task))
    return found


def is_red_team(path: Path) -> bool:
    """By the file's name, or, as HH is published (`harmless-base/train.jsonl.gz`), by its directory's."""
    for name in (path.name, path.parent.name):
        if "harmless" in name or RED_TEAM in name:
            return True
        if "help" in name:
            return False
    return False


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.scaling", description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path, metavar="STUDY_DIR")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="comparisons to train on")
    parser.add_argument("--test", type=Path, nargs="+", help="comparisons to test on; else the test split of FILEs")
    parser.add_argument("--sizes", nargs="*", default=["500", "1000", "2000", "all"], help="numbers, or all")
    parser.add_argument("--mixtures", type=float, nargs="*", default=[], help="shares of red-team comparisons, 0 to 1")
    parser.add_argument("--mixture-comparisons", type=int, default=1000, help="comparisons of each mixture")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--bases", nargs="+", help="else the base of STUDY_DIR/config.json")
    arguments = parser.parse_args()
    if odd := [size for size in arguments.sizes if size != "all" and not (size.isdigit() and int(size))]:
        parser.error(f"--sizes takes numbers above zero, or all; {odd[0]} is neither")
    if odd := [share for share in arguments.mixtures if not 0 <= share <= 1]:
        parser.error(f"--mixtures takes shares from 0 to 1; {odd[0]:g} is none")
    arguments.study.mkdir(parents=True, exist_ok=True)
    told = read(arguments.files)
    test = select(read(arguments.test), None) if arguments.test else select(told, "test")
    if not test.conversations:
        raise BadInput("There is no held-out comparison to test on; name some with --test.")
    held_out = {c.family for c in test.conversations}
    training = [c for c in told if c.family not in held_out and (arguments.test or c.split == "train")]
    path = arguments.study / "config.json"
    own = parse(PMConfig, json.loads(path.read_text()), str(path)) if path.exists() else PMConfig()
    runs = [
        run
        for base in arguments.bases or [own.base]
        for seed in arguments.seeds
        for run in [
            *(Run(base, None if size == "all" else int(size), None, seed) for size in arguments.sizes),
            *(Run(base, arguments.mixture_comparisons, share, seed) for share in arguments.mixtures),
        ]
    ]
    study(arguments.study, runs, training, test.conversations)
    print((arguments.study / "study.md").read_text())


if __name__ == "__main__":
    main(command)
