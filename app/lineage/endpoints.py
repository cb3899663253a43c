"""Lineage over HTTP, for researchers and admins."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.deps import Reading, Researcher
from app.lineage import queries, schemas

router = APIRouter(tags=["lineage"])


@router.get("/lineage")
def lineage(
    _: Researcher,
    session: Reading,
    iteration: Annotated[str | None, Query(description="Its id.", max_length=100)] = None,
    snapshot: Annotated[str | None, Query(description="Its name; one of the two is given.", max_length=200)] = None,
) -> schemas.Lineage:
    return queries.lineage(session, iteration, snapshot)
