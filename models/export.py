"""A preference model for other tools: `python -m models.export SNAPSHOT OUT_DIR`.

Writes transformers' sequence-classification format (one label, its logit is the score), which vLLM's pooling,
RewardBench, OpenRLHF and verl load: the adapter merged into the base in float32, the head as `score`, the tokenizer
with a chat template, and the snapshot's `manifest.json`. A PM that has heads for several tasks, or reads a response as
a whole, brings its code along (models/modeling_turnwise.py), for `trust_remote_code=True`. Before the directory takes
its name it is loaded as others would, and its scores must be the snapshot's.

Two traps are avoided, into which a PM exported naively falls. These models read the last token that is not padding, and
many bases pad with the very token that ends a turn, so they would read the one before it: the export pads with a token
of its own. And many chat templates put a line break behind that token: the exported one ends with it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from transformers import (
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging as transformers_logging

from models import lora, reference, snapshot
from models.backbone import Backbone, resolve_base
from models.dialogue import Message, Renderer
from models.modeling_turnwise import TurnwiseForSequenceClassification
from models.preference_model import AnyHead, Ensemble, Head, PreferenceModel, TaskHead
from models.run import BadInput, directory_atomically, main

PAD = "<|pad|>"
CLOSE = 1e-3  # scores that differ by less are the same: merged weights are rounded differently
SIDE_BY_SIDE = 8
ALL = "all"  # the task of a PM that knows none
AS_IT_IS: dict[str, Any] = {"dtype": torch.float32, "local_files_only": True}


def export(directory: Path, out: Path, member: int | None = None, task: str | None = None) -> str:
    """Export a PM's snapshot, or of one with several heads that of a task, or one member of an ensemble's, to a new
    directory; returns a sentence about it. BadInput if that cannot be done."""
    manifest = snapshot.load(directory, "pm").manifest
    if out.exists():
        raise BadInput(f"{out} exists already; name a new directory.")
    source = manifest.base["source"]
    backbone, tokenizer = Backbone.load(source, "float32")
    pm, _ = PreferenceModel.load(backbone, "pm", directory)
    members = pm.members if isinstance(pm, Ensemble) else [pm]
    if member is None and len(members) > 1:
        raise BadInput(
            f"{directory} is an ensemble of {len(members)}, which no single model can be: export one of them with "
            f"--member 0 to {len(members) - 1}."
        )
    if not 0 <= (member or 0) < len(members):
        raise BadInput(f"{directory} has no member {member}; they count from 0 to {len(members) - 1}.")
    pm = members[member or 0]
    if task is not None:
        if isinstance(pm.head, Head):
            raise BadInput(f"{directory} has one head for all tasks; leave --task out.")
        pm.head = pm.head.alone(task)
    renderer = Renderer(tokenizer)
    kind = backbone.causal_lm.config
    if type(kind) not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING:
        raise BadInput(
            f"{directory} cannot be exported: transformers has no sequence-classification class for {kind.model_type}, "
            f"the kind of its base {source}."
        )
    dialogues = _dialogues(manifest.system)
    expected = [
        pm.score([renderer.prompt_ids(said[:-1])], [[renderer.response_ids(said[-1].content)]])[0][0]
        for said in dialogues
    ]
    classifier = _classifier(source, directory / str(member) if member else directory, pm.head, renderer)
    _set_tokenizer(classifier, tokenizer, renderer, manifest.system)
    with directory_atomically(out) as unfinished:
        classifier.save_pretrained(unfinished)
        tokenizer.save_pretrained(unfinished)
        (unfinished / "manifest.json").write_bytes((directory / "manifest.json").read_bytes())
        found = scores(unfinished, dialogues)
        apart = max(abs(a - b) for a, b in zip(found, expected, strict=True))
        if not apart < CLOSE:
            raise BadInput(
                f"{directory} cannot be exported: its scores would differ by {apart:.3g}, because transformers reads "
                f"dialogues on the base {source} in another way than it was trained with."
            )
    name = type(classifier).__name__
    if isinstance(classifier, TurnwiseForSequenceClassification):
        name += ", to be loaded with trust_remote_code=True"
    return f"{out}: {name}; its scores of {len(dialogues)} dialogues are the snapshot's (within {apart:.0e})"


def scores(directory: Path, dialogues: list[list[Message]]) -> list[float]:
    """What plain transformers makes of an exported PM, in padded batches."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    classifier = AutoModelForSequenceClassification.from_pretrained(
        directory, dtype=torch.float32, trust_remote_code=True
    ).eval()
    found: list[float] = []
    for start in range(0, len(dialogues), SIDE_BY_SIDE):
        told = [[m._asdict() for m in said] for said in dialogues[start : start + SIDE_BY_SIDE]]
        batch = tokenizer.apply_chat_template(told, padding=True, return_tensors="pt", return_dict=True)
        with torch.no_grad():
            found += classifier(**batch).logits[:, 0].tolist()
    return found


