"""What is sent about assignments; the answers are in `app/views.py`."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.words import Note

Rating = Annotated[int, Field(ge=1, le=5, strict=True)]


class NewAssignment(BaseModel):
    task: str


class Completion(BaseModel):
    comment: Note | None = None
    overall_rating: Rating | None = None
    attack_success: Rating | None = None
    attack_harm: Rating | None = None
    attack_actionability: Rating | None = None
