"""Train a preference model: `python -m models.train_pm RUN_DIR`, from files to RUN_DIR/snapshot.

Reads `config.json` (models/config.py, may be absent) and `comparisons.jsonl[.gz]`; resumes from its last checkpoint,
and then ends with the same weights as if it had never been interrupted.
"""

import argparse
import dataclasses
import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

from models import judgements, reference, snapshot
from models.backbone import Backbone, choose_dtype, set_threads
from models.config import PMConfig, parse, to_json
from models.data import Example, batches, content_hash, examples, select
from models.dialogue import DEFAULT_SYSTEM, Renderer, read_conversations
from models.packing import pack
from models.preference_model import PreferenceModel, pairwise_loss
from models.run import BadInput, Preempted, RunDirectory, main, write_atomically


def train(run: RunDirectory) -> None:
    if (run.path / "snapshot").exists() and (run.path / "result.json").exists():
        print(f"{run.path} is complete.")
        return

    # Config
    config = parse(PMConfig, run.config(), str(run.path / "config.json"))
    set_threads(run.threads(config.threads))
    dtype = choose_dtype() if config.dtype == "auto" else config.dtype
    backbone, tokenizer = Backbone.load(config.base, dtype)
    if config.base_hash not in (None, backbone.hash):
        raise BadInput(f"{run.path / 'config.json'}: base_hash is not that of {config.base!r}: the base has changed.")
    config = dataclasses.replace(config, dtype=dtype, threads=config.threads or run.threads(), base_hash=backbone.hash)
    write_atomically(run.path / "config.json", to_json(config))

    # Seed: of the adapter and the head; the loop itself draws nothing
    torch.manual_seed(config.seed)

    # Data
    comparisons = run.find("comparisons.jsonl", "comparisons.jsonl.gz")
    reading = read_conversations(comparisons, config.system)
    chosen = select(
        reading.conversations,
        "train",
        drop_weakest=config.drop_weakest,
        at_most=config.max_comparisons,
        seed=config.seed,
    )
    held_out = select(reading.conversations, "test", at_most=config.test_comparisons, seed=config.seed)
    data_hash = content_hash(chosen.conversations)
    renderer = Renderer(tokenizer)
    todo, touched = examples(chosen.conversations, renderer, min(config.max_tokens, backbone.context))
    left_out = Counter(reason for _, reason in reading.set_aside) + chosen.left_out + touched
    if not todo:
        raise BadInput(f"{comparisons} holds no comparison to train on ({_counts(left_out) or 'it is empty'}).")
    steps = [
        [todo[i] for i in group]
        for epoch in range(config.epochs)
        for group in batches([len(e.pairs) for e in todo], config.batch_comparisons, config.seed + epoch)
    ]

    # Networks
    pm = PreferenceModel.fresh(backbone, "pm", config.lora_rank)

    # Optimiser
    groups = [
        {"params": backbone.parameters(pm.adapter), "peak": config.learning_rate},
        {"params": pm.head.parameters(), "peak": config.head_learning_rate},
    ]
    optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=config.weight_decay)

    # Loop
    inputs = hashlib.sha256((to_json(config) + data_hash).encode()).hexdigest()
    first = 0
    if checkpoint := run.checkpoints.latest():
        first, directory = checkpoint
        state = torch.load(directory / "state.pt", map_location=backbone.device)
        if state["inputs"] != inputs:
            raise BadInput(f"{directory} was made with another config or other comparisons; remove it to start anew.")
        pm.load_state(state["pm"])
        optimiser.load_state_dict(state["optimiser"])
    run.rewind(first)

    def save_checkpoint(step: int) -> None:
        state = {"inputs": inputs, "pm": pm.state(), "optimiser": optimiser.state_dict()}
        run.checkpoints.save(step, lambda directory: torch.save(state, directory / "state.pt"))

    for step in range(first + 1, len(steps) + 1):
        run.progress("train", step - 1, len(steps))
        set_threads(run.threads(config.threads))
        began = time.monotonic()
        outcome = accumulate(pm, steps[step - 1], config.row_tokens, interrupted=lambda: run.preempted)
        if outcome is None:
            save_checkpoint(step - 1)
            raise Preempted
        if not math.isfinite(outcome.loss):
            raise BadInput(f"The loss became {outcome.loss} at step {step}: lower learning_rate in config.json.")
        norm = torch.nn.utils.clip_grad_norm_(pm.parameters(), config.max_grad_norm)
        height = schedule(config.warmup_share, step, len(steps))
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * height
        optimiser.step()
        optimiser.zero_grad()
        run.metrics(
            step,
            {
                "pm/loss": outcome.loss,
                "pm/accuracy": outcome.accuracy,
                "pm/margin": outcome.margin,
                "pm/gradient_norm": float(norm),
                "pm/learning_rate": config.learning_rate * height,
                "pm/tokens_per_s": outcome.tokens / (time.monotonic() - began),
            },
        )
        if step % config.checkpoint_every == 0 or step == len(steps):
            save_checkpoint(step)
    run.progress("train", len(steps), len(steps))

    # Evaluation
    def on_progress(done: int, total: int) -> None:
        run.progress("evaluate", done, total)
        run.check_preempted()  # nothing is lost: the last step has a checkpoint

    judged, _ = judgements.judge(pm, renderer, held_out.conversations, on_progress)
    test = judgements.summary(judged)
    mean, std = judgements.spread(judged)
    temperature = judgements.fit_temperature(judged)
    system = config.system or DEFAULT_SYSTEM

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
        reference_mean=reference.mean_score(pm, renderer, system),
    )
    snapshot.save(run.path / "snapshot", manifest, pm.write)
    run.result(
        {
            "comparisons": sum(len(example.pairs) for example in todo),
            "left_out": left_out,
            "steps": len(steps),
            "test": {**test, "score_mean": mean, "score_std": std},
            "calibration": judgements.calibrate(judged, temperature),
            "warnings": judgements.alarms(judged),
        }
    )


