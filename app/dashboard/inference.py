"""What the inference server says of itself: asked apart from the rows, so that no number waits for it."""

import httpx
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.dashboard.notice import Notice
from app.settings import get_settings
from app.tables import Deployment, Snapshot, SnapshotKind

PATIENCE = 2.0  # seconds: it answers between two steps of a generation


class Inference(BaseModel):
    reachable: bool
    models: list[str]
    alarms: list[Notice]


def deployed(session: Session) -> dict[str, SnapshotKind]:
    """Snapshots that a server should hold: the base is always there, under whatever name."""
    rows = select(Snapshot.name, Snapshot.kind).join(Deployment, Deployment.snapshot_id == Snapshot.id)
    rows = rows.where(Deployment.active, Snapshot.directory.is_not(None)).order_by(Snapshot.name)
    return dict(session.execute(rows).tuples().all())


def inference(wanted: dict[str, SnapshotKind]) -> Inference:
    settings = get_settings()
    served = _served(settings.inference_url)
    scoring = served if settings.scoring_url == settings.inference_url else _served(settings.scoring_url)
    alarms = []
    if served is None:
        alarms.append(
            Notice(
                kind="inference",
                sentence="The inference server does not answer: crowdworkers get no responses until it is back.",
                halts=True,
            )
        )
    if scoring is None and scoring is not served:
        alarms.append(
            Notice(kind="scoring", sentence="The server at PM_URL does not answer: new responses get no score.")
        )
    for name, kind in wanted.items():
        holds = served if kind == SnapshotKind.POLICY else scoring
        if holds is not None and name not in holds:
            alarms.append(
                Notice(
                    kind="not-served",
                    sentence=f"“{name}” is deployed, and the server does not hold it. It is asked again every minute; "
                    "the worker's log says why it refuses.",
                    link="/admin/deployments",
                    halts=kind == SnapshotKind.POLICY,
                )
            )
    return Inference(reachable=served is not None, models=served or [], alarms=alarms)


def _served(url: str) -> list[str] | None:
    """None: it did not answer."""
    try:
        answer = httpx.get(f"{url}/v1/models", timeout=PATIENCE)
        answer.raise_for_status()
        return [model["id"] for model in answer.json()["data"]]
    except (httpx.HTTPError, KeyError, ValueError):
        return None
