"""The cookie of a signed-in browser, and where a request came from."""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie

from app.accounts.service import SIGNED_IN_FOR
from app.deps import COOKIE
from app.settings import get_settings

OldToken = Annotated[str | None, Depends(APIKeyCookie(name=COOKIE, auto_error=False))]


def put(response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SIGNED_IN_FOR.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=get_settings().cookie_secure,
    )


def address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
