"""Context distillation: `python -m models.distill RUN_DIR` trains a policy to answer as its base does behind a context
of help, honesty and harmlessness, but without that context (Bai et al. 2022, App. A.1).

Reads `config.json` (models/config.py, may be absent), `prompts.jsonl[.gz]`, and `hhh.txt`: an opening, and examples as
a transcript; if it is absent, ours is used and written there. The teacher is the base behind that context, and the
student the same base with an adapter, behind the prompt alone. The snapshot is a policy that `train_policy` begins from
and measures the KL to (`initial`).

What the student learns on are the teacher's own responses, sampled, whatever else a file holds: the KL of each token's
distribution, summed over them, is then the KL of whole responses, where the responses of somebody else would train the
student at places where it never comes. Their targets are computed once and kept beside the checkpoints; a run that was
killed goes on from there, and ends with the same weights.
"""

import argparse
import dataclasses
import hashlib
import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from models import snapshot
from models.backbone import Backbone, set_threads
from models.config import DistillConfig, parse, to_json
from models.dialogue import DEFAULT_SYSTEM, Message, Prompt, Renderer, read_prompts, read_transcript, split_of
from models.evaluate_policy import paired
from models.losses import Top, kl_from_top, top_of
from models.policy import Places, Policy
from models.rollout import rows
from models.run import BadInput, Preempted, RunDirectory, file_atomically, main, write_atomically
from models.sampling import Response, Sampler, seed_of

HHH = Path(__file__).with_name("hhh.txt")
AT_ONCE = 16  # prompts that the teacher answers between two words of progress, and that are kept in one file
CHUNK = 256  # tokens whose logits are in memory at a time


