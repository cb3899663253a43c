"""Sessions end before the answer leaves, and other sites' pages change nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import db, errors
from app.deps import WRITERS, Writing
from app.tables import Account
from tests.app.conftest import Browser
from tests.factories import make_account


def test_a_commit_that_fails_has_not_told_the_browser_200(engine: Engine) -> None:
    app = FastAPI()
    errors.install(app)

    @app.post("/")
    def endpoint(session: Writing) -> str:
        make_account(session)

        @event.listens_for(session, "before_commit")
        def broken(_: Session) -> None:
            raise OperationalError("COMMIT", {}, Exception("disk full"))

        return "stored"

    response = TestClient(app).post("/")

    assert response.status_code == 503
    assert response.json()["type"] == "database-unavailable"
    with db.reading() as session:
        assert session.scalar(select(Account.id)) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_writers_never_take_all_threads(engine: Engine) -> None:
    """Else the one that holds the lock finds none for its answer, and all stand still."""
    app, inside, most = FastAPI(), Semaphore(0), []

    @app.post("/")
    def endpoint(session: Writing) -> str:
        inside.release()
        most.append(inside._value)
        time.sleep(0.02)
        inside.acquire()
        return "stored"

    with TestClient(app) as client, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: client.post("/"), range(50)))

    assert {response.status_code for response in answers} == {200}
    assert 1 < max(most) <= WRITERS


@pytest.fixture
def ada(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session)
    return browser(account)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("token", ["", "made-up", "ünïcode".encode().decode("latin-1")])
def test_a_change_without_the_sessions_token_is_refused(ada: TestClient, token: str) -> None:
    refused = ada.post("/assignments", json={"task": "helpfulness"}, headers={"X-CSRF-Token": token.encode("latin-1")})  # type: ignore[dict-item]
    assert (refused.status_code, refused.json()["type"]) == (403, "cross-site-request")
    assert ada.get("/assignments", headers={"X-CSRF-Token": ""}).json() == [], "reading needs none"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_a_change_from_another_origin_is_refused(ada: TestClient, origin: str) -> None:
    for path, body in (("/assignments", {"task": "helpfulness"}), ("/session", {"username": "ada", "password": "x"})):
        refused = ada.post(path, json=body, headers={"Origin": origin})
        assert (refused.status_code, refused.json()["type"]) == (403, "cross-site-request")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("origin", ["http://testserver", "http://127.0.0.1:8000"])
def test_a_change_from_the_own_origin_is_accepted(ada: TestClient, origin: str) -> None:
    """The second is PUBLIC_URL, where a proxy has changed the Host."""
    taken = ada.post("/assignments", json={"task": "helpfulness"}, headers={"Origin": origin})
    assert taken.status_code == 201


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_form_of_another_site_is_no_json(ada: TestClient) -> None:
    refused = ada.post("/assignments", content=b'{"task": "helpfulness"}', headers={"Content-Type": "text/plain"})
    assert refused.status_code == 422
