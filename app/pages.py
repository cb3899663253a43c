"""The built front end: hashed assets are kept for ever by browsers, every address of the page is index.html."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import Scope

DIST = Path(__file__).parents[1] / "frontend" / "dist"

router = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """Vite writes a hash of the content into each name: such a file never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@router.get("/{path:path}")
def page(path: str) -> Response:
    if path.startswith("api/"):
        raise HTTPException(404)
    file = (DIST / path).resolve()
    if path and file.is_relative_to(DIST.resolve()) and file.is_file():
        return FileResponse(file)
    index = DIST / "index.html"
    if not index.is_file():
        return PlainTextResponse(
            "Turnwise is running, but its page is not built yet. `make run` builds it; by hand: "
            "`cd frontend && npm ci && npm run build`, then reload. The API answers below /api/v1.\n",
            status_code=503,
        )
    return FileResponse(index, headers={"Cache-Control": "no-cache"})
