"""Train a preference model: `python -m models.train_pm RUN_DIR`, from files to RUN_DIR/snapshot.

Reads `config.json` (models/config.py, may be absent), `comparisons.jsonl[.gz]` and the config's `pmp_comparisons`;
resumes from its last checkpoint, and then ends with the same weights as if it had never been interrupted.

One flat list of steps: base → preference-model pretraining, if asked for → human feedback. The members of an ensemble
learn from each step together: what lies below their adapters is computed once.
"""

import argparse
import dataclasses
import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch

from models import judgements, reference, snapshot
from models.backbone import Backbone, choose_dtype, set_threads
from models.config import PMConfig, parse, to_json
from models.data import Example, batches, content_hash, examples, of_half, one_sided, pmp_examples, select
from models.dialogue import DEFAULT_SYSTEM, RED_TEAM, Conversation, Renderer, read_conversations
from models.naming import Naming, mean_states, name_tasks
from models.packing import Row, pack
from models.preference_model import Ensemble, PreferenceModel, TaskHead, Together, pairwise_loss
from models.processes import ALONE, Processes
from models.run import BadInput, Preempted, RunDirectory, main, write_atomically

UNSEEN = 0.2  # of the steps, the last ones: their comparisons fit the temperature before they are learnt from
TASK_COMPARISONS = 100  # of one task, below which a head of its own would learn little but noise


