from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app import settings
from app.accounts import limits
from app.chat import lease
from app.chat.generation import Generations
from app.chat.lease import Draft
from app.main import app
from app.tables import Account
from tests.app.clients import signed_in

Browser = Callable[..., TestClient]


@pytest.fixture
def web(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """A web process without Redis that samples nothing by itself: `answer` plays the policies."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.get_settings.cache_clear()
    limits._in_process.cache_clear()
    monkeypatch.setattr(Generations, "start", lambda self, turn_id: None)
    with TestClient(app):
        yield app


@pytest.fixture
def browser(web: FastAPI) -> Browser:
    """A browser in which this account, or nobody, is signed in."""

    def opened(account: Account | None = None, *, qualified: bool = True) -> TestClient:
        headers = signed_in(account, qualified=qualified) if account else None
        return TestClient(web, base_url="http://testserver/api/v1", headers=headers)

    return opened


def answer(turn_id: str, a: str = "Yes.", b: str = "No.") -> None:
    """Both candidates are complete."""
    work = lease.claim(turn_id, "the policies")
    assert work is not None
    assert lease.finish(work, {"a": Draft(a, "stop", total_ms=5), "b": Draft(b, "stop", total_ms=6)})
