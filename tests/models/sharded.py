"""What each of two processes does that share the toy base out (tests/models/test_sharding.py)."""

import torch
from torch.distributed.tensor import DTensor

from models import sharding
from models.backbone import Backbone
from models.packing import Batch
from models.processes import Processes
from models.run import main
from tests.networks import disturb


def batch(size: int) -> Batch:
    mask = torch.ones(size, size, dtype=torch.bool).tril()[None, None]
    return Batch(torch.arange(60, 60 + size)[None], torch.arange(size)[None], mask)


def backbone_of(base: str) -> Backbone:
    backbone, _ = Backbone.load(base)
    torch.manual_seed(0)
    for name, share in (("policy", 1.0), ("pm", 0.5)):
        backbone.add_adapter(name, 2, share=share)
        disturb(backbone, name)
    return backbone


def work() -> None:
    torch.set_num_threads(1)
    processes = Processes.join()
    shared = backbone_of("toy")
    asks, sharding.wanted = sharding.wanted, lambda: False
    whole = backbone_of("toy")
    sharding.wanted = asks

    layers = list(shared.causal_lm.base_model.layers.parameters())
    parts = [parameter for parameter in layers if isinstance(parameter, DTensor)]
    assert sum(part.to_local().numel() for part in parts) * 2 == sum(part.numel() for part in parts)
    assert sum(part.numel() for part in parts) == sum(p.numel() for n, p in frozen(whole))

    def same(one: torch.Tensor, other: torch.Tensor) -> None:
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)

    # Forward, in different numbers, one through lower layers alone
    with torch.no_grad():
        for size in range(3, 4 + 2 * processes.rank):
            for adapter in (None, "policy", "pm"):
                with shared.use(adapter), whole.use(adapter):
                    same(shared.hidden(batch(size)), whole.hidden(batch(size)))
        shared.accompany()
        if processes.leads:
            with shared.lowest_layers(0.5), whole.lowest_layers(0.5):
                same(shared.hidden(batch(5)), whole.hidden(batch(5)))
        shared.accompany()

    # And backward, with adapters on all layers and on the upper ones alone; one of the two has nothing to do at all
    for adapter in ("policy", "pm"):
        for size in range(5, 5 + 2 * processes.rank):
            for backbone in (shared, whole):
                with backbone.use(adapter):
                    backbone.logits(backbone.hidden(batch(size))[0]).logsumexp(-1).sum().backward()
        shared.accompany()
        for one, other in zip(shared.parameters(adapter), whole.parameters(adapter), strict=True):
            # Who had nothing to do went along, and that adds nothing.
            same(one.grad, torch.zeros_like(one) if other.grad is None else other.grad)


def frozen(backbone: Backbone) -> list[tuple[str, torch.nn.Parameter]]:
    layers = backbone.causal_lm.base_model.layers
    return [(name, parameter) for name, parameter in layers.named_parameters() if "lora_" not in name]


if __name__ == "__main__":
    main(work)
