"""Signing up, in and out, through the API, with real passwords."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from app import db, settings
from app.accounts import limits, service
from app.deps import COOKIE, token_hash
from app.tables import Account, Invitation, Role, SignIn
from tests.app.conftest import Browser
from tests.factories import make_account

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ADA = {"username": "Ada.Lovelace", "password": "correct horse battery"}


@pytest.fixture
def nobody(browser: Browser) -> TestClient:
    return browser(None)


@pytest.fixture
def ada(nobody: TestClient) -> TestClient:
    """Signed up, and signed in."""
    response = nobody.post("/accounts", json=ADA | {"consent": True})
    assert response.status_code == 201, response.text
    nobody.headers["X-CSRF-Token"] = response.json()["csrf_token"]
    return nobody


def test_signing_up_signs_in(ada: TestClient) -> None:
    session = ada.get("/session").json()
    assert session["account"]["username"] == "ada.lovelace"
    assert (session["account"]["role"], session["account"]["consented"]) == ("crowdworker", True)
    assert session["csrf_token"]
    with db.reading() as rows:
        account = rows.scalars(select(Account)).one()
        assert account.password_hash is not None
        assert account.password_hash.startswith("$argon2id$")
        assert account.consent_version == 1


def test_the_cookie_is_out_of_reach_of_scripts_and_the_row_does_not_hold_it(nobody: TestClient) -> None:
    cookie = nobody.post("/accounts", json=ADA | {"consent": True}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    token = nobody.cookies[COOKIE]
    with db.reading() as session:
        assert session.scalars(select(SignIn.token_hash)).one() == token_hash(token) != token


def test_behind_https_the_cookie_is_sent_there_only(nobody: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOKIE_SECURE", "true")
    settings.get_settings.cache_clear()
    assert "Secure" in nobody.post("/accounts", json=ADA | {"consent": True}).headers["set-cookie"]


def test_without_consent_there_is_no_account(nobody: TestClient) -> None:
    for body in (ADA, ADA | {"consent": False}):
        refused = nobody.post("/accounts", json=body)
        assert refused.status_code == 422
        assert refused.json()["detail"].startswith("consent: ")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "a"), ("username", "a b"), ("username", "x" * 65), ("password", "short"), ("password", "x" * 1001)],
)
def test_a_bad_name_or_password_is_refused_by_name(nobody: TestClient, field: str, value: str) -> None:
    refused = nobody.post("/accounts", json=ADA | {"consent": True, field: value})
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(f"{field}: ")


def test_half_a_character_in_a_password_is_no_crash(nobody: TestClient) -> None:
    body = b'{"username": "ada", "password": "half \\ud83d of it", "consent": true}'
    assert nobody.post("/accounts", content=body, headers={"Content-Type": "application/json"}).status_code == 422


def test_a_name_is_taken_whatever_its_case(ada: TestClient, browser: Browser) -> None:
    refused = browser(None).post("/accounts", json=ADA | {"username": "ADA.LOVELACE", "consent": True})
    assert (refused.status_code, refused.json()["type"]) == (409, "username-taken")


def test_signing_in_ends_the_session_it_replaces(ada: TestClient) -> None:
    old = ada.cookies[COOKIE]
    again = ada.post("/session", json=ADA | {"username": " ADA.lovelace "})
    assert again.status_code == 200
    assert ada.cookies[COOKIE] != old
    assert ada.get("/session").status_code == 200
    with db.reading() as session:
        assert session.scalars(select(SignIn.token_hash)).all() == [token_hash(ada.cookies[COOKIE])]


def test_signing_out_ends_the_session(ada: TestClient) -> None:
    assert ada.delete("/session").status_code == 204
    refused = ada.get("/session")
    assert (refused.status_code, refused.json()["type"]) == (401, "signed-out")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_a_wrong_password_and_an_unknown_name_look_the_same(ada: TestClient, browser: Browser) -> None:
    wrong = browser(None).post("/session", json=ADA | {"password": "wrong"})
    unknown = browser(None).post("/session", json=ADA | {"username": "nobody"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_an_account_without_a_password_cannot_be_signed_into(nobody: TestClient) -> None:
    with db.writing() as session:
        make_account(session, username="ext", password_hash=None, external_provider="prolific", external_id="1")
    for password in ("", "nobody's password"):
        assert nobody.post("/session", json={"username": "ext", "password": password}).status_code == 401


def test_an_expired_session_is_refused(ada: TestClient) -> None:
    with db.writing() as session:
        session.execute(update(SignIn).values(expires_at=db.now() - timedelta(seconds=1)))
    assert ada.get("/session").status_code == 401


def test_a_suspended_account_is_told_so(ada: TestClient) -> None:
    with db.writing() as session:
        session.execute(update(Account).values(suspended_at=db.now()))
    for refused in (ada.get("/session"), ada.post("/session", json=ADA)):
        assert (refused.status_code, refused.json()["type"]) == (403, "account-suspended")


def test_guessing_passwords_is_slowed_down(ada: TestClient, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wrong(password: str, password_hash: str | None) -> bool:
        return False

    monkeypatch.setattr("app.accounts.passwords.matches_in_turn", wrong)
    guesser = browser(None)
    answers = [guesser.post("/session", json=ADA) for _ in range(11)]
    assert [response.status_code for response in answers] == [401] * 10 + [429]
    assert answers[-1].json()["type"] == "too-many-attempts"
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.broker
def test_attempts_are_counted_in_redis_where_there_is_one(redis_url: str) -> None:
    limits._in_process.cache_clear()
    for _ in range(10):
        limits.spend(limits.FAILURES_PER_NAME, "address", "ada")
    limits._in_process.cache_clear()  # another web process
    with pytest.raises(limits.TooManyAttempts):
        limits.refuse_if_spent(limits.FAILURES_PER_NAME, "address", "ada")
    limits.refuse_if_spent(limits.FAILURES_PER_NAME, "address", "bob")


def test_by_invitation_only(nobody: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGN_UP", "invitation")
    settings.get_settings.cache_clear()
    refused = nobody.post("/accounts", json=ADA | {"consent": True})
    assert (refused.status_code, refused.json()["type"]) == (403, "invitation-needed")

    with db.writing() as session:
        _, token = service.invite(session, Role.RESEARCHER)
    assert nobody.get(f"/invitations/{token}").json() == {"role": "researcher", "usable": True}
    account = nobody.post("/accounts", json=ADA | {"consent": True, "invitation": token}).json()["account"]
    assert account["role"] == "researcher"
    assert nobody.get(f"/invitations/{token}").json()["usable"] is False


def test_an_invitation_is_used_once_and_a_refused_sign_up_leaves_no_account(browser: Browser) -> None:
    with db.writing() as session:
        _, token = service.invite(session, Role.CROWDWORKER)
    body = ADA | {"consent": True, "invitation": token}
    assert browser(None).post("/accounts", json=body).status_code == 201
    refused = browser(None).post("/accounts", json=body | {"username": "bob"})
    assert (refused.status_code, refused.json()["type"]) == (403, "invitation-not-usable")
    with db.reading() as session:
        assert session.scalars(select(Account.username)).all() == ["ada.lovelace"]


def test_a_taken_name_does_not_use_the_invitation_up(ada: TestClient, browser: Browser) -> None:
    with db.writing() as session:
        _, token = service.invite(session, Role.CROWDWORKER)
    body = ADA | {"consent": True, "invitation": token}
    assert browser(None).post("/accounts", json=body).status_code == 409
    assert browser(None).get(f"/invitations/{token}").json()["usable"] is True


def test_an_old_or_unknown_invitation_is_refused(nobody: TestClient) -> None:
    with db.writing() as session:
        _, token = service.invite(session, Role.ADMIN)
        session.execute(update(Invitation).values(expires_at=db.now() - timedelta(days=1)))
    assert nobody.get(f"/invitations/{token}").json()["usable"] is False
    for bad in (token, "made-up"):
        refused = nobody.post("/accounts", json=ADA | {"consent": True, "invitation": bad})
        assert (refused.status_code, refused.json()["type"]) == (403, "invitation-not-usable")


def test_only_admins_invite(browser: Browser) -> None:
    with db.writing() as session:
        accounts = {role: make_account(session, role) for role in Role}
    made = browser(accounts[Role.ADMIN]).post("/invitations", json={"role": "researcher", "note": "for Grace"})
    assert made.status_code == 201
    assert made.json()["url"].endswith(f"/invitation/{made.json()['token']}")
    for role in (Role.CROWDWORKER, Role.RESEARCHER):
        refused = browser(accounts[role]).post("/invitations", json={"role": "admin"})
        assert (refused.status_code, refused.json()["type"]) == (403, "not-allowed")
