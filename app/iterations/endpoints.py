"""Iterations, their runs and the schedule over HTTP, for researchers and admins."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, PlainTextResponse
from sqlalchemy.orm import Session

from app import db
from app.deps import Reading, Researcher, Writing
from app.errors import DomainError
from app.iterations import config_fields, queries, runs, schedule, schemas, service
from app.iterations.stage_details import stage_detail
from app.iterations.timeline import PAGE, timeline
from app.iterations.week import PRESETS
from app.tables import IterationStatus, Schedule

router = APIRouter(tags=["iterations"])


@router.get("/presets")
def presets(_: Researcher) -> list[schemas.Preset]:
    return [schemas.Preset(name=preset.name, description=preset.description) for preset in PRESETS.values()]


@router.get("/presets/fields")
def fields(_: Researcher) -> list[config_fields.ConfigField]:
    """What an override may set, in the order in which it is offered."""
    return config_fields.offered()


@router.get("/iterations/estimate")
def estimate(_: Researcher, session: Reading, preset: str) -> schemas.Estimate:
    return queries.estimate(session, preset)


Number = Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Iterations below this number.")]


@router.get("/iterations")
def iterations(
    _: Researcher,
    session: Reading,
    before: Number = None,
    limit: Annotated[int, Query(ge=1, le=100)] = queries.SHOWN,
    status: IterationStatus | None = None,
) -> list[schemas.Iteration]:
    return queries.shown(session, queries.newest(session, before, limit, status))


@router.get("/iterations/timeline")
def weeks(
    _: Researcher, session: Reading, before: Number = None, limit: Annotated[int, Query(ge=1, le=100)] = PAGE
) -> schemas.Timeline:
    return timeline(session, before, limit)


@router.get("/iterations/{id}")
def iteration(_: Researcher, session: Reading, id: str) -> schemas.Iteration:
    return queries.one(session, queries.get(session, id))


@router.get("/iterations/{id}/stages/{stage}")
def stage(_: Researcher, session: Reading, id: str, stage: str) -> schemas.StageDetail:
    return stage_detail(session, queries.get(session, id), stage)


@router.post("/iterations", status_code=201)
def start(account: Researcher, session: Writing, body: schemas.Start) -> schemas.Iteration:
    started = service.start(session, body.preset, dict(body.overrides), account=account)
    return queries.one(session, started)


@router.post("/iterations/{id}/cancel")
def cancel(account: Researcher, session: Writing, id: str) -> schemas.Iteration:
    found = queries.get(session, id, lock=True)
    service.cancel(session, found, account=account)
    return queries.one(session, found)


@router.post("/iterations/{id}/resume")
def resume(account: Researcher, session: Writing, id: str) -> schemas.Iteration:
    found = queries.get(session, id, lock=True)
    service.resume(session, found, account=account)
    return queries.one(session, found)


@router.post("/iterations/{id}/overrule")
def overrule(account: Researcher, session: Writing, id: str, body: schemas.Overrule) -> schemas.Iteration:
    found = queries.get(session, id, lock=True)
    service.overrule(session, found, body.reason, account=account)
    return queries.one(session, found)


@router.get("/runs/{id}/curves")
def curves(_: Researcher, session: Reading, id: str) -> list[schemas.Metric]:
    return runs.curves(session, id)


@router.get("/runs/{id}/metrics")
def metrics(
    _: Researcher,
    session: Reading,
    id: str,
    names: Annotated[str, Query(description="Names with commas between; none means all.", max_length=2000)] = "",
) -> list[schemas.MetricSeries]:
    return runs.metrics(session, id, [name for name in names.split(",") if name])


@router.get("/runs/{id}/log", response_class=PlainTextResponse)
def log(_: Researcher, session: Reading, id: str) -> str:
    return runs.log_tail(session, id)


@router.get("/runs/{id}/log/file", response_class=FileResponse)
def log_file(_: Researcher, session: Reading, id: str) -> FileResponse:
    path = runs.log_file(session, id)
    return FileResponse(path, media_type="text/plain", filename=f"{path.parent.parent.name}-{path.parent.name}.log")


@router.get("/schedule")
def get_schedule(_: Researcher, session: Writing) -> schemas.ScheduleAnswer:
    return _answer(session, schedule.get(session))


@router.get("/schedule/starts")
def starts(
    _: Researcher,
    cron: Annotated[str, Query(max_length=200)],
    timezone: Annotated[str, Query(max_length=64)],
    first_run_at: datetime | None = None,
) -> schemas.Starts:
    """What a plan would mean, before it is saved."""
    coming = schedule.starts(cron, timezone, db.now(), first_run_at)
    return schemas.Starts(sentence=schedule.sentence(cron), next_runs=_in_zone(coming, timezone))


@router.put("/schedule")
def put_schedule(account: Researcher, session: Writing, body: schemas.ScheduleChange) -> schemas.ScheduleAnswer:
    plan = schedule.Plan(**body.model_dump(exclude={"first_run_at", "version"}))
    put = schedule.put(session, plan, account=account, first_run_at=body.first_run_at, version=body.version)
    return _answer(session, put)


def _answer(session: Session, row: Schedule) -> schemas.ScheduleAnswer:
    change = schedule.last_change(session)
    coming = [row.next_run_at]
    try:
        said = schedule.sentence(row.cron)
        coming += schedule.starts(row.cron, row.timezone, row.next_run_at)[: schedule.SHOWN - 1]
    except DomainError as error:  # an expression that an earlier release took
        said = error.detail
    return schemas.ScheduleAnswer(
        cron=row.cron,
        timezone=row.timezone,
        enabled=row.enabled,
        preset=row.preset,
        overrides=row.overrides,
        min_new_comparisons=row.min_new_comparisons,
        next_run_at=row.next_run_at,
        sentence=said,
        next_runs=_in_zone(coming, row.timezone),
        version=row.version,
        changed_at=change.at if change else None,
        changed_by=change.by if change else None,
    )


def _in_zone(times: list[datetime], timezone: str) -> list[datetime]:
    return [at.astimezone(ZoneInfo(timezone)) for at in times]