class Outcome(NamedTuple):
    """Of one step, before its update: means over its comparisons, and the tokens it read."""

    loss: float
    accuracy: float
    margin: float
    tokens: int


def accumulate(
    pm: PreferenceModel, batch: list[Example], row_tokens: int, interrupted: Callable[[], bool] = lambda: False
) -> Outcome | None:
    """Add the gradients of a batch's mean loss, row by row. None if it was interrupted: they are then of no use."""
    total = sum(len(example.pairs) for example in batch)
    loss = right = margin = 0.0
    tokens = 0
    for row in pack([example.tree for example in batch], row_tokens):
        if interrupted():
            return None
        ends = torch.tensor([row.end(tree, node) for tree in row.trees for node in batch[tree].ends])
        chosen, rejected = pm.scores_at(row.batch(), ends).view(-1, 2).unbind(1)  # (pairs,), (pairs,)
        losses = pairwise_loss(chosen, rejected)
        (losses.sum() / total).backward()
        difference = (chosen - rejected).detach()
        loss += losses.detach().sum().item() / total
        right += (difference.sign().add(1) / 2).sum().item() / total
        margin += difference.sum().item() / total
        tokens += len(row)
    return Outcome(loss, right, margin, tokens)


def schedule(warmup_share: float, step: int, steps: int) -> float:
    """Share of the peak learning rate: linearly up over the warm-up, then linearly down to zero after the last step
    (steps count from 1)."""
    warmup = max(1, round(warmup_share * steps))
    return min(step / warmup, (steps + 1 - step) / max(1, steps + 1 - warmup))


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.train_pm", description=__doc__)
    parser.add_argument("run_dir", type=Path)
    with RunDirectory.open(parser.parse_args().run_dir) as run:
        train(run)


def _counts(reasons: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())


if __name__ == "__main__":
    main(command)
