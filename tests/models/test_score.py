import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from models import score, snapshot
from models.backbone import Backbone
from models.dialogue import DEFAULT_SYSTEM, Message, Renderer
from models.preference_model import PreferenceModel
from models.run import BadInput
from models.snapshot import Manifest
from tests.networks import random_pm

HH = {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello é", "rejected": "\n\nHuman: Hi\n\nAssistant: No", "extra": 1}
PROMPT = [{"role": "user", "content": "Hi"}]


@pytest.fixture
def pm(toy: tuple[Backbone, Renderer], tmp_path: Path) -> PreferenceModel:
    """A PM with an opinion, saved in tmp_path/pm."""
    backbone, _ = toy
    pm = random_pm(backbone, size=0.1)
    manifest = Manifest("pm", "pm", {"source": "toy", "hash": backbone.hash}, "Be brief.")
    snapshot.save(tmp_path / "pm", manifest, pm.write)
    return pm


def run(
    tmp_path: Path, rows: list[Any], monkeypatch: pytest.MonkeyPatch, name: str = "in.jsonl"
) -> list[dict[str, Any]]:
    content = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    out = tmp_path / "out.jsonl"
    monkeypatch.setattr(sys, "argv", ["score", str(tmp_path / "pm"), str(tmp_path / name), str(out)])
    score.command()
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_each_kind_of_row_keeps_its_fields_and_gets_its_scores(
    pm: PreferenceModel, toy: tuple[Backbone, Renderer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        HH,
        {"prompt": PROMPT, "chosen": "Hello é", "rejected": "No"},
        {"prompt": "Hi", "response": "Hello é"},
        {"response": HH["chosen"]},
        {"prompt": [{"role": "system", "content": "Rhyme."}, *PROMPT], "response": "Hello é"},
    ]
    out = run(tmp_path, rows, monkeypatch, "in.jsonl.gz")
    assert [{k: v for k, v in row.items() if not k.startswith("score")} for row in out] == rows
    # The same dialogue has the same score however it is written; the system message is the manifest's or the row's own.
    _, renderer = toy
    for system, found in [
        ("Be brief.", [out[0]["score_chosen"], out[1]["score_chosen"], out[2]["score"], out[3]["score"]]),
        ("Rhyme.", [out[4]["score"]]),
    ]:
        prompt = renderer.prompt_ids([Message("system", system), Message("user", "Hi")])
        (expected,) = pm.score([prompt], [[renderer.response_ids("Hello é")]])[0]
        assert found == pytest.approx([expected] * len(found), abs=1e-5)
    assert out[0]["score_rejected"] == pytest.approx(out[1]["score_rejected"], abs=1e-5)
    assert len({round(value, 3) for row in out for key, value in row.items() if key.startswith("score")}) == 3


def test_rows_whose_prompts_differ_or_do_not_alternate_are_scored_too(
    pm: PreferenceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = {"chosen": "\n\nHuman: A\n\nHuman: B\n\nAssistant: c", "rejected": "\n\nHuman: Other\n\nAssistant: c"}
    (row,) = run(tmp_path, [odd], monkeypatch)
    assert row["score_chosen"] != row["score_rejected"]


def test_many_responses_to_one_prompt_are_read_behind_one_trunk(
    pm: PreferenceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = 0
    real = PreferenceModel.scores_of

    def counting(self: PreferenceModel, row: Any, nodes: Any) -> Any:
        nonlocal tokens
        tokens += len(row)
        return real(self, row, nodes)

    monkeypatch.setattr(PreferenceModel, "scores_of", counting)
    responses = [f"answer {i}" for i in range(20)]
    out = run(tmp_path, [{"prompt": "Hi" * 100, "response": text} for text in responses], monkeypatch)
    assert [row["response"] for row in out] == responses
    assert tokens < 200 + 100 + 20 * 12


def test_a_dialogue_that_cannot_be_scored_is_reported_by_line_and_has_no_score(
    pm: PreferenceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [HH, {"prompt": "x" * 3000, "response": "a"}, HH | {"rejected": HH["rejected"] + "\n\nHuman: And?"}]
    out = run(tmp_path, rows, monkeypatch)
    assert out[0]["score_chosen"] is not None
    assert out[1]["score"] is None
    assert out[2]["score_chosen"] == pytest.approx(out[0]["score_chosen"], abs=1e-5)
    assert out[2]["score_rejected"] is None
    said = capsys.readouterr().err
    assert "in.jsonl:2: score is null: 3" in said
    assert "in.jsonl:3: score_rejected is null: the dialogue does not end with a response." in said


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("{", "in.jsonl:2 is not valid JSON"),
        ({"chosen": HH["chosen"]}, "in.jsonl:2: rejected is missing"),
        ({"response": 3}, "in.jsonl:2: response must be a text"),
        ({"prompt": 3, "response": "a"}, "in.jsonl:2: prompt must be a text or a list of messages"),
        ({"response": "just text"}, "in.jsonl:2: response is not a transcript"),
    ],
)
def test_a_malformed_line_is_named_and_nothing_is_written(
    row: Any, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match=sentence):  # found before any snapshot is loaded: there is none here
        run(tmp_path, [HH, row], monkeypatch)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_disk_that_fills_up_leaves_no_half_output(
    pm: PreferenceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> Any:
        yield {"score": 1.0}
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(score, "score_rows", dies)
    with pytest.raises(OSError, match="No space"):
        run(tmp_path, [HH], monkeypatch)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "pm"]


def test_prompts_are_rendered_in_scoring_as_in_training(toy: tuple[Backbone, Renderer]) -> None:
    _, renderer = toy
    said = [Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Why?")]
    assert renderer.prompt_ids([Message("system", DEFAULT_SYSTEM), *said]) == [
        *renderer.opening_ids(DEFAULT_SYSTEM, "Hi"),
        *renderer.response_ids("Hello"),
        *renderer.next_ids("Why?"),
    ]
