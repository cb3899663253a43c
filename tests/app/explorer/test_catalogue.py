"""Triggers keep the catalogue, whoever writes rows and however: word for word what the rows say, and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from app import db
from app.accounts.own_data.erasure import erase
from app.tables import (
    Candidate,
    CandidateStatus,
    CatalogueEntry,
    CatalogueSnapshot,
    Conversation,
    ConversationStatus,
    TaskKind,
    Turn,
)
from app.tables.catalogue_triggers import add_to_catalogue
from app.tranches import import_hh
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_task, make_turn
from worker.erasure import overwrite_words


def words(session: Session) -> list[tuple[int, str]]:
    """The index as it is: place of the text (number and slot in one), word."""
    if session.get_bind().dialect.name == "sqlite":
        inside = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.inside USING fts5vocab('main', 'catalogue_words', 'instance')"
        session.connection().exec_driver_sql(inside)
        rows = session.execute(text('SELECT doc, term FROM temp.inside ORDER BY doc, "offset"'))
    else:
        rows = session.execute(
            text("SELECT number * 4096 + slot, lexeme FROM catalogue_words, unnest(words) ORDER BY 1, positions")
        )
    return [(place, word) for place, word in rows]


def entries(session: Session) -> Sequence[Any]:
    columns = [column for column in CatalogueEntry.__table__.c if column.name != "number"]
    return session.execute(select(*columns).order_by(CatalogueEntry.conversation_id)).all()


def snapshots(session: Session) -> list[str]:
    return sorted(session.scalars(select(CatalogueSnapshot.snapshot_id)))


def said(session: Session) -> list[str]:
    return [word for _, word in words(session)]


def test_a_life_leaves_what_its_rows_say(session: Session) -> None:
    conversation = make_conversation(session, family="ab" * 32)
    turn = make_turn(session, conversation, ("", ""), text="basil dies")
    assert said(session) == ["basil", "dies"]
    a, b = turn.candidates
    a.text, b.text = "water it", "half a"  # complete, and stopped
    a.snapshot_id = make_snapshot(session).id
    session.flush()
    b.text = ""  # tried again
    session.flush()
    b.text = "buy another"
    session.flush()
    make_comparison(session, turn, strength=2)
    edited = Candidate(turn_id=turn.id, shown="edited", edited_from_id=a.id, text="water it twice")
    edited.status = CandidateStatus.DONE
    session.add(edited)
    session.flush()
    turn.comparisons[0].superseded_at = db.now()
    session.flush()
    session.refresh(turn)
    make_comparison(session, turn, strength=4).strength = None
    session.flush()
    make_turn(session, conversation, ("six", "seven"), text="thanks")
    first = 4096 * session.scalars(select(CatalogueEntry.number)).one()
    assert words(session) == [
        (first, "basil"), (first, "dies"), (first + 1, "water"), (first + 1, "it"), (first + 2, "buy"),
        (first + 2, "another"), (first + 3, "water"), (first + 3, "it"), (first + 3, "twice"), (first + 4, "thanks"),
        (first + 5, "six"), (first + 6, "seven"),
    ]  # fmt: skip
    by_triggers = entries(session), snapshots(session)
    session.execute(delete(CatalogueEntry))
    assert (words(session), snapshots(session)) == ([], [])
    add_to_catalogue(session.connection(), [conversation.id])
    assert (entries(session), snapshots(session)) == by_triggers
    assert len(words(session)) == 12


def test_rows_written_in_bulk_are_there_too(session: Session) -> None:
    task, account = make_task(session), make_account(session)
    of = {"task_id": task.id, "account_id": account.id, "system": ""}
    session.execute(insert(Conversation), [{"id": f"c{n}", **of} for n in range(3)])
    at = {"position": 0, "client_id": "x"}
    turns = [{"id": f"t{n}", "conversation_id": f"c{n}", "text": f"word{n}", **at} for n in range(3)]
    session.execute(insert(Turn), turns)
    assert said(session) == ["word0", "word1", "word2"]
    session.execute(update(Turn).where(Turn.id == "t1").values(text=""))
    session.execute(delete(Turn).where(Turn.id == "t2"))
    session.execute(delete(Conversation).where(Conversation.id == "c2"))
    assert said(session) == ["word0"]
    assert len(entries(session)) == 2


def test_a_snapshot_that_answers_a_second_try_is_found_too(session: Session) -> None:
    first, second = make_snapshot(session), make_snapshot(session)
    turn = make_turn(session)
    for snapshot in (first, second, first):
        turn.candidates[0].snapshot_id = snapshot.id
        session.flush()
    assert snapshots(session) == sorted([first.id, second.id])


def test_an_erasure_takes_every_word_out_of_the_index(session: Session) -> None:
    ada, task = make_account(session), make_task(session)
    mine = make_conversation(session, task, ada)
    make_turn(session, mine, ("nightshade a", "nightshade b"), text="nightshade?")
    make_turn(session, make_conversation(session, task), ("basil", "basil"), text="basil?")
    erase(session, ada.id)
    assert set(said(session)) == {"basil"}
    assert [entry.conversation_id for entry in entries(session)] != [mine.id]
    assert len(entries(session)) == 1
    session.get_one(Conversation, mine.id).turns[0].text = "late"  # whoever still wrote has nothing to write into
    session.flush()
    assert "late" not in said(session)
    session.rollback()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_sqlite_the_file_forgets_them_as_well(session: Session, tmp_path: Path) -> None:
    """FTS5 only marks what is deleted; the word would stay in the file until its part of the index is merged."""
    with db.writing() as writing:
        ada = make_account(writing)
        for n in range(40):
            make_turn(writing, make_conversation(writing, account=ada), (f"nightshade{n}", ""), text="")
    with db.writing() as writing:
        make_turn(writing, texts=("basil", ""))
        erase(writing, ada.id)
    overwrite_words()
    with db.reading() as reading:
        assert set(said(reading)) == {"basil", "hello"}
    db.get_engine().dispose()  # the last connection brings the write-ahead log into the file
    assert b"nightshade" not in (tmp_path / "turnwise.db").read_bytes()
    assert not (tmp_path / "turnwise.db-wal").exists()


LINE = '{"chosen": "\\n\\nHuman: basil\\n\\nAssistant: water", "rejected": "\\n\\nHuman: basil\\n\\nAssistant: mint"}\n'


def test_an_import_is_found_when_it_is_done(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_hh, "ROWS_PER_COMMIT", 2)
    with db.writing() as writing:
        make_task(writing)
    file = tmp_path / "helpful.jsonl"
    file.write_text("".join(LINE.replace("basil", f"basil{n}") for n in range(5)))
    import_hh.import_hh(file, TaskKind.HELPFULNESS)
    with db.reading() as reading:
        assert sorted(said(reading)) == sorted(["water", "mint"] * 5 + [f"basil{n}" for n in range(5)])
        found = reading.scalars(select(CatalogueEntry)).all()
    assert {(entry.status, entry.kinds, entry.strengths) for entry in found} == {(ConversationStatus.COMPLETED, 8, 0)}


def test_an_import_that_was_killed_leaves_no_word(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.writing() as writing:
        make_task(writing)
    file = tmp_path / "helpful.jsonl"
    file.write_text(LINE)
    with monkeypatch.context() as killed:
        killed.setattr(import_hh, "_publish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            import_hh.import_hh(file, TaskKind.HELPFULNESS)
    with db.reading() as reading:
        assert [entry.status for entry in reading.scalars(select(CatalogueEntry))] == [ConversationStatus.IMPORTING]
    import_hh._forget_unfinished()
    with db.reading() as reading:
        assert (words(reading), entries(reading)) == ([], [])
    import_hh.import_hh(file, TaskKind.HELPFULNESS)
    with db.reading() as reading:
        assert len(words(reading)) == 3


def test_a_dialogue_too_long_for_the_index_is_stored_all_the_same(session: Session) -> None:
    turn = make_turn(session, make_conversation(session), position=1024, text="late")
    turn.candidates[0].text = "later"
    session.flush()
    assert said(session) == []
