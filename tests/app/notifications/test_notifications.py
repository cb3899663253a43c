from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from app import db
from app.settings import get_settings
from app.tables import AuditEvent, Delivery, DeliveryStatus, Receiver, Role
from tests.app.clients import client_of
from tests.factories import make_account, make_delivery, make_receiver

HOOK = {"kind": "webhook", "address": "https://hooks.example/T0/secret", "events": ["iteration.held"]}
MAIL = {"kind": "mail", "address": "ada@example.org", "events": ["iteration.failed", "iteration.held"]}


@pytest.fixture
def admin(engine: Engine) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.ADMIN, username="ana")
    return client_of(account)


@pytest.fixture
def researcher(engine: Engine) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    return client_of(account)


@pytest.fixture
def with_mail(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:9")
    get_settings.cache_clear()


def page(client: TestClient) -> dict[str, Any]:
    body: dict[str, Any] = client.get("/notifications").json()
    return body


def audited() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def test_a_webhooks_secret_is_shown_once_and_its_path_never(admin: TestClient, researcher: TestClient) -> None:
    answer = admin.post("/notifications/receivers", json=HOOK)
    assert answer.status_code == 201
    added = answer.json()
    assert added["secret"].startswith("whsec_")
    for client in (admin, researcher):
        (receiver,) = page(client)["receivers"]
        assert receiver == added["receiver"]
        assert (receiver["address"], receiver["created_by"]) == ("https://hooks.example/…", "ana")
        assert added["secret"] not in client.get("/notifications").text
    with db.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
        assert (event.action, event.after) == (
            "add-receiver",
            {
                "kind": "webhook",
                "address": "https://hooks.example/…",
                "events": ["iteration.held"],
                "active": True,
            },
        )


def test_only_admins_decide_who_is_told(researcher: TestClient) -> None:
    with db.writing() as session:
        delivery = make_delivery(session)
    at = f"/notifications/receivers/{delivery.receiver_id}"
    settings = {"events": ["iteration.held"], "active": False}
    for answer in (
        researcher.post("/notifications/receivers", json=HOOK),
        researcher.put(at, json=settings),
        researcher.delete(at),
        researcher.post(f"{at}/test"),
        researcher.post(f"/notifications/deliveries/{delivery.id}/try-again"),
    ):
        assert answer.status_code == 403
    assert len(page(researcher)["receivers"]) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hooks.example/x",
        "ftp://hooks.example/x",
        "file:///etc/passwd",
        "https://",
        "https://hooks.example:99999/",
        "https://[::1/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX: y",
    ],
)
def test_an_address_that_is_none_is_refused_in_one_sentence(admin: TestClient, address: str) -> None:
    answer = admin.post("/notifications/receivers", json=HOOK | {"address": address})
    assert (answer.status_code, answer.json()["type"]) == (422, "bad-address")
    assert answer.json()["detail"] == "address: write the webhook's address with http:// or https:// and a host."
    assert page(admin)["receivers"] == []


def test_a_password_in_an_address_is_refused(admin: TestClient) -> None:
    answer = admin.post("/notifications/receivers", json=HOOK | {"address": "https://ana:secret@hooks.example/"})
    assert answer.json()["detail"].startswith("address: leave user name and password out of it")


@pytest.mark.parametrize("events", [[], ["iteration.begun"]])
def test_events_that_are_none_are_refused(admin: TestClient, events: list[str]) -> None:
    answer = admin.post("/notifications/receivers", json=HOOK | {"events": events})
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid")
    assert answer.json()["detail"].startswith("events")


def test_mail_wants_a_server_first(admin: TestClient) -> None:
    answer = admin.post("/notifications/receivers", json=MAIL)
    assert (answer.status_code, answer.json()["type"]) == (409, "mail-not-set-up")
    assert "SMTP_URL" in answer.json()["detail"]
    assert page(admin)["mail_from"] is None


