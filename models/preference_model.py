"""The preference model (PM): a bare decoder with an adapter and a linear head, which scores a dialogue by the hidden
states of its last response. An ensemble is several on one base, which score together.
"""

import copy
import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from models import snapshot
from models.backbone import Backbone
from models.config import Reads
from models.dialogue import Renderer
from models.packing import Row, Tree, pack, prompt_tree
from models.run import BadInput
from models.snapshot import Snapshot

HEAD = "head.safetensors"
ENSEMBLE = "ensemble.json"
ROW_TOKENS = 512
MAX_TOKENS = 4096  # a row's mask takes the square of this in bytes


def pairwise_loss(chosen: Tensor, rejected: Tensor, certainty: Tensor | float = 1.0) -> Tensor:
    """log(1 + exp(r_rejected − r_chosen)) of each comparison: (n,), (n,) → (n,).

    Minus the log-probability of the choice if P(chosen) = sigmoid(r_chosen − r_rejected) (Bai et al. 2022, §3 and
    eq. 4.2; log 2 where the PM does not tell them apart). A choice that is right only with probability `certainty`, p,
    is expected to cost p times that and 1 − p times the loss of the opposite choice: least where sigmoid(Δr) = p."""
    return F.softplus(rejected - chosen) + (1 - certainty) * (chosen - rejected)


PARTS: dict[Reads, tuple[int, int]] = {"end": (1, 1), "response": (2, 3)}
"""How many states of the base's width scores read, and how many what tells the task: the dialogue before a response
says nothing of which one is better."""


def read(reads: Reads, hidden: Tensor, row: Row, nodes: Sequence[tuple[int, int]]) -> Tensor:
    """What a head reads of the responses at these (tree, node) of a row, in float32: hidden (N, d) → (n, d), or
    (n, 3d), each third of it of mean square 1, since means over many tokens are small."""
    end = hidden[torch.tensor([row.end(*node) for node in nodes], device=hidden.device)].float()
    if reads == "end":
        return end
    return beside((end, *(weights.to(hidden.device) @ hidden.float() for weights in row.means(nodes))))


def beside(parts: Iterable[Tensor]) -> Tensor:
    """States (n, d) of several kinds as one, (n, k·d), each of them of mean square 1."""
    return torch.cat([F.rms_norm(part, part.shape[-1:]) for part in parts], -1)


class Head(nn.Linear):
    """Scores (n,) of what is read of responses (n, k·d), in float32. Zero at first: a random head is loud (on SmolLM2
    its loss begins at 0.74, not at log 2), and a short run spends its steps on unlearning it. No bias: the pairwise
    loss could not place one."""

    def __init__(self, width: int, reads: Reads = "end") -> None:
        super().__init__(PARTS[reads][0] * width, 1, bias=False)
        self.width, self.reads = width, reads
        nn.init.zeros_(self.weight)

    def forward(self, states: Tensor) -> Tensor:
        return super().forward(states[..., : self.in_features].float()).squeeze(-1)


class TaskHead(nn.Module):
    """Scores of a PM that learnt from several tasks: r = Σ_t p_t · (w_t · h), p = softmax(V h), (n, d) → (n,).

    What is better in one task is often worse in another: a linear head that learns from both lands below chance on the
    smaller one (Bai et al. 2022, §5.1.1). Here each task has its own w_t, and V tells from the dialogue which task it
    is, so that nobody needs to say it. With one task this is `Head`. Zero at first, for the same reason."""

    def __init__(self, width: int, tasks: Sequence[str], reads: Reads = "end") -> None:
        super().__init__()
        self.width, self.reads = width, reads
        self.tasks = list(tasks)
        of_scores, of_gate = PARTS[reads]
        self.weight = nn.Parameter(torch.zeros(len(tasks), of_scores * width))  # w
        self.gate = nn.Parameter(torch.zeros(len(tasks), of_gate * width))  # V

    def forward(self, states: Tensor) -> Tensor:
        states = states.float()
        return (self.scores_by_task(states) * F.softmax(self.gate_logits(states), -1)).sum(-1)

    def scores_by_task(self, states: Tensor) -> Tensor:
        """w_t · h of every task: (n, k·d) → (n, T)."""
        return F.linear(states[..., : self.weight.shape[1]].float(), self.weight)

    def gate_logits(self, states: Tensor) -> Tensor:
        """log p_t, but for a constant: (n, k·d) → (n, T)."""
        return F.linear(states.float(), self.gate)

    def alone(self, task: str) -> Head:
        """The score of one task as a linear head, frozen. BadInput for an unknown task."""
        if task not in self.tasks:
            raise BadInput(f"The PM has no head for the task {task!r}; it has {' and '.join(self.tasks)}.")
        one = Head(self.width, self.reads)
        one.load_state_dict({"weight": self.weight[self.tasks.index(task)][None]})
        return one.requires_grad_(False)

    def loss(self, states: Tensor, tasks: Sequence[str], certainty: Tensor) -> Tensor:
        """What teaches each w_t and V their tasks, beside the pairwise loss of r: the pairwise loss of the own task's
        scores, and −log p of that task. States (2n, k·d) of chosen, rejected, chosen, …; tasks of the n comparisons, 0
        where one has no weights of its own → (n,)."""
        index = torch.tensor([self.tasks.index(task) if task in self.tasks else -1 for task in tasks])
        index = index.to(states.device)
        known = index >= 0  # (n,)
        scores = self.scores_by_task(states).view(len(tasks), 2, -1)  # (n, 2, T)
        own = scores.gather(2, index.clamp(0)[:, None, None].expand(-1, 2, 1)).squeeze(2)  # (n, 2)
        naming = F.cross_entropy(
            self.gate_logits(states), index.repeat_interleave(2), ignore_index=-1, reduction="none"
        )  # (2n,)
        return pairwise_loss(own[:, 0], own[:, 1], certainty) * known + naming.view(-1, 2).mean(1)


