"""Sign up, sign in, sign out, invite, agree."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from app import db, tables
from app.accounts import consent, cookie, limits, passwords, service
from app.accounts.schemas import (
    Agreement,
    ConsentText,
    Credentials,
    Invitation,
    InvitationState,
    NewConsentText,
    NewInvitation,
    OptIn,
    Session,
    SignUp,
)
from app.deps import COOKIE, Admin, CurrentSignIn, Reading, Researcher, SameOrigin, Writing, refuse_suspended
from app.settings import get_settings

router = APIRouter(tags=["accounts"])


@router.get("/session")
def get_session(signed_in: CurrentSignIn) -> Session:
    return Session.of(signed_in.account, signed_in.sign_in.csrf_token, consented=signed_in.consented)


@router.post("/session", dependencies=[SameOrigin])
async def sign_in(body: Credentials, request: Request, response: Response, old_token: cookie.OldToken) -> Session:
    """Async for the sake of the password hash: those who wait for it must not take the threads of everybody else."""
    address = cookie.address(request)
    await run_in_threadpool(limits.refuse_if_spent, limits.FAILURES_PER_NAME, address, body.username)
    await run_in_threadpool(limits.refuse_if_spent, limits.FAILURES_PER_ADDRESS, address)
    account = await run_in_threadpool(_find, body.username)
    if not await passwords.matches_in_turn(body.password, account.password_hash if account else None) or not account:
        await run_in_threadpool(limits.spend, limits.FAILURES_PER_NAME, address, body.username)
        await run_in_threadpool(limits.spend, limits.FAILURES_PER_ADDRESS, address)
        raise service.WrongCredentials("The user name or the password is wrong.")
    refuse_suspended(account)
    return await run_in_threadpool(_open, account, response, old_token)


@router.post("/accounts", status_code=201, dependencies=[SameOrigin])
async def sign_up(body: SignUp, request: Request, response: Response, old_token: cookie.OldToken) -> Session:
    if body.invitation is None and get_settings().sign_up == "invitation":
        raise service.InvitationNeeded("Accounts are made by invitation here; please ask a researcher for a link.")
    address = cookie.address(request)
    await run_in_threadpool(limits.refuse_if_spent, limits.SIGN_UPS_PER_ADDRESS, address)
    await run_in_threadpool(limits.spend, limits.SIGN_UPS_PER_ADDRESS, address)
    password_hash = await passwords.hash_in_turn(body.password)
    return await run_in_threadpool(_create, body, password_hash, response, old_token)


@router.delete("/session", status_code=204)
def sign_out(signed_in: CurrentSignIn, response: Response, session: Writing) -> None:
    service.sign_out(session, signed_in.sign_in)
    response.delete_cookie(COOKIE)


@router.post("/account/red-team-opt-in")
def opt_in_to_red_team(body: OptIn, signed_in: CurrentSignIn, session: Writing) -> Session:
    account = session.get_one(tables.Account, signed_in.account.id)
    account.red_team_opt_in_at = db.now() if body.opt_in else None
    return Session.of(account, signed_in.sign_in.csrf_token, consented=signed_in.consented)


@router.get("/consent")
def get_consent(session: Reading) -> ConsentText:
    """Public: it is read before there is an account."""
    text = consent.newest(session)
    if text is None:
        raise consent.NoConsentText("There is no consent text yet: the database was not set up (`turnwise init`).")
    return ConsentText(version=text.version, body=text.body)


@router.post("/account/consent")
def agree(body: Agreement, signed_in: CurrentSignIn, session: Writing) -> Session:
    account = session.get_one(tables.Account, signed_in.account.id)
    consent.agree(session, account, body.version)
    return Session.of(account, signed_in.sign_in.csrf_token, consented=True)


@router.post("/consent", status_code=201)
def publish_consent(body: NewConsentText, researcher: Researcher, session: Writing) -> ConsentText:
    text = consent.publish(session, body.body, researcher, body.based_on)
    return ConsentText(version=text.version, body=text.body)


@router.get("/invitations/{token}")
def get_invitation(token: str, session: Reading) -> InvitationState:
    invitation = service.invitation(session, token)
    return InvitationState(role=invitation.role, usable=service.is_usable(invitation))


@router.post("/invitations", status_code=201)
def invite(body: NewInvitation, admin: Admin, session: Writing) -> Invitation:
    row, token = service.invite(session, body.role, body.note, admin)
    url = f"{get_settings().public_url.rstrip('/')}/invitation/{token}"
    return Invitation(url=url, token=token, role=row.role, expires_at=row.expires_at)


def _find(username: str) -> tables.Account | None:
    with db.reading() as session:
        return service.by_username(session, username)


def _open(account: tables.Account, response: Response, old_token: str | None) -> Session:
    with db.writing() as session:
        row, token = service.sign_in(session, account, replaces=old_token)
        consented = consent.is_given(session, account)
    return _with_cookie(response, account, row, token, consented)


def _create(body: SignUp, password_hash: str, response: Response, old_token: str | None) -> Session:
    with db.writing() as session:
        role = tables.Role.CROWDWORKER
        invitation = service.invitation(session, body.invitation) if body.invitation is not None else None
        if invitation is not None:
            role = invitation.role
        account = service.create(session, body.username, password_hash, role, consented=body.consent)
        if invitation is not None:
            service.accept(session, invitation, account)
        row, token = service.sign_in(session, account, replaces=old_token)
        consented = consent.is_given(session, account)
    return _with_cookie(response, account, row, token, consented)


def _with_cookie(
    response: Response, account: tables.Account, row: tables.SignIn, token: str, consented: bool
) -> Session:
    """Only after the commit: a cookie of a session that was never stored would sign nobody in."""
    cookie.put(response, token)
    return Session.of(account, row.csrf_token, consented=consented)