def _classifier(source: str, directory: Path, head: AnyHead, renderer: Renderer) -> Any:
    """The base with the adapter merged into its weights, and the head."""
    plain = isinstance(head, Head) and head.reads == "end"
    classifier = _plain(source) if plain else _with_code(source, head, renderer)
    decoder = classifier.base_model
    prefix = f"{decoder.base_model_prefix}."
    adapter = lora.read(directory, {prefix + name: width for name, width in lora.widths(decoder).items()})
    with torch.no_grad():
        for path, (a, b) in adapter.layers.items():
            linear = decoder.get_submodule(path.removeprefix(prefix))
            change = adapter.scaling * b.float() @ a.float()  # (out, in)
            linear.weight += change.T if isinstance(linear, Conv1D) else change
        classifier.score.weight.copy_(head.weight)
    return classifier


def _plain(source: str) -> Any:
    """transformers' own class, which reads the last token."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # "score.weight was newly initialized": it is set later
    try:
        return AutoModelForSequenceClassification.from_pretrained(resolve_base(source), num_labels=1, **AS_IT_IS)
    finally:
        transformers_logging.set_verbosity(before)


def _with_code(source: str, head: AnyHead, renderer: Renderer) -> Any:
    """Our class, which is written beside the weights."""
    model = AutoModel.from_pretrained(resolve_base(source), **AS_IT_IS)
    tasks, gate = (head.tasks, head.gate) if isinstance(head, TaskHead) else ([ALL], torch.zeros(()))
    own = {"num_labels": 1, "reads": head.reads, "response_begins": renderer.response_begins, "tasks": tasks}
    model.config.update(own)
    TurnwiseForSequenceClassification.register_for_auto_class("AutoModelForSequenceClassification")
    classifier = TurnwiseForSequenceClassification(model.config, model)
    with torch.no_grad():
        classifier.gate.weight.copy_(gate)
    return classifier


def _set_tokenizer(classifier: Any, tokenizer: Any, renderer: Renderer, system: str) -> None:
    """Let plain transformers render dialogues as the PM read them, and pad with a token that ends nothing."""
    tokenizer.chat_template = renderer.chat_template(system)
    if tokenizer.pad_token_id in (None, renderer.end_of_turn):
        tokenizer.add_special_tokens({"pad_token": PAD})
    if len(tokenizer) > classifier.get_input_embeddings().num_embeddings:
        classifier.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    classifier.config.pad_token_id = tokenizer.pad_token_id


def _dialogues(system: str) -> list[list[Message]]:
    """What an export is checked with: the reference responses, and one dialogue of two turns."""
    rows = [json.loads(line) for line in reference.FILE.read_text().splitlines()]
    told = [[Message("user", row["prompt"]), Message("assistant", row["response"])] for row in rows]
    return [[Message("system", system), *said] for said in [*told, told[0] + told[-1]]]


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.export", description=__doc__.splitlines()[0])
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    parser.add_argument("--member", type=int, help="of an ensemble, which has no other form; from 0")
    parser.add_argument("--task", help="of a PM that has a head for each task: that one alone")
    arguments = parser.parse_args()
    print(export(arguments.snapshot, arguments.out, arguments.member, arguments.task))


if __name__ == "__main__":
    main(command)
