"""What somebody looks for, as a search of either database, and as a passage to show.

Words are found in any order within one text; “"two words"” side by side; “word*” is how it begins; “-word” must not be
there. Nothing that one types is an error: only words reach a database, never its operators. Capitals do not count,
accents do.
"""

import re
from typing import NamedTuple, Self

from app.errors import DomainError
from app.tables.catalogue_triggers import SEPARATORS

_BETWEEN = f"[\\u0000{SEPARATORS}]"
_LETTER = f"[^\\u0000{SEPARATORS}]"
_TERMS = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
BEFORE, PASSAGE = 60, 240  # characters: what is shown before the first match, and in all
MOST = 24  # words of one search


class OnlyExcluded(DomainError):
    status = 422


class Term(NamedTuple):
    """Words side by side; `begins`: of the last one, only the beginning."""

    words: tuple[str, ...]
    begins: bool

    @property
    def pattern(self) -> re.Pattern[str]:
        phrase = f"{_BETWEEN}+".join(re.escape(word) for word in self.words)
        return re.compile(f"(?<!{_LETTER}){phrase}" + ("" if self.begins else f"(?!{_LETTER})"), re.IGNORECASE)


class Part(NamedTuple):
    text: str
    is_match: bool


class Wanted(NamedTuple):
    terms: tuple[Term, ...]
    without: tuple[Term, ...]

    @classmethod
    def read(cls, typed: str) -> Self | None:
        """None: there is no word in it, so nothing is looked for."""
        terms: list[Term] = []
        without: list[Term] = []
        for minus, quoted, word in _TERMS.findall(typed):
            written = quoted or word
            words = tuple(re.findall(f"{_LETTER}+", written))
            if words and len(terms) + len(without) < MOST:
                (without if minus else terms).append(Term(words, begins=word.endswith("*")))
        if without and not terms:
            raise OnlyExcluded("q: say at least one word that should be there; “-” only takes out of what is found.")
        return cls(tuple(terms), tuple(without)) if terms else None

    def fts5(self) -> str:
        def quoted(term: Term) -> str:
            return f'"{" ".join(term.words)}"' + (" *" if term.begins else "")

        found = " AND ".join(quoted(term) for term in self.terms)
        return f"({found})" + "".join(f" NOT {quoted(term)}" for term in self.without)

    def tsquery(self) -> str:
        def quoted(term: Term) -> str:
            *words, last = (f"'{word}'" for word in term.words)
            return f"({' <-> '.join([*words, last + ':*' if term.begins else last])})"

        return " & ".join([*map(quoted, self.terms), *(f"!{quoted(term)}" for term in self.without)])

    def is_in(self, text: str) -> bool:
        found = all(term.pattern.search(text) for term in self.terms)
        return found and not any(term.pattern.search(text) for term in self.without)

    def passage(self, text: str) -> list[Part]:
        """Around the first match, each match marked."""
        matches = sorted(match.span() for term in self.terms for match in term.pattern.finditer(text))
        if not matches:
            return beginning(text)
        start = _word_start(text, matches[0][0] - BEFORE)
        end = start + PASSAGE
        parts, at = [Part("… ", False)] if start else [], start
        for match_start, match_end in matches:
            if at <= match_start < end:
                parts += [Part(text[at:match_start], False), Part(text[match_start:match_end], True)]
                at = match_end
        parts.append(Part(_until(text, at, end), False))
        return [part for part in parts if part.text]


def beginning(text: str) -> list[Part]:
    return [Part(_until(text, 0, PASSAGE), False)] if text else []


def _until(text: str, at: int, end: int) -> str:
    """From there to about `end`, never breaking off within a word that has a beginning near."""
    if max(at, end) >= len(text):
        return text[at:]
    gap = text.rfind(" ", max(at, end - BEFORE // 2), end)
    return text[at : end if gap < 0 else gap] + " …"


def _word_start(text: str, near: int) -> int:
    """Where the next word begins, so that a passage does not begin within one."""
    if near <= 0:
        return 0
    gap = text.find(" ", near, near + BEFORE // 2)
    return near if gap < 0 else gap + 1
