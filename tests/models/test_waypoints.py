"""What a run keeps on its way, in the toy world."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from models import snapshot, train_policy, updates, waypoints
from models.backbone import Backbone
from models.dialogue import Renderer
from models.evaluate_policy import median
from models.policy import Policy
from models.preference_model import PreferenceModel
from models.processes import ALONE
from models.rollout import Networks
from models.run import Preempted, RunDirectory
from models.sampling import Sampler
from models.waypoints import Waypoint, passed
from tests.models.test_train_policy import make_run, metrics, start, train, weights, write_pm

MOVING: dict[str, Any] = {"kl_coef": 0.0, "rollouts": 48, "kl_levels": [1, 2], "sample_prompts": 3}
"""Passes the first level, at least, within its six steps."""


def kept(path: Path) -> dict[str, bytes]:
    """Everything below `snapshots/`, and the samples."""
    files = [file for file in (path / "snapshots").rglob("*") if file.is_file()]
    return {str(file.relative_to(path)): file.read_bytes() for file in [*files, path / "samples.jsonl"]}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("undisturbed") / "run"


@pytest.fixture
def finished(undisturbed: Path, toy_world: None) -> Path:
    """A run that nothing happened to, trained once for this file."""
    if not undisturbed.exists():
        train(make_run(undisturbed, **MOVING))
    return undisturbed


def again(finished: Path, path: Path, **overrides: Any) -> Path:
    """The same run anew, or with other options."""
    make_run(path, **{**MOVING, **overrides})
    shutil.copytree(finished / "pm", path / "pm", dirs_exist_ok=True)
    return path


def test_a_level_is_passed_once_and_of_several_the_highest_counts() -> None:
    assert passed(0.9, [1, 4, 9], 0) is None
    assert passed(1.0, [1, 4, 9], 0) == 1
    assert passed(3.9, [1, 4, 9], 1) is None
    assert passed(20.0, [9, 1, 4], 1) == 9
    assert passed(5.0, [], 0) is None
    assert passed(float("nan"), [1], 0) is None


def test_the_policy_that_first_passed_a_level_is_kept_as_a_whole_snapshot(finished: Path) -> None:
    lines = metrics(finished)
    result = json.loads((finished / "result.json").read_text())
    listed = [Waypoint(**row) for row in result["snapshots"]]
    assert listed
    assert {waypoint.name for waypoint in listed} == {path.name for path in (finished / "snapshots").iterdir()}
    for waypoint in listed:
        sampled = lines[waypoint.step]  # metrics of a step are those of the policy before it
        assert waypoint.kl_to_initial == pytest.approx(sampled["policy/kl_to_initial"])
        assert waypoint.score == pytest.approx(sampled["policy/score"])
        assert waypoint.kl_to_initial >= waypoint.kl_level
        assert all(line["policy/kl_to_initial"] < waypoint.kl_level for line in lines[: waypoint.step])
        manifest = snapshot.load(finished / "snapshots" / waypoint.name, "policy").manifest
        assert (manifest.name, manifest.parents) == (waypoint.name, ["pm"])
        assert (manifest.metrics["step"], manifest.metrics["score"]) == (waypoint.step, waypoint.score)
        assert Policy.open(str(finished / "snapshots" / waypoint.name)).name == waypoint.name


def test_a_kept_policy_is_the_one_that_sampled_and_not_the_one_after(finished: Path, tmp_path: Path) -> None:
    first = json.loads((finished / "result.json").read_text())["snapshots"][0]
    shorter = again(finished, tmp_path / "shorter", rollouts=8 * first["step"], kl_levels=[])
    train(shorter)
    kept_weights = (finished / "snapshots" / first["name"] / "adapter_model.safetensors").read_bytes()
    assert kept_weights == weights(shorter)


def test_what_a_run_starts_from_is_not_kept_again(finished: Path, tmp_path: Path) -> None:
    options = {"start": str(finished / "snapshots" / "policy-kl1"), "learning_rate": 0.0, "kl_levels": [1]}
    path = again(finished, tmp_path / "run", rollouts=16, sample_prompts=0, **options)
    assert train(path)["snapshots"] == []
    assert metrics(path)[0]["policy/kl_to_initial"] > 1


def test_every_snapshot_answers_the_same_prompts_beside_the_initial_policy(finished: Path) -> None:
    rows = [json.loads(line) for line in (finished / "samples.jsonl").read_text().splitlines()]
    result = json.loads((finished / "result.json").read_text())
    names = [row["name"] for row in result["snapshots"]] + ["policy"]
    assert [row["snapshot"] for row in rows] == [name for name in names for _ in range(3)]
    assert [row["step"] for row in rows[-3:]] == [result["steps"]] * 3
    asked = [json.loads(line)["prompt"] for line in (finished / "prompts.jsonl").read_text().splitlines()]
    for i in range(3):
        same = rows[i::3]
        assert all(row["prompt"] == same[0]["prompt"] and row["initial"] == same[0]["initial"] for row in same)
        assert [message["role"] for message in same[0]["prompt"]] == ["system", "user"]
        assert same[0]["prompt"][1]["content"] in asked
        assert all(isinstance(row["new"]["text"], str) for row in same)
    assert any(row["new"] != row["initial"] for row in rows)


def test_all_scores_are_kept_beside_the_median_response(finished: Path) -> None:
    for line in (finished / "samples.jsonl").read_text().splitlines():
        for said in (json.loads(line)["initial"], json.loads(line)["new"]):
            assert len(said["scores"]) == 17
            assert said["scores"] == sorted(said["scores"])
            assert said["score"] == said["scores"][8], "as many above as below"


def test_without_prompts_to_show_there_are_no_samples(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", rollouts=8, sample_prompts=0)
    assert train(path)["snapshots"] == []
    assert not (path / "samples.jsonl").exists()


def test_a_file_says_what_is_shown_whatever_the_run_is_trained_on(toy_world: None, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", rollouts=8, sample_prompts=2)
    asked = ["Tell me of tea", "x" * 5000, "Tell me of moss", "Tell me of sea"]
    rows = [{"prompt": text, "task": "red-team" if "moss" in text else "helpfulness"} for text in asked]
    (path / "shown.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    train(path)
    shown = [json.loads(line) for line in (path / "samples.jsonl").read_text().splitlines()]
    assert [(row["prompt"][-1]["content"], row["task"]) for row in shown] == [
        ("Tell me of tea", "helpfulness"),
        ("Tell me of moss", "red-team"),
    ]


def test_what_is_shown_is_the_median_of_seventeen(toy: tuple[Backbone, Renderer], tmp_path: Path) -> None:
    backbone, renderer = toy
    write_pm(tmp_path / "pm")
    pm, _ = PreferenceModel.load(backbone, "pm", tmp_path / "pm")
    _, tokenizer = Backbone.load("toy")
    policy = Policy(backbone, None)
    networks = Networks(policy, policy, None, pm, None, Sampler(backbone, tokenizer, renderer), renderer)
    prompts = [renderer.opening_ids("", text) for text in ("Tell me of sea", "Tell me of moss and tea", "Hi")]
    said = waypoints.typical(ALONE, networks, prompts, 8, seed=3)
    seen: list[list[float]] = []
    score = pm.score

    def watched(*arguments: Any) -> list[list[float]]:
        seen.extend(score(*arguments))
        return seen[-len(arguments[0]) :]

    pm.score = watched  # type: ignore[method-assign]
    assert waypoints.typical(ALONE, networks, prompts, 8, seed=3) == said
    assert [len(scores) for scores in seen] == [17] * 3
    for scores, one in zip(seen, said, strict=True):
        assert one.score == pytest.approx(sorted(scores)[8], abs=1e-4)
    assert waypoints.typical(ALONE, networks, prompts, 8, seed=4) != said


def test_the_median_of_an_even_number_is_the_lower_one() -> None:
    assert [median(scores) for scores in ([3.0], [3.0, 1.0], [3.0, 1.0, 2.0], [4.0, 1.0, 2.0, 3.0])] == [0, 1, 2, 2]


# Interruptions


def test_a_run_killed_where_it_keeps_a_policy_keeps_it_once_and_the_same(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = again(finished, tmp_path / "run")
    update, interrupted = train_policy.update, False

    def interrupt(*arguments: Any) -> updates.Outcome | None:
        nonlocal interrupted
        if (path / "snapshots").exists() and not interrupted:  # kept, but no checkpoint knows of it
            interrupted = True
            os.kill(os.getpid(), signal.SIGTERM)
        return update(*arguments)

    monkeypatch.setattr(train_policy, "update", interrupt)
    with pytest.raises(Preempted), RunDirectory.open(path) as run:
        train_policy.train(run)
    assert interrupted
    (path / "snapshots" / "policy-kl9").mkdir()  # of a step that came out differently, and of a half-written one
    (path / "snapshots" / ".policy-kl2.abc").mkdir()
    train(path)
    assert kept(path) == kept(finished)
    assert metrics(path) == metrics(finished)


def test_a_run_killed_with_kill_keeps_the_same(finished: Path, tmp_path: Path) -> None:
    path = again(finished, tmp_path / "run")
    child: subprocess.Popen[str] = start(path)
    while child.poll() is None and not (path / "snapshots").exists():
        time.sleep(0.002)
    child.kill()
    child.communicate()
    train(path)
    assert kept(path) == kept(finished)
    assert (
        json.loads((path / "result.json").read_text())["snapshots"]
        == (json.loads((finished / "result.json").read_text())["snapshots"])
    )