def train(run: RunDirectory, processes: Processes = ALONE) -> None:
    if (run.path / "snapshot").exists() and (run.path / "result.json").exists():
        print(f"{run.path} is complete.")
        return

    # Config
    config = parse(PMConfig, run.config(), str(run.path / "config.json"))
    set_threads(run.threads(config.threads))
    # Measured, so that two processes may find different ones: the leader's holds.
    dtype = processes.gather(choose_dtype())[0] if config.dtype == "auto" else config.dtype
    backbone, tokenizer = Backbone.load(config.base, dtype)
    if config.base_hash not in (None, backbone.hash):
        raise BadInput(f"{run.path / 'config.json'}: base_hash is not that of {config.base!r}: the base has changed.")
    config = dataclasses.replace(config, dtype=dtype, threads=config.threads or run.threads(), base_hash=backbone.hash)
    if processes.leads:
        write_atomically(run.path / "config.json", to_json(config))

    # Data
    comparisons = run.find("comparisons.jsonl", "comparisons.jsonl.gz")
    reading = read_conversations(comparisons, config.system)
    naming = None
    if config.task_heads and not reading.names_tasks:
        naming = name_together(processes, run, backbone, tokenizer, reading.conversations)
    conversations = naming.conversations if naming else reading.conversations
    chosen = select(
        of_half(conversations, config.half),
        "train",
        drop_weakest=config.drop_weakest,
        at_most=config.max_comparisons,
        seed=config.seed,
    )
    held_out = select(conversations, "test", at_most=config.test_comparisons, seed=config.seed)
    renderer = Renderer(tokenizer)
    max_tokens = min(config.max_tokens, backbone.context)
    todo, touched = examples(chosen.conversations, renderer, max_tokens)
    left_out = Counter(reason for _, reason in reading.set_aside) + chosen.left_out + touched
    if not todo:
        raise BadInput(f"{comparisons} holds no comparison to train on ({_counts(left_out) or 'it is empty'}).")
    public, public_left_out = read_public(run, config)
    pretraining, touched = pmp_examples(public, renderer, max_tokens)
    public_left_out += touched
    if config.pmp_comparisons and not pretraining:
        raise BadInput(
            f"{run.path}: pmp_comparisons hold no comparison to train on ({_counts(public_left_out) or 'empty'})."
        )
    data_hash = content_hash([*public, *chosen.conversations])
    warnings = [one_sided(chosen.conversations)]
    if config.harmless_weight != 1 and not any(example.conversation.task == RED_TEAM for example in todo):
        warnings.append(
            f"harmless_weight weighs nothing: no comparison of {comparisons.name} is of the task {RED_TEAM}."
        )
    steps = plan(config, pretraining, todo)

    # Networks; the seed is of the adapters, the loop itself draws nothing
    members = []
    rank = config.lora_rank if config.method == "lora" else None
    tasks = tasks_with_heads(todo) if config.task_heads else []
    reads = config.reads or ("response" if len(tasks) > 1 else "end")
    for i in range(config.adapters if config.method == "lora" else 1):
        torch.manual_seed(config.seed + i)
        name = f"pm-{i}" if i else "pm"
        members.append(PreferenceModel.fresh(backbone, name, rank, config.adapted_share, tasks, reads))

    # Optimiser
    adapters = [{"params": backbone.parameters(pm.adapter)} for pm in members]
    heads = [{"params": list(pm.head.parameters())} for pm in members]
    optimiser = torch.optim.AdamW([*adapters, *heads], lr=0.0, weight_decay=config.weight_decay)

    # Comparisons are judged before they are learnt from, and where the rates are nearly down by a PM that is nearly the
    # final one. In a single epoch all of them are new to it: they are more than are held out to fit a temperature.
    unseen: list[float] = []  # margins
    new = config.epochs == 1 and (config.combine in ("weights", "mean") or len(members) == 1)
    unseen_from = math.ceil((1 - UNSEEN) * len(steps)) if new else len(steps)

    # Loop
    inputs = hashlib.sha256((to_json(config) + data_hash).encode()).hexdigest()
    first = 0
    if checkpoint := run.checkpoints.latest():
        first, directory = checkpoint
        state = torch.load(directory / "state.pt", map_location=backbone.device)
        if state["inputs"] != inputs:
            raise BadInput(f"{directory} was made with another config or other comparisons; remove it to start anew.")
        for pm, weights in zip(members, state["members"], strict=True):
            pm.load_state(weights)
        optimiser.load_state_dict(state["optimiser"])
        unseen = state["unseen"]
    run.rewind(first)

    def save_checkpoint(step: int) -> None:
        weights = [pm.state() for pm in members]
        state = {"inputs": inputs, "members": weights, "optimiser": optimiser.state_dict(), "unseen": unseen}
        run.checkpoints.save(step, lambda directory: torch.save(state, directory / "state.pt"))

    def interrupted() -> bool:
        # Several processes must leave at the same place, or one would wait for the others for ever.
        return processes.size == 1 and run.preempted

    for number, step in enumerate(steps[first:], first + 1):
        run.progress("train", number - 1, len(steps))
        set_threads(run.threads(config.threads))
        began = time.monotonic()
        preempted = processes.any(run.preempted)
        outcomes = None if preempted else learn_together(processes, members, step.batch, config, interrupted)
        if outcomes is None:
            save_checkpoint(number - 1)
            raise Preempted
        if broken := next((outcome.loss for outcome in outcomes if not math.isfinite(outcome.loss)), None):
            raise BadInput(f"The loss became {broken} at step {number}: lower learning_rate in config.json.")
        if number > unseen_from and step.stage == "pm":
            unseen += [sum(margins) / len(members) for margins in zip(*(o.margins for o in outcomes), strict=True)]
        norms = [float(torch.nn.utils.clip_grad_norm_(pm.parameters(), config.max_grad_norm)) for pm in members]
        if broken := next((norm for norm in norms if not math.isfinite(norm)), None):
            raise BadInput(f"The gradient became {broken} at step {number}: lower learning_rate in config.json.")
        for i, group in enumerate(optimiser.param_groups):
            group["lr"] = step.height * (step.learning_rate if i < len(members) else config.head_learning_rate)
        optimiser.step()
        optimiser.zero_grad()
        metrics: dict[str, float] = {}
        for i, (outcome, norm) in enumerate(zip(outcomes, norms, strict=True)):
            of_member = {
                "loss": outcome.loss,
                "accuracy": outcome.accuracy,
                "margin": outcome.margin,
                "score_mean": outcome.score_mean,
                "gradient_norm": norm,
                "learning_rate": step.learning_rate * step.height,
                "tokens_per_s": outcome.tokens / (time.monotonic() - began),
            }
            metrics |= {f"{step.series(i)}/{name}": value for name, value in of_member.items()}
        run.metrics(number, metrics)
        if number % config.checkpoint_every == 0 or number == len(steps):
            save_checkpoint(number)
    run.progress("train", len(steps), len(steps))
    if not processes.leads:
        backbone.accompany()  # the leader evaluates
        return

    # Together
    system = config.system or DEFAULT_SYSTEM
    pm = members[0]
    if len(members) > 1:
        if config.combine == "weights":
            pm = PreferenceModel.mean(members, "pm-mean")
        else:
            offsets = tuple(reference.mean_score(member, renderer, system) for member in members)
            pm = Ensemble(members, Together(config.combine, config.variance_penalty, offsets))

    # Evaluation
    def on_progress(done: int, total: int) -> None:
        run.progress("evaluate", done, total)
        run.check_preempted()  # nothing is lost: the last step has a checkpoint

    judged, _ = judgements.judge(pm, renderer, held_out.conversations, on_progress)
    test = judgements.summary(judged)
    mean, std = judgements.spread(judged)
    temperature = judgements.fit_temperature(judged, unseen)

    reference_mean = reference.mean_score(pm, renderer, system)
    backbone.accompany()

    # Save
    manifest = snapshot.Manifest(
        name=config.name,
        kind="pm",
        base={"source": config.base, "hash": backbone.hash},
        system=system,
        data_hash=data_hash,
        config=dataclasses.asdict(config),
        metrics={f"test_{name}": value for name, value in test.items() if value is not None},
        temperature=temperature,
        reference_mean=reference_mean,
    )
    snapshot.save(run.path / "snapshot", manifest, pm.write)
    run.result(
        {
            "comparisons": sum(len(example.pairs) for example in todo),
            "left_out": left_out,
            "tasks": Counter(task for example in todo for task in [example.conversation.task] * len(example.pairs)),
            "tasks_guessed": None if naming is None else {"seen": naming.seen, "right_on_seen": naming.right},
            "pmp_comparisons": sum(len(example.pairs) for example in pretraining) // 2,
            "pmp_left_out": public_left_out,
            "steps": len(steps),
            "test": {**test, "score_mean": mean, "score_std": std},
            "calibration": judgements.calibrate(judged, temperature),
            "warnings": [*filter(None, warnings), *judgements.alarms(judged)],
        }
    )


