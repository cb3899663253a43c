"""How often a policy finds the better response the likelier one, beside the same by hand."""

import dataclasses
import json
import re
import sys
from pathlib import Path

import pytest
import torch

from models import judgements, logp_accuracy, tiny
from models.backbone import Backbone
from models.data import Example, examples, select
from models.dialogue import Conversation, Message, Renderer
from models.logp_accuracy import accuracies, mean_logprobs
from models.packing import Batch
from models.policy import Policy
from models.run import BadInput
from tests.models.test_train_policy import LEARNING, make_run, metrics, planted, train
from tests.networks import random_pm

__all__ = ["planted"]  # a fixture


def held_out(conversations: list[Conversation], renderer: Renderer) -> list[Example]:
    return examples(select(conversations, None).conversations, renderer, 512)[0]


def as_cut(conversation: Conversation) -> Conversation:
    """The same with responses that were cut by length."""
    turns = [
        dataclasses.replace(turn, candidates=tuple(dataclasses.replace(c, finish="length") for c in turn.candidates))
        for turn in conversation.turns
    ]
    return dataclasses.replace(conversation, turns=tuple(turns))


def by_hand(backbone: Backbone, renderer: Renderer, example: Example, t: int, candidate: int) -> float:
    """Of a response behind its flattened dialogue."""
    turns = example.conversation.turns
    said = [Message("system", example.conversation.system)]
    for turn in turns[:t]:
        assert turn.trunk is not None
        said += [Message("user", turn.human), Message("assistant", turn.candidates[turn.trunk].text)]
    prompt = renderer.prompt_ids([*said, Message("user", turns[t].human)])
    response = renderer.response_ids(turns[t].candidates[candidate].text)
    if turns[t].candidates[candidate].finish == "length":
        response = response[:-1]
    ids = torch.tensor([[*prompt, *response]])
    n = ids.shape[1]
    batch = Batch(ids, torch.arange(n)[None], torch.ones(n, n, dtype=torch.bool).tril()[None, None])
    with torch.no_grad(), backbone.use(None):
        logprobs = backbone.logits(backbone.hidden(batch)[0]).log_softmax(-1)
    return float(logprobs[len(prompt) - 1 : -1].gather(1, torch.tensor(response)[:, None]).mean())


@pytest.mark.parametrize("cut", [False, True])
def test_means_are_those_of_the_flattened_dialogues(cut: bool, toy: tuple[Backbone, Renderer]) -> None:
    backbone, renderer = toy
    conversations = [as_cut(c) if cut else c for c in tiny.conversations(5, turns=3)]
    given = held_out(conversations, renderer)
    means = mean_logprobs(Policy(backbone, None), given, row_tokens=600).tolist()
    for example in given:
        for t in example.turns:
            turn = example.conversation.turns[t]
            assert turn.chosen is not None
            assert turn.rejected is not None
            expected = [by_hand(backbone, renderer, example, t, c) for c in (turn.chosen, turn.rejected)]
            assert means.pop(0) == pytest.approx(expected, abs=1e-4)
    assert means == []


def test_shares_by_hand(toy: tuple[Backbone, Renderer]) -> None:
    given = held_out(list(tiny.conversations(2, turns=2)), toy[1])
    given[1] = given[1]._replace(conversation=dataclasses.replace(given[1].conversation, task="red-team"))
    pairs = [(2.0, 1.0), (1.0, 1.0), (1.0, 2.0), (1.0, 2.0)]
    assert accuracies(pairs, given) == {"": 0.375, "_helpfulness": 0.75, "_red-team": 0.0}
    assert accuracies(pairs[:2], given[:1]) == {"": 0.75}


def test_the_pms_share_is_its_accuracy(toy: tuple[Backbone, Renderer]) -> None:
    backbone, renderer = toy
    conversations = select(list(tiny.conversations(12)), None).conversations
    pm = random_pm(backbone)
    judged, _ = judgements.judge(pm, renderer, conversations)
    assert logp_accuracy.of_pm(pm, held_out(conversations, renderer)) == {"": judgements.summary(judged)["accuracy"]}


@pytest.mark.usefixtures("planted")
def test_a_policy_that_learns_what_people_like_finds_their_choices_likelier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_run(tmp_path / "run", LEARNING, kl_coef=0.0, algorithm="rloo")
    tiny.write_comparisons(path / "comparisons.jsonl", tiny.conversations(600, noise=0.0))
    result, lines = train(path), metrics(path)
    assert 20 < result["held_out_comparisons"] <= 64
    assert lines[-1]["policy/logp_accuracy"] > lines[0]["policy/logp_accuracy"] + 0.1
    assert len({line["policy/pm_accuracy"] for line in lines}) == 1

    # By hand, of the same comparisons, the same at the beginning, and of what was learnt in the end.
    pm = path / json.loads((path / "config.json").read_text())["pm"]
    monkeypatch.setenv("BASE_MODEL", "toy")
    say(monkeypatch, path / "comparisons.jsonl", "base", path / "snapshot", "--pm", pm, "--at-most", 64)
    count, base, policy, ceiling = capsys.readouterr().out.splitlines()
    assert count.startswith(f"all, {result['held_out_comparisons']} comparisons of ")
    assert base.split()[:2] == ["base", f"{100 * lines[0]['policy/logp_accuracy']:.1f}"]
    assert ceiling.split()[1:3] == ["(PM)", f"{100 * lines[0]['policy/pm_accuracy']:.1f}"]
    gain = re.search(r"\), \+([\d.]+) ± ([\d.]+) points", policy)
    assert gain
    assert float(gain[1]) > 2 * float(gain[2]) > 0


def say(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["logp_accuracy", *map(str, arguments)])
    logp_accuracy.command()


def test_bad_input_is_named_by_hand(tmp_path: Path, toy_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_MODEL", "toy")
    rows = [dataclasses.asdict(c) | {"split": "train"} for c in tiny.conversations(4)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(BadInput, match="holds no comparison of test families; --all takes every one"):
        say(monkeypatch, path, "base")
    with pytest.raises(BadInput, match="--at-most must be at least 1"):
        say(monkeypatch, path, "base", "--at-most", 0)
    path.write_text("")
    with pytest.raises(BadInput, match="holds no comparison that fits"):
        say(monkeypatch, path, "base", "--all")


def test_only_test_families_watch_and_each_task_by_itself(tmp_path: Path, toy_world: None) -> None:
    path = make_run(tmp_path / "run", rollouts=8)
    rows = [
        dataclasses.asdict(c) | {"split": "test" if i < 10 else "train", "task": "red-team" if i % 2 else "helpfulness"}
        for i, c in enumerate(tiny.conversations(40))
    ]
    (path / "comparisons.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert train(path)["held_out_comparisons"] == 20
    assert {"policy/logp_accuracy_red-team", "policy/pm_accuracy_helpfulness"} <= metrics(path)[0].keys()
    unwatched = make_run(tmp_path / "unwatched", rollouts=8, logp_comparisons=0)
    (unwatched / "comparisons.jsonl").write_bytes((path / "comparisons.jsonl").read_bytes())
    assert train(unwatched)["held_out_comparisons"] == 0
    assert "policy/logp_accuracy" not in metrics(unwatched)[0]
