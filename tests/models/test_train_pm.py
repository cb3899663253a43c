import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from models import reference, snapshot, tiny, train_pm
from models.data import of_half
from models.dialogue import read_conversations
from models.preference_model import PreferenceModel
from models.run import BadInput, Preempted, RunDirectory

CONFIG = {
    "base": "toy", "learning_rate": 0.01, "head_learning_rate": 1e-3, "adapted_share": 1.0, "batch_comparisons": 16,
    "checkpoint_every": 3, "threads": 1, "adapters": 1,
}  # fmt: skip


def make_run(path: Path, conversations: int = 120, **config: Any) -> Path:
    """A run directory of the toy world, about 11 steps long."""
    path.mkdir()
    (path / "config.json").write_text(json.dumps(CONFIG | config))
    tiny.write_comparisons(path / "comparisons.jsonl", tiny.conversations(conversations, turns=2, noise=0))
    return path


def train(path: Path) -> dict[str, Any]:
    with RunDirectory.open(path) as run:
        train_pm.train(run)
    return json.loads((path / "result.json").read_text())  # type: ignore[no-any-return]


def weights(path: Path, directory: str = "snapshot") -> list[bytes]:
    return [(path / directory / name).read_bytes() for name in ("adapter_model.safetensors", "head.safetensors")]


def metrics(path: Path) -> list[dict[str, float]]:
    """All that is the same whenever the same run is repeated."""
    lines = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if not name.endswith("tokens_per_s")} for line in lines]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("undisturbed") / "run"


@pytest.fixture
def finished(undisturbed: Path) -> Path:
    """A run that nothing happened to, trained once for this file."""
    if not undisturbed.exists():
        train(make_run(undisturbed))
    return undisturbed


