"""Crowdworkers, for researchers: how they choose, and what to decide about them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from app.crowdworkers import acts, person, queries
from app.crowdworkers.schemas import (
    CrowdworkerExclusion,
    CrowdworkersFound,
    ExclusionPreview,
    NewDecision,
    NewRole,
    OneCrowdworker,
)
from app.deps import Admin, Reading, Researcher, Writing

router = APIRouter(tags=["crowdworkers"])


@router.get("/crowdworkers")
def list_crowdworkers(_: Researcher, session: Reading, wanted: Annotated[queries.Wanted, Query()]) -> CrowdworkersFound:
    return queries.crowdworkers(session, wanted)


@router.get("/crowdworkers/{account_id}")
def get_crowdworker(account_id: str, _: Researcher, session: Reading) -> OneCrowdworker:
    return person.person(session, account_id)


@router.get("/accounts/{account_id}/exclusion")
def preview_exclusion(account_id: str, _: Researcher, session: Reading, since: date | None = None) -> ExclusionPreview:
    """What leaving them out (since that day) would change."""
    return acts.preview(session, account_id, since)


@router.put("/accounts/{account_id}/exclusion", status_code=204)
def exclude_crowdworker(account_id: str, body: CrowdworkerExclusion, researcher: Researcher, session: Writing) -> None:
    acts.exclude(session, account_id, body.reason, body.since, researcher)


@router.put("/accounts/{account_id}/qualifications/{slug}", status_code=204)
def decide_qualification(
    account_id: str, slug: str, body: NewDecision, researcher: Researcher, session: Writing
) -> None:
    acts.decide(session, account_id, slug, body, researcher)


@router.put("/accounts/{account_id}/role", status_code=204)
def set_role(account_id: str, body: NewRole, admin: Admin, session: Writing) -> None:
    acts.set_role(session, account_id, body, admin)
