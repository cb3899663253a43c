import json
import sys
from pathlib import Path
from typing import Any

import pytest

from models import sample, snapshot, tiny
from models.backbone import Backbone
from models.policy import Policy
from models.preference_model import PreferenceModel
from models.run import BadInput
from tests.models.test_train_policy import write_pm
from tests.networks import disturb

SAID = [("user", "Hi"), ("assistant", "tea"), ("user", "And owl?")]
ROWS = [
    {"prompt": "Tell me of sea and sun 5", "id": "first"},
    {"prompt": [{"role": role, "content": content} for role, content in SAID]},
    {"prompt": "Tell me of moss 7", "system": "Be brief."},
]


@pytest.fixture(autouse=True)
def toy_is_the_base(toy_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_MODEL", "toy")


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["sample", *map(str, arguments)])
    sample.command()


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_policy(directory: Path, system: str = "") -> Path:
    """The snapshot of a policy that differs from its base."""
    backbone, _ = Backbone.load("toy")
    backbone.add_adapter("policy", 2)
    disturb(backbone, "policy", size=0.3)
    manifest = snapshot.Manifest("moved", "policy", {"source": "toy", "hash": backbone.hash}, system)
    snapshot.save(directory, manifest, Policy(backbone, "policy").write)
    return directory


def test_each_prompt_gets_its_responses_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.jsonl"
    run(monkeypatch, "base", write(tmp_path / "in.jsonl", ROWS), out, "--n", 3, "--max-tokens", 20)
    rows = read(out)
    assert [{name: row[name] for name in given} for row, given in zip(rows, ROWS, strict=True)] == ROWS
    assert all(len(row["responses"]) == len(row["finishes"]) == 3 for row in rows)
    assert {finish for row in rows for finish in row["finishes"]} <= {"stop", "length"}
    assert any(word in " ".join(rows[0]["responses"]) for word in tiny.WORDS)


def test_the_best_of_k_is_what_the_pm_likes_best_of_the_same_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pm(tmp_path / "pm")
    prompts, plain, out, scored = (tmp_path / name for name in ("in.jsonl", "plain", "out", "scored"))
    write(prompts, ROWS)
    run(monkeypatch, "base", prompts, plain, "--n", 6, "--max-tokens", 12)
    run(monkeypatch, "base", prompts, out, "--n", 2, "--best-of", 3, "--pm", tmp_path / "pm", "--max-tokens", 12)
    pm, _, renderer = PreferenceModel.open(tmp_path / "pm")
    for row, all_six, kept in zip(ROWS, read(plain), read(out), strict=True):
        prompt = renderer.prompt_ids(sample.prompt_of(row, "", ""))
        (scores,) = pm.score([prompt], [[renderer.response_ids(text) for text in all_six["responses"]]])
        best = [max(range(k, k + 3), key=scores.__getitem__) for k in (0, 3)]
        assert kept["responses"] == [all_six["responses"][i] for i in best]
    with pytest.raises(BadInput, match="--best-of and --pm belong together"):
        run(monkeypatch, "base", prompts, scored, "--best-of", 3)


def test_the_same_seed_gives_the_same_responses_whatever_else_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them, one, other = (tmp_path / name for name in ("all", "one", "other"))
    run(monkeypatch, "base", write(tmp_path / "in.jsonl", ROWS), all_of_them)
    run(monkeypatch, "base", write(tmp_path / "last.jsonl", ROWS[2:]), one)
    run(monkeypatch, "base", write(tmp_path / "last.jsonl", ROWS[2:]), other, "--seed", 1)
    assert read(all_of_them)[2] == read(one)[0]
    assert read(one)[0]["responses"] != read(other)[0]["responses"]


def test_a_snapshot_samples_with_its_adapter_and_its_system_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = write(tmp_path / "in.jsonl", [{"prompt": "Tell me of moss 7"}])
    for name, policy in (
        ("base", "base"),
        ("moved", write_policy(tmp_path / "p")),
        ("told", write_policy(tmp_path / "q", system="Be very brief.")),
    ):
        run(monkeypatch, policy, asked, tmp_path / name, "--n", 4)
    base, moved, told = (read(tmp_path / name)[0]["responses"] for name in ("base", "moved", "told"))
    assert base != moved
    assert moved != told


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "holds no prompts"),
        ([{"prompt": "Hi"}, {"text": "Hi"}], r"in.jsonl:2: prompt is missing"),
        ([{"prompt": "Hi"}, {"prompt": "x" * 2100}], r"in.jsonl:2: a prompt of \d+ tokens leaves no room for 64 new"),
        ([{"prompt": "Hi", "system": 5}], r"in.jsonl:1: system must be a text"),
    ],
)
def test_bad_prompts_are_one_sentence_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[Any], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        run(monkeypatch, "base", write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_bad_arguments_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, out = write(tmp_path / "in.jsonl", ROWS), tmp_path / "out.jsonl"
    with pytest.raises(BadInput, match="--max-tokens must be at least 1"):
        run(monkeypatch, "base", asked, out, "--max-tokens", 0)
    with pytest.raises(BadInput, match="There is no snapshot directory"):
        run(monkeypatch, tmp_path / "nowhere", asked, out)
    with pytest.raises(BadInput, match=r"Cannot read .*nothing.jsonl"):
        run(monkeypatch, "base", tmp_path / "nothing.jsonl", out)
