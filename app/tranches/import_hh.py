"""Published HH files become rows: conversations, turns, candidates, comparisons of the kind “imported”.

The file is read twice: once to judge and plan all of it (`hh_file.py`), once to store a few hundred rows at a time,
under an Import that stays invisible (Conversation.status IMPORTING) until one last transaction shows all of it. This
module commits itself: a whole file in one transaction would keep crowdworkers waiting for the writer's lock.
"""

import fcntl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import new_id, now, reading, writing
from app.errors import DomainError
from app.settings import get_settings
from app.tables import (
    Base,
    Candidate,
    CandidateStatus,
    ChoiceDirection,
    Comparison,
    Conversation,
    ConversationStatus,
    Import,
    ImportStatus,
    Task,
    TaskKind,
    TrancheKind,
    Turn,
    TurnStatus,
)
from app.tables.catalogue_triggers import add_to_catalogue
from app.tranches.families import family_of
from app.tranches.hh_file import Place, plan_file, read_lines, read_row
from app.tranches.transcripts import Pair, Unusable, render_line

ROWS_PER_COMMIT = 400


class AlreadyImported(DomainError):
    status = 409


class ImportRunning(DomainError):
    status = 409


class UnknownTask(DomainError):
    status = 422


class Imported(NamedTuple):
    """What became of one file: stored + set aside = rows, exactly."""

    rows: int
    stored: int
    conversations: int
    set_aside: dict[str, list[int]]  # reason -> lines


def task_of_file(path: Path) -> TaskKind:
    """From the file's name, or its folder's where all files are called train.jsonl.gz, as in the published set."""
    for name in (path.name.lower(), path.resolve().parent.name.lower()):
        harmless, helpful = "harmless" in name, "helpful" in name
        if harmless != helpful:
            return TaskKind.RED_TEAM if harmless else TaskKind.HELPFULNESS
    raise UnknownTask(f"{path.name} does not say what it holds: add --task helpfulness or --task red-team.")


def import_hh(path: Path, kind: TaskKind) -> Imported:
    """Store one file as comparisons of the task of this kind, all of it or nothing."""
    plan = plan_file(path)
    with _one_import_at_a_time():
        task = _task(kind)
        _refuse_a_second_time(path, plan.sha256, task)
        _forget_unfinished()
        set_aside = {str(reason): lines for reason, lines in plan.set_aside.items()}
        with writing() as session:
            record = Import(
                file_name=path.name, sha256=plan.sha256, format="hh", task_id=task.id, rows=plan.rows,
                stored=len(plan.places), set_aside=set_aside,
            )  # fmt: skip
            session.add(record)
        writer = _Writer(record.id, task)
        usable = _usable_rows(path, plan.places)
        while rows := list(islice(usable, ROWS_PER_COMMIT)):
            for row in rows:
                writer.add(*row)
            with writing() as session:
                writer.flush(session)
        begun = iter(writer.conversation_ids.values())
        while some := list(islice(begun, ROWS_PER_COMMIT)):
            with writing() as session:
                add_to_catalogue(session.connection(), some)
        with writing() as session:
            _publish(session, record.id)
    return Imported(plan.rows, len(plan.places), plan.conversations, set_aside)


def _usable_rows(path: Path, places: dict[int, Place]) -> Iterator[tuple[int, bytes, Pair, Place]]:
    for line, raw in read_lines(path):
        if line in places:
            pair = read_row(path, line, raw)
            assert not isinstance(pair, Unusable), "the file changed between its two readings"
            yield line, raw, pair, places[line]


