"""Receivers of our own: a real HTTP server that remembers what it was sent, and a real SMTP server on a socket."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from app import db
from app.iterations import service as iterations
from app.notifications import signature
from app.settings import get_settings
from app.tables import Delivery, DeliveryStatus, Iteration, IterationStatus, Receiver, ReceiverKind
from tests.conftest import free_port
from tests.factories import make_delivery, make_receiver
from worker import notifications

SEAMS = Path(__file__).parents[2] / "docs" / "seams.md"
SECRET = signature.new_secret()


class Hook:
    """Answers with the statuses it is given, and after the last one with 200."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.said, self.location = b"Out of order\n\x07", ""
        self.silent = threading.Event()
        self.heard: list[tuple[dict[str, str], bytes]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if hook.silent.is_set():
                    time.sleep(1)
                status = hook.answers.pop(0) if hook.answers else 200
                self.send_response(status)
                if hook.location:
                    self.send_header("Location", hook.location)
                self.send_header("Content-Length", str(len(hook.said)))
                self.end_headers()
                self.wfile.write(hook.said)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/turnwise"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


def told(address: str, **fields: Any) -> str:
    """The delivery of an event to a webhook there."""
    with db.writing() as session:
        receiver = make_receiver(session, address=address, secret=SECRET)
        said = {"sentence": "Iteration 2026-w48 is deployed.", "url": "http://here/admin", "name": "Größe"}
        return make_delivery(session, receiver, event_id="e1", payload=said, **fields).id


def row_of(delivery: str) -> Delivery:
    with db.reading() as session:
        return session.get_one(Delivery, delivery)


def now_due(delivery: str) -> None:
    with db.writing() as session:
        session.execute(update(Delivery).where(Delivery.id == delivery).values(next_try_at=db.now()))


def test_a_webhook_gets_what_the_documents_verify_in_five_lines(engine: Engine, hook: Hook) -> None:
    delivery = told(hook.url)
    notifications.deliver(delivery)
    ((headers, body),) = hook.heard
    documented: dict[str, Any] = {}
    code = re.search(r"```python\n(import base64.*?)```", SEAMS.read_text(), flags=re.DOTALL)
    assert code is not None
    exec(code[1], documented)
    assert documented["is_ours"](SECRET, headers, body)
    assert not documented["is_ours"](SECRET, headers, body + b" ")
    assert not documented["is_ours"](SECRET, headers | {"webhook-timestamp": "1"}, body)
    assert not documented["is_ours"](signature.new_secret(), headers, body)
    assert "Größe" in body.decode()
    assert headers["content-type"] == "application/json"
    row = row_of(delivery)
    assert (row.status, row.next_try_at, row.log[0]["outcome"]) == (DeliveryStatus.DELIVERED, None, "200 OK")


def test_the_signature_is_the_standards(engine: Engine) -> None:
    # The example of the specification of Standard Webhooks 1.0.
    body = b'{"test": 2432232314}'
    headers = signature.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_one_that_is_out_of_order_is_asked_again_later_with_the_same_event(engine: Engine, hook: Hook) -> None:
    hook.answers = [500, 503]
    delivery = told(hook.url)
    notifications.deliver(delivery)
    row = row_of(delivery)
    assert (row.status, row.tries) == (DeliveryStatus.WAITING, 1)
    assert row.log[0]["outcome"] == "500 Internal Server Error: Out of order"
    assert row.next_try_at is not None
    assert timedelta(seconds=50) < row.next_try_at - db.now() <= timedelta(minutes=1)
    notifications.deliver(delivery)  # a job that comes too early does nothing
    assert len(hook.heard) == 1
    assert notifications.waiting() == []
    for _ in range(2):
        now_due(delivery)
        assert notifications.waiting() == [delivery]
        notifications.deliver(delivery)
    row = row_of(delivery)
    assert (row.status, [one["ok"] for one in row.log]) == (DeliveryStatus.DELIVERED, [False, False, True])
    assert {headers["webhook-id"] for headers, _ in hook.heard} == {"e1"}
    assert len({body for _, body in hook.heard}) == 1


def test_after_eight_tries_in_two_days_it_is_given_up_and_kept(engine: Engine) -> None:
    delivery = told(f"http://127.0.0.1:{free_port()}/nobody")
    waited = timedelta()
    for _ in range(7):
        notifications.deliver(delivery)
        row = row_of(delivery)
        assert row.next_try_at is not None
        waited += row.next_try_at - db.now()
        now_due(delivery)
    assert timedelta(hours=44) < waited < timedelta(hours=45)
    notifications.deliver(delivery)
    row = row_of(delivery)
    assert (row.status, row.next_try_at, len(row.log)) == (DeliveryStatus.GIVEN_UP, None, 8)
    assert "refused" in row.log[-1]["outcome"]
    notifications.deliver(delivery)
    assert len(row_of(delivery).log) == 8


def test_one_that_does_not_answer_is_not_waited_for(
    engine: Engine, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "PATIENCE", 0.2)
    hook.silent.set()
    delivery = told(hook.url)
    notifications.deliver(delivery)
    assert row_of(delivery).log[0]["outcome"] == "No answer within 0.2 s."


def test_a_redirect_is_not_followed(engine: Engine, hook: Hook) -> None:
    hook.answers, hook.location = [307], hook.url + "/elsewhere"
    delivery = told(hook.url)
    notifications.deliver(delivery)
    assert row_of(delivery).log[0]["outcome"] == "307 Temporary Redirect: redirects are not followed."
    assert len(hook.heard) == 1


def test_a_try_whose_worker_died_is_made_again_after_its_lease(engine: Engine, hook: Hook) -> None:
    delivery = told(hook.url)
    assert notifications._claim(delivery) is not None
    assert notifications._claim(delivery) is None  # another worker's, meanwhile
    now_due(delivery)
    notifications.deliver(delivery)
    row = row_of(delivery)
    assert (row.status, row.tries, len(row.log)) == (DeliveryStatus.DELIVERED, 2, 1)


def test_what_waits_for_a_receiver_that_is_switched_off_goes_out_when_it_is_on_again(
    engine: Engine, hook: Hook
) -> None:
    delivery = told(hook.url)

    def switch(active: bool) -> None:
        with db.writing() as session:
            session.execute(update(Receiver).values(active=active))

    switch(False)
    notifications.deliver(delivery)
    assert (notifications.waiting(), hook.heard) == ([], [])
    switch(True)
    assert notifications.waiting() == [delivery]


def end(status: IterationStatus, reason: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """What is in the outbox after an iteration has ended so."""
    with db.writing() as session:
        iteration = Iteration(number=1, name="2026-w48", preset="toy", overrides={})
        session.add(iteration)
        session.flush()
        iterations.close(iteration, status, reason)
    with db.reading() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.receiver_id)).all()
        return [(row.event, row.payload) for row in rows]


