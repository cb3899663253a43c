"""HH files become conversations: joined where a dialogue grows, set aside where a row is unusable, all or nothing."""

import json
import random
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import db
from app.tables import (
    Candidate,
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
)
from app.tranches import import_hh as module
from app.tranches.hh_file import BadFile
from app.tranches.import_hh import AlreadyImported, ImportRunning, UnknownTask, import_hh
from tests.app.tranches.conftest import GROWING, hh_line, transcript, write_hh

pytestmark = pytest.mark.usefixtures("tasks")
HELPFUL, RED_TEAM = TaskKind.HELPFULNESS, TaskKind.RED_TEAM


def conversations(session: Session) -> list[Conversation]:
    session.rollback()
    return list(session.scalars(select(Conversation).join(Turn).group_by(Conversation.id).order_by(func.count())))


def nothing_is_stored(session: Session) -> bool:
    session.rollback()
    return not any(session.scalar(select(func.count()).select_from(row)) for row in (Import, Conversation, Turn))


def test_rows_that_grow_out_of_one_another_join_into_one_conversation(session: Session, tmp_path: Path) -> None:
    report = import_hh(write_hh(tmp_path / "helpful.jsonl.gz", GROWING), HELPFUL)

    assert report == (4, 4, 3, {})
    coffee, egg, late = sorted(conversations(session), key=lambda row: row.turns[0].text)
    assert [turn.text for turn in egg.turns] == ["How do I boil an egg?", "And soft?"]
    assert [[c.text for c in sorted(turn.candidates, key=lambda c: c.text)] for turn in egg.turns] == [
        ["Eight minutes.", "No."],
        ["Five – or six.", "Less."],
    ]
    assert [turn.comparison.import_line for turn in egg.turns if turn.comparison] == [1, 2]
    assert len(late.turns[0].candidates) == 1, "a dialogue whose beginning nobody compared has one candidate there"
    assert late.turns[0].comparison is None
    assert coffee.status == ConversationStatus.COMPLETED
    comparison = coffee.turns[0].comparison
    assert comparison is not None
    assert (comparison.strength, comparison.kind) == (None, TrancheKind.IMPORTED)


def test_joining_does_not_depend_on_the_order_of_the_lines(session: Session, tmp_path: Path) -> None:
    dialogue = ["One?", "1", "Two?", "2", "Three?", "3", "Four?"]
    lines = [hh_line(dialogue[: 2 * n + 1], "1234"[n], "no") for n in range(4)]
    random.Random(1).shuffle(lines)
    report = import_hh(write_hh(tmp_path / "helpful.jsonl", lines), HELPFUL)
    assert report.conversations == 1
    (conversation,) = conversations(session)
    assert [turn.text for turn in conversation.turns] == ["One?", "Two?", "Three?", "Four?"]
    assert all(turn.comparison for turn in conversation.turns)


def test_a_second_dialogue_from_the_same_place_gets_its_own_conversation(session: Session, tmp_path: Path) -> None:
    lines = [
        hh_line(["Hi"], "Hello.", "What?"),
        hh_line(["Hi", "Hello.", "Bye"], "Bye.", "No."),
        hh_line(["Hi", "What?", "Sorry"], "Fine.", "Hm."),
        hh_line(["Hi"], "Good day.", "Oi."),
    ]
    assert import_hh(write_hh(tmp_path / "helpful.jsonl", lines), HELPFUL).conversations == 3
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Comparison)) == 4


@pytest.mark.parametrize(
    ("direction", "picked"), [(ChoiceDirection.PICK_BETTER, "Kind."), (ChoiceDirection.PICK_WORSE, "Nasty.")]
)
def test_the_picked_candidate_is_what_the_task_asks_for(
    session: Session, tmp_path: Path, tasks: dict[TaskKind, Task], direction: ChoiceDirection, picked: str
) -> None:
    tasks[RED_TEAM].choice_direction = direction
    session.commit()
    import_hh(write_hh(tmp_path / "harmless.jsonl", [hh_line(["Insult me"], "Kind.", "Nasty.")]), RED_TEAM)
    (conversation,) = conversations(session)
    comparison = conversation.turns[0].comparison
    assert comparison is not None
    assert session.get_one(Candidate, comparison.picked_id).text == picked
    assert comparison.choice_direction == direction


def test_unusable_rows_are_counted_and_set_aside_by_line(session: Session, tmp_path: Path) -> None:
    lines = [
        hh_line(["Fine?"], "Yes.", "No."),
        hh_line(["Same?"], "Same.", "Same."),
        hh_line(["Same but for a space?"], "Same.", "Same. "),
        json.dumps({"chosen": "\n\nHuman: a\n\nHuman: b\n\nAssistant: c", "rejected": transcript("a", "d")}),
        json.dumps({"chosen": transcript("a", "b", "ends with a human"), "rejected": transcript("a", "c")}),
        json.dumps({"chosen": "no markers at all", "rejected": transcript("a", "c")}),
        json.dumps({"chosen": "A preamble." + transcript("a", "b"), "rejected": transcript("a", "c")}),
        hh_line(["Empty?"], "", "Something."),
        hh_line(["Empty before?", " ", "Go on"], "I do.", "I do not."),
        json.dumps({"chosen": transcript("a", "b"), "rejected": transcript("other", "c")}),
        json.dumps({"chosen": transcript("a", "b", "c", "d"), "rejected": transcript("a", "c")}),
        hh_line(["NUL?"], "a\0b", "c"),
        json.dumps({"chosen": transcript("half a pair", "\ud83d"), "rejected": transcript("half a pair", "b")}),
    ]
    report = import_hh(write_hh(tmp_path / "helpful.jsonl", lines), HELPFUL)
    assert report.set_aside == {
        "both sides identical": [2, 3],
        "turns do not alternate": [4, 5, 6, 7],
        "empty text": [8, 9],
        "dialogues differ before the last reply": [10, 11],
        "characters that no database stores": [12, 13],
    }
    assert report.stored + sum(map(len, report.set_aside.values())) == report.rows == 13
    session.rollback()
    record = session.scalars(select(Import)).one()
    assert (record.rows, record.stored, record.set_aside) == (13, 1, report.set_aside)