def train(run: RunDirectory) -> None:
    if (run.path / "snapshot").exists() and (run.path / "result.json").exists():
        print(f"{run.path} is complete.")
        return

    # Config
    where = run.path / "config.json"
    config = parse(DistillConfig, run.config(), str(where))
    set_threads(run.threads(config.threads))
    if not (run.path / "hhh.txt").exists():
        write_atomically(run.path / "hhh.txt", HHH.read_text())
    context = Context.read(run.path / "hhh.txt")
    backbone, tokenizer = Backbone.load(config.base)
    if config.base_hash not in (None, backbone.hash):
        raise BadInput(f"{where}: base_hash is not that of {config.base!r}: the base has changed.")
    config = dataclasses.replace(config, threads=config.threads or run.threads(), base_hash=backbone.hash)
    write_atomically(where, to_json(config))

    # Data
    renderer = Renderer(tokenizer)
    data = read_data(run.find("prompts.jsonl", "prompts.jsonl.gz"), config, context, renderer, backbone.context)
    taught = ask_teacher(run, config, data, backbone, Sampler(backbone, tokenizer, renderer))
    steps = [batch for epoch in range(config.epochs) for batch in batches(data.train, config, epoch)]

    # Network; the seed is of the adapter, the loop itself draws nothing
    torch.manual_seed(config.seed)
    backbone.add_adapter("policy", config.lora_rank)
    student, untaught = Policy(backbone, "policy"), Policy(backbone, None)

    # Optimiser
    optimiser = torch.optim.AdamW(student.parameters(), lr=0.0, weight_decay=0.0)

    # Loop
    inputs = _sha256(to_json(config), data.hash)
    first = 0
    if found := run.checkpoints.latest():
        first, directory = found
        state = torch.load(directory / "state.pt", map_location=backbone.device)
        if state["inputs"] != inputs:
            raise BadInput(f"{directory} was made with another config, context or prompts; remove it to start anew.")
        student.load_state(state["policy"])
        optimiser.load_state_dict(state["optimiser"])
    run.rewind(first)

    def save_checkpoint(step: int) -> None:
        state = {"inputs": inputs, "policy": student.state(), "optimiser": optimiser.state_dict()}
        run.checkpoints.save(step, lambda directory: torch.save(state, directory / "state.pt"))

    for step, batch in enumerate(steps[first:], first + 1):
        run.progress("train", step - 1, len(steps))
        set_threads(run.threads(config.threads))
        began = time.monotonic()
        tokens = sum(len(response.tokens) for p in batch for response in taught.responses[p])
        kl = 0.0
        for places, target in taught.rows(data.bare, batch, config, backbone.device):
            if run.preempted:
                save_checkpoint(step - 1)
                raise Preempted
            loss = kl_in_chunks(backbone.logits, student.states(places), target).sum() / tokens
            loss.backward()
            kl += float(loss.detach())
        if not math.isfinite(kl):
            raise BadInput(f"The KL became {kl} at step {step}: lower learning_rate in {where}.")
        norm = torch.nn.utils.clip_grad_norm_(student.parameters(), config.max_grad_norm)
        rate = config.learning_rate * (1 - (step - 1) / len(steps))
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        optimiser.zero_grad()
        metrics = {
            "kl_from_teacher": kl,
            "gradient_norm": float(norm),
            "learning_rate": rate,
            "tokens_per_s": tokens / (time.monotonic() - began),
        }
        run.metrics(step, {f"distill/{name}": value for name, value in metrics.items()})
        if step % config.checkpoint_every == 0 or step == len(steps):
            save_checkpoint(step)

    # Evaluation
    def distances(policy: Policy) -> list[float]:
        return kl_of_responses(policy, taught, data, config, run.check_preempted)

    run.progress("evaluate", 0, 1)
    before, after = distances(untaught), distances(student)
    length = sum(len(r.tokens) for p in data.held_out for r in taught.responses[p]) / max(1, len(before))
    measured = {
        name: {"per_response": sum(kls) / len(kls), "per_token": sum(kls) / len(kls) / length}
        for name, kls in (("before", before), ("after", after))
        if kls
    }

    # Save
    manifest = snapshot.Manifest(
        name=config.name,
        kind="policy",
        base={"source": config.base, "hash": backbone.hash},
        system=config.system or DEFAULT_SYSTEM,
        data_hash=data.hash,
        config=dataclasses.asdict(config),
        metrics={f"kl_from_teacher_{name}": kl["per_response"] for name, kl in measured.items()},
    )
    snapshot.save(run.path / "snapshot", manifest, student.write)
    run.result(
        {
            "steps": len(steps),
            "prompts": len(data.train),
            "held_out_prompts": len(data.held_out),
            "left_out": data.left_out,
            "tokens": sum(len(r.tokens) for p in data.train for r in taught.responses[p]),
            "outside_top": float(taught.target.rest.exp().mean()),
            "kl_from_teacher": measured,
            "paired": paired(after, before, config.responses_per_prompt) if before else {},
        }
    )
    run.progress("evaluate", 1, 1)


# The two readers --------------------------------------------------------------------------------------------------


