"""Snapshots and deployments over HTTP, for researchers and admins."""

from fastapi import APIRouter

from app.deps import Reading, Researcher, Writing
from app.snapshots import queries, schemas, service

router = APIRouter(tags=["snapshots"])


@router.get("/snapshots")
def snapshots(_: Researcher, session: Reading) -> list[schemas.Snapshot]:
    return queries.snapshots(session)


@router.get("/deployments")
def deployments(_: Researcher, session: Reading) -> list[schemas.Generation]:
    return queries.generations(session)


@router.put("/tasks/{slug}/deployments")
def deploy(account: Researcher, session: Writing, slug: str, body: schemas.Deploy) -> schemas.Generation:
    task = queries.task_of(session, slug)
    wanted = [line.wanted() for line in body.deployments]
    rows = service.deploy(session, task, wanted, account=account, reason=body.reason)
    return queries.shown(slug, rows)


@router.post("/tasks/{slug}/rollback")
def rollback(
    account: Researcher, session: Writing, slug: str, body: schemas.Rollback | None = None
) -> schemas.Generation:
    task = queries.task_of(session, slug)
    rows = service.rollback(session, task, account=account, reason=body.reason if body else None)
    return queries.shown(slug, rows)
