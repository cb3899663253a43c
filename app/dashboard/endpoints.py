"""The overview and the figures over HTTP, for researchers and admins."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.dashboard import overview as page
from app.dashboard.figure import Figure
from app.dashboard.figures import FIGURES
from app.deps import Reading, Researcher
from app.errors import DomainError

router = APIRouter(tags=["dashboard"])


class FigureUnknown(DomainError):
    status = 404


class FigureEntry(BaseModel):
    name: str
    title: str
    page: str


@router.get("/overview")
def overview(_: Researcher, session: Reading) -> page.Overview:
    numbers = page.overview(session)
    session.close()  # no connection is held while another server is asked
    return numbers.model_copy(update={"inference": page.inference()})


@router.get("/figures")
def figures(_: Researcher) -> list[FigureEntry]:
    return [FigureEntry(name=name, title=entry.title, page=entry.page) for name, entry in FIGURES.items()]


@router.get("/figures/{name}")
def figure(_: Researcher, session: Reading, name: str, iteration: str | None = None) -> Figure:
    if name not in FIGURES:
        raise FigureUnknown(f"There is no figure “{name}”; there are {', '.join(FIGURES)}.")
    return FIGURES[name].draw(session, iteration)
