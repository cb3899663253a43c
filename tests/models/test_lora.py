import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM

from models.backbone import Backbone
from models.lora import LINEAR, MERGED, LoraLinear
from models.packing import Batch

SMALL = {
    "vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 128, "n_embd": 32, "n_layer": 2, "n_head": 4,
}  # fmt: skip


def a_base(family: str) -> Any:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **SMALL)).eval()
    return model.requires_grad_(False)


def a_batch() -> Batch:
    mask = torch.ones(1, 1, 20, 20, dtype=torch.bool).tril()
    return Batch(torch.arange(20)[None], torch.arange(20)[None], mask)


def shaken(backbone: Backbone, name: str, std: float = 0.1) -> None:
    for parameter in backbone.parameters(name):
        nn.init.normal_(parameter, std=std)


def a_layer(dtype: torch.dtype = torch.float32) -> LoraLinear:
    torch.manual_seed(0)
    layer = LoraLinear(nn.Linear(8, 6, dtype=dtype).requires_grad_(False))
    for i in range(MERGED + 1):
        layer.add(f"adapter-{i}", rank=2, scaling=2.0)
        nn.init.normal_(layer.lora_b[f"adapter-{i}"])
    return layer


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox", "qwen2"])
def test_outputs_and_gradients_are_those_of_peft(family: str, tmp_path: Path) -> None:
    theirs = copy.deepcopy(base := a_base(family))
    ours = Backbone(base, family, "")
    ours.add_adapter("policy", rank=3)
    shaken(ours, "policy")
    ours.save_adapter("policy", tmp_path)
    peft = PeftModel.from_pretrained(theirs, str(tmp_path), is_trainable=True)

    batch = a_batch()
    weights = torch.randn(1, 20, 32, generator=torch.Generator().manual_seed(1))
    with ours.use("policy"):
        hidden = ours.hidden(batch)
    expected = peft.base_model.model.base_model(
        input_ids=batch.input_ids, position_ids=batch.position_ids, attention_mask=batch.mask, use_cache=False
    ).last_hidden_state
    torch.testing.assert_close(hidden, expected, atol=1e-5, rtol=1e-5)
    (hidden * weights).sum().backward()
    (expected * weights).sum().backward()
    gradients = {key: p.grad for key, p in peft.named_parameters() if p.requires_grad}
    assert len(gradients) == len(ours.parameters("policy"))
    for key, layer in ours._layers.items():
        for half, parameter in zip("AB", layer.parameters_of("policy"), strict=True):
            found = gradients[f"base_model.model.{key}.lora_{half}.default.weight"]
            torch.testing.assert_close(parameter.grad, found, atol=1e-4, rtol=1e-4)


def test_an_adapter_that_peft_wrote_can_be_loaded(tmp_path: Path) -> None:
    base = a_base("llama")
    config = LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "v_proj"], use_rslora=True)
    peft = get_peft_model(copy.deepcopy(base), config)
    for key, parameter in peft.named_parameters():
        if "lora_" in key:
            nn.init.normal_(parameter, std=0.1)
    peft.save_pretrained(str(tmp_path))
    ours = Backbone(base, "llama", "")
    ours.load_adapter("visitor", tmp_path)
    batch = a_batch()
    expected = peft.base_model.model.base_model(
        input_ids=batch.input_ids, position_ids=batch.position_ids, attention_mask=batch.mask, use_cache=False
    ).last_hidden_state
    with ours.use("visitor"):
        torch.testing.assert_close(ours.hidden(batch), expected, atol=1e-5, rtol=1e-5)


def test_the_config_says_what_servers_ask_for(tmp_path: Path) -> None:
    backbone = Backbone(a_base("llama"), "owner/base", "")
    backbone.add_adapter("policy", rank=4, alpha=6)
    backbone.save_adapter("policy", tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["base_model_name_or_path"]) == (4, 6, "owner/base")
    assert type(config["lora_alpha"]) is int
    assert config["target_modules"] == ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]


def test_a_change_of_the_adapter_is_seen_at_once() -> None:
    layer = a_layer()
    x = torch.randn(3, 8)
    layer.active = "adapter-0"
    before = layer(x)
    optimiser = torch.optim.SGD(layer.parameters_of("adapter-0"), lr=0.1)
    before.sum().backward()
    optimiser.step()
    after = layer(x)
    assert not torch.allclose(after, before)
    torch.testing.assert_close(after, by_hand(layer, "adapter-0", x))


def test_more_adapters_than_are_kept_merged_all_stay_themselves() -> None:
    layer = a_layer()
    x = torch.randn(3, 8)
    for name in ["adapter-0", "adapter-1", "adapter-2", "adapter-0"]:
        layer.active = name
        torch.testing.assert_close(layer(x), by_hand(layer, name, x))
    assert len(layer._merged) == MERGED
    layer.remove("adapter-0")
    layer.active = None
    torch.testing.assert_close(layer(x), layer.linear(x))


def test_a_graph_from_before_a_change_is_refused_and_not_computed_wrongly() -> None:
    layer = a_layer()
    layer.active = "adapter-0"
    x = torch.randn(3, 8, requires_grad=True)
    stale = layer(x).sum()
    with torch.no_grad():
        layer.lora_b["adapter-0"].add_(1)
    layer(x)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        stale.backward()