def test_the_end_of_an_iteration_is_written_for_those_who_want_to_know_of_it(engine: Engine) -> None:
    with db.writing() as session:
        make_receiver(session)
        make_receiver(session, ReceiverKind.MAIL, events=["iteration.held", "iteration.failed"])
        make_receiver(session, address="https://b.example", events=["iteration.deployed"])
        make_receiver(session, address="https://c.example", active=False)
    told = end(IterationStatus.HELD, "It refuses 40% of the prompts.")
    assert [event for event, _ in told] == ["iteration.held", "iteration.held"]
    first, second = (payload for _, payload in told)
    assert first == second  # one event, with one id
    assert first["sentence"] == "Iteration 2026-w48 is held by the gate: It refuses 40% of the prompts."
    assert first["iteration"]["status"] == "held"
    assert first["url"].endswith(f"/admin/iterations/{first['iteration']['id']}")


def test_nobody_is_told_of_a_cancelled_iteration(engine: Engine) -> None:
    with db.writing() as session:
        make_receiver(session)
    assert end(IterationStatus.CANCELLED, "Cancelled.") == []


def test_an_end_that_is_rolled_back_is_told_to_nobody(engine: Engine) -> None:
    with db.writing() as session:
        make_receiver(session)
    with db.reading() as session:  # as a transaction that is never committed
        iteration = Iteration(number=1, name="2026-w48", preset="toy", overrides={})
        session.add(iteration)
        iterations.close(iteration, IterationStatus.DEPLOYED)
        assert session.scalars(select(Delivery)).one().event == "iteration.deployed"
        session.rollback()
        assert session.scalars(select(Delivery)).all() == []
        assert "jobs" not in session.info


# Mail -------------------------------------------------------------------------------------------------------------


class Post:
    """As much of RFC 5321 as a sender needs."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.refuses = b""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                self._talk(lines)

    def _talk(self, lines: Any) -> None:
        def say(text: bytes) -> None:
            lines.write(text + b"\r\n")
            lines.flush()

        say(b"220 here")
        to = ""
        while line := lines.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                to = line.decode().strip()
                say(self.refuses or b"250 ok")
            elif verb == b"DATA":
                say(b"354 go on")
                text = b""
                while (line := lines.readline()) != b".\r\n":
                    text += line
                parsed = message_from_bytes(text, policy=policy.default)
                assert isinstance(parsed, EmailMessage)
                self.letters.append((to, parsed))
                say(b"250 taken")
            elif verb == b"QUIT":
                say(b"221 bye")
                return
            else:
                say(b"250 ok")


@pytest.fixture
def post(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    post = Post()
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{post.port}")
    monkeypatch.setenv("MAIL_FROM", "turnwise@lab.example")
    get_settings.cache_clear()
    yield post
    post.listening.close()


def mailed() -> str:
    with db.writing() as session:
        make_receiver(session, ReceiverKind.MAIL)
    end(IterationStatus.FAILED, "The disk is full – 100 %.")
    with db.reading() as session:
        return session.scalars(select(Delivery.id)).one()


def test_a_mail_says_what_happened_in_plain_text(post: Post) -> None:
    delivery = mailed()
    notifications.deliver(delivery)
    ((to, letter),) = post.letters
    assert to == "rcpt TO:<ada@example.org>"
    assert (letter["From"], letter["To"]) == ("turnwise@lab.example", "ada@example.org")
    assert letter["Subject"] == "Turnwise: 2026-w48 failed"
    text = letter.get_content().replace("\r\n", "\n")
    assert text.startswith("Iteration 2026-w48 failed: The disk is full – 100 %.\n\nhttp")
    assert letter.get_content_type() == "text/plain"
    row = row_of(delivery)
    assert (row.status, row.log[0]["outcome"]) == (DeliveryStatus.DELIVERED, "Taken by 127.0.0.1.")


def test_a_refused_mail_says_what_the_server_said_and_is_tried_again(post: Post) -> None:
    post.refuses = b"550 no such user here"
    delivery = mailed()
    notifications.deliver(delivery)
    row = row_of(delivery)
    assert row.status == DeliveryStatus.WAITING
    assert "no such user here" in row.log[0]["outcome"]
    post.refuses = b""
    now_due(delivery)
    notifications.deliver(delivery)
    assert len(post.letters) == 1


def test_mail_without_a_server_waits_for_one(engine: Engine) -> None:
    delivery = mailed()
    notifications.deliver(delivery)
    assert row_of(delivery).log[0]["outcome"] == "No mail can be sent from here: SMTP_URL is not set."
