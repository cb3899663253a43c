import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from models import evaluate_pm, run, snapshot, tiny
from models.backbone import Backbone
from models.dialogue import DEFAULT_SYSTEM, Renderer, read_conversations
from models.evaluate_pm import report
from models.run import BadInput
from models.snapshot import Manifest
from tests.models.test_judgements import apart, judgement, planted
from tests.networks import random_pm

Toy = tuple[Backbone, Renderer]


def test_a_report_is_sliced_and_keeps_every_margin() -> None:
    content = report(
        [
            judgement(1.0, 90, 30, strength=4),
            judgement(-1.0, task="red-team", turn=2, labels={"subset": "honest"}),
            judgement(2.0, turn=10, kind="online"),
        ]
    )
    assert content["overall"]["comparisons"] == 3
    right = {name: {key: part["accuracy"] for key, part in content[name].items()} for name in content if "by_" in name}
    assert right == {
        "by_task": {"helpfulness": 1.0, "red-team": 0.0},
        "by_kind": {"base": 0.5, "online": 1.0},
        "by_turn": {"1": 1.0, "3": 0.0, "11": 1.0},
        "by_strength": {"4": 1.0, "unknown": 0.5},
        "by_lengths": {"about equal": 0.5, "chosen longer": 1.0},
        "by_subset": {"honest": 0.0},
    }
    assert list(content["by_turn"]) == ["1", "3", "11"]
    assert content["pairs"][1] == {"id": "c", "turn": 2, "margin": -1.0}
    assert report([])["overall"] == {"comparisons": 0}


def test_a_report_is_json_without_infinities_whatever_the_rows() -> None:
    for rows in ([], [judgement(0.0)], [judgement(1.0)] * 5, [judgement(-1.0), judgement(1e9)], apart(planted(300))):
        json.dumps(report(rows), allow_nan=False)


@pytest.fixture
def pm_directory(toy: Toy, tmp_path: Path) -> Path:
    """A saved PM with an opinion."""
    backbone, _ = toy
    pm = random_pm(backbone)
    manifest = Manifest("week-1", "pm", {"source": "toy", "hash": backbone.hash}, DEFAULT_SYSTEM, temperature=2.0)
    snapshot.save(tmp_path / "pm", manifest, pm.write)
    return tmp_path / "pm"


def evaluate(monkeypatch: pytest.MonkeyPatch, pm: Path, *arguments: object) -> dict[str, Any]:
    out = pm.parent / "out.json"
    paths = [a for a in arguments if isinstance(a, Path)]
    options = [str(a) for a in arguments if not isinstance(a, Path)]
    monkeypatch.setattr(sys, "argv", ["evaluate_pm", str(pm), *map(str, paths), str(out), *options])
    evaluate_pm.command()
    return json.loads(out.read_text())  # type: ignore[no-any-return]


def test_the_command_takes_the_test_split_unless_told_otherwise(
    pm_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "comparisons.jsonl"
    tiny.write_comparisons(path, tiny.conversations(100))
    told = read_conversations(path).conversations

    of_test = evaluate(monkeypatch, pm_directory, path)
    assert len(of_test["pairs"]) == sum(2 for c in told if c.split == "test") > 0
    assert "the test split; --all takes every row" in capsys.readouterr().out
    everything = evaluate(monkeypatch, pm_directory, path, "--all")
    assert len(everything["pairs"]) == 200
    assert everything["calibration"]["temperature"] == 2.0
    said = capsys.readouterr().out
    assert "by strength: 1 0." in said
    assert "calibration at temperature 2.00, on " in said

    # As a worker's child it says how far it is, in the directory of its output.
    monkeypatch.setenv("TURNWISE_WATCH_STDIN", "1")
    monkeypatch.setattr(run, "_exit_with_parent", lambda: None)  # the pipe to a worker: here it is pytest's own stdin
    evaluate(monkeypatch, pm_directory, path)
    assert json.loads((tmp_path / "progress.json").read_text())["phase"] == "evaluate"


def test_rows_are_sliced_by_what_they_carry_and_by_file(
    pm_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"prompt": "Hi", "chosen": "Hello", "rejected": "No"}
    first = [{**row, "id": None, "subset": "honest", "agreement": 3}, {**row, "id": "2", "subset": "harmless"}]
    hh = {"chosen": "\n\nHuman: Hi\n\nAssistant: Yes", "rejected": "\n\nHuman: Hi\n\nAssistant: Maybe"}
    one, other = Path("harmless-base/test.jsonl"), Path("helpful-base/test.jsonl.gz")  # as HH is published
    monkeypatch.chdir(tmp_path)
    for path in (one, other):
        path.parent.mkdir()
    one.write_text("".join(json.dumps(r) + "\n" for r in first))
    other.write_bytes(gzip.compress(json.dumps(hh).encode()))
    found = evaluate(monkeypatch, pm_directory, one, other, "--all")
    sizes = {name: {k: part["comparisons"] for k, part in found[name].items()} for name in found if "by_" in name}
    assert sizes["by_subset"] == {"harmless": 1, "honest": 1}
    assert sizes["by_agreement"] == {"3": 1}
    assert sizes["by_file"] == {"harmless-base/test": 2, "helpful-base/test": 1}
    assert [pair["id"] for pair in found["pairs"]] == [f"{one}:1", f"{one}:2", f"{other}:1"]


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    row = {"id": "a", "prompt": "Hi", "chosen": "Hello", "rejected": "No"}
    (tmp_path / "rows.jsonl").write_text(2 * (json.dumps(row) + "\n"))
    with pytest.raises(BadInput, match=r"rows\.jsonl: the id a stands twice"):
        evaluate_pm.read([tmp_path / "rows.jsonl"])


def test_two_pms_are_compared_on_the_same_rows(
    toy: Toy, pm_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "comparisons.jsonl"
    tiny.write_comparisons(path, tiny.conversations(10))
    itself = evaluate(monkeypatch, pm_directory, path, "--all", "--against", str(pm_directory))["against"]
    assert (itself["snapshot"], itself["comparisons"], itself["agreement"]) == ("week-1", 20, 1.0)
    assert (itself["difference"], itself["standard_error"], itself["mcnemar_p"]) == (0.0, 0.0, 1.0)
    assert "against week-1 (0." in (said := capsys.readouterr().out)
    assert "): +0.000 (McNemar p 1)" in said


def test_a_pm_is_compared_with_a_bag_of_words(
    pm_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "comparisons.jsonl"
    tiny.write_comparisons(path, tiny.conversations(200, noise=0.0))
    found = evaluate(monkeypatch, pm_directory, path, "--words", str(path))
    assert found["against_words"]["comparisons"] == found["overall"]["comparisons"]
    assert found["against_words"]["other_accuracy"] > 0.9  # the toy world's people like certain words
    assert found["against_words"]["accuracy"] == found["overall"]["accuracy"]
    assert "against a bag of words (" in capsys.readouterr().out
