"""HH files for tests, written by hand, and the tasks they go into."""

import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.tables import Task, TaskKind
from tests.factories import make_task


def transcript(*texts: str) -> str:
    return "".join(f"\n\n{'Assistant' if index % 2 else 'Human'}: {text}" for index, text in enumerate(texts))


def hh_line(dialogue: list[str], chosen: str, rejected: str) -> str:
    row = {"chosen": transcript(*dialogue, chosen), "rejected": transcript(*dialogue, rejected)}
    return json.dumps(row, ensure_ascii=False)


def write_hh(path: Path, lines: list[str]) -> Path:
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


# One dialogue growing turn by turn from its chosen replies, then two strangers; the fourth line is spelled in ASCII.
GROWING = [
    hh_line(["How do I boil an egg?"], "Eight minutes.", "No."),
    hh_line(["How do I boil an egg?", "Eight minutes.", "And soft?"], "Five – or six.", "Less."),
    hh_line(["Is it late?", "It is noon.", "So no?"], "No, it is not.", "Yes."),
    json.dumps(json.loads(hh_line(["Café?"], "With pleasure – où?", "Non."))),
]


@pytest.fixture
def tasks(session: Session) -> dict[TaskKind, Task]:
    """Both tasks as a fresh installation has them: helpfulness picks the better, red-team the worse. Committed."""
    made = {kind: make_task(session, kind, slug=str(kind)) for kind in TaskKind}
    session.commit()
    return made