def test_a_pm_learns_what_the_toy_crowd_likes(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", conversations=400)
    result = train(path)
    assert result["test"]["low"] > 0.5
    assert result["test"]["accuracy"] > result["test"]["longer_wins"] + 0.1
    assert result["warnings"] == []
    # The snapshot says the same as the process that made it.
    pm, found, renderer = PreferenceModel.open(path / "snapshot")
    likes, dislikes = renderer.response_ids("bee tree tea leaf sea"), renderer.response_ids("sun moss fox owl rain")
    scores = pm.score([renderer.opening_ids(found.manifest.system, "Tell me of sun and moss 5")], [[likes, dislikes]])
    assert scores[0][0] > scores[0][1]
    assert found.manifest.metrics["test_accuracy"] == result["test"]["accuracy"]
    # Its scores now are those it was saved with: the reference set was scored before.
    assert reference.mean_score(pm, renderer, found.manifest.system) == pytest.approx(
        found.manifest.reference_mean, abs=1e-5
    )


def test_a_run_leaves_what_the_worker_reads(finished: Path) -> None:
    told = read_conversations(finished / "comparisons.jsonl").conversations
    train_turns = [turn for c in told if c.split == "train" for turn in c.turns]
    result = json.loads((finished / "result.json").read_text())
    assert result["comparisons"] == sum(turn.strength != 1 for turn in train_turns)
    assert result["left_out"] == {"weakest strength": sum(turn.strength == 1 for turn in train_turns)}
    lines = metrics(finished)
    assert [line["step"] for line in lines] == list(range(1, result["steps"] + 1))
    quantities = ("loss", "accuracy", "margin", "score_mean", "gradient_norm", "learning_rate")
    assert set(lines[0]) == {"step", *(f"pm/{quantity}" for quantity in quantities)}
    assert json.loads((finished / "progress.json").read_text())["phase"] == "evaluate"
    config = json.loads((finished / "config.json").read_text())
    assert (config["lora_rank"], config["threads"]) == (16, 1)
    assert config["dtype"] in ("float32", "bfloat16")
    manifest = snapshot.load(finished / "snapshot", "pm").manifest
    assert manifest.config == config
    assert config["base_hash"] == manifest.base["hash"]
    # One PM is written as ever: PEFT's two files and the head.
    names = {"adapter_config.json", "adapter_model.safetensors", "head.safetensors", "manifest.json"}
    assert {file.name for file in (finished / "snapshot").iterdir()} == names


def test_the_pms_of_two_halves_share_nothing_that_they_learnt_from(finished: Path, tmp_path: Path) -> None:
    told = read_conversations(finished / "comparisons.jsonl").conversations
    first, second = of_half(told, "first"), of_half(told, "second")
    assert len(first) + len(second) == len(told) == len(of_half(told, None))
    assert not {c.family for c in first} & {c.family for c in second}
    assert min(len(first), len(second)) > len(told) / 3
    result = train(make_run(tmp_path / "run", half="second"))
    trained = [turn for c in second if c.split == "train" for turn in c.turns if turn.strength != 1]
    assert result["comparisons"] == len(trained)
    # What it is judged by is the same for both.
    assert result["test"]["comparisons"] == json.loads((finished / "result.json").read_text())["test"]["comparisons"]


def test_a_run_killed_at_any_moment_ends_with_the_bits_of_an_undisturbed_one(finished: Path, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    child = subprocess.Popen([sys.executable, "-m", "models.train_pm", str(path)], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (path / "metrics.jsonl").exists() or len(metrics_so_far(path)) < 4:
        assert child.poll() is None, child.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert not (path / "snapshot").exists()
    assert (path / "checkpoints" / "step-000003").exists()

    train(path)
    assert weights(path) == weights(finished)
    assert metrics(path) == metrics(finished)
    ends = [snapshot.load(p / "snapshot", "pm").manifest for p in (path, finished)]
    assert ends[0].temperature == ends[1].temperature


def metrics_so_far(path: Path) -> list[str]:
    return (path / "metrics.jsonl").read_text().splitlines()


def test_a_preempted_run_stops_within_a_row_and_loses_no_step(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_run(tmp_path / "run", row_tokens=512)
    real, rows = PreferenceModel.states_of, 0

    with RunDirectory.open(path) as run:

        def states_of(self: PreferenceModel, *arguments: Any) -> Any:
            nonlocal rows
            rows += 1
            if rows == 25:
                os.kill(os.getpid(), signal.SIGTERM)
            return real(self, *arguments)

        monkeypatch.setattr(PreferenceModel, "states_of", states_of)
        with pytest.raises(Preempted):
            train_pm.train(run)
        checkpoint = run.checkpoints.latest()
    assert rows == 25
    assert checkpoint is not None
    assert checkpoint[0] == len(metrics(path)) > 0
    train(path)
    assert weights(path) == weights(finished)
    assert metrics(path) == metrics(finished)


def test_a_complete_run_is_not_trained_again(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def written() -> dict[Path, int]:
        files = (file for file in finished.rglob("*") if file.name not in ("lock", "outcome.json"))
        return {file: file.stat().st_mtime_ns for file in files}

    before = written()
    train(finished)
    assert "is complete" in capsys.readouterr().out
    assert written() == before


def test_a_checkpoint_of_other_data_is_not_resumed(finished: Path, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", conversations=60)
    (path / "checkpoints").mkdir()
    step = sorted((finished / "checkpoints").iterdir())[0]
    (path / "checkpoints" / step.name).symlink_to(step)
    with pytest.raises(BadInput, match="made with another config or other comparisons"):
        train(path)


def test_at_most_so_many_comparisons_are_trained_on(tmp_path: Path) -> None:
    result = train(make_run(tmp_path / "run", max_comparisons=20, test_comparisons=3))
    assert result["comparisons"] == 20
    assert result["steps"] == 2
    assert result["test"]["comparisons"] == 3


def test_a_pm_that_tells_nothing_apart_is_reported(tmp_path: Path) -> None:
    result = train(make_run(tmp_path / "run", max_comparisons=16, learning_rate=0.0, head_learning_rate=0.0))
    assert result["test"]["loss"] == pytest.approx(0.6931, abs=1e-4)
    assert result["test"]["accuracy"] == 0.5
    assert result["warnings"] == [
        "The PM does not tell candidates apart: its scores are constant or its loss is log 2."
    ]


@pytest.mark.parametrize(
    ("rows", "config", "sentence"),
    [
        ("", {}, r"holds no comparison to train on \(it is empty\)"),
        ('{"chosen": 1}\n', {}, r"comparisons\.jsonl:1: chosen must be a text"),
        (None, {"lora_rank": 0}, r"config\.json: lora_rank is 0"),
        (None, {"base": "no-such-base"}, "neither a local directory nor a hub id"),
        (None, {"base_hash": "0" * 64}, "base_hash is not that of 'toy'"),
        (None, {"max_tokens": 60}, r"holds no comparison to train on \(.*7 too long"),
    ],
)
def test_what_cannot_be_trained_on_is_one_sentence_and_leaves_no_snapshot(
    rows: str | None, config: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    path = make_run(tmp_path / "run", conversations=10, **config)
    if rows is not None:
        (path / "comparisons.jsonl").write_text(rows)
    with pytest.raises(BadInput, match=sentence):
        train(path)
    assert not (path / "snapshot").exists()


def test_a_gradient_that_is_no_number_ends_the_run_before_it_moves_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_run(tmp_path / "run", checkpoint_every=1)
    # 0 everywhere, with the slope of √x there.
    monkeypatch.setattr(train_pm, "pairwise_loss", lambda chosen, rejected, _: (0 * (chosen - rejected)).sqrt())
    with pytest.raises(BadInput, match="The gradient became nan at step 1: lower learning_rate"):
        train(path)
    assert not (path / "checkpoints").exists()


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    rates = [train_pm.schedule(0.2, step, 10) for step in range(1, 11)]
    assert rates == pytest.approx([0.5, 1, 8 / 9, 7 / 9, 6 / 9, 5 / 9, 4 / 9, 3 / 9, 2 / 9, 1 / 9])
    assert train_pm.schedule(0.2, 1, 1) == 1.0
