"""Which conversations somebody looks for, newest first, and what the list shows of each.

The catalogue answers (`app/tables/catalogue.py`): its numbers rise with time, so the last number of a page is where the
next one begins, and a page costs the same wherever it is.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Integer, Select, and_, column, exists, func, select, table, text
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.explorer import schemas
from app.explorer.words import Wanted, beginning
from app.tables import (
    Account,
    Candidate,
    CatalogueEntry,
    CatalogueSnapshot,
    Comparison,
    Conversation,
    ConversationStatus,
    Import,
    Snapshot,
    SnapshotKind,
    Task,
    TaskKind,
    TrancheKind,
    Turn,
)
from app.tables.catalogue import KIND_BITS, strength_bit
from app.tables.catalogue_triggers import SLOTS

PAGE = 50
COUNTED = 1000
FEW = 1000
"""Conversations that can be searched one by one, quicker than all texts with a word that is everywhere."""


class UnknownFilter(DomainError):
    status = 422


class Filters(BaseModel):
    """What is left out does not matter; of several, all must hold, each for any of a conversation's comparisons."""

    q: Annotated[str, Field(max_length=300, description='Words, "side by side", begin*, -without.')] = ""
    task: str | None = None
    status: Literal["open", "completed", "withdrawn"] | None = None
    crowdworker: Annotated[str | None, Field(description="A user name.")] = None
    kind: TrancheKind | None = None
    snapshot: Annotated[str | None, Field(description="A policy that answered in it.")] = None
    strength: Annotated[int | None, Field(ge=1, le=4)] = None
    since: Annotated[date | None, Field(description="Begun on this day (UTC) or later.")] = None
    until: Annotated[date | None, Field(description="Begun on this day or earlier.")] = None
    reported: Annotated[Literal["any", "open"] | None, Field(description="open: nobody has handled it.")] = None
    split: schemas.Split | None = None
    edited: bool | None = None
    before: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="`next` of the page before.")] = None


def choices(session: Session) -> schemas.FilterChoices:
    tasks = session.execute(select(Task.slug, Task.kind).order_by(Task.slug))
    policies = select(Snapshot.name).where(Snapshot.kind == SnapshotKind.POLICY)
    return schemas.FilterChoices(
        tasks=[schemas.TaskName(slug=slug, kind=kind) for slug, kind in tasks],
        snapshots=list(session.scalars(policies.order_by(Snapshot.created_at.desc(), Snapshot.name))),
    )


def find(session: Session, filters: Filters, *, red_team: bool) -> schemas.FoundPage:
    """`red_team`: has whoever asks agreed to the warning? Else words are not looked for in red-team conversations."""
    wanted = Wanted.read(filters.q)
    conditions = list(_conditions(session, filters))
    if wanted and not red_team:
        conditions.append(CatalogueEntry.task_id.not_in(select(Task.id).where(Task.kind == TaskKind.RED_TEAM)))
    first = filters.before is None
    numbers = _newest(session, conditions, wanted, COUNTED + 1 if first else PAGE + 1)
    shown = numbers[:PAGE]
    return schemas.FoundPage(
        found=_shown(session, shown, wanted),
        next=shown[-1] if len(numbers) > PAGE else None,
        count=min(len(numbers), COUNTED) if first else None,
        counted_all=len(numbers) <= COUNTED,
        red_team_searched=wanted is None or red_team,
    )


