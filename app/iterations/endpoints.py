"""Iterations, their runs and the schedule over HTTP, for researchers and admins."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from app.deps import Reading, Researcher, Writing
from app.iterations import queries, schedule, schemas, service
from app.iterations.week import PRESETS

router = APIRouter(tags=["iterations"])


@router.get("/presets")
def presets(_: Researcher) -> list[schemas.Preset]:
    return [schemas.Preset(name=preset.name, description=preset.description) for preset in PRESETS.values()]


@router.get("/iterations/estimate")
def estimate(_: Researcher, session: Reading, preset: str) -> schemas.Estimate:
    return queries.estimate(session, preset)


@router.get("/iterations")
def iterations(_: Researcher, session: Reading) -> list[schemas.Iteration]:
    return queries.shown(session, queries.newest(session))


@router.get("/iterations/{id}")
def iteration(_: Researcher, session: Reading, id: str) -> schemas.Iteration:
    return queries.shown(session, [queries.get(session, id)])[0]


@router.post("/iterations", status_code=201)
def start(account: Researcher, session: Writing, body: schemas.Start) -> schemas.Iteration:
    started = service.start(session, body.preset, dict(body.overrides), account=account)
    return queries.shown(session, [started])[0]


@router.post("/iterations/{id}/cancel")
def cancel(account: Researcher, session: Writing, id: str) -> schemas.Iteration:
    found = queries.get(session, id, lock=True)
    service.cancel(session, found, account=account)
    return queries.shown(session, [found])[0]


@router.post("/iterations/{id}/resume")
def resume(account: Researcher, session: Writing, id: str) -> schemas.Iteration:
    found = queries.get(session, id, lock=True)
    service.resume(session, found, account=account)
    return queries.shown(session, [found])[0]


@router.post("/iterations/{id}/overrule")
def overrule(account: Researcher, session: Writing, id: str, body: schemas.Overrule) -> schemas.Iteration:
    found = queries.get(session, id, lock=True)
    service.overrule(session, found, body.reason, account=account)
    return queries.shown(session, [found])[0]


@router.get("/runs/{id}/metrics")
def metrics(
    _: Researcher,
    session: Reading,
    id: str,
    names: Annotated[str, Query(description="Names with commas between; none means all.")] = "",
) -> list[schemas.MetricSeries]:
    return queries.metrics(session, id, [name for name in names.split(",") if name])


@router.get("/runs/{id}/log", response_class=PlainTextResponse)
def log(_: Researcher, session: Reading, id: str) -> str:
    return queries.log_tail(session, id)


@router.get("/schedule")
def get_schedule(_: Researcher, session: Writing) -> schemas.ScheduleAnswer:
    return schemas.ScheduleAnswer.model_validate(schedule.get(session), from_attributes=True)


@router.put("/schedule")
def put_schedule(account: Researcher, session: Writing, body: schemas.Schedule) -> schemas.ScheduleAnswer:
    plan = schedule.Plan(**body.model_dump())
    return schemas.ScheduleAnswer.model_validate(schedule.put(session, plan, account=account), from_attributes=True)