def name_together(
    processes: Processes, run: RunDirectory, backbone: Backbone, tokenizer: Any, conversations: Sequence[Conversation]
) -> Naming:
    """`name_tasks` by the leader, whose word holds for all processes."""

    def on_progress(done: int, total: int) -> None:
        run.progress("name", done, total)
        if processes.size == 1:  # else the others would wait for the leader for ever
            run.check_preempted()

    mine = None
    if processes.leads:
        mine = name_tasks(conversations, lambda texts: mean_states(backbone, tokenizer, texts, on_progress))
    backbone.accompany()
    leaders = processes.gather(mine)[0]
    assert leaders is not None
    return leaders


def read_public(run: RunDirectory, config: PMConfig) -> tuple[list[Conversation], Counter[str]]:
    """The comparisons for preference-model pretraining, of the train side alone, and what of them was left out."""
    conversations: list[Conversation] = []
    left_out: Counter[str] = Counter()
    for name in config.pmp_comparisons:
        if not (run.path / name).is_file():
            raise BadInput(
                f"{run.path / 'config.json'}: pmp_comparisons names {name!r}, but {run.path} has no such file."
            )
        reading = read_conversations(run.path / name, config.system)
        chosen = select(reading.conversations, "train")
        conversations += chosen.conversations
        left_out += Counter(reason for _, reason in reading.set_aside) + chosen.left_out
    return conversations, left_out


class Step(NamedTuple):
    """What one optimiser step learns from, and how fast."""

    stage: Literal["pmp", "pm"]
    batch: list[Example]
    learning_rate: float
    """The adapters', at the peak of the stage."""
    height: float
    """Share of the peak rates."""

    def series(self, member: int) -> str:
        """What a member's metrics are named after: pm, and pm-1, … for those after the first."""
        return f"{self.stage}-{member}" if member else self.stage


def plan(config: PMConfig, pretraining: Sequence[Example], feedback: Sequence[Example]) -> list[Step]:
    """All steps of a run: pretraining and then the epochs of human feedback, each stage in an order of its own, with
    the learning rates rising and falling once."""

    def epoch(todo: Sequence[Example], number: int) -> list[list[Example]]:
        return batches(todo, config.batch_comparisons, config.row_tokens, config.seed, number)

    stages: list[tuple[Literal["pmp", "pm"], float, list[list[Example]]]] = [
        ("pmp", config.pmp_learning_rate, epoch(pretraining, 0)),
        ("pm", config.learning_rate, [batch for number in range(config.epochs) for batch in epoch(feedback, number)]),
    ]
    return [
        Step(stage, batch, learning_rate, schedule(config.warmup_share, i, len(groups)))
        for stage, learning_rate, groups in stages
        for i, batch in enumerate(groups, 1)
    ]


class Outcome(NamedTuple):
    """Of one step of one member, before its update: means over its comparisons (those of parts add up), the tokens it
    read, and each margin."""

    loss: float
    accuracy: float
    margin: float
    score_mean: float
    tokens: int
    margins: list[float]

    def __add__(self, other: "Outcome") -> "Outcome":  # type: ignore[override]
        return Outcome(
            self.loss + other.loss,
            self.accuracy + other.accuracy,
            self.margin + other.margin,
            self.score_mean + other.score_mean,
            self.tokens + other.tokens,
            self.margins + other.margins,
        )


