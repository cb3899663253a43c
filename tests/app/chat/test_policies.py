"""What is asked of inference and what is made of its answers."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.chat import policies
from app.chat.lease import Draft, Request
from app.chat.policies import Policies, Refused, Unavailable, UnknownModel
from app.settings import Settings

MESSAGES = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello?"}]
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_tokens": 128, "best_of": 1}
Handler = Callable[[httpx.Request], httpx.Response]


def ask(handler: Handler, best_of: int = 1, pm: str | None = "pm-1") -> Draft:
    """One candidate, answered by the handler."""

    async def run() -> Draft:
        client = Policies(Settings())
        await client.close()
        transport = httpx.MockTransport(handler)
        client._inference = httpx.AsyncClient(base_url="http://inference", transport=transport)
        client._scoring = httpx.AsyncClient(base_url="http://scoring", transport=transport)
        draft = Draft()
        await client.answer(Request("a", "secret-name", 7, SAMPLING | {"best_of": best_of}), MESSAGES, pm, draft)
        return draft

    return asyncio.run(run())


def stream(*chunks: dict[str, Any] | str) -> httpx.Response:
    lines = [chunk if isinstance(chunk, str) else f"data: {json.dumps(chunk)}" for chunk in chunks]
    return httpx.Response(200, text="\n\n".join(lines) + "\n\n")


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


def test_a_request_says_all_that_vllm_wants_to_know() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return stream(piece("Hi", "stop"), {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})

    draft = ask(answer)

    assert asked == [
        {
            "model": "secret-name",
            "messages": MESSAGES,
            "seed": 7,
            "temperature": 1.0,
            "top_p": 1.0,
            "top_k": 0,
            "max_tokens": 128,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]
    assert (draft.text, draft.finish, draft.prompt_tokens, draft.completion_tokens) == ("Hi", "stop", 9, 2)
    assert draft.first_token_ms is not None
    assert draft.total_ms is not None


def test_comments_empty_deltas_and_the_done_line_are_no_text() -> None:
    opening = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
    draft = ask(lambda _: stream(": ping", opening, piece("Hi"), piece(" there", "length"), "data: [DONE]"))
    assert (draft.text, draft.finish) == ("Hi there", "length")


def test_what_no_database_stores_is_left_out() -> None:
    # NUL and a lone surrogate, as a byte-level sampler may make them.
    line = 'data: {"choices": [{"delta": {"content": "a\\u0000b\\ud83dc 🥑"}, "finish_reason": "stop"}]}'
    assert ask(lambda _: stream(line)).text == "abc 🥑"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500, text="secret-name broke"), Unavailable),
        (httpx.Response(503), Unavailable),
        (httpx.Response(429), Unavailable),
        (httpx.Response(400, json={"error": {"message": "secret-name: too long"}}), Refused),
        (stream(piece("Hi")), Unavailable),  # ended without an end
        (stream(piece("Hi"), {"error": {"message": "secret-name broke", "code": 500}}), Unavailable),
        (stream(piece("Hi", "abort")), Unavailable),
    ],
)
def test_an_answer_that_is_none_says_whether_to_ask_again(answer: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(lambda _: answer)


def test_a_server_that_cannot_be_reached_is_asked_again() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Unavailable):
        ask(refuse)


def test_an_unknown_model_is_loaded_and_asked_for_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(policies, "reconcile", lambda: loaded.append("all"))

    def answer(_: httpx.Request) -> httpx.Response:
        return stream(piece("Hi", "stop")) if loaded else httpx.Response(404, json={"error": {"code": 404}})

    assert ask(answer).text == "Hi"
    assert loaded == ["all"]


def test_a_model_that_stays_unknown_is_not_asked_for_a_third_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "reconcile", lambda: None)
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(404)

    with pytest.raises(UnknownModel):
        ask(answer)
    assert len(asked) == 2


def best_of_three(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    if request.url.path == "/pooling":
        assert request.url.host == "scoring"
        assert body["model"] == "pm-1"
        assert body["messages"][:-1] == MESSAGES
        score = {"Fine.": 0.5, "Best!": 2.0, "Bad.": -1.0}[body["messages"][-1]["content"]]
        return httpx.Response(200, json={"data": [{"index": 0, "data": [score]}]})
    assert (body["n"], "stream" in body) == (3, False)
    choices = [{"message": {"content": text}, "finish_reason": "stop"} for text in ("Fine.", "Best!", "Bad.")]
    return httpx.Response(200, json={"choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": 6}})


def test_the_best_of_k_is_shown_and_all_k_are_kept_with_their_scores() -> None:
    draft = ask(best_of_three, best_of=3)
    assert (draft.text, draft.finish, draft.score) == ("Best!", "stop", 2.0)
    assert draft.best_of_texts == [
        {"text": "Fine.", "finish": "stop", "score": 0.5},
        {"text": "Best!", "finish": "stop", "score": 2.0},
        {"text": "Bad.", "finish": "stop", "score": -1.0},
    ]


def test_best_of_k_without_a_pm_is_refused() -> None:
    with pytest.raises(Refused):
        ask(best_of_three, best_of=3, pm=None)
