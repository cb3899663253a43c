"""Snapshots and deployments over HTTP, for researchers and admins."""

from fastapi import APIRouter

from app.deps import Reading, Researcher, Writing
from app.snapshots import queries, retiring, samples, schemas, service
from app.snapshots.page import page
from app.tables import SnapshotKind
from app.warning import refuse_unwarned

router = APIRouter(tags=["snapshots"])


@router.get("/snapshots")
def snapshots(
    _: Researcher,
    session: Reading,
    kind: SnapshotKind | None = None,
    retired: bool = False,
    before: str | None = None,
) -> list[schemas.Snapshot]:
    """At most fifty; `before` is the name of the last one that is known."""
    return queries.snapshots(session, kind, retired, before)


@router.get("/snapshot-names")
def snapshot_names(_: Researcher, session: Reading) -> list[schemas.Name]:
    return queries.names(session)


@router.get("/snapshots/{name}")
def snapshot(_: Researcher, session: Reading, name: str) -> schemas.SnapshotPage:
    return page(session, name)


@router.post("/snapshots/{name}/retire")
def retire(account: Researcher, session: Writing, name: str, body: schemas.Retire) -> schemas.Snapshot:
    return queries.described(session, [retiring.retire(session, name, account, body.reason)])[0]


@router.post("/snapshots/{name}/unretire")
def unretire(account: Researcher, session: Writing, name: str, body: schemas.Unretire) -> schemas.Snapshot:
    return queries.described(session, [retiring.unretire(session, name, account, body.reason)])[0]


@router.get("/samples")
def side_by_side(_: Researcher, session: Reading, a: str | None = None, b: str | None = None) -> schemas.SideBySide:
    """Of red-team prompts all but the words."""
    return samples.side_by_side(session, a, b, red_team=False)


@router.post("/samples/openings")
def open_samples(account: Researcher, session: Writing, a: str, b: str) -> schemas.SideBySide:
    """With the words of red-team prompts; audited."""
    refuse_unwarned(account)
    return samples.open_red_team(session, a, b, account)


@router.get("/deployments")
def deployments(_: Researcher, session: Reading) -> list[schemas.Generation]:
    return queries.generations(session)


@router.put("/tasks/{slug}/deployments")
def deploy(account: Researcher, session: Writing, slug: str, body: schemas.Deploy) -> schemas.Generation:
    task = queries.target_of(session, slug)
    rows = service.deploy(
        session,
        task,
        [line.wanted() for line in body.deployments],
        account=account,
        reason=body.reason,
        canary_share=body.canary,
        after=body.seen,
    )
    return queries.shown(task.slug if task else None, rows)


@router.post("/tasks/{slug}/promote")
def promote(account: Researcher, session: Writing, slug: str, body: schemas.Decide | None = None) -> schemas.Generation:
    body, task = body or schemas.Decide(), queries.target_of(session, slug)
    return queries.shown(
        task.slug if task else None,
        service.promote(session, task, account=account, reason=body.reason, after=body.seen),
    )


@router.post("/tasks/{slug}/rollback")
def rollback(
    account: Researcher, session: Writing, slug: str, body: schemas.Decide | None = None
) -> schemas.Generation:
    body, task = body or schemas.Decide(), queries.target_of(session, slug)
    return queries.shown(
        task.slug if task else None,
        service.rollback(session, task, account=account, reason=body.reason, after=body.seen),
    )
