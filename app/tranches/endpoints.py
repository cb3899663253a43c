"""Tranches and their datasheets over HTTP, for researchers and admins."""

from fastapi import APIRouter, Response

from app.deps import Reading, Researcher
from app.tranches import datasheet, printed
from app.tranches.schemas import Datasheet, TrancheLine

router = APIRouter(tags=["tranches"])


@router.get("/tranches")
def tranches(_: Researcher, session: Reading) -> list[TrancheLine]:
    """Newest first."""
    return datasheet.lines(session)


@router.get("/tranches/{name}")
def tranche(name: str, _: Researcher, session: Reading) -> Datasheet:
    return datasheet.datasheet(session, datasheet.named(session, name))


@router.get("/tranches/{name}/markdown", response_class=Response, responses={200: {"content": {"text/markdown": {}}}})
def tranche_markdown(name: str, _: Researcher, session: Reading) -> Response:
    """The datasheet as a file, like `turnwise datasheet NAME`."""
    found = datasheet.datasheet(session, datasheet.named(session, name))
    headers = {"Content-Disposition": f'attachment; filename="{found.name}.md"'}
    return Response(printed.markdown(found), media_type="text/markdown; charset=utf-8", headers=headers)
