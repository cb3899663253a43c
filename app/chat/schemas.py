"""What is sent in a conversation; the answers are in `app/views.py`."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.words import Key, Message, Note


class NewTurn(BaseModel):
    client_id: Annotated[Key, Field(description="Made by the client, unique in its conversation.")]
    text: Message


class Plan(BaseModel):
    red_team_plan: Note
