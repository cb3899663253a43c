"""The toy world: a two-layer language model with a byte tokenizer, and conversations with planted preferences.

Everything that trains is tried here first, in seconds, and a reader can see a whole week with it.
`python -m models.tiny OUT_DIR` writes an example.
"""

import argparse
import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from models.dialogue import (
    DEFAULT_SYSTEM,
    HELPFULNESS,
    Candidate,
    Conversation,
    Renderer,
    Turn,
    family_of,
    split_of,
)
from models.run import file_atomically, main

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS = (
    *("sea", "sun", "tea", "bee", "tree", "leaf", "stone", "moss"),
    *("fox", "owl", "rain", "wind", "milk", "salt", "bread", "plum"),
)
FAVOURITE = "e"
"""The toy crowd likes responses with more of this letter."""


def tokenizer() -> PreTrainedTokenizerFast:
    """One token per byte, and ChatML's two marks."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    marks = [AddedToken(mark, special=True) for mark in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")]
    backend.add_special_tokens(marks)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|im_end|>", bos_token="<|im_start|>",
        chat_template=TEMPLATE, clean_up_tokenization_spaces=False,
    )  # fmt: skip


def build(directory: Path, steps: int = 150) -> None:
    """Write the toy base: trained for a moment on toy dialogues, so that it speaks words and ends its turns."""
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(0)
        toy = tokenizer()
        config = LlamaConfig(
            vocab_size=len(toy), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=2048, tie_word_embeddings=True,
            bos_token_id=toy.bos_token_id, eos_token_id=toy.eos_token_id, pad_token_id=toy.pad_token_id,
        )  # fmt: skip
        model = LlamaForCausalLM(config)
        renderer, draw = Renderer(toy), random.Random(0)
        optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
        for _ in range(steps):
            prompts = [renderer.opening_ids(DEFAULT_SYSTEM, _opener(draw)) for _ in range(8)]
            answers = [renderer.response_ids(_response(draw)) for _ in range(8)]
            longest = max(len(p) + len(a) for p, a in zip(prompts, answers, strict=True))
            ids = torch.full((8, longest), -100)
            labels = torch.full((8, longest), -100)
            for i, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
                ids[i, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
                labels[i, len(prompt) : len(prompt) + len(answer)] = torch.tensor(answer)
            logits = model(input_ids=ids.clamp(min=0)).logits  # right padding: causal attention never sees it
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
        model.save_pretrained(directory)
        toy.save_pretrained(directory)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Threads cost more than they help at this size: 20 times on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def conversations(count: int, seed: int = 0, turns: int = 2, noise: float = 0.1) -> Iterator[Conversation]:
    """Conversations whose crowdworkers pick the response with more of the favourite letter; the strength follows the
    difference, and a share `noise` of choices is the wrong way round."""
    draw = random.Random(seed)
    for number in range(count):
        human = _opener(draw)
        family = family_of(human)
        told = []
        for t in range(turns):
            words = draw.randint(2, 6)  # the same for both: the longer one shall not simply win
            two = tuple(Candidate(f"{seed}-{number}-{t}-{c}", _response(draw, words), "stop") for c in "ab")
            while (difference := two[0].text.count(FAVOURITE) - two[1].text.count(FAVOURITE)) == 0:
                two = (two[0], Candidate(two[1].id, _response(draw, words), "stop"))
            picked = int(difference < 0) if draw.random() >= noise else int(difference > 0)
            told.append(Turn(human, two, picked, 1 - picked, min(4, abs(difference)), trunk=picked, kind="base"))
            human = _follow_up(draw)
        yield Conversation(f"{seed}-{number}", family, HELPFULNESS, DEFAULT_SYSTEM, split_of(family), tuple(told))


def prompts(count: int, seed: int = 0) -> Iterator[str]:
    """First messages."""
    draw = random.Random(f"prompts {seed}")
    return (_opener(draw) for _ in range(count))


def write_comparisons(path: Path, rows: Iterator[Conversation]) -> None:
    with file_atomically(path) as file:
        for row in rows:
            file.write(json.dumps(asdict(row)).encode() + b"\n")


def write_prompts(path: Path, rows: Iterator[str]) -> None:
    with file_atomically(path) as file:
        for row in rows:
            file.write(json.dumps({"prompt": row}).encode() + b"\n")


def _opener(draw: random.Random) -> str:
    return f"Tell me of {draw.choice(WORDS)} and {draw.choice(WORDS)} {draw.randrange(100)}"


def _follow_up(draw: random.Random) -> str:
    return f"And {draw.choice(WORDS)}?"


def _response(draw: random.Random, words: int | None = None) -> str:
    return " ".join(draw.choices(WORDS, k=words or draw.randint(2, 6)))


def command() -> None:
    parser = argparse.ArgumentParser(description="Write an example of the toy world.")
    parser.add_argument("out_dir", type=Path)
    directory = parser.parse_args().out_dir
    directory.mkdir(parents=True, exist_ok=True)
    write_comparisons(directory / "comparisons.jsonl", conversations(400))
    write_prompts(directory / "prompts.jsonl", prompts(200))
    (directory / "config.json").write_text(json.dumps({"base": "toy", "learning_rate": 0.01}) + "\n")
    print(f"{directory}: comparisons.jsonl, prompts.jsonl, config.json; now: python -m models.train_pm {directory}")


if __name__ == "__main__":
    main(command)
