"""Networks with something to say: a fresh adapter changes nothing, and a fresh PM scores everything 0."""

import torch

from models.backbone import Backbone
from models.preference_model import PreferenceModel


def disturb(backbone: Backbone, adapter: str, size: float = 0.05) -> None:
    """Make an adapter differ from no adapter."""
    generator = torch.Generator().manual_seed(1)
    state = backbone.adapter_state(adapter)
    backbone.load_adapter_state(
        adapter, {n: torch.randn(t.shape, generator=generator) * size for n, t in state.items()}
    )


def random_pm(backbone: Backbone, rank: int = 4, size: float = 0.05) -> PreferenceModel:
    """An untrained PM `pm` of random opinions."""
    pm = PreferenceModel.fresh(backbone, "pm", rank)
    disturb(backbone, "pm", size)
    torch.nn.init.normal_(pm.head.weight, std=backbone.width**-0.5)
    return pm
