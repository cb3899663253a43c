"""What a report says, and what the researchers' inbox shows of it. Not who wrote the candidate: researchers pick blind
on the same comparisons."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from app.tables import ReportReason
from app.words import Note


class NewReport(BaseModel):
    reason: ReportReason
    comment: Note | None = None


class Report(BaseModel):
    id: str
    reason: ReportReason
    comment: str | None
    reported_by: str | None  # None: the person has left and erased their data
    created_at: datetime
    task: str
    conversation_id: str
    turn_id: str
    human: str
    shown: Literal["a", "b", "edited"]
    text: str
    handled_by: str | None
    handled_at: datetime | None