def test_a_marker_inside_a_line_is_only_text(session: Session, tmp_path: Path) -> None:
    import_hh(write_hh(tmp_path / "helpful.jsonl", [hh_line(["Quote"], "He said Human: hello", "No.")]), HELPFUL)
    (conversation,) = conversations(session)
    assert "He said Human: hello" in {candidate.text for candidate in conversation.turns[0].candidates}


def test_a_malformed_line_refuses_the_whole_file(session: Session, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="line 5"):
        import_hh(write_hh(tmp_path / "helpful.jsonl", [*GROWING, "{"]), HELPFUL)
    assert nothing_is_stored(session)


def test_the_same_file_twice_is_refused_with_what_is_stored(session: Session, tmp_path: Path) -> None:
    import_hh(write_hh(tmp_path / "helpful.jsonl", GROWING), HELPFUL)
    again = write_hh(tmp_path / "under-another-name.jsonl.gz", GROWING)
    with pytest.raises(AlreadyImported, match=r"as helpful.jsonl into helpfulness, 4 of its 4 rows"):
        import_hh(again, HELPFUL)
    assert len(conversations(session)) == 3


def test_a_killed_import_shows_nothing_and_the_next_one_starts_over(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [hh_line([f"Question {n}?"], f"Answer {n}.", "No.") for n in range(25)]
    path = write_hh(tmp_path / "helpful.jsonl", lines)
    monkeypatch.setattr(module, "ROWS_PER_COMMIT", 10)
    publish = module._publish
    monkeypatch.setattr(module, "_publish", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        import_hh(path, HELPFUL)
    monkeypatch.setattr(module, "_publish", publish)

    left = [row.status for row in conversations(session)]
    session.rollback()
    assert left == [ConversationStatus.IMPORTING] * 25, "the chunks were committed, and nobody may see them"

    assert import_hh(path, HELPFUL).stored == 25
    assert {row.status for row in conversations(session)} == {ConversationStatus.COMPLETED}
    assert len(conversations(session)) == 25
    assert [row.status for row in session.scalars(select(Import))] == [ImportStatus.DONE]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_only_one_import_runs_at_a_time(tmp_path: Path) -> None:
    path = write_hh(tmp_path / "helpful.jsonl", GROWING)
    with module._one_import_at_a_time(), pytest.raises(ImportRunning):
        import_hh(path, HELPFUL)
    assert import_hh(path, HELPFUL).stored == 4


def test_without_the_task_the_import_says_how_to_make_it(
    session: Session, tmp_path: Path, tasks: dict[TaskKind, Task]
) -> None:
    tasks[RED_TEAM].active = False
    session.commit()
    with pytest.raises(UnknownTask, match="turnwise init"):
        import_hh(write_hh(tmp_path / "harmless.jsonl", GROWING), RED_TEAM)


def test_sides_do_not_tell_which_reply_was_chosen(session: Session, tmp_path: Path) -> None:
    lines = [hh_line([f"Question {n}?"], f"Answer {n}.", "No.") for n in range(200)]
    import_hh(write_hh(tmp_path / "helpful.jsonl", lines), HELPFUL)
    session.rollback()
    on_the_left = select(func.count()).select_from(Comparison).join(Candidate, Comparison.picked_id == Candidate.id)
    assert 70 < (session.scalar(on_the_left.where(Candidate.shown == "a")) or 0) < 130


def test_a_reader_sees_no_part_of_an_import_before_its_end(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def watch(*arguments: object) -> None:
        with db.reading(engine) as session:
            seen.append(set(session.scalars(select(Conversation.status).distinct())))
        publish(*arguments)  # type: ignore[arg-type]

    publish = module._publish
    monkeypatch.setattr(module, "_publish", watch)
    import_hh(write_hh(tmp_path / "helpful.jsonl", GROWING), HELPFUL)
    assert seen == [{ConversationStatus.IMPORTING}]


def test_a_full_disk_leaves_nothing_visible(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the full disk is simulated by SQLite's page limit")
    session.rollback()
    pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    session.rollback()

    def limited(engine: Engine | None = None) -> object:
        context = original(engine)

        class Limited:
            def __enter__(self) -> Session:
                inner = context.__enter__()
                inner.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages + 40}")
                return inner

            def __exit__(self, *error: object) -> object:
                return context.__exit__(*error)  # type: ignore[arg-type]

        return Limited()

    original = module.writing
    monkeypatch.setattr(module, "writing", limited)
    lines = [hh_line([f"Question {n}?"], f"Answer {n}." * 50, "No.") for n in range(2000)]
    with pytest.raises(OperationalError, match="full"):
        import_hh(write_hh(tmp_path / "helpful.jsonl", lines), HELPFUL)
    assert {row.status for row in conversations(session)} <= {ConversationStatus.IMPORTING}
    assert session.scalar(select(func.count()).select_from(Import).where(Import.status == ImportStatus.DONE)) == 0