def _conditions(session: Session, filters: Filters) -> Iterator[ColumnElement[bool]]:
    yield CatalogueEntry.status != ConversationStatus.IMPORTING
    if filters.before is not None:
        yield CatalogueEntry.number < filters.before
    if filters.status is not None:
        yield CatalogueEntry.status == filters.status
    if filters.task is not None:
        task = select(Task.id).where(Task.slug == filters.task)
        yield CatalogueEntry.task_id == _known(session, task, f"task: there is no task “{filters.task}”.")
    if filters.crowdworker is not None:
        account = select(Account.id).where(Account.username == filters.crowdworker.casefold())
        sentence = f"crowdworker: nobody here is called “{filters.crowdworker}”."
        yield CatalogueEntry.account_id == _known(session, account, sentence)
    if filters.snapshot is not None:
        snapshot = select(Snapshot.id).where(Snapshot.name == filters.snapshot)
        snapshot_id = _known(session, snapshot, f"snapshot: there is no snapshot “{filters.snapshot}”.")
        answered = select(CatalogueSnapshot.number).where(CatalogueSnapshot.snapshot_id == snapshot_id)
        yield CatalogueEntry.number.in_(answered)
    if filters.kind is not None:
        yield CatalogueEntry.kinds.bitwise_and(KIND_BITS[filters.kind]) != 0
    if filters.strength is not None:
        yield CatalogueEntry.strengths.bitwise_and(strength_bit(filters.strength)) != 0
    if filters.since is not None:
        yield CatalogueEntry.created_at >= datetime.combine(filters.since, time.min, UTC)
    if filters.until is not None:
        yield CatalogueEntry.created_at <= datetime.combine(filters.until, time.max, UTC)
    if filters.reported is not None:
        yield (CatalogueEntry.open_reports if filters.reported == "open" else CatalogueEntry.reports) > 0
    if filters.split is not None:
        yield CatalogueEntry.is_test.is_(filters.split == "test")
    if filters.edited is not None:
        yield CatalogueEntry.edits > 0 if filters.edited else CatalogueEntry.edits == 0


def _known(session: Session, id_of: Select[str], sentence: str) -> str:
    found = session.scalar(id_of)
    if found is None:
        raise UnknownFilter(sentence)
    return found


# Numbers -----------------------------------------------------------------------------------------------------------


def _newest(
    session: Session, conditions: list[ColumnElement[bool]], wanted: Wanted | None, at_most: int
) -> Sequence[int]:
    entries = select(CatalogueEntry.number).where(*conditions).order_by(CatalogueEntry.number.desc())
    if wanted is None:
        return session.scalars(entries.limit(at_most)).all()
    if session.get_bind().dialect.name == "postgresql":
        return _with_words_postgresql(session, entries, wanted, at_most)
    few = session.scalars(entries.limit(FEW + 1)).all()
    if len(few) <= FEW:
        return _with_words_among(session, few, wanted, at_most)
    oldest = session.scalars(entries.order_by(None).order_by(CatalogueEntry.number).limit(1)).one()
    among = _with_words_streamed(session, conditions, wanted, newest=few[0], oldest=oldest)
    return list(islice(among, at_most))


def _with_words_postgresql(session: Session, entries: Select[int], wanted: Wanted, at_most: int) -> Sequence[int]:
    # How common a word is decides the plan, so each search gets its own.
    session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    words = table("catalogue_words", column("number"), column("words"))
    said = words.c.words.op("@@")(func.to_tsquery("simple", wanted.tsquery()))
    found = entries.where(exists().where(words.c.number == CatalogueEntry.number, said))
    return session.scalars(found.limit(at_most)).all()


def _with_words_among(session: Session, numbers: Sequence[int], wanted: Wanted, at_most: int) -> Sequence[int]:
    """SQLite: of these, in their order, those that hold the words. Each is a small range of the index."""
    query = text(
        "SELECT value FROM json_each(:numbers) WHERE EXISTS (SELECT 1 FROM catalogue_words WHERE catalogue_words MATCH "
        f":words AND rowid BETWEEN value * {SLOTS} AND value * {SLOTS} + {SLOTS - 1}) LIMIT :at_most"
    )
    values = {"numbers": str(list(numbers)), "words": wanted.fts5(), "at_most": at_most}
    return session.scalars(query, values).all()


def _with_words_streamed(
    session: Session, conditions: list[ColumnElement[bool]], wanted: Wanted, newest: int, oldest: int
) -> Iterator[int]:
    """SQLite: FTS5 gives the texts that hold the words newest first, as they are asked for, and all of one conversation
    one after the other; so a common word costs no more than a rare one. Between the newest and the oldest conversation
    that the conditions allow, or a month of long ago would begin with all that came after it."""
    words = table("catalogue_words", column("rowid", Integer))
    texts = (
        select(CatalogueEntry.number)
        .select_from(words)
        .join(CatalogueEntry, CatalogueEntry.number == words.c.rowid.op("/", return_type=Integer())(SLOTS))
        .where(
            text("catalogue_words MATCH :words").bindparams(words=wanted.fts5()),
            words.c.rowid.between(oldest * SLOTS, newest * SLOTS + SLOTS - 1),
            *conditions,
        )
        .order_by(words.c.rowid.desc())
        .execution_options(yield_per=200)
    )
    last = None
    with session.execute(texts) as rows:
        for (found,) in rows:
            if found != last:
                yield found
            last = found


