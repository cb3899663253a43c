"""Train a policy by PPO, RLOO or GRPO against a preference model: `python -m models.train_policy RUN_DIR`, from files
to RUN_DIR/snapshot.

Reads `config.json` (models/config.py; it names the PM's snapshot) and `prompts.jsonl[.gz]`. Every random number is a
function of the seed and of what it is for, and each step ends with a checkpoint: a run that was killed ends with the
same weights as one that was not.
"""

import argparse
import dataclasses
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from models import evaluate_policy, health, logp_accuracy, mix, snapshot, waypoints
from models.backbone import Backbone, set_threads
from models.config import PolicyConfig, parse, to_json
from models.dialogue import DEFAULT_SYSTEM, Renderer
from models.losses import explained_variance, masked_mean
from models.policy import ValueFunction
from models.policy_inputs import begin_from, check, fingerprint, longest_prompt, read_data, read_held_out, read_shown
from models.preference_model import PreferenceModel
from models.processes import ALONE, Processes
from models.remote_sampling import RemoteSampler
from models.rewards import PRESETS, ScoreScale, adapted, charge_truncated, priced, rewards
from models.rollout import Networks, Rollouts, collect_together
from models.run import BadInput, Preempted, RunDirectory, main, peak_mb, write_atomically
from models.sampling import Sampler
from models.updates import advantages, calibrate, update

NAMED = {"baseline": evaluate_policy.Answer, "initially": waypoints.Said, "kept": waypoints.Waypoint}
"""Lists of named tuples in a `Course`: checkpoints hold plain ones."""

NEGATIVE_STEPS = 3
"""A KL clearly below zero happens by chance in one step of many; in so many in a row, something samples wrongly."""


ANOTHER_POLICY = 0.5
"""Nats per token between a server's log-probabilities and ours that no rounding makes."""


