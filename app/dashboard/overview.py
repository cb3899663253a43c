"""The first page's numbers."""

from datetime import UTC, datetime, time

import httpx
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.dashboard.queries import counted
from app.db import now
from app.settings import get_settings
from app.tables import Account, Comparison, Conversation, ConversationStatus, Role, Task


class Inference(BaseModel):
    reachable: bool
    models: list[str]


class Overview(BaseModel):
    comparisons_total: int
    comparisons_new: int  # since the last tranche was frozen
    comparisons_today: int
    by_task: dict[str, int]
    by_kind: dict[str, int]
    conversations_open: int
    crowdworkers: int
    inference: Inference


def overview(session: Session) -> Overview:
    comparisons = counted()
    by_task = comparisons.join(Task, Conversation.task_id == Task.id).with_only_columns(Task.slug, func.count())
    by_kind = comparisons.with_only_columns(Comparison.kind, func.count()).group_by(Comparison.kind)
    kinds = {str(kind): count for kind, count in session.execute(by_kind)}
    midnight = datetime.combine(now().date(), time(), UTC)
    fresh = comparisons.where(
        Comparison.tranche_id.is_(None), Comparison.excluded_reason.is_(None), Conversation.erased_at.is_(None)
    )
    today = comparisons.where(Comparison.created_at >= midnight)
    open_now = select(func.count()).where(
        Conversation.status == ConversationStatus.OPEN, Conversation.preview.is_(False)
    )
    return Overview(
        comparisons_total=sum(kinds.values()),
        comparisons_new=session.scalar(fresh.with_only_columns(func.count())) or 0,
        comparisons_today=session.scalar(today.with_only_columns(func.count())) or 0,
        by_task=dict(session.execute(by_task.group_by(Task.slug)).tuples().all()),
        by_kind=kinds,
        conversations_open=session.scalar(open_now) or 0,
        crowdworkers=session.scalar(select(func.count()).where(Account.role == Role.CROWDWORKER)) or 0,
        inference=Inference(reachable=False, models=[]),
    )


def inference() -> Inference:
    """Asked with little patience: the page shall say that the server is away, not wait for it."""
    try:
        answer = httpx.get(f"{get_settings().inference_url}/v1/models", timeout=1)
        answer.raise_for_status()
        return Inference(reachable=True, models=[model["id"] for model in answer.json()["data"]])
    except (httpx.HTTPError, KeyError, ValueError):
        return Inference(reachable=False, models=[])
