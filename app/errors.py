"""Errors that know their status, and how any error reaches a browser: `application/problem+json` with one sentence."""

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)

LONGEST = 1200
"""Characters of a sentence; the longest of our own lists all figures."""


class DomainError(Exception):
    """A broken rule. Subclasses are named after the fact; the message is one sentence a person can act on."""

    status: ClassVar[int] = 409

    def __init__(self, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers

    @property
    def type(self) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "-", self.__class__.__name__).lower()


class Problem(BaseModel):
    """The body of every error answer."""

    type: str
    title: str
    status: int
    detail: str


def problem(status: int, type: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = Problem(type=type, title=HTTPStatus(status).phrase, status=status, detail=_readable(detail))
    return JSONResponse(body.model_dump(), status, headers, media_type="application/problem+json")


def _readable(detail: str) -> str:
    """A sentence that repeats what was sent is as long as that; its beginning and its end say what is wrong."""
    return detail if len(detail) <= LONGEST else f"{detail[: LONGEST - 300]} … {detail[-300:]}"


def sentence(errors: Sequence[Any]) -> str:
    """The first of pydantic's errors, as a sentence that names the field."""
    first = errors[0]
    where = [str(part) for part in first["loc"]]
    if where[:1] in (["body"], ["query"], ["path"]):  # the place; a field may have the same name
        del where[0]
    if first["type"] == "json_invalid":
        return f"The body is not valid JSON: {first['ctx']['error']}."
    message = first["msg"].removeprefix("Value error, ")
    end = "" if message.endswith((".", "?")) else "."
    return f"{'.'.join(where) if where else 'The body is wrong'}: {message}{end}"


def install(app: FastAPI) -> None:
    @app.exception_handler(DomainError)
    def _domain(_: Request, error: DomainError) -> JSONResponse:
        return problem(error.status, error.type, error.detail, error.headers)

    @app.exception_handler(RequestValidationError)
    def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, "invalid", sentence(error.errors()))

    @app.exception_handler(HTTPException)
    def _http(_: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        detail = error.detail if error.detail != phrase else f"{phrase}: there is nothing under this address and verb."
        return problem(error.status_code, phrase.lower().replace(" ", "-"), detail, dict(error.headers or {}))

    @app.exception_handler(OperationalError)
    def _database(_: Request, error: OperationalError) -> JSONResponse:
        log.error("The database did not answer: %s", error.orig)
        return problem(503, "database-unavailable", "The database does not answer; nothing was stored. Try again.")

    @app.exception_handler(DataError)
    @app.exception_handler(UnicodeEncodeError)
    def _unstorable(_: Request, error: Exception) -> JSONResponse:
        # Where no schema looks: NUL in an address, half a surrogate pair in a password.
        log.info("A request cannot be stored: %s", error)
        return problem(422, "invalid", "The request holds a character or a number that cannot be stored.")

    @app.exception_handler(Exception)
    def _unexpected(_: Request, error: Exception) -> JSONResponse:
        # Starlette logs the traceback after this answer was sent.
        return problem(500, "unexpected", "Something went wrong on our side; nothing was stored. Try again.")
