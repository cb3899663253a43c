"""PPO, RLOO and GRPO in the toy world. The planted reward counts the favourite letter: so can what is learned."""

import dataclasses
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models import mix, policy_inputs, snapshot, tiny, train_policy, updates
from models.backbone import SMOLLM2, Backbone
from models.config import PolicyConfig
from models.policy import Policy
from models.preference_model import PreferenceModel
from models.rewards import ScoreScale, rewards
from models.run import BadInput, Preempted, RunDirectory
from tests.networks import random_pm

CONFIG = {
    "base": "toy", "pm": "pm", "rollouts": 24, "rollouts_per_step": 8, "responses_per_prompt": 2, "max_new_tokens": 12,
    "minibatches": 2, "lora_rank": 2, "learning_rate": 0.01, "evaluation_rollouts": 4, "threads": 1,
}  # fmt: skip
LEARNING = CONFIG | {
    "rollouts": 192, "rollouts_per_step": 32, "responses_per_prompt": 4, "max_new_tokens": 24, "ppo_epochs": 3,
    "value_learning_rate": 0.01, "evaluation_rollouts": 32,
}  # fmt: skip


def write_pm(directory: Path, base: str = "toy", weight: Callable[[Tensor], None] = lambda weight: None) -> None:
    """An untrained PM, whose head `weight` may change; the same one whatever was drawn before."""
    torch.manual_seed(0)
    backbone, _ = Backbone.load(base)
    pm = random_pm(backbone, 2)
    with torch.no_grad():
        weight(pm.head.weight)
    snapshot.save(directory, snapshot.Manifest("pm", "pm", {"source": base, "hash": backbone.hash}, ""), pm.write)


def make_run(path: Path, config: dict[str, Any] = CONFIG, **overrides: Any) -> Path:
    path.mkdir()
    write_pm(path / "pm")
    tiny.write_prompts(path / "prompts.jsonl", tiny.prompts(40))
    (path / "config.json").write_text(json.dumps(config | overrides))
    return path


def train(path: Path) -> dict[str, Any]:
    with RunDirectory.open(path) as run:
        train_policy.train(run)
    return json.loads((path / "result.json").read_text())  # type: ignore[no-any-return]


def weights(path: Path) -> bytes:
    return (path / "snapshot" / "adapter_model.safetensors").read_bytes()


def metrics(path: Path) -> list[dict[str, float]]:
    """All that is the same whenever the same run is repeated."""
    lines = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in line.items() if not ("seconds" in name or "memory" in name)} for line in lines
    ]


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, toy_world: None) -> None:
    """Every PM counts the favourite letter instead of reading with its network."""
    letter = tiny.tokenizer()(tiny.FAVOURITE)["input_ids"][0]

    def score(self: PreferenceModel, prompts: list[Any], responses: list[list[list[int]]]) -> list[list[float]]:
        return [[float(response.count(letter)) for response in group] for group in responses]

    monkeypatch.setattr(PreferenceModel, "score", score)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("undisturbed") / "run"


@pytest.fixture
def finished(undisturbed: Path, toy_world: None) -> Path:
    """A run that nothing happened to, trained once for this file."""
    if not undisturbed.exists():
        train(make_run(undisturbed))
    return undisturbed


