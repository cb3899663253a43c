"""What is due, what was exported, and bonuses."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from app.pay import Money
from app.words import Key, Line

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="ISO 4217, such as USD.")]


class Due(BaseModel):
    """In one currency: what ended assignments earned that no export holds, and bonuses."""

    currency: str
    cents: int
    assignments: int
    bonuses: int
    people: int


class Bonus(BaseModel):
    id: str
    account_id: str
    username: str
    amount: Money
    reason: str
    by: str
    at: datetime


class PayExported(BaseModel):
    id: str
    created_at: datetime
    by: str
    until: date | None
    payments: int
    people: int
    totals: list[Money]


class Pay(BaseModel):
    due: list[Due]
    bonuses: Annotated[list[Bonus], Field(description="Those that the next export takes, newest first; 100 at most.")]
    exports: Annotated[list[PayExported], Field(description="Newest first; 50 at most.")]


class NewExport(BaseModel):
    until: Annotated[date | None, Field(description="Only what ended on this day (UTC) or before.")] = None


class NewBonus(BaseModel):
    key: Annotated[Key, Field(description="Made by the client: the same key again is the same bonus.")]
    cents: Annotated[int, Field(gt=0, le=1_000_000, strict=True, description="Of the smallest unit.")]
    currency: Currency
    reason: Line


class BonusFile(BaseModel):
    csv: Annotated[str, Field(max_length=500_000, description="A line each: name or platform id, amount, reason.")]
    currency: Currency


class BonusesAdded(BaseModel):
    bonuses: int
    total: Money
