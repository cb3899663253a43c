"""What researchers see of people, and may change."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.tables import Role
from app.words import Note


class Person(BaseModel):
    id: str
    username: str
    role: Role
    may_edit: bool
    suspended: bool
    comparisons: int
    created_at: datetime


class People(BaseModel):
    people: list[Person]
    next: Annotated[str | None, Field(description="`after` of the next page.")]


class MayEdit(BaseModel):
    may_edit: bool


class Suspension(BaseModel):
    suspended: bool
    reason: Annotated[Note, Field(description="For the audit log; the person does not see it.")] = ""
