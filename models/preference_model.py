"""The preference model (PM): a bare decoder with an adapter and a linear head. It scores a dialogue at the end-of-turn
token of its last response.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from models import snapshot
from models.backbone import Backbone
from models.dialogue import Renderer
from models.packing import Batch, Tree, pack, prompt_tree
from models.snapshot import Snapshot

ROW_TOKENS = 512
MAX_TOKENS = 4096  # a row's mask takes the square of this in bytes


def pairwise_loss(chosen: Tensor, rejected: Tensor) -> Tensor:
    """log(1 + exp(r_rejected − r_chosen)) of each comparison: (n,), (n,) → (n,).

    Minus the log-probability of the choice if P(chosen) = sigmoid(r_chosen − r_rejected) (Bai et al. 2022, §3 and
    eq. 4.2; log 2 where the PM does not tell them apart)."""
    return F.softplus(rejected - chosen)


class Head(nn.Linear):
    """Scores (n,) of hidden states (n, d), in float32. Zero at first: a random head is loud (on SmolLM2 its loss begins
    at 0.74, not at log 2), and a short run spends its steps on unlearning it. No bias: the pairwise loss could not
    place one."""

    def __init__(self, width: int) -> None:
        super().__init__(width, 1, bias=False)
        nn.init.zeros_(self.weight)

    def forward(self, states: Tensor) -> Tensor:
        return super().forward(states.float()).squeeze(-1)


def load_head(directory: Path) -> Head:
    """The head in a snapshot directory, frozen."""
    weight = load_file(directory / "head.safetensors")["weight"]  # (1, d)
    head = Head(weight.shape[1])
    head.load_state_dict({"weight": weight})
    head.requires_grad_(False)
    return head


class PreferenceModel:
    """An adapter of a backbone, by name, and its head."""

    def __init__(self, backbone: Backbone, adapter: str, head: Head) -> None:
        self.backbone = backbone
        self.adapter = adapter
        self.head = head.to(backbone.device)

    @classmethod
    def fresh(cls, backbone: Backbone, adapter: str, rank: int) -> Self:
        """An untrained PM; draws from torch's global generator."""
        backbone.add_adapter(adapter, rank)
        return cls(backbone, adapter, Head(backbone.width))

    @classmethod
    def load(cls, backbone: Backbone, adapter: str, directory: Path) -> tuple[Self, Snapshot]:
        """The PM of a snapshot on a base that is already in memory. BadInput if it is damaged or of another base."""
        found = snapshot.load(directory, "pm", backbone.hash)
        backbone.load_adapter(adapter, directory)
        return cls(backbone, adapter, load_head(directory)), found

    @classmethod
    def open(cls, directory: Path) -> tuple[Self, Snapshot, Renderer]:
        """The PM of a snapshot and what it needs: its base is loaded too, in the dtype it was trained with."""
        manifest = snapshot.load(directory, "pm").manifest
        backbone, tokenizer = Backbone.load(manifest.base["source"], str(manifest.config.get("dtype", "float32")))
        pm, found = cls.load(backbone, "pm", directory)
        return pm, found, Renderer(tokenizer)

    def write(self, directory: Path) -> None:
        """The weights of a snapshot."""
        self.backbone.save_adapter(self.adapter, directory)
        save_file({"weight": self.head.weight.detach().cpu().contiguous()}, directory / "head.safetensors")

    def parameters(self) -> list[nn.Parameter]:
        """What is trained."""
        return [*self.backbone.parameters(self.adapter), *self.head.parameters()]

    def state(self) -> dict[str, Any]:
        """What is trained, to resume from."""
        return {"adapter": self.backbone.adapter_state(self.adapter), "head": self.head.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        self.backbone.load_adapter_state(self.adapter, state["adapter"])
        self.head.load_state_dict(state["head"])

    def scores_at(self, batch: Batch, index: Tensor) -> Tensor:
        """Scores at tokens of a batch of one row: index (n,) → (n,)."""
        device = self.backbone.device
        with self.backbone.use(self.adapter):
            hidden = self.backbone.hidden(Batch(*(part.to(device) for part in batch)))  # (1, N, d)
        scores: Tensor = self.head(hidden[0, index.to(device)])
        return scores

    @property
    def max_tokens(self) -> int:
        """The longest dialogue that can be scored."""
        return min(self.backbone.context, MAX_TOKENS)

    @torch.no_grad()
    def score_trees(self, trees: Sequence[Tree], nodes: Sequence[Sequence[int]]) -> list[list[float]]:
        """Scores at the ends of the given nodes of each tree."""
        scores: list[list[float]] = [[] for _ in trees]
        for row in pack(trees, ROW_TOKENS):
            ends = [row.end(tree, node) for tree in row.trees for node in nodes[tree]]
            found = iter(self.scores_at(row.batch(), torch.tensor(ends)).tolist())
            for tree in row.trees:
                scores[tree] = [next(found) for _ in nodes[tree]]
        return scores

    def score(
        self, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[Sequence[int]]]
    ) -> list[list[float]]:
        """Scores of each prompt's responses (`Renderer.prompt_ids`, `Renderer.response_ids`): k responses cost one
        trunk, or a few where they are so many that one tree would be too long."""
        trees: list[Tree] = []
        owners: list[int] = []  # the prompt of each tree
        for i, (prompt, group) in enumerate(zip(prompts, responses, strict=True)):
            together: list[Sequence[int]] = []
            size = len(prompt)
            for response in group:
                if together and size + len(response) > MAX_TOKENS:
                    trees.append(prompt_tree(prompt, together))
                    owners.append(i)
                    together, size = [], len(prompt)
                together.append(response)
                size += len(response)
            if together:
                trees.append(prompt_tree(prompt, together))
                owners.append(i)
        scores: list[list[float]] = [[] for _ in prompts]
        found = self.score_trees(trees, [range(1, len(tree.nodes)) for tree in trees])
        for i, some in zip(owners, found, strict=True):
            scores[i] += some
        return scores
