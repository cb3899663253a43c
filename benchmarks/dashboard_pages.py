"""How long the dashboard's pages wait for their data: every GET address that a researcher's page reads, through the
real application, on the rows of `benchmarks/rows.py`.

Addresses come from the application itself, so a new page is measured from its first day; what an address needs besides
is in VALUES and ASKED. The jobs that count for the pages have run before, as they have a minute after the start of a
worker.
"""

import os
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import db, settings
from app.dashboard.figures import FIGURES
from app.deps import COOKIE, token_hash
from app.tables import Account, Conversation, Iteration, IterationStatus, Role, SignIn, Snapshot, SnapshotKind
from app.tranches.service import freeze

TIMES = 5
NOT_PAGES = (
    "/account", "/assignments", "/care", "/conversations", "/invitations", "/messages", "/session", "/studies/mturk",
    "/tasks/{slug}/qualification", "/tasks/{slug}/guide", "/turns", "/visits", "/figures/{name}/csv", "/audit/csv",
)  # fmt: skip
"""Crowdworkers' addresses, and files."""
ASKED: dict[str, list[dict[str, Any]]] = {
    "/explorer/conversations": [{}, {"task": "red-team"}, {"snapshot": "initial"}, {"strength": 4}, {"before": 2_000}],
    "/schedule/starts": [{"cron": "0 3 * * 1", "timezone": "Europe/Rome"}],
    "/iterations/estimate": [{"preset": "small"}],
    "/leaderboard": [{}, {"task": "red-team"}],
}
"""Besides the plain address, or in its place."""


def pages(engine: Engine) -> Iterator[tuple[str, float, str, str]]:
    os.environ["DATABASE_URL"] = engine.url.render_as_string(hide_password=False)
    os.environ["INFERENCE_URL"], os.environ["REDIS_URL"] = "http://127.0.0.1:9", "redis://127.0.0.1:9/0"  # nobody
    settings.get_settings.cache_clear()
    db.get_engine.cache_clear()
    _count_once()
    values = _values()
    from app.main import app

    http = TestClient(app, base_url="http://testserver/api/v1", headers=_sign_in())
    took: dict[str, list[float]] = {}
    refused = []
    for path, query in _addresses(app.openapi()["paths"], values):
        name = path + ("" if not query else "?" + "&".join(f"{key}={value}" for key, value in query.items()))
        first = http.get(path, params=query)
        if first.status_code != 200:
            refused.append(f"{name} {first.status_code}")
            continue
        took[name] = [_milliseconds(http, path, query) for _ in range(TIMES)]
    times = sorted(milliseconds for one in took.values() for milliseconds in one)
    slowest = sorted(took, key=lambda name: statistics.median(took[name]), reverse=True)[:3]
    slow = ", ".join(f"{name} {statistics.median(took[name]):.0f}" for name in slowest)
    if refused:
        print(f"    nothing to measure on these rows: {', '.join(refused)}")
    words = f"{len(took)} addresses, {TIMES} times each; slowest by median: {slow}"
    yield "dashboard.page_p95_ms", times[round(0.95 * (len(times) - 1))], "ms", words


def _milliseconds(http: TestClient, path: str, query: dict[str, Any]) -> float:
    began = time.perf_counter()
    http.get(path, params=query).raise_for_status()
    return 1000 * (time.perf_counter() - began)


def _addresses(paths: dict[str, Any], values: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    tasks = ("helpfulness", "red-team")
    for full, verbs in paths.items():
        path = full.removeprefix("/api/v1")
        if "get" not in verbs or path == full or path.startswith(NOT_PAGES) or path.endswith(("/file", "/log")):
            continue
        if path == "/figures/{name}":
            yield from ((f"/figures/{name}", {"task": task}) for name, task in product(FIGURES, tasks))
            continue
        of_kind = {"/tranches": "tranche", "/snapshots": "snapshot"}.get(path.rpartition("/{name}")[0])
        filled = path.replace("{name}", values.get(of_kind or "", "{name}"))
        for key, value in values.items():
            filled = filled.replace(f"{{{key}}}", value)
        yield from ((filled, query) for query in ASKED.get(path, [{}]))


def _values() -> dict[str, str]:
    with db.reading() as session:
        iteration = session.scalars(select(Iteration).where(Iteration.status == IterationStatus.DEPLOYED)).first()
        of = session.scalars(select(Conversation).order_by(Conversation.created_at.desc()).limit(1)).one()
        snapshot = session.scalars(select(Snapshot.name).where(Snapshot.kind == SnapshotKind.POLICY)).first()
        return {
            "account_id": of.account_id or "",
            "conversation_id": of.id,
            "id": iteration.id if iteration else "",
            "stage": "freeze_tranche",
            "slug": "helpfulness",
            "snapshot": snapshot or "",
            "tranche": f"{iteration.name}-online" if iteration else "",
            "event_id": "1",
            "study_id": "",
        }


def _count_once() -> None:
    """A frozen week, and what the jobs of the tick count."""
    from worker import crowdworkers, dashboard, leaderboard

    with db.writing() as session:
        if session.scalar(select(Iteration.id).limit(1)) is None:
            iteration = Iteration(number=1, name="2026-w47", preset="small", overrides={})
            session.add(iteration)
            session.flush()
            freeze(session, iteration)
            iteration.status = IterationStatus.DEPLOYED
    for _ in range(20):
        dashboard.close_collected_days()
    _fit(leaderboard)
    crowdworkers.count()


def _fit(leaderboard: Any) -> None:
    from app.leaderboard import service

    with db.writing() as session:
        id = service.ask(session, None).id
    leaderboard.fit(id)


def _sign_in() -> dict[str, str]:
    with db.writing() as session:
        admin = _admin(session)
        hour = db.now() + timedelta(hours=1)
        session.merge(SignIn(token_hash=token_hash("a-token"), account_id=admin.id, csrf_token="-", expires_at=hour))
    return {"Cookie": f"{COOKIE}=a-token"}


def _admin(session: Session) -> Account:
    found = session.scalar(select(Account).where(Account.username == "the-admin"))
    if found is None:
        found = Account(username="the-admin", password_hash="-", role=Role.ADMIN, red_team_opt_in_at=db.now())
        session.add(found)
        session.flush()
    return found