class Context(NamedTuple):
    """What the teacher reads before a dialogue."""

    opening: str
    examples: list[Message]

    @classmethod
    def read(cls, path: Path) -> Self:
        """A text, and behind it perhaps examples as a transcript (`Human:` and `Assistant:` after empty lines)."""
        try:
            text = "\n\n" + path.read_text().strip()
        except (OSError, ValueError) as error:
            raise BadInput(f"Cannot read {path}: {error}.") from None
        opening, mark, transcript = text.partition("\n\nHuman:")
        examples = read_transcript(mark + transcript, str(path)) if mark else []
        if [message.role for message in examples] != ["user", "assistant"] * (len(examples) // 2):
            raise BadInput(f"{path}: examples must be a message of Human: and one of Assistant:, in turn.")
        if not (opening.strip() or examples):
            raise BadInput(f"{path} is empty.")
        return cls(opening.strip(), examples)

    def before(self, messages: Sequence[Message]) -> list[Message]:
        """A dialogue behind this context: the opening stands before its system message, the examples after it."""
        system, *said = messages
        opening = "\n\n".join(filter(None, (self.opening, system.content)))
        return [Message("system", opening), *self.examples, *said]


class Data(NamedTuple):
    """The prompts of a run as token ids, as both read them."""

    behind: list[list[int]]
    """What the teacher reads."""
    bare: list[list[int]]
    """What the student reads."""
    train: list[int]
    held_out: list[int]
    left_out: dict[str, int]
    hash: str


def read_data(path: Path, config: DistillConfig, context: Context, renderer: Renderer, room: int) -> Data:
    """The prompts that leave both room for a response, those to learn from first. BadInput if there are none."""
    prompts = read_prompts(path, config.system)
    if not prompts:
        raise BadInput(f"{path} holds no prompts.")
    pairs = {
        i: (renderer.prompt_ids(context.before(prompt.messages)), renderer.prompt_ids(prompt.messages))
        for i, prompt in enumerate(prompts)
    }
    fitting = [
        i
        for i, (behind, bare) in pairs.items()
        if len(bare) <= config.max_prompt_tokens and len(behind) + config.max_new_tokens < room
    ]
    if not fitting:
        behind, bare = min(pairs.values(), key=lambda pair: len(pair[0]))
        raise BadInput(
            f"{path}: no prompt fits: the shortest has {len(bare)} tokens (max_prompt_tokens is "
            f"{config.max_prompt_tokens}), {len(behind)} behind the context, and the base reads {room}, of which "
            f"max_new_tokens takes {config.max_new_tokens}."
        )
    train = [i for i in fitting if _split(prompts[i]) == "train"]
    test = [i for i in fitting if _split(prompts[i]) == "test"]
    if not train:
        raise BadInput(f"{path} holds no prompt of the split's train side to learn from.")
    held_out = sorted(random.Random(config.seed).sample(test, min(len(test), config.held_out_prompts)))
    counts = {"too long": len(prompts) - len(fitting), "held out": len(test)}
    used = [pairs[i] for i in (*train, *held_out)]
    return Data(
        [behind for behind, _ in used],
        [bare for _, bare in used],
        list(range(len(train))),
        list(range(len(train), len(used))),
        {reason: count for reason, count in counts.items() if count},
        _sha256(json.dumps(used)),
    )


def _split(prompt: Prompt) -> str:
    return split_of(prompt.family)


# Targets ----------------------------------------------------------------------------------------------------------


class Taught(NamedTuple):
    """The teacher's responses, and its distributions at each of their tokens, behind each other: (N, k), (N,)."""

    responses: list[list[Response]]
    target: Top

    def rows(
        self, prompts: Sequence[Sequence[int]], chosen: Sequence[int], config: DistillConfig, device: torch.device
    ) -> Iterator[tuple[Places, Top]]:
        """The chosen prompts with their responses in packed rows, each with its targets."""
        starts = [0]
        for group in self.responses:
            for response in group:
                starts.append(starts[-1] + len(response.tokens))
        start = torch.tensor(starts)
        for places in rows(prompts, self.responses, chosen, config.row_tokens, device):
            at = start[places.rollout] + places.step
            yield places, Top(*(part[at].to(device) for part in self.target))


def ask_teacher(run: RunDirectory, config: DistillConfig, data: Data, backbone: Backbone, sampler: Sampler) -> Taught:
    """Responses and targets for all prompts, each computed once: they are kept in `checkpoints/targets`, about 400
    bytes a token, a file for every few prompts."""
    teacher = Policy(backbone, None)
    asked = _sha256(
        data.hash,
        repr((config.base_hash, config.seed, config.responses_per_prompt, config.max_new_tokens, config.top_tokens)),
    )
    directory = run.checkpoints.directory / "targets"
    directory.mkdir(parents=True, exist_ok=True)
    responses: list[list[Response]] = []
    targets: list[Top] = []
    for start in range(0, len(data.behind), AT_ONCE):
        run.progress("teach", start, len(data.behind))
        run.check_preempted()  # nothing is lost: what was computed is kept
        set_threads(run.threads(config.threads))
        file = directory / f"{start:07d}.pt"
        if not file.exists():
            prompts = data.behind[start : start + AT_ONCE]
            numbers = range(start, start + len(prompts))
            seeds = [
                [seed_of(config.seed, "teacher", p, k) for k in range(config.responses_per_prompt)] for p in numbers
            ]
            with backbone.use(teacher.adapter):
                sampled = sampler.sample(prompts, seeds, config.max_new_tokens, config.sampling_batch)
            target = targets_of(teacher, prompts, sampled, config)
            told = [[tuple(response) for response in group] for group in sampled]
            with file_atomically(file) as out:
                torch.save({"asked": asked, "responses": told, "target": tuple(target)}, out)
        kept = torch.load(file)
        if kept["asked"] != asked:
            raise BadInput(f"{file} was made with another base, context or prompts; remove {directory} to start anew.")
        responses += [[Response(*response) for response in group] for group in kept["responses"]]
        targets.append(Top(*kept["target"]))
    return Taught(responses, Top(*map(torch.cat, zip(*targets, strict=True))))


@torch.no_grad()
def targets_of(
    teacher: Policy, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[Response]], config: DistillConfig
) -> Top:
    """The teacher's distributions at each token of its responses, behind each other."""
    lengths = torch.tensor([len(response.tokens) for group in responses for response in group])
    start = lengths.cumsum(0) - lengths
    parts, places_of = [], []
    for places in rows(prompts, responses, range(len(prompts)), config.row_tokens, teacher.backbone.device):
        for states in teacher.states(places).split(CHUNK):
            logits = teacher.backbone.logits(states)
            parts.append(Top(*(part.cpu() for part in top_of(logits, min(config.top_tokens, logits.shape[-1] - 1)))))
        places_of.append(start[places.rollout] + places.step)
    back = torch.cat(places_of).argsort()  # rows are packed in an order of their own
    ids, logprobs, rest = (torch.cat(part)[back] for part in zip(*parts, strict=True))
    return Top(ids.int(), logprobs, rest)


