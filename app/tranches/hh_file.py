"""An HH file read line by line, judged, and planned: which rows are one dialogue growing turn by turn.

It touches no database. Texts are not kept: the plan of a file remembers hashes, so that its memory stays small.
"""

import gzip
import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from app.errors import DomainError
from app.tranches.transcripts import Pair, Unusable, parse_pair

_GZIP = b"\x1f\x8b"


class BadFile(DomainError):
    """The file as a whole cannot be imported; the sentence names it, and the line where one is to blame."""

    status = 422


@dataclass(slots=True)
class Place:
    """Where one row belongs: in this conversation, writing its turns from `start` on; the last one is its pair."""

    conversation: int
    start: int
    tips: tuple[bytes, bytes]  # hash of the dialogue up to and with the chosen reply, and with the rejected one
    went_on_from_chosen: bool | None = None  # None: the dialogue ends here


@dataclass(slots=True)
class Plan:
    sha256: str = ""  # of the uncompressed bytes
    rows: int = 0
    places: dict[int, Place] = field(default_factory=dict)  # by line
    set_aside: dict[Unusable, list[int]] = field(default_factory=lambda: defaultdict(list))
    conversations: int = 0


class _Row(NamedTuple):
    line: int
    said: list[bytes]  # hash of the dialogue after each reply but the last
    tips: tuple[bytes, bytes]


def plan_file(path: Path) -> Plan:
    """Read the whole file. A line that is not an HH row refuses the file; a row that cannot be used is set aside."""
    plan, digest, rows = Plan(), hashlib.sha256(), []
    for line, raw in read_lines(path):
        digest.update(raw + b"\n")
        pair = read_row(path, line, raw)
        plan.rows += 1
        if isinstance(pair, Unusable):
            plan.set_aside[pair].append(line)
        else:
            rows.append(_row(line, pair))
    if not plan.rows:
        raise BadFile(f"{path.name} is empty.")
    plan.sha256 = digest.hexdigest()
    _join(plan, rows)
    return plan


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank, without their line ends; gzip is told by its content, not by the name."""
    number = 0
    try:
        with _opened(path) as file:
            for number, raw in enumerate(file, start=1):
                if raw.strip():
                    yield number, raw.removesuffix(b"\n")
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise BadFile(f"{path.name} is damaged: its gzip data ends or breaks after line {number}.") from None
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    with path.open("rb") as file:
        if not path.is_file():
            raise BadFile(f"{path} is not a regular file; it is read twice, so a pipe will not do.")
        zipped = file.read(2) == _GZIP
        file.seek(0)
        if not zipped:
            yield file
            return
        with gzip.open(file) as unzipped:
            yield unzipped


def read_row(path: Path, line: int, raw: bytes) -> Pair | Unusable:
    def bad(why: str) -> BadFile:
        return BadFile(f"{path.name}, line {line}: {why}. Nothing of this file was stored.")

    try:
        row = json.loads(raw.decode())
    except UnicodeDecodeError:
        raise bad("not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise bad(f"not JSON ({error.msg} at column {error.colno})") from None
    except RecursionError:
        raise bad("not an HH row (nested too deep)") from None
    if not isinstance(row, dict):
        raise bad(f"an object with “chosen” and “rejected” is expected, not {type(row).__name__}")
    for name in ("chosen", "rejected"):
        if name not in row:
            raise bad(f"the field “{name}” is missing")
        if not isinstance(row[name], str):
            raise bad(f"the field “{name}” is not text")
    return parse_pair(row["chosen"], row["rejected"])


def _row(line: int, pair: Pair) -> _Row:
    said, so_far = [], b""
    for position in range(1, len(pair.dialogue), 2):
        so_far = _after(so_far, *pair.dialogue[position - 1 : position + 1])
        said.append(so_far)
    human = pair.dialogue[-1]
    return _Row(line, said, (_after(so_far, human, pair.chosen), _after(so_far, human, pair.rejected)))


def _after(so_far: bytes, human: str, reply: str) -> bytes:
    return hashlib.blake2b(so_far + json.dumps([human, reply]).encode(), digest_size=16).digest()


def _join(plan: Plan, rows: list[_Row]) -> None:
    """Shorter dialogues first: a longer one goes on where the longest one that it passes through ends. A second
    dialogue from the same place (the other reply, or other words) cannot share the trunk and gets its own."""
    open_ends: dict[bytes, Place] = {}
    for row in sorted(rows, key=lambda row: len(row.said)):  # stable: by line among equals
        place = None
        for start in range(len(row.said), 0, -1):
            passed = open_ends.get(row.said[start - 1])
            if passed is not None:
                passed.went_on_from_chosen = row.said[start - 1] == passed.tips[0]
                for tip in passed.tips:
                    if open_ends.get(tip) is passed:
                        del open_ends[tip]
                place = Place(passed.conversation, start, row.tips)
                break
        if place is None:
            place = Place(plan.conversations, 0, row.tips)
            plan.conversations += 1
        plan.places[row.line] = place
        open_ends |= dict.fromkeys(row.tips, place)
