"""What the web knows of a week without importing the worker: the names of its stages and presets, and how long they
take. Tests hold the names to be those of `worker/iteration.py` and `worker/presets.py`."""

from typing import NamedTuple

STAGES = ("freeze_tranche", "train_pm", "evaluate_pm", "train_policy", "evaluate_policy", "gate", "deploy")


class Preset(NamedTuple):
    name: str
    description: str
    seconds: dict[str, float]  # per stage on two cores, shown until there are past runs


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "toy",
            "Seconds. A few steps of everything, for tests and the toy base; learns nothing of use.",
            {"train_pm": 20, "evaluate_pm": 15, "train_policy": 20, "evaluate_policy": 15},
        ),
        Preset(
            "small",
            "Made for two cores: about 600 comparisons, one epoch, 256 rollouts of 64 tokens.",
            {"train_pm": 240, "evaluate_pm": 36, "train_policy": 561, "evaluate_policy": 64},  # docs/first-week.md
        ),
        Preset(
            "paper",
            "The paper's way: all comparisons, one epoch, λ_KL 0.001, responses of 128 tokens. Wants a GPU.",
            {"train_pm": 36_000, "evaluate_pm": 3_600, "train_policy": 180_000, "evaluate_policy": 3_600},
        ),
    )
}

INSTANT = 1.0  # seconds of a stage that only moves rows
