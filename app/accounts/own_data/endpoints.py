"""What is one's own: progress, all stored data as one document, and its erasure."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from app import db, tables
from app.accounts import limits, passwords
from app.accounts.own_data import erasure, export, progress
from app.accounts.own_data.schemas import Erase, OwnData, OwnProgress
from app.deps import COOKIE, CurrentAccount, Reading
from app.errors import DomainError

router = APIRouter(tags=["own-data"])


class WrongPassword(DomainError):
    status = 403


class ConfirmationNeeded(DomainError):
    status = 422


@router.get("/account/progress")
def get_progress(account: CurrentAccount, session: Reading) -> OwnProgress:
    return progress.progress(session, account)


@router.get("/account/data")
def export_data(account: CurrentAccount, session: Reading, response: Response) -> OwnData:
    response.headers["Content-Disposition"] = 'attachment; filename="turnwise-my-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return export.own_data(session, account)


@router.delete("/account/data", status_code=204)
async def erase_data(account: CurrentAccount, request: Request, response: Response, body: Erase) -> None:
    """For good. Async for the sake of the password hash, as at sign-in."""
    await _confirmed(account, body, request.client.host if request.client else "unknown")
    await run_in_threadpool(_erase, account.id)
    response.delete_cookie(COOKIE)


async def _confirmed(account: tables.Account, body: Erase, address: str) -> None:
    if account.password_hash is None:
        if body.confirm != "erase":
            raise ConfirmationNeeded('confirm: send "erase" to have everything erased; nothing was erased yet.')
        return
    if body.password is None:
        raise ConfirmationNeeded("password: it is asked for before everything is erased; nothing was erased yet.")
    await run_in_threadpool(limits.refuse_if_spent, limits.FAILURES_PER_NAME, address, account.username)
    if not await passwords.matches_in_turn(body.password, account.password_hash):
        await run_in_threadpool(limits.spend, limits.FAILURES_PER_NAME, address, account.username)
        raise WrongPassword("The password is wrong; nothing was erased.")


def _erase(account_id: str) -> None:
    with db.writing() as session:
        erasure.erase(session, account_id)
