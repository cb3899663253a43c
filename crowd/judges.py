"""What simulated crowdworkers think is better: a preference between two replies, from −1 (the second, clearly) to 1."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

Message = dict[str, str]  # role, content
KEYWORDS = ("because", "for example", "step", "sure", "thank", "recommend", "first", "help")


class UnknownJudge(Exception):
    """The sentence says what a judge may be."""


class Judge(Protocol):
    def preference(self, dialogue: Sequence[Message], first: str, second: str) -> float: ...


class Length:
    """The longer reply is the better one; twice as long is half sure."""

    def preference(self, dialogue: Sequence[Message], first: str, second: str) -> float:
        return (len(first) - len(second)) / max(len(first), len(second), 1)


@dataclass(frozen=True)
class Keyword:
    """The reply with more of the words is better; three more is certain."""

    words: tuple[str, ...] = KEYWORDS

    def preference(self, dialogue: Sequence[Message], first: str, second: str) -> float:
        return max(-1.0, min(1.0, (self._count(first) - self._count(second)) / 3))

    def _count(self, text: str) -> int:
        text = text.casefold()
        return sum(text.count(word.casefold()) for word in self.words)


@dataclass(frozen=True)
class PM:
    """As sure as a served preference model is: sigmoid of the scores' difference, stretched to −1 … 1."""

    url: str
    model: str

    def preference(self, dialogue: Sequence[Message], first: str, second: str) -> float:
        difference = self._score(dialogue, first) - self._score(dialogue, second)
        return math.tanh(difference / 2)

    def _score(self, dialogue: Sequence[Message], reply: str) -> float:
        messages = [*dialogue, {"role": "assistant", "content": reply}]
        body: dict[str, Any] = {"model": self.model, "messages": messages}
        response = httpx.post(f"{self.url}/pooling", json=body, timeout=120).raise_for_status()
        return float(response.json()["data"][0]["data"][0])


def judge(spec: str) -> Judge:
    """length, keyword, keyword:WORD,WORD, pm:URL or pm:URL#model."""
    kind, _, rest = spec.partition(":")
    if kind == "length" and not rest:
        return Length()
    if kind == "keyword":
        return Keyword(tuple(word for word in rest.split(",") if word)) if rest else Keyword()
    if kind == "pm" and rest:
        url, _, model = rest.partition("#")
        return PM(url.rstrip("/"), model or _served_pm(url.rstrip("/")))
    raise UnknownJudge(f"There is no judge “{spec}”: length, keyword, keyword:WORD,WORD or pm:URL[#model].")


def _served_pm(url: str) -> str:
    """The newest model that calls itself a PM; the only one, where one alone is served (as vLLM does)."""
    try:
        names = [model["id"] for model in httpx.get(f"{url}/v1/models", timeout=10).raise_for_status().json()["data"]]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        raise UnknownJudge(f"{url} does not say what it serves: {error or type(error).__name__}.") from None
    found = [name for name in names if "pm" in name.lower()] or (names if len(names) == 1 else [])
    if not found:
        raise UnknownJudge(f"{url} serves {', '.join(names) or 'nothing'}: name the PM with pm:{url}#NAME.")
    return str(found[-1])
