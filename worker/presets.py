"""An iteration's config: everything that changes a figure, as presets that a researcher overrides field by field
(`{"policy.learning_rate": 1e-5}`)."""

import dataclasses
import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from app.settings import get_settings
from models.config import Between, PMConfig, PolicyConfig, must_go_together, parse
from models.run import BadInput


@dataclass(frozen=True)
class DataConfig:
    """What the week trains on."""

    test_pm_from: Annotated[int, Between(0)] = 10_000
    """From this many training comparisons up, a test-PM is trained beside the PM."""

    test_pm_families: Annotated[float, Between(0, 50)] = 15.0
    """Percent of the training families that only the test-PM sees (and the PM does not); 0 trains no test-PM."""

    max_prompts: Annotated[int, Between(1)] | None = None
    """Prompts for the policy at most, chosen by hash; null means all of them."""


@dataclass(frozen=True)
class EvaluationConfig:
    """How much the evaluations look at; always families that no training saw."""

    max_comparisons: Annotated[int, Between(1)] = 2_000
    """Test comparisons on which the PMs are compared, at most (whole conversations, chosen by hash)."""

    prompts: Annotated[int, Between(1)] = 512
    """Test prompts that the new and the initial policy answer, at most."""

    max_tokens: Annotated[int, Between(1)] = 128
    """Tokens of an answer to a test prompt, at most."""


@dataclass(frozen=True)
class GateConfig:
    """What a week must hold before its snapshots reach crowdworkers (DESIGN §5)."""

    pm_standard_errors: Annotated[float, Between(0)] = 2.0
    """The PM may be worse than the deployed PM, on the same rows, by this many standard errors of the difference, which
    are cluster-robust by dialogue family."""

    max_kl: Annotated[float, Between(0)] = 20.0
    """Nats per response between the new and the initial policy."""

    min_entropy_ratio: Annotated[float, Between(0)] = 0.5
    """Of the initial policy's entropy; below, the policy says the same to everybody."""

    min_length_ratio: Annotated[float, Between(0)] = 0.5
    """Of the initial policy's mean response length."""

    max_length_ratio: Annotated[float, Between(0)] = 2.0
    """Of the initial policy's mean response length; above, length is what was learnt."""

    min_end_of_turn_ratio: Annotated[float, Between(0)] = 0.9
    """Of the initial policy's rate of responses that end by themselves."""

    max_refusal_points: Annotated[float, Between(0, 100)] = 10.0
    """Percentage points by which refusals may rise."""

    max_pm_gap_points: Annotated[float, Between(0, 100)] = 10.0
    """Percentage points by which the win rate against the initial policy may be higher for the PM that was optimised
    than for the test-PM; above, the policy exploits its PM."""

    rate_standard_errors: Annotated[float, Between(0)] = 2.0
    """A rate over the test prompts (ends of turns, refusals, wins) fails when it is beyond its limit by more standard
    errors than this; by fewer it may be chance, and the line says "not enough data"."""

    min_comparisons: Annotated[int, Between(1)] = 50
    """Test comparisons below which a line about the PM says "not enough data"."""

    min_prompts: Annotated[int, Between(1)] = 20
    """Test prompts below which a line about the policy says "not enough data"."""


@dataclass(frozen=True)
class ShareConfig:
    """How the traffic of each task is shared after a deployment, in percent; scaled up while there are fewer."""

    new: Annotated[float, Between(0.1, 100)] = 50.0
    """Deployment share of the new policy."""

    earlier: Annotated[float, Between(0.1, 100)] = 20.0
    """Deployment share of each of the two policies before the new one."""

    initial: Annotated[float, Between(0.1, 100)] = 10.0
    """Deployment share of the initial policy: never zero, or comparisons stop connecting all policies in one Elo
    scale."""

    canary: Annotated[float, Between(0.1, 50)] | None = None
    """Deployment share with which the new policy begins, beside those that answer now in their present proportions,
    until somebody promotes it to the shares above; null: it has its full share at once."""


