"""What of the PM's recipe is optional: pretraining, ensembles, soft labels, centring, weights; and what is said of
input that suits none of it."""

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from models import reference, tiny, train_pm
from models.backbone import Backbone, resolve_base
from models.config import PMConfig
from models.data import examples
from models.dialogue import Renderer, read_conversations
from models.packing import pack
from models.preference_model import PreferenceModel, load_head
from models.run import BadInput
from tests.models.test_train_pm import make_run, metrics, train, weights
from tests.networks import random_pm

# Pretraining and ensembles


def with_pretraining(path: Path, **config: Any) -> Path:
    """A short run of two stages: 3 steps of pretraining on a file of its own, then about 4 of human feedback."""
    make_run(path, conversations=40, pmp_comparisons=["public.jsonl"], **config)
    tiny.write_comparisons(path / "public.jsonl", tiny.conversations(22, seed=5, turns=1, noise=0))
    return path


@pytest.fixture(scope="module")
def two_members(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("members") / "run"


@pytest.fixture
def ensemble(two_members: Path) -> Path:
    """An ensemble of two with pretraining that nothing happened to, trained once for this file."""
    if not two_members.exists():
        train(with_pretraining(two_members, adapters=2, combine="mean"))
    return two_members


def score_alone(
    backbone: Backbone, directory: Path, prompts: list[list[int]], responses: list[list[list[int]]]
) -> float:
    """What the adapter and the head of a directory score, whatever else is there."""
    backbone.load_adapter(f"alone in {directory.name}", directory)
    return PreferenceModel(backbone, f"alone in {directory.name}", load_head(directory)).score(prompts, responses)[0][0]


def series(path: Path) -> list[str]:
    """What each step was of."""
    return [next(name.split("/")[0] for name in line if "/" in name) for line in metrics(path)]


def test_the_members_are_pretrained_and_then_learn_from_people_together(ensemble: Path) -> None:
    stages = series(ensemble)
    assert stages == sorted(stages, key=["pmp", "pm"].index)
    assert set(stages) == {"pmp", "pm"}
    for stage, line in zip(stages, metrics(ensemble), strict=True):
        assert line[f"{stage}/learning_rate"] == line[f"{stage}-1/learning_rate"]
    assert metrics(ensemble)[-1]["pm/loss"] != metrics(ensemble)[-1]["pm-1/loss"]
    # Each stage has learning rates of its own, which fall to almost nothing.
    rates = [line["pmp/learning_rate"] for line in metrics(ensemble) if "pmp/learning_rate" in line]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == PMConfig().pmp_learning_rate
    result = json.loads((ensemble / "result.json").read_text())
    public = read_conversations(ensemble / "public.jsonl").conversations
    assert 0 < result["pmp_comparisons"] == sum(c.split == "train" for c in public)


def test_the_first_member_is_the_pm_that_would_be_alone_and_the_others_begin_elsewhere(
    ensemble: Path, tmp_path: Path
) -> None:
    train(with_pretraining(tmp_path / "alone"))
    second = ensemble / "snapshot" / "1"
    assert weights(tmp_path / "alone") == weights(ensemble)
    assert weights(second, directory=".") != weights(ensemble)
    # And the ensemble says what its members say together.
    pm, found, renderer = PreferenceModel.open(ensemble / "snapshot")
    prompts, responses = [renderer.opening_ids(found.manifest.system, "Hi")], [[renderer.response_ids("bee tree")]]
    offsets = json.loads((ensemble / "snapshot" / "ensemble.json").read_text())["offsets"]
    alone = [score_alone(pm.backbone, path, prompts, responses) for path in (ensemble / "snapshot", second)]
    expected = sum(score - offset for score, offset in zip(alone, offsets, strict=True)) / 2
    assert pm.score(prompts, responses)[0][0] == pytest.approx(expected, abs=1e-5)


def test_members_become_one_pm_by_the_mean_of_their_weights(tmp_path: Path) -> None:
    config = {"adapters": 2, "learning_rate": 3e-3, "conversations": 60}
    kept, one = (make_run(tmp_path / combine, combine=combine, **config) for combine in ("mean", "weights"))
    train(kept)
    train(one)
    assert not (one / "snapshot" / "ensemble.json").exists()
    assert not (one / "snapshot" / "1").exists()

    def change(directory: Path) -> dict[str, torch.Tensor]:
        config = json.loads((directory / "adapter_config.json").read_text())
        state = load_file(directory / "adapter_model.safetensors")
        scaling = config["lora_alpha"] / config["r"]
        return {
            key: scaling * state[key.replace("lora_A", "lora_B")] @ state[key] for key in state if "lora_A" in key
        } | load_file(directory / "head.safetensors")

    first, second, mean = (change(kept / "snapshot"), change(kept / "snapshot" / "1"), change(one / "snapshot"))
    assert first.keys() == second.keys() == mean.keys()
    for name, found in mean.items():
        torch.testing.assert_close(found, (first[name] + second[name]) / 2, atol=1e-6, rtol=1e-4)
    assert any(not torch.equal(first[name], second[name]) for name in mean)


def test_a_pm_trained_in_full_learns_goes_on_where_it_was_and_is_kept_as_any_other(tmp_path: Path) -> None:
    config = {"method": "full", "adapters": 2, "learning_rate": 1e-3, "conversations": 400}
    path = make_run(tmp_path / "run", **config)
    result = train(path)
    assert result["test"]["low"] > 0.5
    pm, found, renderer = PreferenceModel.open(path / "snapshot")
    assert pm.backbone.width == json.loads((path / "snapshot" / "adapter_config.json").read_text())["r"]
    assert found.manifest.config["method"] == "full"
    assert not (path / "snapshot" / "ensemble.json").exists()  # a second member would be the same
    assert reference.mean_score(pm, renderer, found.manifest.system) == pytest.approx(
        found.manifest.reference_mean, abs=1e-5
    )

    interrupted = make_run(tmp_path / "interrupted", **config)
    child = subprocess.run([sys.executable, "-c", DIES, str(interrupted), "7"], capture_output=True, timeout=200)
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    train(interrupted)
    assert weights(interrupted) == weights(path)


DIES = """
import os, signal, sys
from pathlib import Path
from models import run, train_pm
written = run.RunDirectory.metrics
def metrics(self, step, values):
    written(self, step, values)
    if step == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
run.RunDirectory.metrics = metrics
with run.RunDirectory.open(Path(sys.argv[1])) as directory:
    train_pm.train(directory)
"""


def test_a_run_killed_between_stages_and_in_the_last_one_ends_with_the_bits_of_an_undisturbed_one(
    ensemble: Path, tmp_path: Path
) -> None:
    path = with_pretraining(tmp_path / "run", adapters=2, combine="mean")
    stages = series(ensemble)
    for step in (stages.index("pm"), stages.index("pm") + 2):
        child = subprocess.run([sys.executable, "-c", DIES, str(path), str(step)], capture_output=True, timeout=200)
        assert child.returncode == -signal.SIGKILL, child.stderr.decode()
        assert len(metrics(path)) == step
    train(path)
    assert weights(path) == weights(ensemble)
    assert weights(path / "snapshot" / "1", directory=".") == weights(ensemble / "snapshot" / "1", directory=".")
    assert metrics(path) == metrics(ensemble)


# The loss


def test_the_loss_of_a_batch_is_the_recipe_by_hand(toy: tuple[Backbone, Renderer]) -> None:
    backbone, renderer = toy
    pm = random_pm(backbone, size=0.2)
    told = [
        dataclasses.replace(conversation, task="red-team" if i % 2 else "helpfulness")
        for i, conversation in enumerate(tiny.conversations(6))
    ]
    todo, _ = examples(told, renderer, 2048)
    soft = (0.5, 0.6, 0.8, 0.95)
    outcomes = train_pm.accumulate([pm], todo, PMConfig(strength_labels=soft, centre=0.1, harmless_weight=3.0))
    found = pm.head.weight.grad
    loss, centring = torch.zeros(()), torch.zeros(())
    for example in todo:
        (row,) = pack([example.tree], 2048)
        for t, pair in zip(example.turns, example.pairs, strict=True):
            chosen, rejected = pm.scores_of(row, [(0, node) for node in pair])
            strength = example.conversation.turns[t].strength
            assert strength is not None
            p, certainty = torch.sigmoid(chosen - rejected), soft[strength - 1]
            cross_entropy = -(certainty * p.log() + (1 - certainty) * (1 - p).log())
            loss = loss + (3 if example.conversation.task == "red-team" else 1) * cross_entropy / 12
            centring = centring + 0.1 * (chosen + rejected) ** 2 / 12
    (expected,) = torch.autograd.grad(loss + centring, pm.head.weight)
    assert len({turn.strength for conversation in told for turn in conversation.turns}) > 2
    assert outcomes is not None
    assert outcomes[0].loss == pytest.approx(loss.item(), abs=1e-5)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_choice_of_unknown_strength_is_certain() -> None:
    conversation = next(tiny.conversations(1))
    turns = tuple(dataclasses.replace(turn, strength=None) for turn in conversation.turns)
    renderer = Renderer(tiny.tokenizer())
    ((example,), _) = examples([dataclasses.replace(conversation, turns=turns)], renderer, 2048)
    assert train_pm.labels_of(example, PMConfig(strength_labels=(0.5, 0.6, 0.8, 0.9))) == [(1.0, 1.0)] * 2


# Warnings and bad input


def test_warnings_name_what_the_comparisons_cannot_teach(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", max_comparisons=32, harmless_weight=2.0)
    said = "\n\nHuman: {}\n\nAssistant: {}"
    rows = [{"chosen": said.format(i, "bee tree"), "rejected": said.format(i, "sea")} for i in range(40)]
    (path / "comparisons.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    first, second, *_ = train(path)["warnings"]
    assert first.startswith("The labels are one-sided: in 32 of 32 comparisons the longer response was chosen")
    assert second == "harmless_weight weighs nothing: no comparison of comparisons.jsonl is of the task red-team."


def toy_like(directory: Path) -> Path:
    """A copy of the toy base, to be changed."""
    return Path(shutil.copytree(resolve_base("toy"), directory))


def test_a_base_without_a_chat_template_and_with_little_context_is_trained_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = toy_like(tmp_path / "base")
    tokenizer = tiny.tokenizer()
    tokenizer.chat_template = None
    (base / "chat_template.jinja").unlink(missing_ok=True)
    tokenizer.save_pretrained(base)
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 170}))
    result = train(make_run(tmp_path / "run", conversations=40, base=str(base)))
    assert "has no chat template: dialogues are rendered as" in capsys.readouterr().err
    # Longer than the context: cut by whole turns or set aside, and counted either way.
    assert result["left_out"]["earliest turns left out"] > 0
    assert result["comparisons"] > 20


def test_a_base_with_weights_that_are_no_numbers_is_refused(tmp_path: Path) -> None:
    base = toy_like(tmp_path / "base")
    tensors = load_file(base / "model.safetensors")
    name = sorted(tensors)[0]
    tensors[name].view(-1)[5] = float("nan")
    save_file(tensors, base / "model.safetensors", {"format": "pt"})
    with pytest.raises(BadInput, match=rf"has weights that are not finite numbers \({name}\)\.$"):
        train(make_run(tmp_path / "run", conversations=10, base=str(base)))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no.jsonl", r"config\.json: pmp_comparisons names 'no\.jsonl', but .* has no such file\.$"),
        ("empty.jsonl", r"pmp_comparisons hold no comparison to train on \(empty\)\.$"),
    ],
)
def test_pretraining_on_nothing_is_refused(name: str, sentence: str, tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", conversations=10, pmp_comparisons=[name])
    (path / "empty.jsonl").touch()
    with pytest.raises(BadInput, match=sentence):
        train(path)
    assert not (path / "snapshot").exists()