NOTHING = Outcome(0.0, 0.0, 0.0, 0.0, 0, [])


def learn_together(
    processes: Processes,
    members: Sequence[PreferenceModel],
    batch: Sequence[Example],
    config: PMConfig,
    interrupted: Callable[[], bool] = lambda: False,
) -> list[Outcome] | None:
    """`accumulate`, of which each process does a part of the batch; all of them then hold the whole."""
    total = sum(len(example.pairs) for example in batch)
    mine = accumulate(members, processes.part(batch), config, interrupted, total)
    members[0].backbone.accompany()
    if mine is None:
        return None
    processes.add_gradients([parameter for pm in members for parameter in pm.parameters()])
    return [sum(parts, NOTHING) for parts in zip(*processes.gather(mine), strict=True)]


def accumulate(
    members: Sequence[PreferenceModel],
    batch: Sequence[Example],
    config: PMConfig,
    interrupted: Callable[[], bool] = lambda: False,
    total: int | None = None,
) -> list[Outcome] | None:
    """Add the gradients of a batch's mean loss to each member, row by row; of a part of a batch, `total` says how many
    comparisons the whole has. None if it was interrupted: they are then of no use."""
    total = total or sum(len(example.pairs) for example in batch)
    outcomes = [NOTHING] * len(members)
    for row in pack([example.tree for example in batch], config.row_tokens):
        if interrupted():
            return None
        with members[0].backbone.shared_below([pm.adapter for pm in members]):
            outcomes = [
                outcome + learn(pm, row, batch, config, total) for pm, outcome in zip(members, outcomes, strict=True)
            ]
    return outcomes


def learn(pm: PreferenceModel, row: Row, batch: Sequence[Example], config: PMConfig, total: int) -> Outcome:
    """Add the gradients of a row's part of the mean loss over `total` comparisons."""
    labels = torch.tensor([label for tree in row.trees for label in labels_of(batch[tree], config)])
    certainty, weight = labels.to(pm.backbone.device).unbind(1)  # (pairs,), (pairs,)
    states = pm.states_of(row, [(tree, node) for tree in row.trees for node in batch[tree].ends])  # (2·pairs, k·d)
    chosen, rejected = pm.head(states).view(-1, 2).unbind(1)  # (pairs,), (pairs,)
    losses = weight * pairwise_loss(chosen, rejected, certainty)
    objective = losses + config.centre * (chosen + rejected).square()
    if isinstance(pm.head, TaskHead):
        tasks = [batch[tree].conversation.task for tree in row.trees for _ in batch[tree].pairs]
        objective = objective + weight * pm.head.loss(states, tasks, certainty)
    objective.sum().div(total).backward()
    margins = (chosen - rejected).detach()
    return Outcome(
        loss=losses.detach().sum().item() / total,
        accuracy=(margins.sign().add(1) / 2).sum().item() / total,
        margin=margins.sum().item() / total,
        score_mean=(chosen + rejected).detach().sum().item() / (2 * total),
        tokens=len(row),
        margins=margins.tolist(),
    )


def labels_of(example: Example, config: PMConfig) -> list[tuple[float, float]]:
    """How certain each of its comparisons is, and how much it counts (L = L_help + λ·L_harm, Bai et al. 2022, §5.1.2:
    sums over a batch, whose mean divides by all of its comparisons)."""
    weight = config.harmless_weight if example.conversation.task == RED_TEAM else 1.0
    strengths = [example.conversation.turns[t].strength for t in example.turns]
    soft = config.strength_labels
    return [(soft[strength - 1] if soft and strength else 1.0, weight) for strength in strengths]


def tasks_with_heads(todo: Sequence[Example]) -> list[str]:
    """The tasks that have comparisons enough for a head of their own."""
    counts = Counter[str]()
    for example in todo:
        counts[example.conversation.task] += len(example.pairs)
    return sorted(task for task, count in counts.items() if count >= TASK_COMPARISONS)


def schedule(warmup_share: float, step: int, steps: int) -> float:
    """Share of the peak learning rate: linearly up over the warm-up, then linearly down to zero after the last step
    (steps count from 1)."""
    warmup = max(1, round(warmup_share * steps))
    return min(step / warmup, (steps + 1 - step) / max(1, steps + 1 - warmup))


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.train_pm", description=__doc__)
    parser.add_argument("run_dir", type=Path)
    path, processes = parser.parse_args().run_dir, Processes.join()
    with processes.open(path) as run:
        train(run, processes)


def _counts(reasons: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())


if __name__ == "__main__":
    main(command)
