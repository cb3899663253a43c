"""Text that people send us: any script, any emoji, line breaks and tabs; nothing invisible that breaks a database, a
file or a terminal."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

# C0 and C1 controls except tab, line feed and carriage return; and surrogates, of which JSON can hold half a pair.
# Joiners and direction marks stay: real scripts need them.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Zs")  # of Unicode's categories; an emoji newer than this Python has none of them
LONGEST_MESSAGE = 20_000
LONGEST_TEXT = 100_000


def is_readable(text: str) -> bool:
    """Is there anything to see? Blanks and invisible characters, however many, say nothing."""
    return any(unicodedata.category(letter) not in INVISIBLE for letter in text)


def _printable(text: str) -> str:
    if found := CONTROLS.search(text):
        raise ValueError(f"must not contain control characters (there is a U+{ord(found[0]):04X})")
    return text


def _message(text: str) -> str:
    if len(text) > LONGEST_MESSAGE:
        raise ValueError(f"a message may have {LONGEST_MESSAGE:,} characters, this one has {len(text):,}")
    if not is_readable(_printable(text)):
        raise ValueError("a message must not be empty")
    return text


def _not_empty(text: str) -> str:
    if not is_readable(_printable(text)):
        raise ValueError("must not be empty")
    return text


def _note(text: str) -> str:
    return text if is_readable(_printable(text)) else ""


Message = Annotated[str, AfterValidator(_message)]
Note = Annotated[str, Field(max_length=5_000), AfterValidator(_note)]
"""Empty where it has nothing to read."""
Key = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
Line = Annotated[str, Field(max_length=300), AfterValidator(_not_empty)]
MarkdownText = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_not_empty)]
OptionalMarkdownText = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_printable)]
