"""The built front end: hashed assets are kept for ever by browsers, every address of the page is index.html.

The build writes each asset compressed, too (frontend/compress.ts). Nothing is compressed while serving: a middleware
that did would have to know which answers are streams.
"""

import mimetypes
import re
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

DIST = Path(__file__).parents[1] / "frontend" / "dist"

router = APIRouter(include_in_schema=False)


COMPRESSED = {"br": ".br", "gzip": ".gz"}  # the smallest first


class Assets(StaticFiles):
    """Vite writes a hash of the content into each name: such a file never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await self._compressed(path, scope) or await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Vary"] = "Accept-Encoding"
        return response

    async def _compressed(self, path: str, scope: Scope) -> Response | None:
        accepted = _accepted(Headers(scope=scope).get("accept-encoding", ""))
        for encoding, suffix in COMPRESSED.items():
            if encoding in accepted:
                try:
                    response = await super().get_response(path + suffix, scope)
                except HTTPException:
                    continue  # too small to be worth it, or no such file at all
                response.headers["Content-Encoding"] = encoding
                response.headers["Content-Type"] = mimetypes.guess_type(path)[0] or "application/octet-stream"
                return response
        return None


def _accepted(header: str) -> set[str]:
    """`gzip, br;q=0.5, zstd;q=0` → gzip and br."""
    offers = (re.sub(r"\s", "", offer).lower().partition(";q=") for offer in header.split(","))
    return {name for name, _, weight in offers if not re.fullmatch(r"0(\.0*)?", weight)}


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
