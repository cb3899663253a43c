"""A base in parts over two processes computes, and trains, what a whole one does, in the toy world."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models import sharding, tiny
from models.run import BadInput
from tests.models.test_processes import launch, launch_and_kill_one
from tests.models.test_train_pm import make_run as make_pm_run
from tests.models.test_train_pm import metrics as pm_metrics
from tests.models.test_train_pm import train as train_pm
from tests.models.test_train_policy import make_run, metrics, train

CONFIG = Path(__file__).parents[2] / "deploy" / "accelerate" / "fsdp2.yaml"


@pytest.fixture
def by_config(monkeypatch: pytest.MonkeyPatch) -> None:
    """Launches read the config file that the documents name, with two processes."""
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(CONFIG), "--num_processes", "2",
        "--main_process_port", "0", "--no_python", sys.executable, "-m",
    ]  # fmt: skip
    monkeypatch.setattr("tests.models.test_processes.LAUNCH", command)


def test_passes_are_those_of_the_whole_base_however_many_each_process_makes() -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "tests.models.sharded"]
    wanted = os.environ | {"ACCELERATE_USE_FSDP": "true"}
    done = subprocess.run(command, env=wanted, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("by_config")
def test_a_policy_on_a_base_in_parts_is_that_on_a_whole_one_also_after_a_kill(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "rollouts": 12, "rollouts_per_step": 6, "max_new_tokens": 5, "ppo_epochs": 1, "minibatches": 2,
        "truncation_penalty": 0.5, "evaluation_rollouts": 0, "sample_prompts": 1,
    }  # fmt: skip
    whole, path = (make_run(tmp_path / name, **options) for name in ("whole", "parts"))
    shutil.copytree(whole / "pm", path / "pm", dirs_exist_ok=True)
    (watches,) = tiny.conversations(1, turns=1)  # which one process judges, while the other one has none
    for run in (whole, path):
        (run / "comparisons.jsonl").write_text(json.dumps(dataclasses.asdict(watches) | {"split": "test"}))
    train(whole)
    launch_and_kill_one("models.train_policy", path)
    launch("models.train_policy", path)
    for one, two in zip(metrics(whole), metrics(path), strict=True):
        for name in ("score", "kl_to_initial", "entropy", "reward", "loss", "value_loss", "logp_accuracy"):
            assert two[f"policy/{name}"] == pytest.approx(one[f"policy/{name}"], abs=5e-3), name
    assert json.loads((path / "result.json").read_text())["processes"] == 2
    assert (path / "snapshot" / "manifest.json").exists()


@pytest.mark.slow  # what the policy's run above does not pass through is little
@pytest.mark.usefixtures("by_config")
def test_a_pm_on_a_base_in_parts_is_that_on_a_whole_one(tmp_path: Path) -> None:
    whole, path = (make_pm_run(tmp_path / name, conversations=40, test_comparisons=8) for name in ("whole", "parts"))
    train_pm(whole)
    launch("models.train_pm", path)
    for one, two in zip(pm_metrics(whole), pm_metrics(path), strict=True):
        assert two == pytest.approx(one, abs=2e-2)
    one, two = (json.loads((each / "result.json").read_text()) for each in (whole, path))
    assert two["test"]["score_mean"] == pytest.approx(one["test"]["score_mean"], abs=2e-2)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"ACCELERATE_USE_DEEPSPEED": "true"}, "DeepSpeed is not supported: deploy/accelerate/fsdp2.yaml shares out"),
        ({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "1"}, "fsdp_version is 1 .* but must be 2"),
        (
            {"ACCELERATE_USE_FSDP": "true", "FSDP_OFFLOAD_PARAMS": "true"},
            "fsdp_offload_params is true .* but is not",
        ),
        (
            {"ACCELERATE_USE_FSDP": "true", "FSDP_ACTIVATION_CHECKPOINTING": "true"},
            "fsdp_activation_checkpointing is true .* not supported",
        ),
    ],
)
def test_what_a_config_asks_in_vain_is_one_sentence(
    asked: dict[str, str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=sentence):
        train_pm(make_pm_run(tmp_path / "run", conversations=4))


def test_one_process_alone_shares_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not sharding.wanted()
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    assert not sharding.wanted()
