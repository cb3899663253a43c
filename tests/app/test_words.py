"""What people may send us, and what says nothing."""

import pytest
from pydantic import TypeAdapter, ValidationError

from app.words import Line, Message, Note

NOTHING = ["", " \n\t", "\u3000", "\u200b\u2060\ufeff", "\u202e \u202c"]


@pytest.mark.parametrize("text", NOTHING)
def test_what_nobody_can_see_is_nothing(text: str) -> None:
    assert TypeAdapter(Note).validate_python(text) == ""
    for wanted in (Message, Line):
        with pytest.raises(ValidationError, match="must not be empty"):
            TypeAdapter(wanted).validate_python(text)


@pytest.mark.parametrize("text", ["ok", " a ", "안녕", "👍🏽", "\U0001fae8", "क्\u200dष", "?", "\u202eabc"])
def test_what_somebody_can_see_is_kept_as_it_is(text: str) -> None:
    for wanted in (Note, Message, Line):
        assert TypeAdapter(wanted).validate_python(text) == text
