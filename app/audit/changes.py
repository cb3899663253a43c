"""What a change was, in words: the fields that differ, and of long texts the lines."""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from app.audit.schemas import AuditChange, AuditLine

SHORT = 160  # characters: what stands in a line of a list
CONTEXT = 2  # lines around a changed one

Fields = Mapping[str, Any]


def changes(before: Fields | None, after: Fields | None, *, in_full: bool = False) -> list[AuditChange]:
    """Fields that are not the same on both sides, in the order in which they were written down. `in_full`: long texts
    line by line; else they are cut short."""
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    found = []
    for field in [*new, *(field for field in old if field not in new)]:
        was, now = old.get(field), new.get(field)
        if was == now:
            continue
        if in_full and (is_long(was) or is_long(now)):
            found.append(AuditChange(field=field, lines=list(lines(was or "", now or ""))))
        else:
            found.append(AuditChange(field=field, before=was and _cut(was), after=now and _cut(now)))
    return found


def is_long(text: str | None) -> bool:
    return text is not None and (len(text) > SHORT or "\n" in text)


def has_long(*sides: Fields | None) -> bool:
    return any(is_long(text) for side in sides for _, text in _flat(side or {}))


def lines(before: str, after: str) -> Iterator[AuditLine]:
    """Lines that went and lines that came, with a little around them."""
    old, new = before.splitlines(), after.splitlines()
    last = 0
    for group in difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        yield from _skipped(group[0][1] - last)
        for kind, start, end, new_start, new_end in group:
            if kind == "equal":
                yield from (AuditLine(kind="same", text=text) for text in old[start:end])
            else:
                yield from (AuditLine(kind="removed", text=text) for text in old[start:end])
                yield from (AuditLine(kind="added", text=text) for text in new[new_start:new_end])
        last = group[-1][2]
    yield from _skipped(len(old) - last if last else 0)


def _skipped(count: int) -> Iterator[AuditLine]:
    if count > 0:
        yield AuditLine(kind="skipped", text=str(count))


def _flat(fields: Fields, above: str = "") -> Iterator[tuple[str, str | None]]:
    """`{"a": {"b": 1}}` → a.b: 1; of a list of objects each has the first of its values in its name."""
    for name, value in fields.items():
        where = f"{above}{name}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{where}.")
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) and one for one in value):
            yield from _members(where, value)
        else:
            yield where, _words(value)


def _members(where: str, members: list[Fields]) -> Iterator[tuple[str, str | None]]:
    seen: dict[str, int] = {}
    for member in members:
        name, *rest = (_words(value) or "–" for value in member.values())
        seen[name] = number = seen.get(name, 0) + 1
        titled = [f"{key} {value}" for key, value in zip(list(member)[1:], rest, strict=True)]
        yield f"{where}: {_cut(name)}{f' ({number})' if number > 1 else ''}", ", ".join(titled) or "yes"


def _words(value: Any) -> str | None:
    """As a person writes it; None for nothing."""
    match value:
        case None | "" | [] | {}:
            return None
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case list():
            return ", ".join(_words(one) or "–" for one in value)
        case float() if value.is_integer():
            return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    first = text.split("\n", 1)[0]
    return text if first == text and len(text) <= SHORT else f"{first[:SHORT]} …"
