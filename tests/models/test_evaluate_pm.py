import json
import math
import sys
from pathlib import Path

import pytest

from models import evaluate_pm, run, snapshot, tiny
from models.backbone import Backbone
from models.data import select
from models.dialogue import DEFAULT_SYSTEM, Renderer, read_conversations
from models.evaluate_pm import Judgement, report, summary, wilson
from models.snapshot import Manifest
from tests.networks import random_pm

Toy = tuple[Backbone, Renderer]


def judgement(margin: float, longer: float = 0.5, task: str = "helpfulness", turn: int = 0) -> Judgement:
    return Judgement("c", turn, task, "base", margin, 0.0, longer)


def test_accuracy_counts_a_tie_as_half_so_a_constant_pm_is_a_coin() -> None:
    constant = summary([judgement(0.0)] * 50)
    assert constant["accuracy"] == 0.5
    assert constant["loss"] == pytest.approx(math.log(2))
    assert constant["brier"] == 0.25
    mixed = summary([judgement(2.0, 1.0), judgement(1.0, 1.0), judgement(-1.0, 0.0), judgement(0.0, 0.5)])
    assert mixed["accuracy"] == 2.5 / 4
    assert mixed["longer_wins"] == 2.5 / 4
    assert mixed["margin"] == 0.5


def test_the_interval_by_hand() -> None:
    # Wilson's interval for 8 of 10, as in the textbooks.
    assert wilson(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(1.0, 3) == pytest.approx((0.4385, 1.0), abs=1e-4)
    assert wilson(0.0, 3)[0] == pytest.approx(0.0, abs=1e-9)


def test_extreme_margins_stay_numbers() -> None:
    extreme = summary([judgement(1e4), judgement(-1e4)])
    assert math.isfinite(extreme["loss"])
    assert extreme["brier"] == 0.5


def test_a_report_is_sliced_and_keeps_every_margin() -> None:
    content = report([judgement(1.0), judgement(-1.0, task="red-team", turn=2), judgement(2.0, turn=10)])
    assert content["overall"]["comparisons"] == 3
    assert {name: s["accuracy"] for name, s in content["by_task"].items()} == {"red-team": 0.0, "helpfulness": 1.0}
    assert list(content["by_turn"]) == ["1", "3", "11"]
    assert content["pairs"][1] == {"id": "c", "turn": 2, "margin": -1.0}
    assert report([])["overall"] == {"comparisons": 0}


def test_judging_scores_every_comparison_of_a_conversation_in_its_context(toy: Toy) -> None:
    backbone, renderer = toy
    pm = random_pm(backbone)
    told = select(list(tiny.conversations(3, turns=3)), None).conversations
    progress: list[tuple[int, int]] = []
    judgements, touched = evaluate_pm.judge(pm, renderer, told, lambda done, total: progress.append((done, total)))
    assert not touched
    assert [(j.id, j.turn) for j in judgements] == [(c.id, t) for c in told for t in range(3)]
    assert progress == [(0, 3), (3, 3)]
    turn = told[0].turns[0]
    assert turn.chosen is not None
    ids = renderer.response_ids(turn.candidates[turn.chosen].text)
    alone = pm.score([renderer.opening_ids(told[0].system, turn.human)], [[ids]])[0][0]
    assert judgements[0].score_chosen == pytest.approx(alone, abs=1e-5)


def test_the_command_takes_the_test_split_unless_told_otherwise(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backbone, _ = toy
    pm = random_pm(backbone)
    manifest = Manifest("week-1", "pm", {"source": "toy", "hash": backbone.hash}, DEFAULT_SYSTEM)
    snapshot.save(tmp_path / "pm", manifest, pm.write)
    path, out = tmp_path / "comparisons.jsonl", tmp_path / "out.json"
    tiny.write_comparisons(path, tiny.conversations(100))
    told = read_conversations(path).conversations

    def evaluate(*more: str) -> dict[str, object]:
        monkeypatch.setattr(sys, "argv", ["evaluate_pm", str(tmp_path / "pm"), str(path), str(out), *more])
        evaluate_pm.command()
        return json.loads(out.read_text())  # type: ignore[no-any-return]

    of_test = evaluate()
    assert len(of_test["pairs"]) == sum(2 for c in told if c.split == "test") > 0  # type: ignore[arg-type]
    assert "the test split; --all takes every row" in capsys.readouterr().out
    assert len(evaluate("--all")["pairs"]) == 200  # type: ignore[arg-type]

    # As a worker's child it says how far it is, in the directory of its output.
    monkeypatch.setenv("TURNWISE_WATCH_STDIN", "1")
    monkeypatch.setattr(run, "_exit_with_parent", lambda: None)  # the pipe to a worker: here it is pytest's own stdin
    evaluate()
    assert json.loads((tmp_path / "progress.json").read_text())["phase"] == "evaluate"
