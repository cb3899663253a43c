"""What the browser may know of accounts."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from app import tables
from app.words import MarkdownText


def _username(text: str) -> str:
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    if not re.fullmatch(r"[\w.@+-]{2,64}", name):
        raise ValueError("a user name has 2 to 64 letters, digits or . @ + - _")
    return name


Username = Annotated[str, AfterValidator(_username)]


class Account(BaseModel):
    id: str
    username: str
    role: tables.Role
    consented: Annotated[bool, Field(description="To the newest text; researchers are not asked for it.")]
    red_team_opt_in: bool
    may_edit: bool


class Session(BaseModel):
    account: Account
    csrf_token: str

    @classmethod
    def of(cls, account: tables.Account, csrf_token: str, *, consented: bool) -> "Session":
        return cls(
            account=Account(
                id=account.id,
                username=account.username,
                role=account.role,
                consented=consented,
                red_team_opt_in=account.red_team_opt_in_at is not None,
                may_edit=account.may_edit,
            ),
            csrf_token=csrf_token,
        )


class Credentials(BaseModel):
    username: Username
    password: Annotated[str, Field(max_length=1000)]


class SignUp(BaseModel):
    username: Username
    password: Annotated[str, Field(min_length=8, max_length=1000)]
    consent: Literal[True]
    invitation: Annotated[str, Field(max_length=200)] | None = None


class InvitationState(BaseModel):
    role: tables.Role
    usable: bool


class NewInvitation(BaseModel):
    role: tables.Role
    note: Annotated[str, Field(max_length=500)] = ""


class Invitation(BaseModel):
    url: str
    token: str
    role: tables.Role
    expires_at: datetime


class OptIn(BaseModel):
    opt_in: bool


class ConsentText(BaseModel):
    version: int
    body: str


class Agreement(BaseModel):
    version: Annotated[int, Field(strict=True, description="Of the text that was read.")]


class NewConsentText(BaseModel):
    body: MarkdownText
    based_on: Annotated[
        int | None, Field(description="The version that was looked at; null: whatever is there is followed.")
    ] = None