# Learning


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize(
    ("algorithm", "how"), [("ppo", {}), ("rloo", {}), ("grpo", {}), ("rloo", {"method": "full", "learning_rate": 1e-3})]
)
def test_a_planted_reward_is_learned(algorithm: str, how: dict[str, Any], tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", LEARNING, kl_coef=0.0, algorithm=algorithm, **how)
    result = train(path)
    assert result["final"]["score"] > 2 * result["initial"]["score"]
    assert result["paired"]["score"]["low"] > 0
    lines = metrics(path)
    assert lines[-1]["policy/score"] > lines[0]["policy/score"] + 2
    assert lines[-1]["policy/kl_to_initial"] > 2
    assert lines[0]["policy/kl_to_initial"] == 0
    assert all(line["policy/first_ratio_error"] < 1e-4 for line in lines)


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("algorithm", ["ppo", "rloo", "grpo"])
def test_a_large_price_holds_the_kl_near_zero(algorithm: str, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", LEARNING, kl_coef=20.0, rollouts=96, algorithm=algorithm)
    train(path)
    assert max(line["policy/kl_to_initial"] for line in metrics(path)) < 0.8


@pytest.mark.usefixtures("planted")
def test_the_price_rises_in_the_step_whose_kl_is_beyond_its_target_and_holds_a_policy_that_would_run_away(
    tmp_path: Path,
) -> None:
    path = make_run(tmp_path / "held", LEARNING, kl_target=2.0, rollouts=16 * 32)
    assert not train(path)["stopped"]
    kls, prices = zip(*((line["policy/kl_to_initial"], line["policy/kl_coef"]) for line in metrics(path)), strict=True)
    beyond = next(i for i, kl in enumerate(kls) if kl > 2)
    assert beyond > 1
    assert prices[:beyond] == (0.02,) * beyond
    assert all(price > 0.02 for price in prices[beyond:])
    assert kls[-1] < max(kls) < 15

    path = make_run(tmp_path / "undamped", LEARNING, kl_target=2.0, kl_damping=0.0, rollouts=16 * 32)
    assert "kl_budget is 20" in train(path)["stopped"]


@pytest.mark.usefixtures("planted")
def test_the_papers_price_stays_where_it_is_and_its_responses_are_rewarded_at_their_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, made = make_run(tmp_path / "run", LEARNING, preset="paper", kl_target=0.5, kl_budget=1000.0), []

    def watched(*arguments: Any) -> Tensor:
        made.append((rewards(*arguments), arguments[3]))
        return made[-1][0]

    monkeypatch.setattr(train_policy, "rewards", watched)
    result = train(path)
    assert not result["stopped"]
    assert result["score_scale"] == 1
    lines = metrics(path)
    assert max(line["policy/kl_to_initial"] for line in lines) > 0.5
    assert {line["policy/kl_coef"] for line in lines} == {0.001}
    assert {line["policy/updates"] for line in lines} == {3 * 2}  # nothing ends them early
    for per_token, is_response in made:
        assert (per_token != 0).sum(1).max() == 1
        assert (per_token.sum(1) == per_token.gather(1, is_response.sum(1, keepdim=True) - 1).squeeze(1)).all()


# What a run leaves


def test_a_run_leaves_what_the_worker_reads(finished: Path) -> None:
    lines = metrics(finished)
    assert [line["step"] for line in lines] == [1, 2, 3]
    names = (
        "reward score kl_to_initial sqrt_kl approx_kl entropy length end_of_turn_rate ratio clip_fraction loss",
        "explained_variance value_loss kl_coef",
    )
    assert {f"policy/{name}" for line in names for name in line.split()} <= lines[0].keys()
    timed = json.loads((finished / "metrics.jsonl").read_text().splitlines()[0])
    assert {f"policy/seconds_{name}" for name in ("generate", "score", "logprobs", "update")} <= timed.keys()
    assert 50 < timed["policy/peak_memory_mb"] < 100_000
    assert 0 < lines[0]["policy/distinct_2"] <= 1
    assert 0 <= lines[0]["policy/refusal_rate"] <= 1
    assert not any(name.startswith("policy/score_") for name in lines[0])  # its prompts are of one task
    result = json.loads((finished / "result.json").read_text())
    assert (result["steps"], result["prompts"], result["stopped"]) == (3, 40, None)
    assert (result["reward_line"], result["warnings"]) == (None, [])  # three steps are few
    assert {"score", "kl_to_initial", "entropy", "length", "refusal_rate"} <= result["final"].keys()
    config = json.loads((finished / "config.json").read_text())
    assert config["threads"] == 1
    assert config["base_hash"]
    assert config["clip"] == 0.2


def test_the_snapshot_is_the_policy_and_says_where_it_comes_from(finished: Path) -> None:
    opened = Policy.open(str(finished / "snapshot"))
    assert any(weight.abs().max() > 0 for name, weight in opened.policy.state().items() if "lora_B" in name)
    manifest = snapshot.load(finished / "snapshot", "policy").manifest
    assert (manifest.name, manifest.parents) == ("policy", ["pm"])
    assert manifest.metrics["score"] == json.loads((finished / "result.json").read_text())["final"]["score"]


def test_a_finished_run_is_not_run_again(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = weights(finished)
    train(finished)
    assert "is complete" in capsys.readouterr().out
    assert weights(finished) == before


def test_another_pm_may_watch(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", rollouts=8, test_pm="pm")
    result = train(path)
    line = metrics(path)[0]
    assert line["policy/test_score"] == pytest.approx(line["policy/score"])
    for name in ("mean", "low", "high", "win_rate"):
        assert result["paired"]["test_score"][name] == pytest.approx(result["paired"]["score"][name])


def test_a_run_can_begin_from_a_snapshot_which_is_then_the_anchor(finished: Path, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", rollouts=8, initial=str(finished / "snapshot"), learning_rate=0.0)
    result = train(path)
    assert metrics(path)[0]["policy/kl_to_initial"] == 0
    assert result["final"]["kl_to_initial"] == 0
    assert weights(path) == weights(finished)
    assert snapshot.load(path / "snapshot").manifest.parents == ["pm", "policy"]


@pytest.mark.usefixtures("planted")
def test_a_policy_trained_in_full_begins_where_its_snapshot_is_and_changes_any_weight(
    finished: Path, tmp_path: Path
) -> None:
    path = make_run(tmp_path / "run", initial=str(finished / "snapshot"), method="full", algorithm="rloo")
    train(path)
    lines = metrics(path)
    assert lines[0]["policy/kl_to_initial"] == pytest.approx(0, abs=1e-4)
    assert lines[0]["policy/first_ratio_error"] < 1e-4
    assert lines[-1]["policy/kl_to_initial"] > 0.01
    new, old = (Policy.open(str(one / "snapshot")).policy for one in (path, finished))
    change, before = (product(policy) for policy in (new, old))
    assert torch.linalg.matrix_rank(before) == 2
    assert torch.linalg.matrix_rank(change - before) > 10


def product(policy: Policy) -> Tensor:
    """What a policy's adapter adds to one of its layers, up to its scaling."""
    state = policy.state()
    a, b = (next(w for name, w in state.items() if f"q_proj.lora_{half}" in name) for half in "AB")
    return b @ a


def test_a_run_can_continue_from_another_snapshot_while_the_anchor_stays(finished: Path, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", rollouts=8, start=str(finished / "snapshot"), learning_rate=0.0)
    shutil.copytree(finished / "pm", path / "pm", dirs_exist_ok=True)
    result, before = train(path), json.loads((finished / "result.json").read_text())
    assert weights(path) == weights(finished)
    assert metrics(path)[0]["policy/kl_to_initial"] > 0.01
    for which in ("initial", "final"):  # on the same prompts with the same seeds
        assert result[which] == pytest.approx(before[which], abs=1e-4)
    assert snapshot.load(path / "snapshot").manifest.parents == ["pm", "policy"]


def test_a_policy_trained_in_full_is_not_sampled_by_a_server(tmp_path: Path, toy_world: None) -> None:
    path = make_run(tmp_path / "run", rollouts=8, method="full", rollout_url="http://127.0.0.1:9")
    with pytest.raises(BadInput, match="no server takes an adapter as wide as the base: leave it out with method full"):
        train(path)
    assert not (path / "metrics.jsonl").exists()


@pytest.mark.parametrize("name", ["kl_budget", "kl_target"])
def test_a_kl_of_zero_is_refused_before_anything_is_sampled(name: str, tmp_path: Path, toy_world: None) -> None:
    path = make_run(tmp_path / "run", **{"rollouts": 8, name: 0.0})
    with pytest.raises(BadInput, match=f"{name} is 0, but a policy that may not move cannot learn"):
        train(path)
    assert not (path / "metrics.jsonl").exists()


def test_a_start_beyond_the_kl_budget_is_one_sentence(finished: Path, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", rollouts=8, start=str(finished / "snapshot"), kl_budget=0.01)
    with pytest.raises(BadInput, match=r"It did so before the first step: raise kl_budget in .*, or change start\.$"):
        train(path)


# Interruptions


def test_the_same_run_twice_gives_the_same_weights(finished: Path, tmp_path: Path) -> None:
    again = make_run(tmp_path / "run")
    train(again)
    assert weights(again) == weights(finished)
    assert metrics(again) == metrics(finished)


def start(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "models.train_policy", str(path)], env=os.environ, text=True, stderr=subprocess.PIPE
    )


def test_a_run_killed_at_any_moment_goes_on_without_a_gap_and_ends_the_same(finished: Path, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    child = start(path)
    deadline = time.monotonic() + 120
    while not (path / "checkpoints" / "step-000001").exists():
        assert child.poll() is None, child.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)
    child.kill()
    child.communicate()
    assert not (path / "snapshot").exists()
    train(path)
    assert metrics(path) == metrics(finished)
    assert weights(path) == weights(finished)


@pytest.mark.parametrize(  # with a value function and without
    "how", [{}, {"algorithm": "rloo"}, {"algorithm": "rloo", "method": "full"}]
)
def test_a_run_interrupted_within_a_step_repeats_that_step(
    how: dict[str, str], finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how:
        finished = make_run(tmp_path / "undisturbed", **how)
        train(finished)
        assert not any("value" in name or "variance" in name for name in metrics(finished)[0])
    path, calls = make_run(tmp_path / "run", **how), 0
    shutil.copytree(finished / "pm", path / "pm", dirs_exist_ok=True)
    update = train_policy.update

    def interrupted(*arguments: Any) -> updates.Outcome | None:
        nonlocal calls
        calls += 1
        if calls == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return update(*arguments)

    monkeypatch.setattr(train_policy, "update", interrupted)
    with pytest.raises(Preempted):
        train(path)
    assert [line["step"] for line in metrics(path)] == [1]
    train(path)
    assert metrics(path) == metrics(finished)
    assert weights(path) == weights(finished)


def write_start(path: Path, seed: int = 0) -> None:
    torch.manual_seed(seed)
    backbone, _ = Backbone.load("toy")
    backbone.add_adapter("policy", 2)
    base = {"source": "toy", "hash": backbone.hash}
    snapshot.save(path / "start", snapshot.Manifest("start", "policy", base, ""), Policy(backbone, "policy").write)


def write_held_out(path: Path, seed: int = 0) -> None:
    rows = [dataclasses.asdict(row) | {"split": "test"} for row in tiny.conversations(2, seed)]
    (path / "comparisons.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_prompts(path: Path, seed: int = 0) -> None:
    tiny.write_prompts(path / "prompts.jsonl", tiny.prompts(40, seed))


@pytest.mark.parametrize("write", [write_prompts, write_start, write_held_out])
def test_a_checkpoint_of_other_inputs_is_not_gone_on_from(write: Callable[..., None], tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", rollouts=8, start="start")
    write_start(path)
    write_held_out(path)
    train(path)
    (path / "result.json").unlink()
    write(path, seed=1)
    with pytest.raises(BadInput, match="was made with another config, other prompts, comparisons or snapshots"):
        train(path)


# Alarms


def test_a_loss_that_is_no_number_keeps_the_last_good_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, update, before = make_run(tmp_path / "run"), train_policy.update, []

    def breaks(networks: Any, *arguments: Any) -> updates.Outcome | None:
        before.append(networks.policy.state())
        if len(before) < 3:
            return update(networks, *arguments)
        for parameter in networks.policy.parameters():
            nn.init.constant_(parameter, float("nan"))
        return None

    monkeypatch.setattr(train_policy, "update", breaks)
    result = train(path)
    assert result["stopped"].startswith("The loss or its gradient was no longer a finite number at step 3.")
    assert result["stopped"] in capsys.readouterr().err
    assert result["steps"] == 2
    kept = Policy.open(str(path / "snapshot")).policy.state()
    assert all(torch.equal(kept[name], before[2][name]) for name in kept)


def test_log_probabilities_that_are_no_numbers_keep_the_last_good_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, update, before = make_run(tmp_path / "run", rollouts=14 * 4, rollouts_per_step=4), train_policy.update, []

    def breaks(networks: Any, *arguments: Any) -> updates.Outcome | None:
        before.append(networks.policy.state())
        outcome = update(networks, *arguments)
        if len(before) == 13:  # later than a line is drawn through the steps
            for parameter in networks.policy.parameters():
                nn.init.constant_(parameter, float("nan"))
        return outcome

    monkeypatch.setattr(train_policy, "update", breaks)
    result = train(path)
    assert result["stopped"].startswith("The policy's log-probabilities are no longer finite numbers.")
    assert result["steps"] == 12
    kept = Policy.open(str(path / "snapshot")).policy.state()
    assert all(torch.equal(kept[name], before[12][name]) for name in kept)
    assert "NaN" not in (path / "result.json").read_text()


def test_a_gradient_that_is_no_number_keeps_the_last_good_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, update = make_run(tmp_path / "run"), train_policy.update

    def breaks(networks: Any, rollouts: Any, *arguments: Any) -> updates.Outcome | None:
        if arguments[3] == 2:
            networks.policy.parameters()[0].register_hook(lambda gradient: gradient * float("nan"))
        return update(networks, rollouts, *arguments)

    monkeypatch.setattr(train_policy, "update", breaks)
    result = train(path)
    assert result["stopped"].startswith("The loss or its gradient was no longer a finite number at step 2.")
    assert result["steps"] == 1
    assert (path / "snapshot" / "manifest.json").exists()


def test_a_score_that_is_no_number_keeps_the_last_good_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, score, calls = make_run(tmp_path / "run", sample_prompts=0), PreferenceModel.score, []

    def breaks(self: PreferenceModel, *arguments: Any) -> list[list[float]]:
        calls.append(1)
        scores = score(self, *arguments)
        return [[float("nan") for _ in group] for group in scores] if len(calls) == 3 else scores

    monkeypatch.setattr(PreferenceModel, "score", breaks)
    result = train(path)
    assert result["stopped"] == (
        "The PM pm gives nan for a response; it cannot be optimised. The snapshot is the policy after step 1."
    )
    assert result["steps"] == 1
    assert (path / "snapshot" / "manifest.json").exists()
    assert "NaN" not in (path / "result.json").read_text()


def test_responses_that_another_policy_sampled_are_not_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, collect, calls = make_run(tmp_path / "run", rollouts=48), train_policy.collect_together, []

    def elsewhere(*arguments: Any) -> Any:
        made = collect(*arguments)
        calls.append(1)
        return made if len(calls) < 3 else dataclasses.replace(made, initial_logprobs=made.logprobs + 1)

    monkeypatch.setattr(train_policy, "collect_together", elsewhere)
    result = train(path)
    assert "was negative" in result["stopped"]
    assert len(metrics(path)) == 5
    assert result["steps"] == 1  # what step 2 looked at


@pytest.mark.usefixtures("planted")
def test_a_run_that_leaves_its_kl_budget_ends_with_the_last_policy_below_it(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", LEARNING, kl_coef=0.0, kl_budget=1.5, rollouts=160, rollouts_per_step=16)
    result = train(path)
    assert "kl_budget is 1.5" in result["stopped"]
    *below, above = [line["policy/kl_to_initial"] for line in metrics(path)]
    assert max(below) <= 1.5 < above
    # The last rollouts below the budget were those of the policy after the step before them.
    assert result["steps"] == len(below) - 1 > 0
    assert (path / "snapshot" / "manifest.json").exists()


def test_a_run_that_breaks_at_once_says_so_and_leaves_no_snapshot(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", kl_budget=1e-6, learning_rate=0.3)
    with pytest.raises(BadInput, match=r"Nothing was learned before that: lower learning_rate"):
        train(path)
    assert not (path / "snapshot").exists()


def test_a_kl_that_stays_negative_is_an_alarm_and_noise_is_not() -> None:
    course = train_policy.Course(0.02, ScoreScale(True), {})
    noise, negative = torch.tensor([-1.0, 0.9, -0.8, 1.0]), torch.tensor([-1.0, -0.9, -1.1, -1.0])
    assert [course.alarm(kl, 15) for kl in (noise, negative, negative, noise, negative, negative)] == [None] * 6
    assert "negative (-1.00 nats) in 3 steps in a row" in str(course.alarm(negative, 15))


# Bad input


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"pm": ""}, "pm must name the snapshot directory of a preference model"),
        ({"pm": "nowhere"}, "There is no snapshot directory .*nowhere"),
        ({"rollouts": 25}, "rollouts is 25, but must be a multiple of responses_per_prompt"),
        ({"algorithm": "rloo", "responses_per_prompt": 1}, "responses_per_prompt is 1, but rloo compares"),
        ({"max_prompt_tokens": 3}, "every prompt is longer than 3 tokens; the shortest has"),
        ({"max_new_tokens": 4000}, "max_new_tokens is 4000, but the base reads 2048 tokens in all"),
        ({"generated_share": 0.3}, "holds no generated prompt that fits, which generated_share 0.3 asks for"),
        ({"helpful_share": 0.9}, "holds no red-team prompt that fits, which helpful_share 0.9 asks for"),
        ({"preset": "bold"}, 'preset is "bold", but must be "paper" or "safe"'),
    ],
)
def test_a_wrong_config_is_one_sentence(tmp_path: Path, overrides: dict[str, Any], sentence: str) -> None:
    path = make_run(tmp_path / "run", **overrides)
    with pytest.raises(BadInput, match=sentence):
        train(path)


def test_a_run_without_prompts_is_one_sentence(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    (path / "prompts.jsonl").write_text("\n")
    with pytest.raises(BadInput, match="holds no prompts"):
        train(path)
    (path / "prompts.jsonl").unlink()
    with pytest.raises(BadInput, match=r"has no prompts.jsonl or prompts.jsonl.gz"):
        train(path)


def test_a_pm_of_another_base_is_one_sentence(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    manifest = path / "pm" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["base"]["hash"] = "0" * 64
    manifest.write_text(json.dumps(content))
    with pytest.raises(BadInput, match="was trained on another base"):
        train(path)


@pytest.mark.parametrize(
    ("weight", "sentence"),
    [
        (lambda weight: weight.fill_(float("nan")), "weights that are not finite numbers"),
        (lambda weight: weight.zero_(), "gives every response the same score"),
    ],
)
def test_a_pm_that_says_nothing_is_one_sentence(
    tmp_path: Path, weight: Callable[[Tensor], None], sentence: str
) -> None:
    path = make_run(tmp_path / "run")
    write_pm(path / "pm", weight=weight)
    with pytest.raises(BadInput, match=sentence):
        train(path)
    assert not (path / "snapshot").exists()


# Parts


def test_all_prompts_come_once_before_one_comes_again() -> None:
    data = policy_inputs.Prompts([[i] for i in range(7)], "", {}, [mix.Kind("", 1.0, list(range(7)))], [])
    config = PolicyConfig(rollouts=28, rollouts_per_step=6, responses_per_prompt=2)
    steps = [data.of_step(step, config) for step in range(1, 6)]
    order = [prompt[0] for prompts, _ in steps for prompt in prompts]
    assert [len(prompts) for prompts, _ in steps] == [3, 3, 3, 3, 2]
    assert sorted(order[:7]) == sorted(order[7:]) == list(range(7))
    assert order[:7] != order[7:]
    assert len({seed for _, seeds in steps for own in seeds for seed in own}) == 28


def test_generated_and_helpful_prompts_have_the_shares_that_are_asked_for(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", rollouts=16, responses_per_prompt=2, generated_share=0.5, helpful_share=0.75)
    with (path / "prompts.jsonl").open("a") as file:
        for i, (task, by) in enumerate(itertools.product(["helpfulness", "red-team"], [None, "base"])):
            file.write(json.dumps({"prompt": f"Tell me of tar {i}", "task": task, "generated_by": by}) + "\n")
    assert train(path)["mix"] == {
        "generated helpfulness": 3, "human helpfulness": 3, "generated red-team": 1, "human red-team": 1,
    }  # fmt: skip
    # Of a step's four prompts one is a red-team one: the mean of all is theirs by their shares.
    for line in metrics(path):
        helpful, harmless = line["policy/score_helpfulness"], line["policy/score_red-team"]
        assert line["policy/score"] == pytest.approx(0.75 * helpful + 0.25 * harmless, abs=1e-5)


@pytest.mark.slow
def test_two_steps_on_the_real_base(tmp_path: Path, real_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_STORE", str(real_store))
    path = tmp_path / "run"
    path.mkdir()
    write_pm(path / "pm", base=SMOLLM2)
    prompts = ["How do I boil an egg?", "Name three birds.", "Why is the sky blue?", "Write a line about tea."]
    tiny.write_prompts(path / "prompts.jsonl", iter(prompts))
    config = CONFIG | {"base": SMOLLM2, "rollouts": 16, "max_new_tokens": 16, "learning_rate": 5e-4}
    config["truncation_penalty"] = 0  # after 16 tokens next to nothing has ended, and all would score the same
    (path / "config.json").write_text(json.dumps(config))
    result = train(path)
    first, second = metrics(path)
    assert first["policy/kl_to_initial"] == 0
    assert first["policy/first_ratio_error"] < 1e-4
    assert second["policy/first_ratio_error"] < 1e-4
    assert second["policy/kl_to_initial"] != 0
    assert abs(result["final"]["kl_to_initial"]) < 10
    assert result["stopped"] is None
