"""The same routes without torch: written responses at a steady pace, for `./run --demo`, load tests and the tests of
other rooms. `python -m inference.scripted --tokens-per-second 40`.

What is said depends on the model's name, the messages and the seed alone. Any snapshot path can be loaded.
"""

import argparse
import asyncio
import hashlib
import json
import random
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal, NamedTuple

from inference.main import arguments, listen, serve
from inference.wire import (
    DEFAULT_MAX_TOKENS,
    INITIAL,
    SLOTS,
    ChatMessage,
    ChatRequest,
    Finish,
    Generation,
    Model,
    Piece,
    PoolingRequest,
    Refused,
    SampledToken,
    Score,
    ServingError,
    TokenLogprob,
    UnknownModel,
    too_many,
)

OPENINGS = (
    "Good question.",
    "Happy to help with that.",
    "Here is how I would go about it.",
    "Let me think about this step by step.",
    "It depends a little on what you have at hand.",
    "There is a short answer and a longer one.",
)
SHORT = (
    "Yes, that works.",
    "I'm not sure I understand; could you say a little more about what you need?",
    "No. The dates don't match, so I would check the original letter first.",
    "About forty minutes, if the oven is already warm.",
    "I can't help with that, but I'm glad to talk about safer ways to reach what you're after.",
)
PARAGRAPHS = (
    "Start small: pick one thing you can finish today, write it down, and leave everything else for tomorrow. Most "
    "plans fail because the first step is too big, not because the goal is wrong.",
    "People often mix up two things here. One is what you can change this week; the other is what would take a year. "
    "Keeping them on separate lists makes both easier to look at.",
    "If you are writing to someone you don't know well, say in the first sentence what you would like from them. The "
    "details can follow, and they will read them with the right question in mind.",
    "A café I like does this with nothing more than flour, water, salt and a day of patience. The dough should feel "
    "soft, a bit sticky, and rise by about half before it goes into the fridge.",
    "Plants on a north-facing balcony get perhaps three hours of direct sun in summer. Ferns, hostas and mint will be "
    "content; tomatoes will sulk.",
    "The museum is quiet on weekday mornings. Take the tram to the river, walk across the old bridge, and you are "
    "there in ten minutes — even with a pushchair.",
)
LISTS = (
    "A few things to try:\n\n1. **Ask** what the other person already knows.\n2. **Explain** it once, in your own "
    "words.\n3. **Check** by letting them explain it back.\n\nThe third step is the one most people skip.",
    "What you will need:\n\n- a sharp knife\n- two ripe avocados\n- the juice of half a lime\n- a pinch of salt 🥑\n\n"
    "Mash, season, and eat it within the hour.",
    "In order of how much they help:\n\n* sleep at the same time every night,\n* no screens in the last half hour,\n"
    "* a cool room (about 18 °C).",
)
CODE = (
    'Something like this should do:\n\n```python\ndef longest(words: list[str]) -> str:\n    """The longest word; '
    'the first of several."""\n    return max(words, key=len)\n```\n\nNote that `max` raises `ValueError` on an '
    "empty list.",
    "Two lines of shell are enough:\n\n```bash\nfind . -name '*.csv' -size +1M -print\ndu -sh data/\n```\n\nThe first "
    "lists the large files, the second adds everything up.",
    "You could group before you count:\n\n```sql\nSELECT city, count(*) AS visits\nFROM trips\nGROUP BY city\n"
    "ORDER BY visits DESC;\n```",
)
CLOSINGS = (
    "Shall I go into any of these in more detail?",
    "If you tell me more about your situation, I can be more specific.",
    "Does that help?",
    "",
    "",
)


class Script(NamedTuple):
    """How the scripted server behaves."""

    tokens_per_second: float = 40.0
    """Of each choice; 0 means as fast as possible."""
    fail_on: str = ""
    """A request with this text in its last message is answered with a 500."""
    break_on: str = ""
    """A stream whose last message has this text ends with an error after a few tokens."""


