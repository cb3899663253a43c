"""The overview and the figures over HTTP, for researchers and admins."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from app.dashboard import inference as server
from app.dashboard import overview as page
from app.dashboard.evaluated import EvaluatedPM, PolicyRun, pms, policy_runs
from app.dashboard.figure import Asked, Figure, as_csv
from app.dashboard.figures import FIGURES, draw
from app.dashboard.inference import Inference
from app.dashboard.overview import Overview
from app.deps import Reading, Researcher

router = APIRouter(tags=["dashboard"])


class FigureEntry(BaseModel):
    name: str
    title: str
    page: str


@router.get("/overview")
def overview(_: Researcher, session: Reading) -> Overview:
    return page.overview(session)


@router.get("/overview/inference")
def inference(_: Researcher, session: Reading) -> Inference:
    wanted = server.deployed(session)
    session.close()  # no connection is held while another server is asked
    return server.inference(wanted)


@router.get("/preference-models")
def preference_models(_: Researcher, session: Reading) -> list[EvaluatedPM]:
    return pms(session)


@router.get("/policy-runs")
def all_policy_runs(_: Researcher, session: Reading) -> list[PolicyRun]:
    return policy_runs(session)


@router.get("/figures")
def figures(_: Researcher) -> list[FigureEntry]:
    return [FigureEntry(name=name, title=entry.title, page=entry.page) for name, entry in FIGURES.items()]


async def _asked(
    iteration: str | None = None,
    task: str | None = None,
    week: date | None = None,
    snapshot: str | None = None,
    crowdworker: str | None = None,
) -> Asked:
    return Asked(iteration, task, week, snapshot, crowdworker)


@router.get("/figures/{name}")
def figure(_: Researcher, session: Reading, name: str, asked: Annotated[Asked, Depends(_asked)]) -> Figure:
    return draw(session, name, asked)


@router.get("/figures/{name}/csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def figure_csv(_: Researcher, session: Reading, name: str, asked: Annotated[Asked, Depends(_asked)]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(as_csv(draw(session, name, asked)), media_type="text/csv", headers=headers)
