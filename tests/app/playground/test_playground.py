"""Talking to any policy: streamed, judged, and stored nowhere."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select

from app import db, settings
from app.accounts import limits
from app.main import app
from app.playground import service
from app.snapshots import reconcile
from app.tables import Base, Role, Snapshot, SnapshotKind
from tests.app.clients import signed_in
from tests.app.servers import scripted
from tests.app.snapshots.conftest import snapshot_on_disk
from tests.factories import make_account, make_deployment

PAGE = {"temperature": 1, "max_tokens": 12, "seed": 7}


@pytest.fixture
def researcher(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A web process beside a scripted inference server that breaks off when asked to."""
    with scripted(tokens_per_second=0, break_on="break off") as url:
        monkeypatch.setenv("INFERENCE_URL", url)
        settings.get_settings.cache_clear()
        limits._in_process.cache_clear()
        with web_of_a_researcher() as web:
            yield web


@contextmanager
def web_of_a_researcher() -> Iterator[TestClient]:
    """One event loop for all its requests, as in a process."""
    with TestClient(app, base_url="http://testserver/api/v1") as web:
        with db.writing() as session:
            account = make_account(session, Role.RESEARCHER)
        web.headers.update(signed_in(account))
        yield web


def ask(client: TestClient, snapshot: str, *said: str, **fields: Any) -> list[tuple[str, dict[str, Any]]]:
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(said)]
    answer = client.post("/playground", json={"snapshot": snapshot, "messages": messages, **PAGE, **fields})
    assert answer.status_code == 200, answer.text
    events = []
    for block in answer.text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


def text_of(events: list[tuple[str, dict[str, Any]]]) -> str:
    return "".join(data["text"] for kind, data in events if kind == "delta")


def rows() -> dict[str, int]:
    with db.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def test_the_initial_policy_answers_in_a_stream_and_nothing_is_stored(researcher: TestClient) -> None:
    before = rows()
    events = ask(researcher, "initial", "Hello?", "Hi.", "And now?")
    assert text_of(events)
    kind, done = events[-1]
    assert (kind, done["finish"] in ("stop", "length")) == ("done", True)
    assert text_of(ask(researcher, "initial", "Hello?", "Hi.", "And now?")) == text_of(events), "the same seed"
    assert rows() == before


def test_a_policy_that_is_not_loaded_is_loaded_and_kept_for_a_while(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    assert ask(researcher, "week-1", "Hello?")[0] == ("loading", {})
    assert "loading" not in [kind for kind, _ in ask(researcher, "week-1", "Hello?")]
    assert reconcile.reconcile().unloaded == [], "the tick keeps it for ten minutes"
    with db.writing() as session:
        row = session.scalars(select(Snapshot).where(Snapshot.name == "week-1")).one()
        assert row.wanted_until is not None
        assert timedelta(minutes=9) < row.wanted_until - db.now() <= service.WANTED_FOR
        row.wanted_until = db.now() - timedelta(seconds=1)
    assert reconcile.reconcile().unloaded == ["week-1"]


def test_the_deployed_pm_scores_what_was_said(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "pm-1", SnapshotKind.PM)
        make_deployment(session, None, session.scalars(select(Snapshot).where(Snapshot.name == "pm-1")).one())
    (kind, scored) = ask(researcher, "initial", "Hello?")[-1]
    assert (kind, scored) == ("score", {"pm": "pm-1", "score": None}), "it is not loaded yet: the tick will"
    reconcile.reconcile()
    (kind, scored) = ask(researcher, "initial", "Hello?")[-1]
    assert kind == "score"
    assert isinstance(scored["score"], float)


def test_a_stream_that_breaks_off_ends_with_one_sentence(researcher: TestClient) -> None:
    events = ask(
        researcher, "initial", "Please break off here, but say a lot before that, with many words.", max_tokens=200
    )
    url = settings.get_settings().inference_url
    assert events[-1] == ("error", {"detail": f"The inference server at {url} does not answer right now."})


def test_while_inference_is_away_there_is_one_sentence(engine: Engine) -> None:
    limits._in_process.cache_clear()
    with web_of_a_researcher() as client:
        (event,) = ask(client, "initial", "Hello?")
    assert event == ("error", {"detail": "The inference server at http://127.0.0.1:9 does not answer right now."})


def test_what_cannot_be_asked_is_refused_in_one_sentence(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "pm-1", SnapshotKind.PM)
        directory = snapshot_on_disk(session, "broken")
    (directory / "adapter_model.safetensors").write_bytes(b"half")
    hello = [{"role": "user", "content": "Hello?"}]
    for body, status, sentence in [
        ({"snapshot": "nobody"}, 404, "There is no snapshot “nobody”."),
        ({"snapshot": "pm-1"}, 422, "Snapshot “pm-1” is a PM: it scores, and does not respond."),
        ({"snapshot": "broken"}, 422, f"{directory / 'adapter_model.safetensors'} is truncated or was changed"),
        ({"max_tokens": 4000}, 422, "max_tokens: Input should be less than or equal to 512."),
        ({"temperature": 9}, 422, "temperature: Input should be less than or equal to 2."),
        ({"messages": [*hello, *hello]}, 422, "The body is wrong: a dialogue alternates"),
        (
            {"messages": [{"role": "user", "content": "x" * 20_001}]},
            422,
            "The body is wrong: a dialogue of the playground has",
        ),
    ]:
        answer = researcher.post("/playground", json={"snapshot": "initial", "messages": hello, **PAGE, **body})
        assert answer.status_code == status, body
        assert answer.json()["detail"].startswith(sentence), answer.json()["detail"]


def test_a_researcher_who_asks_without_pause_is_asked_to_wait(researcher: TestClient) -> None:
    body = {"snapshot": "nobody", "messages": [{"role": "user", "content": "Hello?"}], **PAGE}
    answers = [researcher.post("/playground", json=body).status_code for _ in range(62)]
    assert set(answers[:60]) == {404}
    assert answers[60:] == [429, 429]


def test_all_places_taken_is_a_sentence_and_not_a_wait(researcher: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_places", asyncio.Semaphore(0))
    body = {"snapshot": "initial", "messages": [{"role": "user", "content": "Hello?"}], **PAGE}
    answer = researcher.post("/playground", json=body)
    assert (answer.status_code, answer.json()["type"]) == (503, "playground-busy")


def test_crowdworkers_have_no_playground(researcher: TestClient) -> None:
    with db.writing() as session:
        account = make_account(session)
    client = TestClient(app, base_url="http://testserver/api/v1", headers=signed_in(account))
    body = {"snapshot": "initial", "messages": [{"role": "user", "content": "Hello?"}], **PAGE}
    assert client.post("/playground", json=body).status_code == 403
