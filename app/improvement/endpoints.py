"""The improvement page: over the API for researchers and admins, and behind its link for whoever has that."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from app import db
from app.deps import Reading, Researcher, Writing
from app.improvement import page, schemas, service
from app.improvement.sheet import Wanted, improvement, refuse_unwarned, sheet

router = APIRouter(tags=["improvement"])
public = APIRouter(include_in_schema=False)

NOT_FOR_ROBOTS = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


async def _wanted(
    weeks: Annotated[
        list[str] | None, Query(description="Iterations' names, at most three; none: chosen here.")
    ] = None,
    red_team: bool = False,
    task: Annotated[str | None, Query(description="Whose Elo; a slug.")] = None,
) -> Wanted:
    return Wanted(weeks, red_team, task)


Asked = Annotated[Wanted, Depends(_wanted)]


@router.get("/improvement")
def get_improvement(researcher: Researcher, session: Reading, wanted: Asked) -> schemas.Improvement:
    return improvement(session, wanted, researcher)


@router.get("/improvement/html", response_class=HTMLResponse)
def get_html(researcher: Researcher, session: Reading, wanted: Asked) -> HTMLResponse:
    """One file with everything in it, for whoever may see what researchers see."""
    refuse_unwarned(wanted, researcher)
    headers = {"Content-Disposition": 'attachment; filename="improvement.html"'}
    return HTMLResponse(page.html(page.TITLE, sheet(session, wanted)), headers=headers)


@router.get("/improvement/shared")
def list_shared(_: Researcher, session: Reading) -> list[schemas.SharedSheet]:
    return service.shown(session)


@router.post("/improvement/shared", status_code=201)
def share(body: schemas.NewSharedSheet, researcher: Researcher, session: Writing) -> schemas.SharedSheet:
    return service.shown(session, service.share(session, body, researcher).id)[0]


@router.post("/improvement/shared/{shared_id}/revoke")
def revoke(shared_id: str, researcher: Researcher, session: Writing) -> schemas.SharedSheet:
    return service.shown(session, service.revoke(session, shared_id, researcher).id)[0]


@public.get("/improvement/{token}")
def shared_page(token: str) -> HTMLResponse:
    """Without a session and without a script: what was frozen, or that there is nothing."""
    with db.reading() as session:
        row = service.shared_with(session, token)
    if row is None:
        return HTMLResponse(page.nothing(), 404, NOT_FOR_ROBOTS)
    return HTMLResponse(page.html(row.title, schemas.Sheet.model_validate(row.sheet)), 200, NOT_FOR_ROBOTS)
