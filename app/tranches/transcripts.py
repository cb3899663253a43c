"""The published HH format: whole dialogues as text, turns marked by a blank line and `Human:` or `Assistant:`.

It knows texts and pairs of texts only: neither rows nor files.
"""

import enum
import json
import re
from collections.abc import Sequence
from typing import NamedTuple

_MARKER = re.compile(r"\n\n(Human|Assistant):")


class Unusable(enum.StrEnum):
    """Why a row that is well-formed JSON is set aside. The words are what reports say."""

    IDENTICAL = "both sides identical"
    NOT_ALTERNATING = "turns do not alternate"
    EMPTY = "empty text"
    PREFIXES_DIFFER = "dialogues differ before the last reply"
    UNSTORABLE = "characters that no database stores"


class Pair(NamedTuple):
    """One row: the dialogue so far, human first and human last, and the two replies."""

    dialogue: tuple[str, ...]
    chosen: str
    rejected: str


def parse_pair(chosen: str, rejected: str) -> Pair | Unusable:
    """The dialogue both transcripts share and their two last replies; texts lose the white space around them."""
    if chosen.strip() == rejected.strip():
        return Unusable.IDENTICAL
    if not _storable(chosen + rejected):
        return Unusable.UNSTORABLE
    ours, theirs = _texts(chosen), _texts(rejected)
    if ours is None or theirs is None:
        return Unusable.NOT_ALTERNATING
    if not all(ours) or not all(theirs):
        return Unusable.EMPTY
    if ours[:-1] != theirs[:-1]:
        return Unusable.PREFIXES_DIFFER
    if ours == theirs:
        return Unusable.IDENTICAL  # they differed in white space alone
    return Pair(tuple(ours[:-1]), ours[-1], theirs[-1])


def _texts(transcript: str) -> list[str] | None:
    """Human, assistant, human, …, assistant; None for any other order."""
    before, *rest = _MARKER.split(transcript)
    speakers, texts = rest[::2], rest[1::2]
    if before.strip() or not texts or speakers != ["Human", "Assistant"] * (len(texts) // 2):
        return None
    return [text.strip() for text in texts]


def _storable(text: str) -> bool:
    """PostgreSQL has no NUL in text, and a lone surrogate has no UTF-8; JSON can spell both."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def render_line(dialogue: Sequence[str], chosen: str, rejected: str) -> str:
    """One line of an HH file, spelled as the published files are: spaces after separators, no ASCII escapes."""
    return json.dumps(
        {"chosen": _render([*dialogue, chosen]), "rejected": _render([*dialogue, rejected])}, ensure_ascii=False
    )


def _render(texts: Sequence[str]) -> str:
    return "".join(f"\n\n{'Assistant' if position % 2 else 'Human'}: {text}" for position, text in enumerate(texts))