def train(run: RunDirectory, processes: Processes = ALONE) -> None:
    if (run.path / "snapshot").exists() and (run.path / "result.json").exists():
        print(f"{run.path} is complete.")
        return

    # Config
    where = run.path / "config.json"
    config = parse(PolicyConfig, run.config(), str(where))
    check(config, where)
    preset = PRESETS[config.preset]
    set_threads(run.threads(config.threads))
    pm_directory = run.path / config.pm
    test_pm_directory = run.path / config.test_pm if config.test_pm else None
    for directory in filter(None, (pm_directory, test_pm_directory)):
        snapshot.load(directory, "pm")  # before the base is loaded, which takes longer
    backbone, tokenizer = Backbone.load(config.base)  # in float32: bfloat16 would move PPO's ratios by up to 0.6 nat
    if config.base_hash not in (None, backbone.hash):
        raise BadInput(f"{where}: base_hash is not that of {config.base!r}: the base has changed.")
    config = dataclasses.replace(config, threads=config.threads or run.threads(), base_hash=backbone.hash)
    if processes.leads:
        write_atomically(where, to_json(config))

    # Seed: of the adapter; all other random numbers have seeds of their own
    torch.manual_seed(config.seed)

    # Data
    renderer = Renderer(tokenizer)
    limit = longest_prompt(config, backbone.context)
    data = read_data(run.find("prompts.jsonl", "prompts.jsonl.gz"), config, renderer, limit)
    steps = math.ceil(config.rollouts / config.rollouts_per_step)
    held_out = read_held_out(run.path, config, renderer, backbone.context)
    shown = read_shown(run.path / "shown.jsonl", data, config, renderer, limit)

    # Networks
    pm, judge = PreferenceModel.load(backbone, "pm", pm_directory)
    test_pm = PreferenceModel.load(backbone, "test_pm", test_pm_directory)[0] if test_pm_directory else None
    initial, policy, parents = begin_from(config, backbone, run.path)
    value = ValueFunction.from_pm(backbone, "value", pm, pm_directory) if config.algorithm == "ppo" else None
    sampler = Sampler(backbone, tokenizer, renderer)
    if config.rollout_url:
        longest = max(map(len, data.ids + shown.ids)) + config.max_new_tokens
        adapters = run.path / "rollout-adapters"
        sampler = RemoteSampler(config.rollout_url, backbone, tokenizer, renderer, adapters, longest, processes)
    networks = Networks(
        policy, initial, value, pm, test_pm, sampler, renderer, config.row_tokens, config.sampling_batch
    )
    without_value = dataclasses.replace(networks, value=None)
    of_initial = dataclasses.replace(without_value, policy=initial)

    # Optimiser
    groups = [{"params": policy.parameters(), "peak": config.learning_rate}]
    if value:
        groups.append({"params": value.parameters(), "peak": config.value_learning_rate})
    optimiser = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95), eps=1e-5, weight_decay=0.0)

    # Loop
    first_kl_coef = preset.kl_coef if config.kl_coef is None else config.kl_coef
    course = Course(
        kl_coef=first_kl_coef,
        scale=ScoreScale(preset.scaled),
        good=policy.state(),
    )
    inputs = fingerprint(config, data, shown, held_out, run.path)
    first, stopped = 0, None
    if checkpoint := run.checkpoints.latest():
        first, directory = checkpoint
        state = torch.load(directory / "state.pt", map_location=backbone.device)
        if state["inputs"] != inputs:
            changed = "another config, other prompts, comparisons or snapshots, or by another release"
            raise BadInput(f"{directory} was made with {changed}; remove it to start anew.")
        policy.load_state(state["policy"])
        if value:
            value.load_state(state["value"])
        optimiser.load_state_dict(state["optimiser"])
        course = Course.from_state(state["course"])
    run.rewind(first)
    if processes.leads:
        waypoints.rewind(run.path, course.kept, course.samples)

    def save_checkpoint(step: int) -> None:
        state = {
            "inputs": inputs,
            "policy": policy.state(),
            "value": value.state() if value else None,
            "optimiser": optimiser.state_dict(),
            "course": course.state(),
        }
        run.checkpoints.save(step, lambda directory: torch.save(state, directory / "state.pt"))

    def go_on() -> None:
        # The last step's checkpoint is there, and this step will be sampled again just the same. Several processes
        # must leave at the same place, or one would wait for the others for ever: they ask before each step.
        if processes.size == 1 and run.preempted:
            raise Preempted

    def manifest(name: str, metrics: dict[str, float]) -> snapshot.Manifest:
        return snapshot.Manifest(
            name=name,
            kind="policy",
            base={"source": config.base, "hash": backbone.hash},
            system=config.system or DEFAULT_SYSTEM,
            parents=[judge.manifest.name, *parents],
            data_hash=data.hash,
            config=dataclasses.asdict(config),
            metrics=metrics,
        )

    def say(what: Networks) -> list[waypoints.Said]:
        return waypoints.typical(processes, what, shown.ids, config.max_new_tokens, config.seed, go_on)

    def show(name: str, step: int) -> None:
        course.samples += waypoints.side_by_side(name, step, shown.told, shown.tasks, course.initially, say(networks))
        if shown.ids and processes.leads:
            waypoints.write_samples(run.path, course.samples)

    def keep(level: int, step: int, rollouts: Rollouts) -> None:
        name, own = f"{config.name}-kl{level}", evaluate_policy.summary(evaluate_policy.answers(rollouts))
        if processes.leads:
            directory = run.path / "snapshots" / name
            snapshot.save(directory, manifest(name, {**own, "step": step}), policy.write)
        course.kept.append(waypoints.Waypoint(name, level, step, own["kl_to_initial"], own["score"]))
        show(name, step)

    for step in range(first + 1, steps + 1):
        done = (step - 1) * config.rollouts_per_step
        run.progress("train", done, config.rollouts)
        if processes.any(run.preempted):
            raise Preempted
        set_threads(run.threads(config.threads))

        prompts, seeds = data.of_step(step, config)
        rollouts = collect_together(processes, networks, prompts, seeds, config.max_new_tokens, go_on)
        run.progress("train", done + len(rollouts.scores) // 2, config.rollouts)
        unscored = without_score(rollouts.scores, judge.manifest.name)
        stopped = unscored or course.alarm(rollouts.kl_to_initial, config.kl_budget)
        if not stopped:
            check_engine(rollouts.engine_gap, config)
            course.scale.observe(rollouts.scores)
        if step == 1:  # nothing has been learned yet
            check_scores(rollouts.scores, judge.manifest.name)
            count = evaluation_prompts(config)
            baseline = rollouts.first(count)
            if config.start and count:  # else these are the initial policy's own
                baseline = collect_together(
                    processes, of_initial, prompts[:count], seeds[:count], config.max_new_tokens, go_on
                )
            course.baseline = evaluate_policy.answers(baseline)
            course.initially = say(of_initial)
            course.pm_accuracy = logp_accuracy.of_pm(pm, held_out) if held_out else {}

        kl_coef, kl = course.kl_coef, float(rollouts.kl_to_initial.mean())
        if preset.adaptive:
            kl_coef = priced(kl_coef, kl, config.kl_target, config.kl_damping, first_kl_coef)
        metrics = measure(rollouts, kl_coef) | score_by_task(rollouts, data.tasks_of_step(step, config))
        if held_out:
            began = time.monotonic()
            accuracy = logp_accuracy.of_policy(policy, held_out, config.row_tokens, processes, go_on)
            metrics |= {f"policy/logp_accuracy{task}": share for task, share in accuracy.items()}
            metrics |= {f"policy/pm_accuracy{task}": share for task, share in course.pm_accuracy.items()}
            metrics["policy/seconds_held_out"] = time.monotonic() - began
        if stopped and step == 1 and config.start:
            raise BadInput(f"{stopped} It did so before the first step: raise kl_budget in {where}, or change start.")
        if not stopped:
            if not course.negative_steps:
                course.good, course.good_step = policy.state(), step - 1
            if level := waypoints.passed(metrics["policy/kl_to_initial"], config.kl_levels, course.kl_level):
                course.kl_level = level
                if step > 1:  # what the run starts from is a snapshot already
                    keep(level, step - 1, rollouts)
            began = time.monotonic()
            per_token = rewards(
                charge_truncated(course.scale(rollouts.scores), rollouts.ended, config.truncation_penalty),
                rollouts.logprobs,
                rollouts.initial_logprobs,
                rollouts.is_response,
                kl_coef,
                preset.per_token,
            )
            if value:
                rollouts = calibrate(value, rollouts, per_token, step)
            learned = advantages(rollouts, per_token, config)
            outcome = update(networks, rollouts, learned, optimiser, config, step, go_on, processes)
            if outcome is None:
                stopped = f"The loss or its gradient was no longer a finite number at step {step}."
            else:
                metrics |= {
                    "policy/reward": float(per_token.sum(1).mean()),
                    "policy/seconds_update": time.monotonic() - began,
                    **{f"policy/{name}": number for name, number in outcome._asdict().items() if number is not None},
                }
                if value:
                    of_values = explained_variance(rollouts.values, learned.returns, rollouts.is_response)
                    metrics["policy/explained_variance"] = of_values
        metrics["policy/peak_memory_mb"] = peak_mb()
        if backbone.device.type == "cuda":
            metrics["policy/peak_gpu_memory_mb"] = torch.cuda.max_memory_allocated(backbone.device) / 2**20
        run.metrics(step, metrics)
        if stopped:
            break
        if preset.adaptive:
            count = len(rollouts.scores)
            course.kl_coef = adapted(course.kl_coef, kl, config.kl_target, count, config.kl_horizon, first_kl_coef)
        save_checkpoint(step)

    # Evaluation
    final: list[evaluate_policy.Answer] = []
    if config.evaluation_rollouts and not stopped:
        run.progress("evaluate", 0, 1)
        prompts, seeds = data.of_step(1, config)
        count = evaluation_prompts(config)
        final = evaluate_policy.answers(
            collect_together(processes, without_value, prompts[:count], seeds[:count], config.max_new_tokens, go_on)
        )
        kls, scores = (torch.tensor([getattr(a, name) for a in final]) for name in ("kl_to_initial", "score"))
        stopped = without_score(scores, judge.manifest.name) or course.alarm(kls, config.kl_budget)
    if stopped:
        if course.good_step == 0:
            raise BadInput(f"{stopped} Nothing was learned before that: lower learning_rate in {where}.")
        policy.load_state(course.good)
        final = []
        stopped += f" The snapshot is the policy after step {course.good_step}."
        if processes.leads:
            print(stopped, file=sys.stderr)
    learned_from = course.good_step if stopped else steps
    show(config.name, learned_from)
    sampler.close()
    if not processes.leads:
        return

    # Save
    last = evaluate_policy.summary(final) if final else {}
    learned_rollouts = min(learned_from * config.rollouts_per_step, config.rollouts)
    taken = run.all_metrics()
    grown = health.reward_line([m["policy/sqrt_kl"] for m in taken], [m["policy/score"] for m in taken])
    result = {
        "steps": learned_from,
        "processes": processes.size,
        "prompts": len(data.ids),
        "left_out": data.left_out,
        "mix": mix.counts(data.kinds, learned_rollouts // config.responses_per_prompt, config.seed),
        "stopped": stopped,
        "score_offset": course.scale.offset,
        "score_scale": course.scale.scale,
        "initial": evaluate_policy.summary(course.baseline) if course.baseline else {},
        "final": last,
        "paired": evaluate_policy.compare(final, course.baseline, config.responses_per_prompt) if final else {},
        "reward_line": grown and grown._asdict(),
        "snapshots": [waypoint._asdict() for waypoint in course.kept],
        "held_out_comparisons": sum(len(example.pairs) for example in held_out),
        "warnings": health.alarms(taken),
    }
    snapshot.save(run.path / "snapshot", manifest(config.name, last), policy.write)
    run.result(result)
    run.progress("evaluate", 1, 1)


# What a step does -------------------------------------------------------------------------------------------------


def measure(rollouts: Rollouts, kl_coef: float) -> dict[str, float]:
    """What is known of a step's policy before it is updated."""
    kl = float(rollouts.kl_to_initial.mean())
    texts = [response.text for group in rollouts.responses for response in group]
    test = {} if rollouts.test_scores is None else {"policy/test_score": float(rollouts.test_scores.mean())}
    gap = {} if rollouts.engine_gap is None else {"policy/engine_gap": rollouts.engine_gap}
    return {
        "policy/score": float(rollouts.scores.mean()),
        **test,
        **gap,
        "policy/kl_to_initial": kl,
        "policy/sqrt_kl": math.sqrt(max(kl, 0.0)),
        "policy/kl_coef": kl_coef,
        "policy/entropy": float(masked_mean(rollouts.entropy, rollouts.is_response)),
        "policy/length": float(rollouts.lengths.float().mean()),
        "policy/end_of_turn_rate": float(rollouts.ended.float().mean()),
        "policy/refusal_rate": sum(map(evaluate_policy.is_refusal, texts)) / len(texts),
        "policy/distinct_2": evaluate_policy.distinct_2(texts),
        **{f"policy/seconds_{name}": seconds for name, seconds in rollouts.seconds.items()},
    }


def score_by_task(rollouts: Rollouts, tasks: Sequence[str]) -> dict[str, float]:
    """The mean score on the prompts of each task, where a run has several: what helps the one may harm the other (Bai
    et al. 2022, §4.4 and fig. 14). `tasks` of the prompts."""
    if not tasks:
        return {}
    per_prompt = rollouts.scores.view(len(tasks), -1).mean(1).tolist()
    of_task = {
        task: [s for s, its in zip(per_prompt, tasks, strict=True) if its == task] for task in sorted(set(tasks))
    }
    return {f"policy/score_{task}": sum(scores) / len(scores) for task, scores in of_task.items()}


@dataclass
class Course:
    """What a run carries from step to step, besides weights."""

    kl_coef: float
    """λ_KL as the steps so far have made it."""
    scale: ScoreScale
    good: dict[str, Tensor]
    """The last policy whose rollouts raised no alarm."""
    good_step: int = 0
    """The steps it has learned from."""
    negative_steps: int = 0
    baseline: list[evaluate_policy.Answer] = field(default_factory=list)
    """The initial policy's responses to the first prompts."""
    initially: list[waypoints.Said] = field(default_factory=list)
    """What it says to the fixed prompts."""
    pm_accuracy: dict[str, float] = field(default_factory=dict)
    """The PM's on the held-out comparisons (models/logp_accuracy.py)."""
    kl_level: int = 0
    """The highest of `kl_levels` so far."""
    kept: list[waypoints.Waypoint] = field(default_factory=list)
    """The snapshots along the run."""
    samples: list[waypoints.Row] = field(default_factory=list)

    def alarm(self, kl: Tensor, budget: float) -> str | None:
        """Why a policy whose responses have these KLs (B,) must not be trained further, or None."""
        mean, error = float(kl.mean()), float(kl.std(unbiased=False)) / math.sqrt(len(kl))
        if not math.isfinite(mean):
            return "The policy's log-probabilities are no longer finite numbers."
        if mean > budget:
            return f"The KL to the initial policy reached {mean:.1f} nats per response; kl_budget is {budget:g}."
        self.negative_steps = self.negative_steps + 1 if mean < -2 * error - 1e-3 else 0
        if self.negative_steps >= NEGATIVE_STEPS:
            return (
                f"The KL to the initial policy was negative ({mean:.2f} nats) in {NEGATIVE_STEPS} steps in a row: the "
                f"responses are not sampled from the policy that is trained."
            )
        return None

    def state(self) -> dict[str, Any]:
        """To resume from; plain values and tensors only."""
        named = {name: [tuple(one) for one in getattr(self, name)] for name in NAMED}
        return {**vars(self), **named, "scale": vars(self.scale)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        named = {name: [kind(*one) for one in state[name]] for name, kind in NAMED.items()}
        return cls(**{**state, **named, "scale": ScoreScale(**state["scale"])})


def without_score(scores: Tensor, name: str) -> str | None:
    """Why the PM of that name cannot be optimised any further, which gave the scores (B,), or None."""
    bad = scores[~scores.isfinite()]
    return f"The PM {name} gives {float(bad[0])} for a response; it cannot be optimised." if len(bad) else None


def check_scores(scores: Tensor, name: str) -> None:
    """Of the first step: before anything was learned there is nothing to keep."""
    if bad := without_score(scores, name):
        raise BadInput(bad)
    if float(scores.std(unbiased=False)) < 1e-6:
        raise BadInput(f"The PM {name} gives every response the same score; there is nothing to optimise.")


def check_engine(gap: float | None, config: PolicyConfig) -> None:
    if gap is not None and not gap <= ANOTHER_POLICY:
        raise BadInput(
            f"The server at {config.rollout_url} samples from another policy than the one that is trained: their "
            f"log-probabilities differ by {gap:.2f} nats per token; it must serve the base {config.base!r}."
        )


def evaluation_prompts(config: PolicyConfig) -> int:
    """How many of the first step's prompts are answered again at the end."""
    return math.ceil(config.evaluation_rollouts / config.responses_per_prompt)


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.train_policy", description=__doc__)
    parser.add_argument("run_dir", type=Path)
    path, processes = parser.parse_args().run_dir, Processes.join()
    with processes.open(path) as run:
        train(run, processes)


if __name__ == "__main__":
    main(command)
