"""What the playground is asked, and the events of its stream."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

MAX_MESSAGES = 40
MAX_CHARACTERS = 20_000
"""Of a whole dialogue."""


class DialogueMessage(BaseModel):
    role: Literal["user", "assistant"]
    content: Annotated[str, Field(min_length=1)]


class Ask(BaseModel):
    snapshot: str
    messages: Annotated[list[DialogueMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    max_tokens: Annotated[int, Field(ge=1, le=512)] = 128
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**53)]

    @model_validator(mode="after")
    def _alternate(self) -> "Ask":
        roles = [message.role for message in self.messages]
        if roles != [("user", "assistant")[i % 2] for i in range(len(roles))] or roles[-1] != "user":
            raise ValueError("a dialogue alternates, and begins and ends with the user's words")
        if sum(len(message.content) for message in self.messages) > MAX_CHARACTERS:
            raise ValueError(f"a dialogue of the playground has at most {MAX_CHARACTERS:,} characters; begin a new one")
        return self

    def said(self, system: str) -> list[dict[str, str]]:
        return [{"role": "system", "content": system}, *(message.model_dump() for message in self.messages)]


class Loading(BaseModel):
    """The policy is not loaded: the inference server reads it now."""

    event: Literal["loading"] = "loading"


class Piece(BaseModel):
    event: Literal["delta"] = "delta"
    text: str


class Done(BaseModel):
    event: Literal["done"] = "done"
    finish: str
    prompt_tokens: int | None
    completion_tokens: int | None
    first_token_ms: int | None
    total_ms: int


class Scored(BaseModel):
    """By the deployed PM; null: it does not answer."""

    event: Literal["score"] = "score"
    pm: str
    score: float | None


class Failed(BaseModel):
    event: Literal["error"] = "error"
    detail: str


Event = Loading | Piece | Done | Scored | Failed