class ScriptedBackend:
    """Answers without a model."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._loaded: dict[str, tuple[str, bool]] = {}  # name → path, is it a PM
        self._running = self._generated = self._scored = 0

    def models(self) -> list[Model]:
        loaded = [Model(name, path, INITIAL) for name, (path, _) in self._loaded.items()]
        return [Model(INITIAL, "scripted", None), *loaded]

    def stats(self) -> dict[str, int]:
        return {
            "running": self._running, "waiting": 0, "generated_tokens": self._generated, "scored": self._scored,
        }  # fmt: skip

    async def generate(self, request: ChatRequest) -> Generation:
        if self._kind(request.model) == "pm":
            raise Refused(f"{request.model} is a PM: it scores (/pooling) and does not respond.")
        if request.n > SLOTS:
            raise too_many(request.n, SLOTS)
        messages = request.checked_messages()
        said = messages[-1].content
        if self._script.fail_on and self._script.fail_on in said:
            raise ServingError("The scripted server was told to fail on this message.")
        seed = secrets.randbits(63) if request.seed is None else request.seed
        breaks = bool(self._script.break_on) and self._script.break_on in said
        self._running += request.n

        def close() -> None:
            self._running -= request.n

        return Generation(count_tokens(messages), self._pieces(request, messages, seed, breaks), close)

    async def _pieces(
        self, request: ChatRequest, messages: list[ChatMessage], seed: int, breaks: bool
    ) -> AsyncIterator[Piece]:
        key = json.dumps([request.model, [message.model_dump() for message in messages], seed])
        choices = [_choice(request, f"{key}/{i}" if i else key) for i in range(request.n)]
        for step in range(max(len(choice.tokens) for choice in choices)):
            if self._script.tokens_per_second:
                await asyncio.sleep(1 / self._script.tokens_per_second)
            if breaks and step == 3:
                raise ServingError("The scripted server was told to break off this stream.")
            for index, choice in enumerate(choices):
                if step < len(choice.tokens):
                    last = step + 1 == len(choice.tokens)
                    token = choice.tokens[step]
                    self._generated += 1
                    told = [_logprob(token, request.top_logprobs)] if request.logprobs else []
                    yield Piece(index, token, 1, told, choice.finish if last else None)

    async def score(self, request: PoolingRequest) -> Score:
        if self._kind(request.model) == "policy":
            raise Refused(f"{request.model} is a policy: it responds (/v1/chat/completions) and does not score.")
        messages = request.checked_messages()
        self._scored += 1
        return Score(pseudo_score(messages[-1].content), count_tokens(messages))

    async def load(self, name: str, path: str) -> None:
        if name == INITIAL:
            raise Refused(f"{INITIAL} is the name of the base; load the snapshot under another one.")
        if self._loaded.get(name, (path,))[0] != path:
            raise Refused(f"{name} is loaded already, from other files ({self._loaded[name][0]}).")
        self._loaded[name] = path, _is_pm(name, path)

    async def unload(self, name: str) -> None:
        if name == INITIAL:
            raise Refused(f"{INITIAL} is the base; it is not unloaded.")
        self._kind(name)
        del self._loaded[name]

    def close(self) -> None:
        """Nothing to give back."""

    def _kind(self, name: str) -> Literal["pm", "policy"]:
        if name == INITIAL:
            return "policy"
        if name not in self._loaded:
            raise UnknownModel(name)
        return "pm" if self._loaded[name][1] else "policy"


class _Choice(NamedTuple):
    tokens: list[str]
    finish: Finish


def _choice(request: ChatRequest, key: str) -> _Choice:
    text = response(request.model, key)
    found = [at for stop in request.stops if (at := text.find(stop)) >= 0]
    tokens = tokens_of(text[: min(found)] if found else text)
    limit = request.max_tokens or DEFAULT_MAX_TOKENS
    return _Choice(tokens[:limit], "stop" if len(tokens) <= limit else "length")


def response(model: str, key: str) -> str:
    """A plausible text. Models have habits: one is brief, the next likes lists."""
    draw, habit = _random(key), _random(model)
    brief, lists, code = (habit.uniform(0.05, 0.5) for _ in range(3))
    if draw.random() < brief:
        return draw.choice(SHORT)
    parts = [draw.choice(OPENINGS), draw.choice(PARAGRAPHS)]
    if draw.random() < lists:
        parts.append(draw.choice(LISTS))
    if draw.random() < code:
        parts.append(draw.choice(CODE))
    closing = draw.choice(CLOSINGS)
    return "\n\n".join([*parts, *([closing] if closing else [])])


def tokens_of(text: str) -> list[str]:
    """Words, each with the white space before it; one empty token for an empty text."""
    return re.findall(r"\s*\S+|\s+$", text) or [""]


def count_tokens(messages: list[ChatMessage]) -> int:
    return sum(len(message.content.split()) for message in messages)


def pseudo_score(text: str) -> float:
    """Longer is better, with a little noise of the text's own: enough for a ranking that is always the same."""
    return len(text) / 100 + _random(text).uniform(-0.5, 0.5)


def _logprob(token: str, top: int) -> SampledToken:
    """Made up, but falling, and the sampled token first."""
    draw = _random(token)
    texts = [token, *(f" alternative{i}" for i in range(1, top))]
    logs = sorted((-draw.expovariate(1.0) for _ in texts), reverse=True)
    told = [TokenLogprob(text, list(text.encode()), log) for text, log in zip(texts, logs, strict=True)]
    return SampledToken(told[0], told[:top])


def _is_pm(name: str, path: str) -> bool:
    """As the manifest says; without one, as the name says."""
    try:
        return bool(json.loads((Path(path) / "manifest.json").read_text())["kind"] == "pm")
    except (OSError, ValueError, KeyError, TypeError):
        return "pm" in name.lower()


def _random(key: str) -> random.Random:
    return random.Random(hashlib.sha256(key.encode(errors="surrogatepass")).digest())


def command() -> None:
    parser = argparse.ArgumentParser(description="Serve written responses over the routes of inference.main.")
    parser.add_argument("--tokens-per-second", type=float, default=40.0, help="of each choice; 0: as fast as possible")
    parser.add_argument("--fail-on", default="", help="answer 500 to a last message that contains this text")
    parser.add_argument("--break-on", default="", help="break off the stream of a last message that contains this text")
    options = arguments(parser)
    on = listen(options.host, options.port)
    serve(ScriptedBackend(Script(options.tokens_per_second, options.fail_on, options.break_on)), on)


if __name__ == "__main__":
    command()
