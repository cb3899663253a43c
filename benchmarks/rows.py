"""Rows of an installation that has been used for a year: what `benchmarks/data_at_size.py` measures on.

Sixty policies: the initial one, and a new one every week, which answers half of the candidates, the two before it a
fifth each and the initial one a tenth. A thousand crowdworkers of very different diligence, two tasks, conversations of
four turns. How strong each policy is is planted. The same seed makes the same rows, but for their ids.
"""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import exp
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Table, select, text
from sqlalchemy.orm import Session

from app import db, seed
from app.chat import pairs
from app.tables import (
    Account,
    Candidate,
    CandidateStatus,
    ChoiceDirection,
    Comparison,
    Conversation,
    ConversationStatus,
    Deployment,
    Role,
    Snapshot,
    SnapshotKind,
    Task,
    TrancheKind,
    Turn,
    TurnStatus,
)
from app.tables.catalogue_triggers import add_to_catalogue

FIRST_WEEK = datetime(2025, 10, 6, tzinfo=UTC)  # a Monday
WEEK = timedelta(days=7)
TURNS = 4
AT_ONCE = 20_000  # rows
POOL = 5_000  # different messages, and responses, that everybody uses
LONGER = 0.3  # log-odds that twice as long a response gains, whatever it says

Value = str | int | float | bool | None


class Policy(NamedTuple):
    deployment_id: str
    snapshot_id: str
    share: float
    strength: float
    """Log-odds above the initial policy."""


def strength(week: int, weeks: int) -> float:
    """The planted one: it grows quickly at first, up to 1.5 (261 Elo)."""
    return 1.5 * (week / max(weeks - 1, 1)) ** 0.5