# What is shown -----------------------------------------------------------------------------------------------------


class _Said(NamedTuple):
    turn: int
    of: str
    text: str


def _shown(session: Session, numbers: Sequence[int], wanted: Wanted | None) -> list[schemas.Found]:
    rows = (
        select(CatalogueEntry, Task.slug, Task.kind, Account.username, Import.file_name)
        .join(Task, CatalogueEntry.task_id == Task.id)
        .join(Conversation, CatalogueEntry.conversation_id == Conversation.id)
        .outerjoin(Account, CatalogueEntry.account_id == Account.id)
        .outerjoin(Import, Conversation.import_id == Import.id)
        .where(CatalogueEntry.number.in_(numbers))
        .order_by(CatalogueEntry.number.desc())
    )
    found = session.execute(rows).all()
    turns, choices = _counts(session, [row.CatalogueEntry.conversation_id for row in found])
    readable = [row.CatalogueEntry.conversation_id for row in found if row.kind != TaskKind.RED_TEAM]
    passages = _passages(session, readable, wanted)
    return [
        schemas.Found(
            id=entry.conversation_id,
            task=schemas.TaskName(slug=slug, kind=kind),
            status=entry.status,
            crowdworker=username,
            imported_from=file_name,
            created_at=entry.created_at,
            turns=turns.get(entry.conversation_id, 0),
            choices=choices.get(entry.conversation_id, 0),
            kinds=[kind for kind, bit in KIND_BITS.items() if entry.kinds & bit],
            strengths=[strength for strength in (1, 2, 3, 4) if entry.strengths & strength_bit(strength)],
            split=split_of(entry.is_test),
            edited=entry.edits > 0,
            reports=entry.reports,
            open_reports=entry.open_reports,
            covered=kind == TaskKind.RED_TEAM,
            passage=passages.get(entry.conversation_id),
        )
        for entry, slug, kind, username, file_name in found
    ]


def split_of(is_test: bool | None) -> schemas.Split | None:
    return None if is_test is None else "test" if is_test else "train"


def _counts(session: Session, conversation_ids: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
    current = and_(Comparison.turn_id == Turn.id, Comparison.superseded_at.is_(None))
    counted = (
        select(Turn.conversation_id, func.count(), func.count(Comparison.id))
        .outerjoin(Comparison, current)
        .where(Turn.conversation_id.in_(conversation_ids))
        .group_by(Turn.conversation_id)
    )
    rows = session.execute(counted).all()
    return {id: turns for id, turns, _ in rows}, {id: choices for id, _, choices in rows}


def _passages(session: Session, conversation_ids: Sequence[str], wanted: Wanted | None) -> dict[str, schemas.Passage]:
    """The first text of each that holds the words; without words, the first message."""
    passages = {}
    for conversation_id, texts in _texts(session, conversation_ids, first_only=wanted is None).items():
        said = next((said for said in texts if wanted and wanted.is_in(said.text)), texts[0])
        parts = wanted.passage(said.text) if wanted else beginning(said.text)
        passages[conversation_id] = schemas.Passage(
            turn=said.turn,
            of=said.of,  # type: ignore[arg-type]  # pydantic checks
            parts=[schemas.Part(text=part.text, is_match=part.is_match) for part in parts],
        )
    return passages


def _texts(session: Session, conversation_ids: Sequence[str], *, first_only: bool) -> dict[str, list[_Said]]:
    """In the order in which they were said; only the first message, or all."""
    of_these = Turn.conversation_id.in_(conversation_ids)
    humans = select(Turn.conversation_id, Turn.position, Turn.text).where(of_these)
    said: dict[str, list[_Said]] = defaultdict(list)
    for conversation_id, position, words in session.execute(humans.where(Turn.position == 0) if first_only else humans):
        said[conversation_id].append(_Said(position, "human", words))
    if not first_only:
        candidates = select(Turn.conversation_id, Turn.position, Candidate.shown, Candidate.text)
        for conversation_id, position, shown, words in session.execute(
            candidates.join(Turn.candidates).where(of_these)
        ):
            said[conversation_id].append(_Said(position, shown, words))
    order = {"human": 0, "a": 1, "b": 2, "edited": 3}
    return {id: sorted(texts, key=lambda one: (one.turn, order[one.of])) for id, texts in said.items()}
