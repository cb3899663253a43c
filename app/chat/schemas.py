"""What is sent in a conversation; the answers are in `app/views.py`."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from app.words import Key, Message, Note

PrivateKind = Literal["email", "phone", "card", "iban", "ssn", "address"]


class NewTurn(BaseModel):
    client_id: Annotated[Key, Field(description="Made by the client, unique in its conversation.")]
    text: Message
    pasted_characters: Annotated[
        int | None,
        Field(ge=0, strict=True, description="How many of the text, in UTF-16 units like a browser's length."),
    ] = None
    private_kinds: Annotated[
        list[PrivateKind] | None, Field(max_length=20, description="What the page warned of and was sent anyway.")
    ] = None

    @model_validator(mode="after")
    def _no_more_pasted_than_there_is(self) -> "NewTurn":
        length = len(self.text.encode("utf-16-le")) // 2
        if (self.pasted_characters or 0) > length:
            raise ValueError(f"pasted_characters: the text has {length:,}, so no more than that can be pasted")
        return self


class Plan(BaseModel):
    red_team_plan: Note
