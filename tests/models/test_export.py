import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, GraniteConfig, GraniteForCausalLM

from models import export, reference, score, snapshot, tiny
from models.backbone import Backbone
from models.dialogue import DEFAULT_SYSTEM, Message, Renderer
from models.preference_model import Ensemble, PreferenceModel, Reads, Together
from models.run import BadInput
from models.snapshot import Manifest
from tests.models.test_packing import gpt2, gpt_neox, llama, qwen2
from tests.networks import disturb, random_pm


def make_base(directory: Path, make: Any, *, template: bool = True) -> str:
    torch.manual_seed(3)
    make().save_pretrained(directory)
    tokenizer = tiny.tokenizer()
    if not template:
        tokenizer.chat_template = None
    tokenizer.save_pretrained(directory)
    return str(directory)


def make_pm(directory: Path, base: str) -> PreferenceModel:
    """A PM of random opinions on a base, saved."""
    backbone, _ = Backbone.load(base)
    pm = random_pm(backbone, size=0.2)
    manifest = Manifest("week-1", "pm", {"source": base, "hash": backbone.hash}, "Be kind.", temperature=2.0)
    snapshot.save(directory, manifest, pm.write)
    return pm


def scored(snapshot: Path, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What models.score says."""
    (snapshot.parent / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = snapshot.parent / "scored.jsonl"
    monkeypatch.setattr(sys, "argv", ["score", str(snapshot), str(snapshot.parent / "rows.jsonl"), str(out)])
    score.command()
    return [json.loads(line)["score"] for line in out.read_text().splitlines()]


def test_an_export_is_loaded_with_plain_transformers_and_scores_what_models_score_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_pm(tmp_path / "pm", "toy")
    rows = [json.loads(line) for line in reference.FILE.read_text().splitlines()][:7]
    expected = scored(tmp_path / "pm", rows, monkeypatch)

    monkeypatch.setattr(sys, "argv", ["export", str(tmp_path / "pm"), str(tmp_path / "out")])
    export.command()
    assert "LlamaForSequenceClassification; its scores of 25 dialogues are the snapshot's" in capsys.readouterr().out

    # From here on nothing of ours.
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    classifier = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    assert classifier.num_labels == 1
    told = [
        [{"role": "user", "content": row["prompt"]}, {"role": "assistant", "content": row["response"]}] for row in rows
    ]
    one_by_one = []
    for dialogue in told:
        text = tokenizer.apply_chat_template(dialogue, tokenize=False)
        assert text.endswith("<|im_end|>")
        ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)
        one_by_one.append(classifier(**ids).logits.item())
    batch = tokenizer.apply_chat_template(told, padding=True, return_tensors="pt", return_dict=True)
    together = classifier(**batch).logits[:, 0].tolist()
    assert one_by_one == pytest.approx(expected, abs=1e-4)
    assert together == pytest.approx(expected, abs=1e-4)
    assert len({round(value, 3) for value in expected}) == 7
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["temperature"] == 2.0


def test_padding_never_ends_a_turn(tmp_path: Path) -> None:
    make_pm(tmp_path / "pm", "toy")
    assert tiny.tokenizer().pad_token_id == Renderer(tiny.tokenizer()).end_of_turn  # the trap is there
    export.export(tmp_path / "pm", tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["pad_token_id"] == tokenizer.pad_token_id != Renderer(tiny.tokenizer()).end_of_turn
    assert tokenizer.pad_token_id < config["vocab_size"]


@pytest.mark.parametrize("template", [True, False], ids=["chat-template", "transcript"])
@pytest.mark.parametrize("make", [llama, qwen2, gpt2, gpt_neox])
def test_every_kind_of_base_can_be_exported(make: Any, template: bool, tmp_path: Path) -> None:
    pm = make_pm(tmp_path / "pm", make_base(tmp_path / "base", make, template=template))
    export.export(tmp_path / "pm", tmp_path / "out")
    renderer = Renderer(AutoTokenizer.from_pretrained(tmp_path / "base"))
    said = [
        Message("system", "Rhyme."), Message("user", "Hi there"), Message("assistant", "Hello é"),
        Message("user", " And?"), Message("assistant", "So 🙂\n\nthat's it."),
    ]  # fmt: skip
    (expected,) = pm.score([renderer.prompt_ids(said[:-1])], [[renderer.response_ids(said[-1].content)]])[0]
    short = [said[1], said[2]]
    with_system = renderer.prompt_ids([Message("system", "Be kind."), said[1]])
    (other,) = pm.score([with_system], [[renderer.response_ids(said[2].content)]])[0]
    assert expected != pytest.approx(other, abs=1e-2)
    assert export.scores(tmp_path / "out", [said, short]) == pytest.approx([expected, other], abs=1e-4)


@pytest.mark.parametrize("make", [llama, gpt2])
@pytest.mark.parametrize("tasks", [[], ["helpfulness", "red-team"]], ids=["one head", "two heads"])
@pytest.mark.parametrize("reads", ["response", "end"])
def test_a_pm_brings_its_code_where_it_is_no_class_of_transformers_and_only_there(
    reads: Reads, tasks: list[str], make: Any, tmp_path: Path
) -> None:
    base = make_base(tmp_path / "base", make)
    backbone, tokenizer = Backbone.load(base)
    pm, renderer = PreferenceModel.fresh(backbone, "pm", 4, tasks=tasks, reads=reads), Renderer(tokenizer)
    disturb(backbone, "pm", size=0.2)
    for parameter in pm.head.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    manifest = Manifest("week-1", "pm", {"source": base, "hash": backbone.hash}, "Be kind.")
    snapshot.save(tmp_path / "pm", manifest, pm.write)
    name = export.export(tmp_path / "pm", tmp_path / "out")
    told = [
        [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
        [{"role": "user", "content": "What now?"}, {"role": "assistant", "content": "Well, wait."},
         {"role": "user", "content": "Why?"}],
    ]  # fmt: skip
    responses = ["Hello there, é", "So."]
    expected = []
    for dialogue, response in zip(told, responses, strict=True):
        system = dialogue if dialogue[0]["role"] == "system" else [told[0][0], *dialogue]
        prompt = renderer.prompt_ids([Message(**message) for message in system])
        expected += pm.score([prompt], [[renderer.response_ids(response)]])[0]
    assert abs(expected[0] - expected[1]) > 0.05

    # From here on nothing of ours but what stands in the directory.
    assert (tmp_path / "out" / "modeling_turnwise.py").exists() == (bool(tasks) or reads == "response")
    assert ("TurnwiseForSequenceClassification" in name) == (bool(tasks) or reads == "response")
    classifier = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out", trust_remote_code=True).eval()
    assert not type(classifier).__module__.startswith("models.")
    whole = [[*d, {"role": "assistant", "content": r}] for d, r in zip(told, responses, strict=True)]
    for side in ("right", "left") if make is llama else ("right",):  # GPT-2 counts places from the padding on
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out", padding_side=side)
        batch = tokenizer.apply_chat_template(whole, padding=True, return_tensors="pt", return_dict=True)
        assert not batch["attention_mask"].all()
        assert classifier(**batch).logits[:, 0].tolist() == pytest.approx(expected, abs=1e-4)


def test_the_exported_template_renders_prompts_too(toy: tuple[Backbone, Renderer]) -> None:
    _, renderer = toy
    tokenizer = tiny.tokenizer()
    tokenizer.chat_template = renderer.chat_template(DEFAULT_SYSTEM)
    said = [Message("user", 'Say "hi" \\ {{ x }}'), Message("assistant", ""), Message("user", "Why?")]
    rendered = tokenizer.apply_chat_template(
        [m._asdict() for m in said], add_generation_prompt=True, tokenize=True, return_dict=False
    )
    assert rendered == renderer.prompt_ids([Message("system", DEFAULT_SYSTEM), *said])


def test_a_base_without_a_classification_class_is_one_sentence(tmp_path: Path) -> None:
    def granite() -> Any:
        return GraniteForCausalLM(
            GraniteConfig(vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=1,
                          num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=1024)
        )  # fmt: skip

    make_pm(tmp_path / "pm", make_base(tmp_path / "base", granite))
    with pytest.raises(BadInput, match="transformers has no sequence-classification class for granite, the kind of"):
        export.export(tmp_path / "pm", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_of_an_ensemble_one_member_is_exported(toy: tuple[Backbone, Renderer], tmp_path: Path) -> None:
    backbone, renderer = toy
    members = [random_pm(backbone, size=0.2), PreferenceModel.fresh(backbone, "pm-1", 4)]
    torch.nn.init.normal_(members[1].head.weight)
    together = Ensemble(members, Together("mean", 0.5, (0.0, 0.0)))
    manifest = Manifest("week-1", "pm", {"source": "toy", "hash": backbone.hash}, "Be kind.")
    snapshot.save(tmp_path / "pm", manifest, together.write)
    with pytest.raises(BadInput, match=r"pm is an ensemble of 2, which no single model can be: .* --member 0 to 1"):
        export.export(tmp_path / "pm", tmp_path / "out")
    with pytest.raises(BadInput, match="has no member 2; they count from 0 to 1"):
        export.export(tmp_path / "pm", tmp_path / "out", 2)
    said = [Message("system", "Be kind."), Message("user", "Hi"), Message("assistant", "Hello")]
    for i, pm in enumerate(members):
        export.export(tmp_path / "pm", tmp_path / f"out-{i}", i)
        (expected,) = pm.score([renderer.prompt_ids(said[:-1])], [[renderer.response_ids("Hello")]])[0]
        assert export.scores(tmp_path / f"out-{i}", [said]) == pytest.approx([expected], abs=1e-4)


def test_an_export_that_would_score_otherwise_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_pm(tmp_path / "pm", "toy")
    # The trap this guards against: the token before the end of turn is read.
    monkeypatch.setattr(
        export, "_set_tokenizer", lambda classifier, tokenizer, *_: setattr(classifier.config, "pad_token_id", 258)
    )
    assert Renderer(tiny.tokenizer()).end_of_turn == 258
    with pytest.raises(BadInput, match=r"cannot be exported: its scores would differ by \d"):
        export.export(tmp_path / "pm", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pm"]


def test_nothing_that_exists_is_replaced(tmp_path: Path) -> None:
    make_pm(tmp_path / "pm", "toy")
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput, match="out exists already; name a new directory"):
        export.export(tmp_path / "pm", tmp_path / "out")
