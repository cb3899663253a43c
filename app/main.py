"""The web process: JSON and one event stream below /api/v1, and the built page. No torch here."""

from typing import Literal

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app import errors, pages
from app.accounts.endpoints import router as accounts
from app.dashboard.endpoints import router as dashboard
from app.iterations.endpoints import router as iterations
from app.security import SecurityHeaders
from app.snapshots.endpoints import router as snapshots

FEATURES = (accounts, dashboard, iterations, snapshots)
LARGEST_BODY = 1 << 20


class Health(BaseModel):
    status: Literal["UP"] = "UP"


def create_app() -> FastAPI:
    app = FastAPI(
        title="Turnwise",
        version="1",
        docs_url=None,  # its page wants scripts of another site, which ours forbids; /openapi.json is there
        redoc_url=None,
        max_body_size=LARGEST_BODY,
        generate_unique_id_function=_operation,
        responses={"4XX": {"model": errors.Problem, "description": "A problem: one sentence says what to do."}},
    )
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    app.get("/health", tags=["health"])(health)
    api = APIRouter(prefix="/api/v1")
    for feature in FEATURES:
        api.include_router(feature)
    app.include_router(api)
    app.mount("/assets", pages.Assets(directory=pages.DIST / "assets", check_dir=False))
    app.include_router(pages.router)
    return app


def health() -> Health:
    return Health()


def _operation(route: APIRoute) -> str:
    return f"{route.tags[0]}-{route.name}" if route.tags else route.name


app = create_app()
