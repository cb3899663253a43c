"""The web process: JSON and one event stream below /api/v1, and the built page. No torch here."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from app import db, errors, pages, seed
from app.accounts.endpoints import router as accounts
from app.accounts.own_data.endpoints import router as own_data
from app.audit.endpoints import router as audit
from app.body_limit import BodyLimit
from app.care.endpoints import router as care
from app.chat.endpoints import router as chat
from app.chat.generation import Generations
from app.chat.policies import Policies
from app.chat.tail import Tail
from app.comparisons.endpoints import router as comparisons
from app.crowdworkers.endpoints import router as crowdworkers
from app.dashboard.endpoints import router as dashboard
from app.explorer.endpoints import router as explorer
from app.exports.endpoints import router as exports
from app.improvement.endpoints import public as shared_improvement
from app.improvement.endpoints import router as improvement
from app.iterations.endpoints import router as iterations
from app.leaderboard.endpoints import router as leaderboard
from app.lineage.endpoints import router as lineage
from app.messages.endpoints import router as messages
from app.notifications.endpoints import router as notifications
from app.payments.endpoints import router as payments
from app.people.endpoints import router as people
from app.playground.endpoints import router as playground
from app.reports.endpoints import router as reports
from app.reviews.endpoints import router as reviews
from app.security import SecurityHeaders
from app.settings import get_settings
from app.snapshots.endpoints import router as snapshots
from app.studies.endpoints import router as studies
from app.tasks.endpoints import router as tasks
from app.tranches.endpoints import router as tranches

FEATURES = (
    accounts,
    tasks,
    chat,
    comparisons,
    audit,
    crowdworkers,
    dashboard,
    explorer,
    exports,
    improvement,
    iterations,
    lineage,
    leaderboard,
    snapshots,
    playground,
    studies,
    care,
    messages,
    notifications,
    own_data,
    payments,
    people,
    reports,
    tranches,
    reviews,
)


class DatabaseNotReady(Exception):
    pass


class Health(BaseModel):
    status: Literal["UP"] = "UP"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    await run_in_threadpool(_ensure_defaults)
    settings = get_settings()
    policies, tail = Policies(settings), Tail(settings.redis_url)
    app.state.generations = Generations(policies, tail, settings.generation_slots)
    app.state.generations.open()
    yield
    await app.state.generations.close()
    await policies.close()
    await tail.close()


def _ensure_defaults() -> None:
    """Twice, because another web process may be starting at the same moment and adding the same rows."""
    for attempt in range(2):
        try:
            with db.writing() as session:
                seed.ensure_defaults(session)
            return
        except IntegrityError:
            if attempt:
                raise
        except (OperationalError, ProgrammingError) as error:
            raise DatabaseNotReady(
                f"The database is not ready ({str(error.orig).splitlines()[0]}). "
                "Is DATABASE_URL right, and did `alembic upgrade head` run?"
            ) from None


def create_app() -> FastAPI:
    app = FastAPI(
        title="Turnwise",
        version="1",
        lifespan=lifespan,
        docs_url=None,  # its page wants scripts of another site, which ours forbids; /openapi.json is there
        redoc_url=None,
        generate_unique_id_function=_operation,
        responses={"4XX": {"model": errors.Problem, "description": "A problem: one sentence says what to do."}},
    )
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)  # around it: refusals carry them, too
    errors.install(app)
    app.get("/health", tags=["health"])(health)
    api = APIRouter(prefix="/api/v1")
    for feature in FEATURES:
        api.include_router(feature)
    app.include_router(api)
    app.mount("/assets", pages.Assets(directory=pages.DIST / "assets", check_dir=False))
    app.include_router(shared_improvement)
    app.include_router(pages.router)
    return app


def health() -> Health:
    return Health()


def _operation(route: APIRoute) -> str:
    return f"{route.tags[0]}-{route.name}" if route.tags else route.name


app = create_app()