AnyHead = Head | TaskHead


def write_head(head: AnyHead, directory: Path) -> None:
    """`head.safetensors`: the weight of a linear head, or weights by task."""
    if isinstance(head, TaskHead):
        rows = {"score": head.weight, "gate": head.gate}
        tensors = {
            f"{what}.{task}": row for what, all in rows.items() for task, row in zip(head.tasks, all, strict=True)
        }
    else:
        tensors = {"weight": head.weight}
    kept = {name: t.detach().cpu().clone() for name, t in tensors.items()}
    save_file(kept, directory / HEAD, {"reads": head.reads})


def load_head(directory: Path) -> AnyHead:
    """The head in a snapshot directory, frozen. BadInput if it is not finite."""
    with safe_open(directory / HEAD, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        reads: Reads = (file.metadata() or {}).get("reads", "end")
    if not all(weights.isfinite().all() for weights in tensors.values()):
        raise BadInput(f"The snapshot {directory} has weights that are not finite numbers.")
    of_scores, _ = PARTS[reads]
    head: AnyHead
    if "weight" in tensors:
        head = Head(tensors["weight"].shape[1] // of_scores, reads)
        head.load_state_dict(tensors)
    else:
        tasks = sorted(name.removeprefix("score.") for name in tensors if name.startswith("score."))
        head = TaskHead(len(tensors[f"score.{tasks[0]}"]) // of_scores, tasks, reads)
        rows = {"weight": "score", "gate": "gate"}
        head.load_state_dict(
            {own: torch.stack([tensors[f"{what}.{task}"] for task in tasks]) for own, what in rows.items()}
        )
    head.requires_grad_(False)
    return head


class PreferenceModel:
    """An adapter of a backbone, by name, and its head."""

    def __init__(self, backbone: Backbone, adapter: str, head: AnyHead) -> None:
        self.backbone = backbone
        self.adapter = adapter
        self.head = head.to(backbone.device)

    @classmethod
    def fresh(
        cls,
        backbone: Backbone,
        adapter: str,
        rank: int | None,
        share: float = 1.0,
        tasks: Sequence[str] = (),
        reads: Reads = "end",
    ) -> Self:
        """An untrained PM: of rank None one that is trained in full, else with an adapter on that share of
        the layers, from the top; of two or more tasks, with a head for each. Draws from torch's global generator."""
        if rank is None:
            backbone.add_full_adapter(adapter)
        else:
            backbone.add_adapter(adapter, rank, share=share)
        width = backbone.width
        return cls(backbone, adapter, TaskHead(width, tasks, reads) if len(tasks) > 1 else Head(width, reads))

    @classmethod
    def mean(cls, members: Sequence["PreferenceModel"], adapter: str) -> Self:
        """One PM, whose change of the base and whose head are the means of the members' (Wortsman et al. 2022, arXiv
        2203.05482, a uniform soup): nearly as right as what they say together, at the price of one. Frozen."""
        backbone, head = members[0].backbone, copy.deepcopy(members[0].head).requires_grad_(False)
        backbone.add_mean_adapter(adapter, [member.adapter for member in members])
        states = [member.head.state_dict() for member in members]
        head.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})
        return cls(backbone, adapter, head)

    @classmethod
    def load(cls, backbone: Backbone, adapter: str, directory: Path) -> tuple["PreferenceModel", Snapshot]:
        """The PM of a snapshot on a base that is already in memory, or the ensemble. BadInput if it is damaged, not
        finite or of another base."""
        found = snapshot.load(directory, "pm", backbone.hash)
        members = []
        for i, path in enumerate(member_directories(directory)):
            name = f"{adapter}-{i}" if i else adapter
            backbone.load_adapter(name, path)
            members.append(PreferenceModel(backbone, name, load_head(path)))
        together = Together.read(directory)
        return Ensemble(members, together) if together else members[0], found

    @classmethod
    def open(cls, directory: Path) -> tuple["PreferenceModel", Snapshot, Renderer]:
        """The PM of a snapshot and what it needs: its base is loaded too, in the dtype it was trained with."""
        manifest = snapshot.load(directory, "pm").manifest
        backbone, tokenizer = Backbone.load(manifest.base["source"], str(manifest.config.get("dtype", "float32")))
        pm, found = cls.load(backbone, "pm", directory)
        return pm, found, Renderer(tokenizer)

    def write(self, directory: Path) -> None:
        """The weights of a snapshot."""
        self.backbone.save_adapter(self.adapter, directory)
        write_head(self.head, directory)

    def parameters(self) -> list[nn.Parameter]:
        """What is trained."""
        return [*self.backbone.parameters(self.adapter), *self.head.parameters()]

    def state(self) -> dict[str, Any]:
        """What is trained, to resume from."""
        return {"adapter": self.backbone.adapter_state(self.adapter), "head": self.head.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        self.backbone.load_adapter_state(self.adapter, state["adapter"])
        self.head.load_state_dict(state["head"])

    def states_of(self, row: Row, nodes: Sequence[tuple[int, int]]) -> Tensor:
        """What the head reads of the responses at these (tree, node): (n, k·d)."""
        with self.backbone.use(self.adapter):
            return read(self.head.reads, self.backbone.hidden(row.batch().to(self.backbone.device))[0], row, nodes)

    def scores_of(self, row: Row, nodes: Sequence[tuple[int, int]]) -> Tensor:
        """Scores of the responses at these (tree, node): (n,)."""
        scores: Tensor = self.head(self.states_of(row, nodes))
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
            found = iter(self.scores_of(row, [(tree, node) for tree in row.trees for node in nodes[tree]]).tolist())
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


# Ensembles --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Together:
    """How the members of an ensemble become one score; `ensemble.json` in its snapshot."""

    combine: Literal["mean", "worst", "penalised"]
    variance_penalty: float
    offsets: tuple[float, ...]
    """Each member's mean score on the same dialogues, taken off first: the pairwise loss leaves it to chance, and else
    the worst of all would be the same member everywhere."""

    @classmethod
    def read(cls, directory: Path) -> Self | None:
        """Of a snapshot directory; None if it holds one PM."""
        path = directory / ENSEMBLE
        if not path.exists():
            return None
        content = json.loads(path.read_text())
        return cls(content["combine"], content["variance_penalty"], tuple(content["offsets"]))

    def __call__(self, scores: Tensor) -> Tensor:
        """(members, n) → (n,): the mean, the least, or mean − λ·variance over members (Coste et al. 2023, arXiv
        2310.02743, §3: mean, worst-case and uncertainty-weighted optimisation)."""
        level = scores - scores.new_tensor(self.offsets)[:, None]
        if self.combine == "worst":
            return level.min(0).values
        if self.combine == "penalised":
            return level.mean(0) - self.variance_penalty * level.var(0, unbiased=False)
        return level.mean(0)


class Ensemble(PreferenceModel):
    """PMs on one base that score together. Who needs one adapter and head, to start a value function, gets the first
    member's."""

    def __init__(self, members: Sequence[PreferenceModel], together: Together) -> None:
        super().__init__(members[0].backbone, members[0].adapter, members[0].head)
        self.members = list(members)
        self.together = together

    def scores_of(self, row: Row, nodes: Sequence[tuple[int, int]]) -> Tensor:
        """Scores together of the responses at these (tree, node): (n,)."""
        with self.backbone.shared_below([member.adapter for member in self.members]):
            return self.together(torch.stack([member.scores_of(row, nodes) for member in self.members]))

    def write(self, directory: Path) -> None:
        """The first member as it would be alone, the others in directories beside it, and how they score together."""
        for i, member in enumerate(self.members):
            path = directory / str(i) if i else directory
            path.mkdir(exist_ok=True)
            member.write(path)
        (directory / ENSEMBLE).write_text(json.dumps(dataclasses.asdict(self.together), indent=1) + "\n")


def member_directories(directory: Path) -> list[Path]:
    """Where the adapters and heads of a PM's snapshot are: the directory itself, and one in it for each other member of
    an ensemble."""
    together = Together.read(directory)
    return [directory, *(directory / str(i) for i in range(1, len(together.offsets) if together else 1))]
