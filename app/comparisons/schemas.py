"""What a choice carries: snapshots, order and pair cannot come from the browser."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.words import Key, Message


class Choice(BaseModel):
    picked: Annotated[Key, Field(description="The candidate's id.")]
    strength: Annotated[int, Field(ge=1, le=4, strict=True, description="1 about equal … 4 much better (or worse).")]


class Edit(BaseModel):
    candidate: Annotated[Key, Field(description="The id of the response that is rewritten: a or b.")]
    text: Message


class Understood(BaseModel):
    picks: Annotated[Literal["better", "worse"], Field(description="Which response is to be picked in this task?")]


class Checked(BaseModel):
    right: bool