class _Writer:
    """Collects the rows of a chunk, table by table, for bulk inserts; remembers ids of the conversations begun."""

    def __init__(self, import_id: str, task: Task) -> None:
        self.import_id, self.task, self.at = import_id, task, now()
        self.conversation_ids: dict[int, str] = {}
        self.rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)

    def add(self, line: int, raw: bytes, pair: Pair, place: Place) -> None:
        conversation_id = self.conversation_ids.get(place.conversation) or self._begin(place.conversation, pair)
        last = len(pair.dialogue) // 2
        for position in range(place.start, last):
            turn_id = self._turn(conversation_id, position, pair.dialogue[2 * position])
            self._candidate(turn_id, "a", pair.dialogue[2 * position + 1])
        turn_id = self._turn(conversation_id, last, pair.dialogue[-1])
        pick_better = self.task.choice_direction == ChoiceDirection.PICK_BETTER
        # The file does not tell the sides. Half of the time each, so that no position means “chosen”.
        sides = "ab" if place.tips[0] < place.tips[1] else "ba"
        went_on = place.went_on_from_chosen
        chosen = self._candidate(turn_id, sides[0], pair.chosen, (went_on is True and not pick_better) or None)
        rejected = self._candidate(turn_id, sides[1], pair.rejected, (went_on is False and pick_better) or None)
        text = raw.decode()
        self.rows[Comparison].append({
            "id": new_id(), "turn_id": turn_id, "import_id": self.import_id, "import_line": line,
            "import_raw": None if text == render_line(*pair) else text,
            "picked_id": chosen if pick_better else rejected, "other_id": rejected if pick_better else chosen,
            "choice_direction": self.task.choice_direction, "kind": TrancheKind.IMPORTED, "created_at": self.at,
        })  # fmt: skip

    def _begin(self, conversation: int, pair: Pair) -> str:
        self.conversation_ids[conversation] = conversation_id = new_id()
        self.rows[Conversation].append({
            "id": conversation_id, "task_id": self.task.id, "import_id": self.import_id, "system": self.task.system,
            "family": family_of(pair.dialogue[0]), "status": ConversationStatus.IMPORTING, "created_at": self.at,
        })  # fmt: skip
        return conversation_id

    def _turn(self, conversation_id: str, position: int, text: str) -> str:
        turn_id = new_id()
        self.rows[Turn].append({
            "id": turn_id, "conversation_id": conversation_id, "position": position, "client_id": f"line-{position}",
            "text": text, "status": TurnStatus.READY, "created_at": self.at, "ready_at": self.at,
        })  # fmt: skip
        return turn_id

    def _candidate(self, turn_id: str, shown: str, text: str, is_trunk: bool | None = None) -> str:
        candidate_id = new_id()
        self.rows[Candidate].append({
            "id": candidate_id, "turn_id": turn_id, "shown": shown, "text": text, "status": CandidateStatus.DONE,
            "finish": "imported", "is_trunk": is_trunk,
        })  # fmt: skip
        return candidate_id

    def flush(self, session: Session) -> None:
        for table in (Conversation, Turn, Candidate, Comparison):
            if self.rows[table]:
                session.execute(insert(table), self.rows.pop(table))


def _publish(session: Session, import_id: str) -> None:
    at = now()
    of_import = update(Conversation).where(Conversation.import_id == import_id)
    session.execute(of_import.values(status=ConversationStatus.COMPLETED, completed_at=at))
    session.execute(update(Import).where(Import.id == import_id).values(status=ImportStatus.DONE, finished_at=at))
    row = session.get_one(Import, import_id)
    after = {"file": row.file_name, "sha256": row.sha256, "rows": row.rows, "stored": row.stored}
    audit(session, None, "import", f"import:{row.id}", after=after)


def _task(kind: TaskKind) -> Task:
    with reading() as session:
        task = session.scalar(select(Task).where(Task.kind == kind, Task.active).order_by(Task.slug).limit(1))
    if task is None:
        raise UnknownTask(f"There is no {kind} task yet: run `turnwise init` first.")
    return task


def _refuse_a_second_time(path: Path, sha256: str, task: Task) -> None:
    with reading() as session:
        done = session.scalar(
            select(Import).where(Import.sha256 == sha256, Import.task_id == task.id, Import.status == ImportStatus.DONE)
        )
    if done:
        raise AlreadyImported(
            f"{path.name} is already here: imported on {done.created_at:%Y-%m-%d %H:%M} UTC as {done.file_name} into"
            f" {task.slug}, {done.stored:,} of its {done.rows:,} rows stored and the others set aside."
        )


def _forget_unfinished() -> None:
    """What a killed import left behind. Nobody ever saw it, and the lock says that no import is at work on it."""
    unfinished = select(Import.id).where(Import.status != ImportStatus.DONE)
    conversations = select(Conversation.id).where(Conversation.import_id.in_(unfinished))
    turns = select(Turn.id).where(Turn.conversation_id.in_(conversations))
    with writing() as session:
        if session.scalar(unfinished.limit(1)) is None:
            return
        for statement in (
            delete(Comparison).where(Comparison.import_id.in_(unfinished)),
            delete(Candidate).where(Candidate.turn_id.in_(turns)),
            delete(Turn).where(Turn.conversation_id.in_(conversations)),
            delete(Conversation).where(Conversation.import_id.in_(unfinished)),
            delete(Import).where(Import.status != ImportStatus.DONE),
        ):
            session.execute(statement, execution_options={"synchronize_session": False})


@contextmanager
def _one_import_at_a_time() -> Iterator[None]:
    """The lock goes with the process, however it ends."""
    directory = get_settings().data_dir
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "import.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportRunning("Another import is running; start this one again when it is done.") from None
        yield
