"""What goes out as HH files: imported lines as they came, collected choices in training's direction, whole or not."""

import gzip
import json
import os
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from app import db
from app.tables import CandidateStatus, ChoiceDirection, Conversation, ConversationStatus, Task, TaskKind
from app.tranches import whole_file as module
from app.tranches.datasheet import UnknownTranche, named
from app.tranches.formats import NothingToExport, export
from app.tranches.import_hh import import_hh
from app.tranches.scope import Scope
from app.tranches.whole_file import NotWritten
from tests.app.tranches.conftest import GROWING, hh_line, transcript, write_hh
from tests.factories import make_comparison, make_conversation, make_tranche, make_turn

pytestmark = pytest.mark.usefixtures("tasks")
REAL = Path("../shared/data/hh")


def exported(engine: Engine, path: Path, task: TaskKind | None = None, tranche: str | None = None) -> list[str]:
    with db.reading(engine) as session:
        tranche_ids = (named(session, tranche).id,) if tranche else None
        count = export(session, path, "hh", Scope(task, tranche_ids))
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert content.endswith(b"\n")
    lines = content.decode().removesuffix("\n").split("\n")
    assert len(lines) == count
    return lines


def test_imported_lines_come_out_identical_and_in_order(engine: Engine, tmp_path: Path) -> None:
    odd = [
        '{"rejected": "\\n\\nHuman: a\\n\\nAssistant: b", "chosen": "\\n\\nHuman: a\\n\\nAssistant: c"}',
        '{"chosen":"\\n\\nHuman:  two spaces \\n\\nAssistant: b",'
        '"rejected":"\\n\\nHuman: two spaces\\n\\nAssistant:c","id":7}\r',
    ]
    unusable = hh_line(["Same?"], "Same.", "Same.")
    import_hh(write_hh(tmp_path / "helpful.jsonl", [*GROWING[::-1], unusable, *odd]), TaskKind.HELPFULNESS)
    import_hh(write_hh(tmp_path / "harmless.jsonl", [GROWING[0]]), TaskKind.RED_TEAM)

    assert exported(engine, tmp_path / "all.jsonl") == [*GROWING[::-1], *odd, GROWING[0]]
    assert exported(engine, tmp_path / "red.jsonl.gz", TaskKind.RED_TEAM) == [GROWING[0]]


@pytest.mark.parametrize("trunk", ["Kind.", "Nasty."])
@pytest.mark.parametrize("direction", list(ChoiceDirection))
def test_a_dialogue_that_went_on_from_either_reply_comes_out_identical(
    session: Session, tmp_path: Path, tasks: dict[TaskKind, Task], direction: ChoiceDirection, trunk: str
) -> None:
    tasks[TaskKind.RED_TEAM].choice_direction = direction
    session.commit()
    lines = [hh_line(["Hi"], "Kind.", "Nasty."), hh_line(["Hi", trunk, "And?"], "So.", "Oh.")]
    report = import_hh(write_hh(tmp_path / "harmless.jsonl", lines), TaskKind.RED_TEAM)
    assert report.conversations == 1
    assert exported(db.get_engine(), tmp_path / "out.jsonl") == lines


@pytest.mark.parametrize(
    ("direction", "chosen", "rejected"),
    [(ChoiceDirection.PICK_BETTER, "picked", "other"), (ChoiceDirection.PICK_WORSE, "other", "picked")],
)
def test_collected_choices_are_written_in_the_direction_of_training(
    session: Session, tmp_path: Path, direction: ChoiceDirection, chosen: str, rejected: str
) -> None:
    conversation = make_conversation(session, status=ConversationStatus.COMPLETED)
    make_comparison(session, make_turn(session, conversation, ("first a", "first b"), text="Hello"), picked="b")
    turn = make_turn(session, conversation, ("picked", "other"), text="And then?")
    make_comparison(session, turn, choice_direction=direction)
    session.commit()

    _, line = exported(db.get_engine(), tmp_path / "out.jsonl")
    dialogue = ("Hello", "first b", "And then?")
    assert json.loads(line) == {"chosen": transcript(*dialogue, chosen), "rejected": transcript(*dialogue, rejected)}


