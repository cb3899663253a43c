"""A PM that learns from several tasks, where what is better in one is worse in another."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from models import export, snapshot, tiny
from models.backbone import Backbone
from models.dialogue import DEFAULT_SYSTEM, Conversation, Message, Renderer, read_conversations
from models.judgements import judge, summary
from models.preference_model import Head, PreferenceModel, Reads, TaskHead, load_head, pairwise_loss, write_head
from models.run import BadInput
from models.snapshot import Manifest
from tests.models.test_evaluate_pm import evaluate
from tests.models.test_train_pm import make_run, train
from tests.networks import disturb

TASKS = ["helpfulness", "red-team"]


def a_head(reads: Reads = "end") -> TaskHead:
    head = TaskHead(4, TASKS, reads)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    return head


def test_a_score_is_that_of_each_task_by_how_likely_the_task_is() -> None:
    head, states = a_head(), torch.randn(5, 4)
    odds = (states @ (head.gate[1] - head.gate[0])).exp()  # of the second task
    by_hand = (states @ head.weight[0] + odds * (states @ head.weight[1])) / (1 + odds)
    torch.testing.assert_close(head(states), by_hand)
    assert head(states.bfloat16()).dtype == torch.float32
    assert TaskHead(4, TASKS)(states).tolist() == [0.0] * 5


def test_what_teaches_the_tasks_by_hand() -> None:
    head, states = a_head(), torch.randn(6, 4)
    losses = head.loss(states, ["red-team", "unheard of", "helpfulness"], torch.tensor([1.0, 1.0, 0.7]))
    for i, t, certainty in ((0, 1, 1.0), (2, 0, 0.7)):
        two = states[2 * i : 2 * i + 2]
        chosen, rejected = two @ head.weight[t]
        naming = -F.log_softmax(two @ head.gate.T, -1)[:, t].mean()
        expected = pairwise_loss(chosen[None], rejected[None], torch.tensor([certainty]))[0] + naming
        torch.testing.assert_close(losses[i], expected)
    assert losses[1] == 0


@pytest.mark.parametrize("head", [a_head(), Head(4), a_head("response"), Head(4, "response")])
def test_a_head_is_kept_with_the_names_of_its_tasks(head: Head | TaskHead, tmp_path: Path) -> None:
    torch.nn.init.normal_(head.weight)
    write_head(head, tmp_path)
    again = load_head(tmp_path)
    assert type(again) is type(head)
    assert getattr(again, "tasks", None) == getattr(head, "tasks", None)
    assert (again.reads, again.width) == (head.reads, 4)
    states = torch.randn(5, 4 if head.reads == "end" else 12)
    assert torch.equal(again(states), head(states))
    assert not any(parameter.requires_grad for parameter in again.parameters())


def two_tasks(count: int, seed: int = 0) -> list[Conversation]:
    """The toy world, and beside it one whose openers differ and whose people like the opposite."""
    helpful = list(tiny.conversations(count, seed=seed, turns=1, noise=0))
    harmful = []
    for c in tiny.conversations(count, seed=seed + 1, turns=1, noise=0):
        turns = tuple(
            dataclasses.replace(t, human=f"!!! {t.human}", chosen=t.rejected, rejected=t.chosen) for t in c.turns
        )
        harmful.append(dataclasses.replace(c, id=f"r{c.id}", task="red-team", turns=turns))
    return helpful + harmful


def trained(path: Path, **config: Any) -> dict[str, Any]:
    make_run(path, conversations=1, **config)
    rows = two_tasks(300)
    (path / "comparisons.jsonl").write_text("".join(json.dumps(dataclasses.asdict(c)) + "\n" for c in rows))
    train(path)
    pm, _, renderer = PreferenceModel.open(path / "snapshot")
    unseen = [dataclasses.replace(c, task="helpfulness") for c in two_tasks(150, seed=7)]  # nobody says which it is
    judged, _ = judge(pm, renderer, unseen)
    sides = {"helpfulness": judged[:150], "red-team": judged[150:]}
    return {"head": pm.head, **{task: summary(found)["accuracy"] for task, found in sides.items()}}


def test_a_pm_learns_opposite_tasks_and_tells_by_the_dialogue_which_one_it_is(tmp_path: Path) -> None:
    found = trained(tmp_path / "run", epochs=4, head_learning_rate=0.01)
    assert isinstance(found["head"], TaskHead)
    assert (found["head"].tasks, found["head"].reads) == (TASKS, "response")
    assert min(found["helpfulness"], found["red-team"]) > 0.65


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"task_heads": False}, (Head, "end")),
        ({"task_heads": False, "reads": "response"}, (Head, "response")),
        ({"reads": "end"}, (TaskHead, "end")),
    ],
)
def test_one_head_for_all_and_what_is_read_are_settings(
    config: dict[str, Any], expected: tuple[type, Reads], tmp_path: Path
) -> None:
    path = tmp_path / "run"
    make_run(path, conversations=1, **config)
    rows = two_tasks(250)  # enough for heads of their own
    (path / "comparisons.jsonl").write_text("".join(json.dumps(dataclasses.asdict(c)) + "\n" for c in rows))
    train(path)
    head = load_head(path / "snapshot")
    assert (type(head), head.reads) == expected


def test_few_comparisons_of_a_task_get_no_head_of_their_own(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", conversations=80)
    told = read_conversations(path / "comparisons.jsonl").conversations
    rows = [dataclasses.replace(c, task="red-team") if i < 20 else c for i, c in enumerate(told)]
    (path / "comparisons.jsonl").write_text("".join(json.dumps(dataclasses.asdict(c)) + "\n" for c in rows))
    train(path)
    head = load_head(path / "snapshot")
    assert (type(head), head.reads) == (Head, "end")  # as plain as the paper's


@pytest.fixture
def pm_directory(toy: tuple[Backbone, Renderer], tmp_path: Path) -> Path:
    backbone, _ = toy
    pm = PreferenceModel.fresh(backbone, "pm", 4, tasks=TASKS)
    disturb(backbone, "pm")
    for parameter in pm.head.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    manifest = Manifest("week-1", "pm", {"source": "toy", "hash": backbone.hash}, DEFAULT_SYSTEM)
    snapshot.save(tmp_path / "pm", manifest, pm.write)
    return tmp_path / "pm"


def test_of_a_pm_of_several_tasks_one_alone_can_be_exported(
    pm_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = pm_directory.parent / "out"
    with pytest.raises(BadInput, match="no head for the task 'cooking'; it has helpfulness and red-team"):
        export.export(pm_directory, out, task="cooking")
    pm, _, renderer = PreferenceModel.open(pm_directory)
    head = pm.head
    assert isinstance(head, TaskHead)
    said = [Message("system", "Be kind."), Message("user", "Hi"), Message("assistant", "Hello")]
    for t, task in enumerate(TASKS):
        assert "LlamaForSequenceClassification" in export.export(pm_directory, out / task, task=task)
        monkeypatch.setattr(head, "forward", lambda states, t=t: head.scores_by_task(states)[:, t])
        (expected,) = pm.score([renderer.prompt_ids(said[:-1])], [[renderer.response_ids("Hello")]])[0]
        assert export.scores(out / task, [said]) == pytest.approx([expected], abs=1e-4)


def test_an_evaluation_may_be_by_the_score_of_one_task_alone(
    pm_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pm_directory.parent / "comparisons.jsonl"
    tiny.write_comparisons(path, tiny.conversations(10))
    margins = {}
    for task in (None, *TASKS):
        options = ["--task", task] if task else []
        margins[task] = [
            pair["margin"] for pair in evaluate(monkeypatch, pm_directory, path, "--all", *options)["pairs"]
        ]
    pm, _, renderer = PreferenceModel.open(pm_directory)
    head = pm.head
    assert isinstance(head, TaskHead)
    pm.head = head.alone("red-team")
    judged, _ = judge(pm, renderer, read_conversations(path).conversations)
    assert margins["red-team"] == pytest.approx([j.margin for j in judged], abs=1e-4)
    assert len({tuple(found) for found in margins.values()}) == 3
    with pytest.raises(BadInput, match="no head for the task 'cooking'"):
        evaluate(monkeypatch, pm_directory, path, "--task", "cooking")
    pm.head = Head(pm.backbone.width)
    plain = Manifest("week-1", "pm", {"source": "toy", "hash": pm.backbone.hash}, DEFAULT_SYSTEM)
    snapshot.save(pm_directory.parent / "plain", plain, pm.write)
    with pytest.raises(BadInput, match="no single PM with a head for each task; leave --task out"):
        evaluate(monkeypatch, pm_directory.parent / "plain", path, "--task", "red-team")
