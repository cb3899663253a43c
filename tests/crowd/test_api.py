"""Patience: what was not answered is asked again, unchanged; what was refused is not."""

import json
from collections.abc import Iterator

import httpx
import pytest

from crowd import api as module
from crowd.api import Api, Event, GaveUp, Refused, events


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST", 0.001)
    monkeypatch.setattr(module, "RETRY_MOST", 0.002)


class Server:
    """Answers with these, one after the other; an exception is a connection that broke."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.asked = iter(answers), list[tuple[str, str, str, str]]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        last_id = request.headers.get("Last-Event-ID", "")
        self.asked.append((request.method, request.url.path, request.content.decode(), last_id))
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def asking(server: Server, patience: float = 5) -> Api:
    return Api("http://turnwise", patience, httpx.MockTransport(server))


def test_a_server_that_comes_back_gets_the_same_request_again() -> None:
    broken = httpx.ConnectError("connection refused")
    server = Server(broken, httpx.Response(502), httpx.Response(429), httpx.Response(201, json={"id": "t"}))
    api = asking(server)
    assert api.post("/conversations/c/turns", {"client_id": "x", "text": "Hi"}) == {"id": "t"}
    assert len(set(server.asked)) == 1
    assert api.repeated == 3


def test_a_refusal_is_final_and_carries_its_type() -> None:
    server = Server(httpx.Response(409, json={"type": "turn-undecided", "detail": "Choose first."}))
    with pytest.raises(Refused, match="Choose first") as refused:
        asking(server).post("/conversations/c/turns", {})
    assert (refused.value.status, refused.value.type) == (409, "turn-undecided")
    assert len(server.asked) == 1


def test_patience_ends() -> None:
    server = Server(*(httpx.Response(503) for _ in range(10_000)))
    with pytest.raises(GaveUp, match="503"):
        asking(server, patience=0.02).get("/session")


def test_a_sign_up_whose_answer_was_lost_becomes_a_sign_in() -> None:
    taken = httpx.Response(409, json={"type": "username-taken", "detail": "…"})
    server = Server(httpx.ReadError("gone"), taken, httpx.Response(200, json={"csrf_token": "c"}))
    api = asking(server)
    api.sign_up("simulated", "password")
    assert [path for _, path, _, _ in server.asked] == ["/api/v1/accounts"] * 2 + ["/api/v1/session"]
    assert api.http.headers["X-CSRF-Token"] == "c"


def test_a_consent_text_that_is_new_is_agreed_to_and_the_request_sent_again() -> None:
    needed = httpx.Response(403, json={"type": "consent-needed", "detail": "Please read …"})
    text, agreed = httpx.Response(200, json={"version": 2, "body": "New."}), httpx.Response(200, json={})
    server = Server(needed, text, agreed, httpx.Response(201, json={"id": "t"}))
    assert asking(server).post("/assignments", {"task": "helpfulness"}) == {"id": "t"}
    assert [(path, body) for _, path, body, _ in server.asked] == [
        ("/api/v1/assignments", '{"task":"helpfulness"}'),
        ("/api/v1/consent", ""),
        ("/api/v1/account/consent", '{"version":2}'),
        ("/api/v1/assignments", '{"task":"helpfulness"}'),
    ]


class Breaks(httpx.SyncByteStream):
    def __init__(self, *chunks: str) -> None:
        self.chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            yield chunk.encode()
        raise httpx.ReadError("connection reset")


def stream(*chunks: str) -> httpx.Response:
    return httpx.Response(200, content="".join(chunks))


def event(name: str, data: object, id: str) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\nid: {id}\n\n"


def test_a_broken_stream_is_taken_up_where_it_broke() -> None:
    turn = {"id": "t", "candidates": []}
    server = Server(
        httpx.Response(
            200, stream=Breaks(event("state", turn, "1-0"), event("delta", {"text": "x"}, "2-0"), "event: de")
        ),
        httpx.ConnectError("refused"),
        stream(event("state", turn, "2-0")),
        stream(event("done", turn, "3-0")),
    )
    assert asking(server).answered("t") == turn
    assert [last_id for *_, last_id in server.asked] == ["", "2-0", "2-0", "2-0"]


def test_a_failed_turn_is_no_answer() -> None:
    assert asking(Server(stream(event("error", {"detail": "it broke"}, "1-0")))).answered("t") is None


def test_keep_alives_and_unfinished_events_are_nothing() -> None:
    lines = [": ping", "", "data: {}", "id: 1", "", "event: done", 'data: {"a":', "data: 1}", "", "event: half"]
    assert list(events(lines)) == [Event("message", {}, "1"), Event("done", {"a": 1}, "")]
