"""Several processes train what one alone would, in the toy world."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from models.processes import ALONE, Processes
from models.rollout import Rollouts, joined
from models.sampling import Response
from tests.models.test_train_pm import make_run as make_pm_run
from tests.models.test_train_pm import metrics as pm_metrics
from tests.models.test_train_pm import train as train_pm
from tests.models.test_train_policy import make_run, metrics, train

LAUNCH = [
    sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1",
    "--main_process_port", "0", "--mixed_precision", "no", "--dynamo_backend", "no", "--no_python",
    sys.executable, "-m",
]  # fmt: skip  # as worker/runs.py does; --multi_gpu is its word for several processes, which speak gloo without a GPU


def test_parts_are_all_items_in_their_order() -> None:
    items = list(range(7))
    parts = [list(Processes(rank, 3).part(items)) for rank in range(3)]
    assert [item for part in parts for item in part] == items
    assert sorted(map(len, parts)) == [2, 2, 3]
    assert [list(Processes(rank, 3).part([1])) for rank in range(3)].count([]) == 2


def test_one_process_alone_asks_nobody() -> None:
    assert ALONE.leads
    assert ALONE.gather("mine") == ["mine"]
    assert ALONE.part([1, 2]) == [1, 2]
    assert torch.equal(ALONE.total(torch.ones(2)), torch.ones(2))
    assert [ALONE.any(answer) for answer in (True, False)] == [True, False]
    assert not torch.distributed.is_initialized()


def some_rollouts(prompt: int, lengths: list[int], test: bool) -> Rollouts:
    there = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    numbers = [prompt + there.float() * i for i in range(4)]
    scores = torch.tensor(lengths, dtype=torch.float32)
    responses = [[Response("", [7] * n, "stop") for n in lengths]]
    seconds = {"generate": float(prompt)}
    watching = scores if test else None
    return Rollouts(
        [[prompt]], responses, there, scores, watching, numbers[0], numbers[1], numbers[2], numbers[3], seconds
    )


@pytest.mark.parametrize("test", [True, False])
def test_joined_rollouts_are_padded_to_the_longest(test: bool) -> None:
    made = joined([some_rollouts(1, [2, 3], test), some_rollouts(2, [5, 1], test)])
    assert made.prompts == [[1], [2]]
    assert made.is_response.tolist() == [[i < n for i in range(5)] for n in (2, 3, 5, 1)]
    assert made.lengths.tolist() == made.scores.tolist() == [2, 3, 5, 1]
    assert (made.test_scores is not None) == test
    assert made.values.shape == made.logprobs.shape == (4, 5)
    assert made.seconds == {"generate": 2.0}


def launch_and_kill_one(module: str, path: Path) -> None:
    launcher = subprocess.Popen([*LAUNCH, module, str(path)], env=os.environ, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 180
    while not list(path.glob("checkpoints/step-*")):
        assert launcher.poll() is None, launcher.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
    os.kill(int(children[-1]), signal.SIGKILL)
    assert launcher.communicate(timeout=120)
    assert launcher.returncode != 0


def launch(module: str, path: Path) -> None:
    command = [*LAUNCH, module, str(path)]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr


def test_a_policy_of_two_processes_one_of_which_was_killed_is_that_of_one_alone(
    tmp_path: Path, toy_world: None
) -> None:
    options: dict[str, Any] = {
        "rollouts": 96, "rollouts_per_step": 32, "truncation_penalty": 0.5, "value_learning_rate": 0.01,
    }  # fmt: skip
    alone, path = (make_run(tmp_path / name, **options) for name in ("alone", "together"))
    shutil.copytree(alone / "pm", path / "pm", dirs_exist_ok=True)
    train(alone)
    launch_and_kill_one("models.train_policy", path)
    launch("models.train_policy", path)
    assert '"processes": 2' in (path / "result.json").read_text()
    # The same numbers, until sums in another order make one token of many another one.
    for one, two, close in zip(metrics(alone), metrics(path), (1e-3, 5e-3, 0.1), strict=True):
        assert two.keys() == one.keys()
        for name in ("score", "kl_to_initial", "entropy", "reward", "loss", "value_loss", "explained_variance"):
            assert two[f"policy/{name}"] == pytest.approx(one[f"policy/{name}"], abs=close), name
    assert (path / "snapshot" / "manifest.json").exists()


def test_a_pm_of_two_processes_one_of_which_was_killed_is_that_of_one(tmp_path: Path, toy_world: None) -> None:
    alone, path = (make_pm_run(tmp_path / name, conversations=150) for name in ("alone", "together"))
    train_pm(alone)
    launch_and_kill_one("models.train_pm", path)
    launch("models.train_pm", path)
    lines = pm_metrics(alone), pm_metrics(path)
    for number, (one, two) in enumerate(zip(*lines, strict=True), 1):
        assert two.keys() == one.keys()
        for name, value in one.items():
            close = 1e-3 if number <= 3 else 0.15 if name == "pm/accuracy" else 0.05  # of 16 comparisons
            assert two[name] == pytest.approx(value, abs=close), (number, name)
    one, two = (json.loads((each / "result.json").read_text()) for each in (alone, path))
    assert two["test"]["accuracy"] == pytest.approx(one["test"]["accuracy"], abs=0.1)