@pytest.mark.usefixtures("with_mail")
def test_a_mail_address_has_no_secret_and_is_shown_whole(admin: TestClient) -> None:
    assert page(admin)["mail_from"] == "turnwise@localhost"
    added = admin.post("/notifications/receivers", json=MAIL).json()
    assert added["secret"] is None
    assert added["receiver"]["address"] == "ada@example.org"
    assert added["receiver"]["events"] == ["iteration.held", "iteration.failed"]
    for wrong in ("ada", "ada@", "a@b@c", "ada@example.org, ben@example.org", "ada@example.org\nBcc: all@example.org"):
        answer = admin.post("/notifications/receivers", json=MAIL | {"address": wrong})
        assert (answer.status_code, answer.json()["type"]) == (422, "bad-address"), wrong


def test_the_same_address_is_told_once(admin: TestClient) -> None:
    admin.post("/notifications/receivers", json=HOOK)
    again = admin.post("/notifications/receivers", json=HOOK | {"address": f" {HOOK['address']} "})
    assert (again.status_code, again.json()["type"]) == (409, "receiver-exists")


def test_what_is_told_can_be_changed_and_switched_off(admin: TestClient) -> None:
    id = admin.post("/notifications/receivers", json=HOOK).json()["receiver"]["id"]
    change = {"events": ["iteration.deployed", "iteration.held"], "active": False}
    changed = admin.put(f"/notifications/receivers/{id}", json=change).json()
    assert (changed["events"], changed["active"]) == (["iteration.held", "iteration.deployed"], False)
    admin.put(f"/notifications/receivers/{id}", json=change)
    assert audited() == ["add-receiver", "change-receiver"]  # the same again changes nothing
    assert admin.put("/notifications/receivers/none", json=change).status_code == 404


def test_a_removed_receiver_goes_with_its_deliveries(admin: TestClient) -> None:
    with db.writing() as session:
        delivery = make_delivery(session)
        make_delivery(session)
    assert admin.delete(f"/notifications/receivers/{delivery.receiver_id}").status_code == 204
    with db.reading() as session:
        assert len(session.scalars(select(Receiver)).all()) == 1
        assert len(session.scalars(select(Delivery)).all()) == 1
    assert audited() == ["remove-receiver"]


def test_a_test_goes_the_same_way_as_everything_else(admin: TestClient) -> None:
    id = admin.post("/notifications/receivers", json=HOOK).json()["receiver"]["id"]
    answer = admin.post(f"/notifications/receivers/{id}/test")
    assert (answer.status_code, answer.json()["event"], answer.json()["status"]) == (202, "test", "waiting")
    body = page(admin)
    assert [delivery["id"] for delivery in body["deliveries"]] == [answer.json()["id"]]
    assert body["receivers"][0]["waiting"] == 1


def test_the_log_shows_each_try_and_what_was_given_up_is_sent_again_by_a_click(admin: TestClient) -> None:
    log = [{"at": "2026-11-29T04:00:00+00:00", "ok": False, "outcome": "500 Internal Server Error", "ms": 12}]
    with db.writing() as session:
        receiver = make_receiver(session)
        fields = {"status": DeliveryStatus.GIVEN_UP, "tries": 8, "log": log, "next_try_at": None}
        row = make_delivery(session, receiver, payload={"sentence": "It failed.", "url": "http://here"}, **fields)
    body = page(admin)
    assert (body["receivers"][0]["given_up"], body["receivers"][0]["waiting"]) == (1, 0)
    (delivery,) = body["deliveries"]
    assert (delivery["sentence"], delivery["tries"][0]["outcome"]) == ("It failed.", "500 Internal Server Error")
    again = admin.post(f"/notifications/deliveries/{row.id}/try-again")
    assert (again.status_code, again.json()["status"], len(again.json()["tries"])) == (202, "waiting", 1)
    with db.reading() as session:
        assert session.get_one(Delivery, row.id).tries == 0
    refused = admin.post(f"/notifications/deliveries/{row.id}/try-again")
    assert (refused.status_code, refused.json()["type"]) == (409, "still-waiting")
    assert audited() == ["send-again"]