def batches(train: Sequence[int], config: DistillConfig, epoch: int) -> list[list[int]]:
    """Each pass takes the prompts, with all their responses, in another order."""
    order = list(train)
    random.Random(seed_of(config.seed, "batches", epoch)).shuffle(order)
    return [order[i : i + config.batch_prompts] for i in range(0, len(order), config.batch_prompts)]


# Distance ---------------------------------------------------------------------------------------------------------


def kl_in_chunks(head: Callable[[Tensor], Tensor], hidden: Tensor, target: Top, chunk: int = CHUNK) -> Tensor:
    """`kl_from_top(target, head(hidden))` with at most `chunk` rows of logits in memory at a time; the backward pass
    computes them again. hidden: (n, d) → (n,)."""
    parts = []
    for states, *part in zip(hidden.split(chunk), *(t.split(chunk) for t in target), strict=True):

        def kl(states: Tensor, ids: Tensor, logprobs: Tensor, rest: Tensor) -> Tensor:
            return kl_from_top(Top(ids.long(), logprobs, rest), head(states))

        parts.append(
            checkpoint(kl, states, *part, use_reentrant=False) if torch.is_grad_enabled() else kl(states, *part)
        )
    return torch.cat(parts)


@torch.no_grad()
def kl_of_responses(
    policy: Policy, taught: Taught, data: Data, config: DistillConfig, go_on: Callable[[], None] = lambda: None
) -> list[float]:
    """KL(teacher ‖ policy) in nats of each response to the held-out prompts, in their order."""
    owners = [p for p, group in enumerate(taught.responses) for _ in group]
    totals = torch.zeros(len(owners))
    for places, target in taught.rows(data.bare, data.held_out, config, policy.backbone.device):
        go_on()
        kl = kl_in_chunks(policy.backbone.logits, policy.states(places), target).cpu()
        totals.index_add_(0, places.rollout, kl)
    held_out = set(data.held_out)
    return [float(kl) for owner, kl in zip(owners, totals, strict=True) if owner in held_out]


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.distill", description=__doc__)
    parser.add_argument("run_dir", type=Path)
    with RunDirectory.open(parser.parse_args().run_dir) as run:
        train(run)


def _sha256(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


if __name__ == "__main__":
    main(command)
