"""Rollouts: prompts, sampled responses, and what policy, initial policy, value function and PMs say about them.

K responses on one prompt are a dialogue tree (models/packing.py), so the prompt is computed once. The log-probabilities
are those of the training forward pass, not the sampler's: the first minibatch then has a ratio of exactly 1. The PM
scores the text that a crowdworker would read, tokenised as in its training and ended by the end-of-turn token.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from models.dialogue import Renderer
from models.losses import masked_mean
from models.packing import Row, pack, prompt_tree
from models.policy import Places, Policy, ValueFunction
from models.preference_model import PreferenceModel
from models.processes import Processes
from models.sampling import Response, Sampler

NOT_TENSORS = ("prompts", "responses", "seconds")


@dataclass(frozen=True)
class Rollouts:
    """K responses on each of P prompts: B = P·K rollouts of at most T tokens, those of one prompt beside each other."""

    prompts: list[list[int]]
    responses: list[list[Response]]
    is_response: Tensor  # (B, T)
    scores: Tensor  # (B,) raw
    test_scores: Tensor | None  # (B,) of the PM that only watches
    logprobs: Tensor  # (B, T)
    entropy: Tensor  # (B, T)
    initial_logprobs: Tensor  # (B, T)
    values: Tensor  # (B, T), zeros without a value function
    seconds: dict[str, float] = field(compare=False)
    engine_logprobs: Tensor | None = None  # (B, T) of the server that sampled them, if one did

    @property
    def engine_gap(self) -> float | None:
        """Nats by which the log-probabilities of the sampled tokens differ between the server that sampled them and the
        training forward pass, on average; None if this process sampled itself.

        Other kernels, batches and dtypes round otherwise: in bfloat16 some hundredths of a nat. More means that the two
        are not the same policy."""
        if self.engine_logprobs is None:
            return None
        return float(masked_mean((self.engine_logprobs - self.logprobs).abs(), self.is_response))

    @property
    def ended(self) -> Tensor:
        """(B,) True where the response ended its turn, and was not cut."""
        return torch.tensor([r.finish == "stop" for group in self.responses for r in group])

    @property
    def lengths(self) -> Tensor:
        """(B,) tokens, the end-of-turn token included."""
        return self.is_response.sum(1)

    @property
    def kl_to_initial(self) -> Tensor:
        """(B,) nats of each response: the sum of log π − log π_initial."""
        return torch.where(self.is_response, self.logprobs - self.initial_logprobs, 0.0).sum(1)

    def first(self, count: int) -> "Rollouts":
        """Those on the first `count` prompts."""
        b = sum(len(group) for group in self.responses[:count])
        tensors: dict[str, Any] = {
            f.name: value[:b] for f in fields(self) if isinstance(value := getattr(self, f.name), Tensor)
        }
        return replace(self, prompts=self.prompts[:count], responses=self.responses[:count], **tensors)


@dataclass(frozen=True)
class Networks:
    """Who takes part in rollouts."""

    policy: Policy
    initial: Policy
    value: ValueFunction | None
    pm: PreferenceModel
    test_pm: PreferenceModel | None
    sampler: Sampler
    renderer: Renderer
    row_tokens: int = 512
    sampling_batch: int = 64

    @property
    def device(self) -> torch.device:
        return self.policy.backbone.device


def collect(
    networks: Networks,
    prompts: list[list[int]],
    seeds: list[list[int]],
    max_tokens: int,
    go_on: Callable[[], None] = lambda: None,
) -> Rollouts:
    """Sample a response for each seed of each prompt, and let everybody judge them. `go_on` is called now and then, and
    may raise."""
    clock = _Clock()
    with networks.policy.backbone.use(networks.policy.adapter):
        responses = networks.sampler.sample(prompts, seeds, max_tokens, networks.sampling_batch)
    clock.lap("generate")
    go_on()

    texts = [[networks.renderer.response_ids(r.text) for r in group] for group in responses]
    scores = _flat(networks.pm.score(prompts, texts))
    test_scores = None if networks.test_pm is None else _flat(networks.test_pm.score(prompts, texts))
    clock.lap("score")
    go_on()

    lengths = torch.tensor([len(r.tokens) for group in responses for r in group])
    is_response = torch.arange(int(lengths.max())) < lengths[:, None]  # (B, T)
    logprobs, entropy, initial_logprobs, values = (torch.zeros(is_response.shape) for _ in range(4))
    with torch.no_grad():
        for places in rows(prompts, responses, range(len(prompts)), networks.row_tokens, networks.device):
            at = places.rollout, places.step
            made = networks.policy.chosen(places)
            logprobs[at], entropy[at] = made.logprobs.cpu(), made.entropy.cpu()
            same = networks.initial.adapter == networks.policy.adapter
            initial_logprobs[at] = (made if same else networks.initial.chosen(places)).logprobs.cpu()
            if networks.value is not None:
                values[at] = networks.value.values(places).cpu()
    clock.lap("logprobs")
    return Rollouts(
        prompts, responses, is_response, scores, test_scores, logprobs, entropy, initial_logprobs, values,
        clock.seconds, _engine_logprobs(responses, is_response),
    )  # fmt: skip


def collect_together(
    processes: Processes,
    networks: Networks,
    prompts: list[list[int]],
    seeds: list[list[int]],
    max_tokens: int,
    go_on: Callable[[], None] = lambda: None,
) -> Rollouts:
    """`collect`, of which each process does a part; all of them then hold the whole."""
    with networks.policy.backbone.use(networks.policy.adapter):
        networks.sampler.prepare()
    mine = [list(processes.part(part)) for part in (prompts, seeds)]
    made = collect(networks, mine[0], mine[1], max_tokens, go_on) if mine[0] else None
    networks.policy.backbone.accompany()
    return joined([part for part in processes.gather(made) if part is not None])


def joined(parts: Sequence[Rollouts]) -> Rollouts:
    """Rollouts on the prompts of all parts, in their order; the seconds are those of the slowest."""
    longest = max(part.is_response.shape[1] for part in parts)

    def column(name: str) -> Tensor | None:
        tensors = [getattr(part, name) for part in parts]
        if tensors[0] is None:
            return None
        return torch.cat([F.pad(t, (0, longest - t.shape[1])) if t.dim() == 2 else t for t in tensors])

    columns: dict[str, Any] = {f.name: column(f.name) for f in fields(Rollouts) if f.name not in NOT_TENSORS}
    return Rollouts(
        prompts=[prompt for part in parts for prompt in part.prompts],
        responses=[group for part in parts for group in part.responses],
        seconds={name: max(part.seconds[name] for part in parts) for name in parts[0].seconds},
        **columns,
    )


def rows(
    prompts: Sequence[Sequence[int]],
    responses: Sequence[Sequence[Response]],
    chosen: Sequence[int],
    row_tokens: int,
    device: torch.device,
) -> Iterator[Places]:
    """The trees of the `chosen` prompts in packed rows, and where their responses are in them. Rollouts are counted
    through all prompts."""
    starts = [0]
    for group in responses:
        starts.append(starts[-1] + len(group))
    trees = [prompt_tree(prompts[p], [r.tokens for r in responses[p]]) for p in chosen]
    for row in pack(trees, row_tokens):
        yield _places(row, [starts[p] for p in chosen], [len(tree.nodes) - 1 for tree in trees], device)


def _places(row: Row, first_rollout: list[int], responses: list[int], device: torch.device) -> Places:
    before: list[int] = []
    rollout: list[int] = []
    step: list[int] = []
    where: list[int] = []
    dialogue: list[int] = []
    for number, tree in enumerate(row.trees):
        end_of_prompt = row.end(tree, 0)
        for k in range(responses[tree]):
            span = row.spans[tree, 1 + k]
            before += [end_of_prompt, *range(span.start, span.stop - 1)]
            where += range(span.start, span.stop)
            rollout += [first_rollout[tree] + k] * (span.stop - span.start)
            step += range(span.stop - span.start)
            dialogue += [number] * (span.stop - span.start)
    return Places(
        row.batch().to(device),
        torch.tensor(before, device=device),
        row.input_ids[where].to(device),
        torch.tensor(rollout),
        torch.tensor(step),
        torch.tensor(dialogue),
        row.means([(tree, 1) for tree in row.trees])[1],
    )


def _engine_logprobs(responses: Sequence[Sequence[Response]], is_response: Tensor) -> Tensor | None:
    given = [r.logprobs for group in responses for r in group]
    if not all(given):
        return None
    logprobs = torch.zeros(is_response.shape)
    logprobs[is_response] = torch.tensor([number for numbers in given for number in numbers or ()])
    return logprobs


def _flat(scores: list[list[float]]) -> Tensor:
    return torch.tensor([score for group in scores for score in group])


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = now - self._since
        self._since = now
