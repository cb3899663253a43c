"""Make the inference servers hold what deployments want. The same calls for our server and vLLM; safe to run at any
moment, twice, or from several processes: loading a loaded snapshot is fine, and the rows are the truth."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from sqlalchemy import select

from app import db
from app.settings import get_settings
from app.snapshots.store import SnapshotIncomplete, directory_of, verify
from app.tables import Conversation, ConversationStatus, Deployment, Snapshot, SnapshotKind

INITIAL = "initial"
PINNED_FOR = timedelta(days=1)  # a conversation keeps its two policies this long after a new generation came

log = logging.getLogger(__name__)


@dataclass
class Reconciled:
    loaded: list[str] = field(default_factory=list)
    unloaded: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # snapshot or server -> why, in one sentence


def reconcile(timeout: float = 60) -> Reconciled:
    """Load what is wanted and missing, unload what nobody wants. One bad snapshot does not keep the others away."""
    settings, outcome = get_settings(), Reconciled()
    wanted: dict[str, dict[str, Snapshot]] = {settings.inference_url: {}, settings.scoring_url: {}}
    for snapshot in _wanted():
        url = settings.inference_url if snapshot.kind == SnapshotKind.POLICY else settings.scoring_url
        wanted[url][snapshot.name] = snapshot
    for url, snapshots in wanted.items():
        try:
            with httpx.Client(base_url=url, timeout=timeout) as server:
                _follow(server, snapshots, outcome)
        except httpx.HTTPError as error:
            outcome.failed[url] = f"{url} did not answer: {error or type(error).__name__}."
    if outcome.loaded or outcome.unloaded or outcome.failed:
        log.info("reconciled: %s", outcome)
    return outcome


def _wanted() -> Iterable[Snapshot]:
    """Snapshots of active deployments, those that conversations begun before the last deployment still hold, and those
    that researchers talk to in the playground."""
    deployments = select(Deployment.snapshot_id).where(Deployment.active)
    with db.reading() as session:
        pinned = select(Conversation.deployment_a_id, Conversation.deployment_b_id).where(
            Conversation.status == ConversationStatus.OPEN, Conversation.created_at > db.now() - PINNED_FOR
        )
        held = {deployment for pair in session.execute(pinned) for deployment in pair if deployment}
        of_held = select(Deployment.snapshot_id).where(Deployment.id.in_(held))
        rows = select(Snapshot).where(
            Snapshot.id.in_(deployments) | Snapshot.id.in_(of_held) | (Snapshot.wanted_until > db.now()),
            Snapshot.directory.is_not(None),
        )
        return list(session.scalars(rows.order_by(Snapshot.created_at)))


def _follow(server: httpx.Client, wanted: dict[str, Snapshot], outcome: Reconciled) -> None:
    answer = server.get("/v1/models")
    answer.raise_for_status()
    # An adapter has a parent; what has none is the base, under whatever name the server gives it.
    loaded = {model["id"] for model in answer.json()["data"] if model.get("parent") and model["id"] != INITIAL}
    for name in sorted(loaded - wanted.keys()):
        if server.post("/v1/unload_lora_adapter", json={"lora_name": name}).is_success:
            outcome.unloaded.append(name)
    for name, snapshot in wanted.items():
        if name in loaded:
            continue
        directory = directory_of(snapshot)
        try:
            verify(directory)
        except SnapshotIncomplete as error:
            outcome.failed[name] = str(error)
            continue
        load = server.post("/v1/load_lora_adapter", json={"lora_name": name, "lora_path": str(directory)})
        if load.is_success:
            outcome.loaded.append(name)
        else:
            outcome.failed[name] = f"The inference server refused snapshot “{name}”: {load.text[:300]}"