def make(engine: Engine, conversations: int, *, policies: int = 60, crowdworkers: int = 1000, seed_of: int = 0) -> None:
    """Fill an empty database that has its tables."""
    chance = random.Random(seed_of)
    with db.writing(engine) as session:
        seed.ensure_defaults(session)
        people = [
            Account(username=f"person-{n}", password_hash="-", role=Role.CROWDWORKER) for n in range(crowdworkers)
        ]
        session.add_all(people)
        pm = Snapshot(name="the-pm", kind=SnapshotKind.PM)
        session.add(pm)
        session.flush()
        tasks = session.scalars(select(Task).order_by(Task.slug)).all()
        weeks = [_deployed(session, task, policies) for task in tasks]
        ids, diligence = [person.id for person in people], [chance.paretovariate(1) for _ in people]
    texts = [_text(chance, 6, 30) for _ in range(POOL)], [_text(chance, 15, 90) for _ in range(POOL)]
    at = 0
    while at < conversations:
        some = range(at, min(at + AT_ONCE // TURNS // 2, conversations))
        made = _Rows([], [], [], [])
        for number, account in zip(some, chance.choices(ids, diligence, k=len(some)), strict=True):
            week, when = divmod(number * (policies - 1) / conversations, 1)
            which = chance.random() < 0.2
            began = FIRST_WEEK + (week + when) * WEEK
            _converse(made, chance, tasks[which], account, began, weeks[which][int(week)], texts, pm.id)
        with engine.execution_options(writes=True).begin() as connection:
            by_triggers = connection.dialect.name == "sqlite"
            if not by_triggers:  # a trigger for each row would take ten times as long as what it does in bulk
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            for table, columns, rows in made.tables():
                _insert(connection, table, columns, rows)
            if not by_triggers:
                add_to_catalogue(connection, [str(id) for id, *_ in made.conversations])
        at = some.stop


def _deployed(session: Session, task: Task, policies: int) -> list[list[Policy]]:
    """Each week's deployments of a task."""
    snapshots = [session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()]
    for number in range(1, policies):
        name = f"week-{number:02}"
        found = session.scalar(select(Snapshot).where(Snapshot.name == name))
        made = FIRST_WEEK + number * WEEK
        snapshots.append(found or Snapshot(name=name, kind=SnapshotKind.POLICY, created_at=made))
    session.add_all(snapshots)
    session.flush()
    generations = []
    for newest in range(1, policies):
        shares = {newest: 50.0, newest - 1: 20.0, newest - 2: 20.0, 0: 10.0}
        rows = []
        for number in sorted({number for number in shares if number >= 0}):
            share = sum(share for which, share in shares.items() if max(which, 0) == number)
            deployment = Deployment(
                task_id=task.id, snapshot_id=snapshots[number].id, generation=newest + 1, share=share, active=False
            )
            session.add(deployment)
            session.flush()
            rows.append(Policy(deployment.id, snapshots[number].id, share, strength(number, policies)))
        generations.append(rows)
    return generations


class _Rows(NamedTuple):
    conversations: list[tuple[Value, ...]]
    turns: list[tuple[Value, ...]]
    candidates: list[tuple[Value, ...]]
    comparisons: list[tuple[Value, ...]]

    def tables(self) -> Iterable[tuple[Table, str, list[tuple[Value, ...]]]]:
        for table, columns, rows in (
            (
                Conversation,
                "id task_id account_id family system status preview propensity created_at",
                self.conversations,
            ),
            (Turn, "id conversation_id position client_id text status attempt stop_requested created_at", self.turns),
            (
                Candidate,
                "id turn_id shown status text finish snapshot_id deployment_id sampling score scored_by_id",
                self.candidates,
            ),
            (
                Comparison,
                "id turn_id account_id picked_id other_id strength choice_direction kind propensity "
                "picked_deployment_id other_deployment_id picked_length other_length seconds_to_choose created_at",
                self.comparisons,
            ),
        ):
            assert isinstance(table.__table__, Table)
            yield table.__table__, columns, rows


def _converse(
    rows: _Rows,
    chance: random.Random,
    task: Task,
    account: str,
    began: datetime,
    deployed: Sequence[Policy],
    texts: tuple[list[str], list[str]],
    pm: str,
) -> None:
    shares = [policy.share for policy in deployed]
    drawn = pairs.draw(shares, chance)
    propensity, both = pairs.propensity(shares, *drawn), [deployed[at] for at in drawn]
    conversation, family = db.new_id(), chance.randbytes(32).hex()
    of_task = (task.id, account, family, task.system, ConversationStatus.COMPLETED.value)
    rows.conversations.append((conversation, *of_task, False, propensity, began.isoformat(" ")))
    online = any(policy.strength for policy in both)
    kind = (TrancheKind.ONLINE if online else TrancheKind.BASE).value
    for position in range(TURNS):
        turn, when = db.new_id(), (began + timedelta(minutes=position)).isoformat(" ")
        said = (position, f"c{position}", chance.choice(texts[0]), TurnStatus.READY.value, 1, False)
        rows.turns.append((turn, conversation, *said, when))
        a, b = chance.sample(texts[1], 2)
        ids = db.new_id(), db.new_id()
        for id, shown, words, policy in zip(ids, "ab", (a, b), both, strict=True):
            finished = (shown, CandidateStatus.DONE.value, words, "stop", policy.snapshot_id, policy.deployment_id)
            scored = (json.dumps({"best_of": 1}), policy.strength + chance.gauss(0, 1), pm)
            rows.candidates.append((id, turn, *finished, *scored))
        odds = both[0].strength - both[1].strength + LONGER * (len(a) - len(b)) / (len(a) + len(b))
        a_is_better = chance.random() < 1 / (1 + exp(-odds))
        picks_a = a_is_better == (task.choice_direction == ChoiceDirection.PICK_BETTER)
        (picked, mine, long), (other, theirs, short) = sorted(
            zip(ids, both, (len(a), len(b)), strict=True), key=lambda one: (one[0] == ids[0]) != picks_a
        )
        judged = (chance.choice((1, 2, 2, 3, 3, 4)), task.choice_direction.value, kind, propensity)
        met = (mine.deployment_id, theirs.deployment_id, long, short, chance.uniform(3, 60), when)
        rows.comparisons.append((db.new_id(), turn, account, picked, other, *judged, *met))


def _text(chance: random.Random, least: int, most: int) -> str:
    """Words of a language that nobody speaks; a few of them are in nearly every text."""
    words = []
    for _ in range(chance.randint(least, most)):
        rank = min(int(chance.paretovariate(0.6)), 20_000)
        words.append("".join(SYLLABLES[rank // 30**at % 30] for at in range(3)))
    return " ".join(words).capitalize() + "."


SYLLABLES = [consonant + vowel for consonant in "bdklmr" for vowel in "aeiou"]


def _insert(connection: Connection, table: Table, columns: str, rows: Iterable[tuple[Value, ...]]) -> None:
    """As fast as the driver can: COPY where there is one."""
    names = columns.replace(" ", ", ")
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns.split()))
        cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)
        return
    with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:  # type: ignore[attr-defined]  # psycopg's own
        for row in rows:
            copy.write_row(row)
