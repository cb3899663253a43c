import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from models import backbone as module
from models import tiny
from models.backbone import Backbone, base_hash, choose_dtype, load_base, prepare, resolve_base
from models.dialogue import DEFAULT_SYSTEM, Renderer
from models.packing import Batch, pack, prompt_tree
from models.run import BadInput

Toy = tuple[Backbone, Renderer]


def a_batch(renderer: Renderer) -> Batch:
    tree = prompt_tree(
        renderer.opening_ids(DEFAULT_SYSTEM, "Hi"), [renderer.response_ids("sea"), renderer.response_ids("tea")]
    )
    return pack([tree], 1024)[0].batch()


def shake(backbone: Backbone, name: str) -> None:
    for parameter in backbone.parameters(name):
        torch.nn.init.normal_(parameter, std=0.1)


def test_a_fresh_adapter_changes_nothing_and_a_trained_one_only_where_it_is_used(toy: Toy) -> None:
    backbone, renderer = toy
    batch = a_batch(renderer)
    plain = backbone.hidden(batch)
    backbone.add_adapter("policy", rank=4)
    backbone.add_adapter("value", rank=2)
    with backbone.use("policy"):
        assert torch.equal(backbone.hidden(batch), plain)
        shake(backbone, "policy")
        assert not torch.allclose(backbone.hidden(batch), plain)
        with backbone.use("value"):
            assert torch.equal(backbone.hidden(batch), plain)
        assert backbone.active == "policy"
        with backbone.use(None):
            assert torch.equal(backbone.hidden(batch), plain)
    assert backbone.active is None
    assert torch.equal(backbone.hidden(batch), plain)


def test_switching_adapters_between_forward_and_backward_loses_no_gradient(toy: Toy) -> None:
    backbone, renderer = toy
    batch = a_batch(renderer)
    for name in ("policy", "value"):
        backbone.add_adapter(name, rank=4)
        shake(backbone, name)

    def gradient_of_policy(switch: bool) -> torch.Tensor:
        with backbone.use("policy"):
            loss = backbone.hidden(batch).square().mean()
        with backbone.use("value"):
            if switch:
                loss = loss + 0 * backbone.hidden(batch).sum()
            loss.backward()
        gradients = [p.grad.flatten().clone() for p in backbone.parameters("policy") if p.grad is not None]
        for parameter in backbone.parameters("policy"):
            parameter.grad = None
        return torch.cat(gradients)

    alone = gradient_of_policy(switch=False)
    assert alone.norm() > 0
    assert torch.allclose(gradient_of_policy(switch=True), alone)


def test_only_trainable_adapters_learn(toy: Toy) -> None:
    backbone, renderer = toy
    backbone.add_adapter("policy", rank=4)
    backbone.add_adapter("frozen", rank=4, trainable=False)
    with backbone.use("frozen"), backbone.use("policy"):
        backbone.hidden(a_batch(renderer)).sum().backward()
    assert all(p.requires_grad for p in backbone.parameters("policy"))
    assert not any(p.requires_grad for p in backbone.parameters("frozen"))
    assert sum(p.requires_grad for p in backbone.causal_lm.parameters()) == len(backbone.parameters("policy"))


def test_an_adapter_comes_back_from_its_files_with_the_same_bits(toy: Toy, tmp_path: Path) -> None:
    backbone, renderer = toy
    batch = a_batch(renderer)
    backbone.add_adapter("policy", rank=4)
    shake(backbone, "policy")
    with backbone.use("policy"):
        before = backbone.hidden(batch)
    backbone.save_adapter("policy", tmp_path)
    backbone.remove_adapter("policy")
    assert backbone.adapters == []

    again, _ = Backbone.load("toy")
    again.load_adapter("week-1", tmp_path)
    with again.use("week-1"):
        assert torch.equal(again.hidden(batch), before)
    assert str(tmp_path.parent) not in (tmp_path / "adapter_config.json").read_text()


def test_an_adapter_that_does_not_fit_the_base_is_refused(toy: Toy, tmp_path: Path) -> None:
    backbone, _ = toy
    backbone.add_adapter("policy", rank=4)
    backbone.save_adapter("policy", tmp_path)
    other = GPT2LMHeadModel(GPT2Config(vocab_size=300, n_embd=32, n_layer=1, n_head=2))
    prepare(other)
    with pytest.raises(BadInput, match="does not fit the base"):
        Backbone(other, "gpt2", "0").load_adapter("policy", tmp_path)


def test_a_loaded_base_has_no_dropout_and_is_frozen(toy: Toy) -> None:
    model = GPT2LMHeadModel(GPT2Config(vocab_size=300, n_embd=32, n_layer=1, n_head=2, attn_pdrop=0.5, resid_pdrop=0.5))
    prepare(model)
    ids = torch.arange(20)[None]
    assert torch.equal(model(ids).logits, model(ids).logits)
    assert not any(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("model", ["mistral", "gemma2"])
def test_a_base_that_attends_through_a_window_is_refused(model: str) -> None:
    small = {
        "vocab_size": 50, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "head_dim": 16, "sliding_window": 16,
    }  # fmt: skip
    made = AutoModelForCausalLM.from_config(AutoConfig.for_model(model, **small))
    with pytest.raises(BadInput, match="sliding window"):
        prepare(made)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("no-such-model", "The base model 'no-such-model' is neither a local directory nor a hub id"),
        ("/no/such/path", "The base model '/no/such/path' is neither a local directory nor a hub id"),
        ("nobody-at-all/no-such-model", "The model 'nobody-at-all/no-such-model' is not on this machine and the hub"),
    ],
)
def test_an_unknown_base_is_one_sentence(source: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody answers there
    with pytest.raises(BadInput) as refused:
        resolve_base(source)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_a_damaged_base_directory_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"has no config\.json"):
        load_base(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BadInput, match=r"cannot be loaded: \w+") as refused:
        load_base(str(tmp_path))
    assert "\n" not in str(refused.value)


def test_the_hash_of_a_base_is_that_of_its_weights_and_tokenizer(toy: Toy, tmp_path: Path) -> None:
    original = resolve_base("toy")
    for file in original.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert base_hash(tmp_path) == base_hash(original)
    (tmp_path / "config.json").write_text("{}")  # names the version that wrote it
    assert base_hash(tmp_path) == base_hash(original)
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    assert base_hash(tmp_path) != base_hash(original)


def _resolve(store: str, calls: Any) -> None:
    os.environ["MODEL_STORE"] = store

    def build(directory: Path) -> None:
        with calls.get_lock():
            calls.value += 1
        (directory / "config.json").write_text("{}")

    tiny.build = build
    resolve_base("toy")


def test_two_processes_that_need_a_base_make_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    calls = context.Value("i", 0)
    processes = [context.Process(target=_resolve, args=(str(tmp_path / "store"), calls)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert calls.value == 1
    assert (tmp_path / "store" / "toy" / "config.json").exists()


def test_an_import_that_fails_leaves_nothing_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_STORE", str(tmp_path))

    def dies(directory: Path) -> None:
        (directory / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.tiny, "build", dies)
    with pytest.raises(OSError, match="No space"):
        resolve_base("toy")
    assert [p.name for p in tmp_path.iterdir()] == [".toy.lock"]


def test_the_dtype_is_measured() -> None:
    assert choose_dtype() in ("float32", "bfloat16")