def test_what_may_still_change_or_was_stopped_is_not_exported(session: Session, tmp_path: Path) -> None:
    make_comparison(session)  # its conversation is open, its next message not sent
    stopped = make_comparison(session, make_turn(session, make_conversation(session, status="completed")))
    stopped.turn.candidates[0].status = CandidateStatus.STOPPED
    session.commit()
    with pytest.raises(NothingToExport), db.reading() as reader:
        export(reader, tmp_path / "out.jsonl", "hh", Scope())
    assert list(tmp_path.glob("*out*")) == []


def test_one_tranche_alone_can_be_written(session: Session, tmp_path: Path) -> None:
    frozen, _ = (
        make_comparison(
            session, make_turn(session, make_conversation(session, status=ConversationStatus.COMPLETED), text=text)
        )
        for text in ("in", "out")
    )
    make_tranche(session, frozen, name="2026-w48-base")
    session.commit()
    (line,) = exported(db.get_engine(), tmp_path / "out.jsonl", tranche="2026-w48-base")
    assert "Human: in" in line
    with pytest.raises(UnknownTranche, match=r"no tranche “w1”.*2026-w48-base"), db.reading() as reader:
        named(reader, "w1")


def test_rows_of_an_unfinished_import_are_not_exported(session: Session, tmp_path: Path) -> None:
    import_hh(write_hh(tmp_path / "helpful.jsonl", GROWING), TaskKind.HELPFULNESS)
    session.execute(update(Conversation).values(status=ConversationStatus.IMPORTING))
    session.commit()
    with pytest.raises(NothingToExport), db.reading() as reader:
        export(reader, tmp_path / "out.jsonl", "hh", Scope())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence_and_no_partial_file(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_hh(write_hh(tmp_path / "helpful.jsonl", GROWING), TaskKind.HELPFULNESS)
    out = tmp_path / "out" / "all.jsonl.gz"
    out.parent.mkdir()
    out.write_bytes(b"what was there before")
    real_open = Path.open

    def full(path: Path, *arguments: str, **options: object) -> object:
        if path.name.endswith(".partial"):
            path.touch()
            return real_open(Path("/dev/full"), "wb")
        return real_open(path, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(module.Path, "open", full)
    with pytest.raises(NotWritten, match=r"all.jsonl.gz was not written: No space left"), db.reading() as session:
        export(session, out, "hh", Scope())
    assert [path.name for path in out.parent.iterdir()] == ["all.jsonl.gz"]
    assert out.read_bytes() == b"what was there before"


def test_a_folder_that_does_not_exist_is_one_sentence(engine: Engine, tmp_path: Path) -> None:
    import_hh(write_hh(tmp_path / "helpful.jsonl", GROWING), TaskKind.HELPFULNESS)
    with pytest.raises(NotWritten, match="No such file"), db.reading() as session:
        export(session, tmp_path / "nowhere" / "all.jsonl", "hh", Scope())


@pytest.mark.skipif(not REAL.is_dir(), reason="the real HH files are not at ../shared/data/hh")
@pytest.mark.parametrize("name", ["harmless-base", "helpful-base", "helpful-online", "helpful-rejection-sampled"])
def test_the_real_files_make_the_round_trip(engine: Engine, tmp_path: Path, name: str) -> None:
    path = REAL / f"{name}.dev.jsonl.gz"
    kind = TaskKind.RED_TEAM if name.startswith("harmless") else TaskKind.HELPFULNESS
    report = import_hh(path, kind)
    aside = {line for lines in report.set_aside.values() for line in lines}
    original = gzip.decompress(path.read_bytes()).decode().removesuffix("\n").split("\n")
    assert report.stored + len(aside) == report.rows == len(original)
    stored = [line for number, line in enumerate(original, start=1) if number not in aside]
    assert exported(engine, tmp_path / "out.jsonl.gz") == stored
