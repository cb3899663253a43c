"""What researchers see of the audit log."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field


class AuditLine(BaseModel):
    """Of a long text; `skipped` stands for lines that are the same on both sides, and says how many."""

    kind: Literal["same", "removed", "added", "skipped"]
    text: str


class AuditChange(BaseModel):
    """One field. A side is null where there was nothing, or where `lines` tell it."""

    field: str
    before: str | None = None
    after: str | None = None
    lines: Annotated[
        list[AuditLine] | None, Field(description="Of a long text, in an event that was asked for alone.")
    ] = None


class AuditSubject(BaseModel):
    """What was changed."""

    key: Annotated[str, Field(description="`subject` as the filter takes it, such as task:helpfulness.")]
    kind: str
    id: Annotated[str | None, Field(description="What the address of its page has.")]
    name: Annotated[str | None, Field(description="What people call it, where that is another thing than its id.")]


class AuditEntry(BaseModel):
    id: int
    at: datetime
    person: Annotated[str | None, Field(description="A user name; null: the loop itself, or the command line.")]
    action: str
    subject: AuditSubject
    reason: str | None
    changes: list[AuditChange]
    has_texts: Annotated[bool, Field(description="Its long texts, line by line, come with the event alone.")]


class AuditPage(BaseModel):
    events: list[AuditEntry]
    next: Annotated[int | None, Field(description="`before` of the next page.")]


class AuditChoices(BaseModel):
    people: Annotated[list[str], Field(description="Who has changed something.")]
    actions: list[str]
