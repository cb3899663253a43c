"""Browsers for tests: a TestClient that is signed in, without the cost of a password."""

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.deps import COOKIE, token_hash
from app.main import app
from app.tables import Account, QualificationAttempt, SignIn, Task


def client_of(account: Account) -> TestClient:
    return TestClient(app, base_url="http://testserver/api/v1", headers=signed_in(account))


def signed_in(account: Account, *, qualified: bool = True) -> dict[str, str]:
    """The headers of a browser in which this account, qualified for every task, has just signed in."""
    token = f"token-of-{account.id}"
    with db.writing() as session:
        for task in session.scalars(select(Task)) if qualified else ():
            passed = {"text_version": 1, "picked": [], "correct": 5, "passed": True}
            session.add(QualificationAttempt(account_id=account.id, task_id=task.id, **passed))
        session.add(
            SignIn(
                token_hash=token_hash(token),
                account_id=account.id,
                csrf_token="csrf",
                expires_at=db.now() + timedelta(hours=1),
            )
        )
    return {"Cookie": f"{COOKIE}={token}", "X-CSRF-Token": "csrf"}