@dataclass(frozen=True)
class IterationConfig:
    pm: PMConfig = field(default_factory=PMConfig)
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    data: DataConfig = field(default_factory=DataConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    shares: ShareConfig = field(default_factory=ShareConfig)


PRESETS: dict[str, IterationConfig] = {
    "toy": IterationConfig(
        pm=PMConfig(
            max_comparisons=64,
            batch_comparisons=16,
            learning_rate=2e-4,
            head_learning_rate=1e-3,
            adapters=1,
            adapted_share=1.0,
            lora_rank=4,
            max_tokens=512,
            test_comparisons=32,
            checkpoint_every=1,
        ),
        policy=PolicyConfig(
            rollouts=32,
            rollouts_per_step=8,
            responses_per_prompt=2,
            max_new_tokens=16,
            ppo_epochs=1,
            minibatches=2,
            lora_rank=4,
            sample_prompts=2,
            evaluation_rollouts=8,
        ),
        evaluation=EvaluationConfig(max_comparisons=64, prompts=32, max_tokens=16),
    ),
    "small": IterationConfig(
        # Two cores read about 200 tokens a second and learn from them: long dialogues lose their earliest turns, of 700
        # comparisons about 600 then fit, and prompts cost the policy as much as responses. Few responses end within 64
        # tokens: all their scores replaced, brevity would be all that is learnt; all kept, that the longest never end.
        # Batches are small, for 600 comparisons are few steps.
        pm=PMConfig(max_comparisons=700, max_tokens=320, test_comparisons=32, batch_comparisons=8, adapters=1),
        policy=PolicyConfig(
            rollouts=256,
            rollouts_per_step=64,
            max_new_tokens=64,
            max_prompt_tokens=192,
            truncation_penalty=0.5,
            sample_prompts=4,
            logp_comparisons=0,
            evaluation_rollouts=16,
        ),
        evaluation=EvaluationConfig(max_comparisons=100, prompts=32, max_tokens=64),
    ),
    "paper": IterationConfig(
        pm=PMConfig(
            batch_comparisons=32,
            learning_rate=2e-4,
            head_learning_rate=1e-3,
            adapters=1,
            adapted_share=1.0,
            task_heads=False,
            row_tokens=2048,
            checkpoint_every=20,
        ),
        policy=PolicyConfig(
            preset="paper",
            rollouts=200_192,  # robustness is seen from 100,000 on (paper §4.2); a multiple of a step
            rollouts_per_step=512,
            responses_per_prompt=1,
            max_new_tokens=128,
            max_prompt_tokens=1024,
            ppo_epochs=1,
            minibatches=8,
            kl_budget=100.0,  # the paper follows the curve beyond the point where it bends
            kl_levels=(1, 4, 9, 16, 25, 36, 49, 64, 81),  # evenly spaced in √KL
            logp_comparisons=256,
            evaluation_rollouts=256,
            row_tokens=2048,
        ),
    ),
}


def parse_config(preset: str, overrides: Mapping[str, Any]) -> IterationConfig:
    """A preset with its overrides; BadInput names the field that is wrong, or wrong beside another one."""
    config = each_field(preset, overrides)
    must_go_together(config.policy, "policy")
    return config


def each_field(preset: str, overrides: Mapping[str, Any]) -> IterationConfig:
    """The same, each field judged alone: what the web judges too, where an override is typed."""
    if preset not in PRESETS:
        raise BadInput(f"There is no preset {preset!r}; there are {', '.join(PRESETS)}.")
    config = PRESETS[preset]
    # Through JSON, as a config file comes: tuples become the lists that parse() reads.
    sections: dict[str, dict[str, object]] = json.loads(json.dumps(dataclasses.asdict(config)))
    base = sections["pm"]["base"] = sections["policy"]["base"] = get_settings().base_model
    for key, value in overrides.items():
        section, _, name = key.partition(".")
        if section not in sections or not name:
            near = difflib.get_close_matches(section, sections, n=1)
            hint = f"did you mean {near[0]}.…?" if near else f"sections are {', '.join(sections)}."
            raise BadInput(f"Override {key!r} must name a section and a field, like policy.learning_rate; {hint}")
        sections[section][name] = value
    parsed = IterationConfig(
        **{name: parse(type(getattr(config, name)), values, name) for name, values in sections.items()}
    )
    for name, its in (("pm", parsed.pm.base), ("policy", parsed.policy.base)):
        if its != base:  # inference would refuse what was trained on another one
            raise BadInput(f"{name}: base is {its!r}, but BASE_MODEL names one for all, which is {base!r}.")
    return parsed