def test_in_bfloat16_a_small_adapter_is_not_rounded_away() -> None:
    layer = a_layer(torch.bfloat16)
    layer.active = "adapter-0"
    with torch.no_grad():
        layer.linear.weight.fill_(1.0)
        layer.lora_b["adapter-0"].mul_(1e-3)  # far below what a weight of 1 can hold in bfloat16
    x = torch.randn(3, 8, dtype=torch.bfloat16) - 1
    x -= x.mean(1, keepdim=True)  # what the base says is near zero, so that what the adapter says can be seen
    added = layer(x) - layer.linear(x)
    a, b = (p.detach() for p in layer.parameters_of("adapter-0"))
    expected = 2.0 * x.float() @ a.T @ b.T
    assert added.float().norm() > 0.5 * expected.norm() > 0


def test_in_bfloat16_output_and_gradients_are_the_exact_ones_but_for_rounding() -> None:
    layers = [a_layer(torch.bfloat16), a_layer()]
    layers[1].load_state_dict(layers[0].state_dict())  # the same numbers in either dtype
    found = []
    for layer in layers:
        layer.active = "adapter-0"
        torch.manual_seed(1)
        x = torch.randn(2, 50, 8).bfloat16().to(layer.weight.dtype).requires_grad_()
        (layer(x) * torch.randn(2, 50, 6).bfloat16()).sum().backward()
        a, b = (p.grad for p in layer.parameters_of("adapter-0"))
        found.append([t.float() for t in (layer(x).detach(), x.grad, a, b) if t is not None])
    assert len(found[0]) == 4
    for rounded, exact in zip(*found, strict=True):
        assert (rounded - exact).norm() < 0.01 * exact.norm()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox", "qwen2"])
def test_an_adapter_that_is_trained_in_full_moves_as_the_layers_themselves_would(
    family: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    alone = copy.deepcopy(base := a_base(family).to(dtype))
    ours = Backbone(base, family, "")
    ours.add_full_adapter("pm")
    batch, weights = a_batch(), torch.randn(1, 20, 32).to(dtype)
    linears = {name: m for name, m in alone.base_model.named_modules() if isinstance(m, LINEAR)}
    for linear in linears.values():
        linear.weight.requires_grad_(True)

    # One step of plain gradient descent each.
    for model in (alone, ours):
        plain = model is alone
        options = {"attention_mask": batch.mask, "position_ids": batch.position_ids}
        with ours.use("pm"):
            hidden = alone.base_model(batch.input_ids, **options)[0] if plain else ours.hidden(batch)
        (hidden * weights).sum().backward()
        trained = [m.weight for m in linears.values()] if plain else ours.parameters("pm")
        assert len(trained) == len(linears)
        torch.optim.SGD(trained, lr=0.01).step()
    expected = alone.base_model(batch.input_ids, attention_mask=batch.mask, position_ids=batch.position_ids)[0]
    with ours.use("pm"):
        found = ours.hidden(batch)
    before = ours.hidden(batch)
    moved = (expected - before).norm()
    assert moved > 0.05 * before.norm()
    assert (found - expected).norm() < (1e-5 if dtype == torch.float32 else 0.1) * moved

    # Kept and read as any adapter: by peft too.
    ours.save_adapter("pm", tmp_path)
    again = Backbone(a_base(family).to(dtype), family, "")
    again.load_adapter("read", tmp_path)
    with again.use("read"):
        torch.testing.assert_close(again.hidden(batch), found)
    if dtype == torch.float32:
        peft = PeftModel.from_pretrained(a_base(family), str(tmp_path))
        its = peft.base_model.model.base_model(
            batch.input_ids, attention_mask=batch.mask, position_ids=batch.position_ids
        )[0]
        torch.testing.assert_close(its, found, atol=1e-5, rtol=1e-4)


def test_an_adapter_of_the_uppermost_layers_leaves_those_below_alone(tmp_path: Path) -> None:
    ours = Backbone(base := a_base("llama"), "llama", "")
    ours.add_adapter("pm", rank=3, share=0.5)
    assert len(ours.parameters("pm")) == 2 * 7  # A and B of the seven linear maps of one layer
    shaken(ours, "pm")
    kept: list[Tensor] = []
    base.model.layers[0].register_forward_hook(lambda _, __, output: kept.append(output))
    with ours.use("pm"):
        hidden = ours.hidden(a_batch())
    assert hidden.requires_grad
    assert not kept[0].requires_grad  # nothing of the lower layer is kept for a backward pass

    ours.save_adapter("pm", tmp_path)
    assert json.loads((tmp_path / "adapter_config.json").read_text())["layers_to_transform"] == [1]
    peft = PeftModel.from_pretrained(a_base("llama"), str(tmp_path))
    batch = a_batch()
    its = peft.base_model.model.base_model(batch.input_ids, attention_mask=batch.mask, position_ids=batch.position_ids)[
        0
    ]
    torch.testing.assert_close(its, hidden, atol=1e-5, rtol=1e-4)


def by_hand(layer: LoraLinear, name: str, x: Tensor) -> Tensor:
    a, b = (p.detach() for p in layer.parameters_of(name))
    return x @ (layer.weight + layer.scaling[name] * b @ a).T + layer.linear.bias
