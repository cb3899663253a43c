"""Frozen comparisons read back as `comparisons.jsonl`, the seam of docs/seams.md §3."""

import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.tables import ChoiceDirection, ConversationStatus, Task, TaskKind, TrancheKind
from app.tranches.families import family_of
from app.tranches.import_hh import import_hh
from app.tranches.service import conversations_of, freeze
from tests.app.tranches.conftest import hh_line, write_hh
from tests.app.tranches.test_freeze import make_iteration
from tests.factories import make_comparison, make_conversation, make_task, make_turn


def frozen(session: Session) -> list[str]:
    return [tranche.id for tranche in freeze(session, make_iteration(session))]


def test_a_conversation_is_one_line_of_the_seam(session: Session) -> None:
    conversation = make_conversation(session, status=ConversationStatus.COMPLETED, system="Be brief.")
    first = make_turn(session, conversation, ("Yes.", "No."), text="Is it so?")
    make_comparison(session, first, picked="b", strength=4)
    second = make_turn(session, conversation, ("Because.", "Why not?"), text="Why?")
    make_comparison(session, second, picked="a", strength=1, kind=TrancheKind.ONLINE)

    (line,) = conversations_of(session, frozen(session))
    ids = [[candidate.id for candidate in turn.candidates] for turn in (first, second)]
    assert line == {
        "id": conversation.id,
        "family": family_of("Is it so?"),
        "task": "helpfulness",
        "system": "Be brief.",
        "turns": [
            {
                "human": "Is it so?",
                "candidates": [
                    {"id": ids[0][0], "text": "Yes.", "finish": "stop"},
                    {"id": ids[0][1], "text": "No.", "finish": "stop"},
                ],
                "chosen": 1, "rejected": 0, "strength": 4, "trunk": 1, "kind": "base",
            },
            {
                "human": "Why?",
                "candidates": [
                    {"id": ids[1][0], "text": "Because.", "finish": "stop"},
                    {"id": ids[1][1], "text": "Why not?", "finish": "stop"},
                ],
                "chosen": 0, "rejected": 1, "strength": 1, "trunk": 0, "kind": "online",
            },
        ],
    }  # fmt: skip
    json.dumps(line)


def test_where_the_worse_is_picked_the_dialogue_goes_on_from_the_rejected_one(session: Session) -> None:
    conversation = make_conversation(session, make_task(session, TaskKind.RED_TEAM), status="completed")
    make_comparison(session, make_turn(session, conversation), choice_direction=ChoiceDirection.PICK_WORSE)
    (line,) = conversations_of(session, frozen(session))
    (turn,) = line["turns"]
    assert line["task"] == "red-team"
    assert (turn["chosen"], turn["rejected"], turn["trunk"]) == (1, 0, 0)


def test_a_turn_that_was_left_out_keeps_its_candidates_and_the_trunk(session: Session) -> None:
    conversation = make_conversation(session, status=ConversationStatus.COMPLETED)
    make_comparison(session, make_turn(session, conversation), picked="b", excluded_reason="too fast")
    make_comparison(session, make_turn(session, conversation))
    make_comparison(session, make_turn(session, conversation), excluded_reason="too fast")
    (line,) = conversations_of(session, frozen(session))
    assert [(turn["chosen"], turn["trunk"], turn["kind"]) for turn in line["turns"]] == [
        (None, 1, None),
        (0, 0, "base"),
    ]
    assert len(line["turns"][0]["candidates"]) == 2


def test_a_later_turn_does_not_change_what_was_frozen(session: Session) -> None:
    conversation = make_conversation(session)
    make_comparison(session, make_turn(session, conversation))
    open_turn = make_turn(session, conversation)
    tranches = frozen(session)
    before = list(conversations_of(session, tranches))
    make_comparison(session, open_turn)
    make_turn(session, conversation)
    assert list(conversations_of(session, tranches)) == before
    assert len(before[0]["turns"]) == 1


@pytest.mark.parametrize("direction", list(ChoiceDirection))
def test_an_imported_dialogue_keeps_the_trunk_of_its_file(
    session: Session, tmp_path: Path, tasks: dict[TaskKind, Task], direction: ChoiceDirection
) -> None:
    tasks[TaskKind.RED_TEAM].choice_direction = direction
    session.commit()
    lines = [
        hh_line(["Hi", "What?", "Again"], "Kind.", "Nasty."),
        hh_line(["Hi", "What?", "Again", "Nasty.", "And?"], "So.", "Oh."),
    ]
    import_hh(write_hh(tmp_path / "harmless.jsonl", lines), TaskKind.RED_TEAM)
    (line,) = conversations_of(session, frozen(session))
    alone, pair, last = line["turns"]
    assert [candidate["text"] for candidate in alone["candidates"]] == ["What?"]
    assert (alone["chosen"], alone["rejected"], alone["trunk"], alone["kind"]) == (None, None, 0, None)
    texts = [candidate["text"] for candidate in pair["candidates"]]
    assert (texts[pair["chosen"]], texts[pair["rejected"]], texts[pair["trunk"]]) == ("Kind.", "Nasty.", "Nasty.")
    assert last["strength"] is None
    assert last["candidates"][last["chosen"]]["text"] == "So."


def test_conversations_come_in_the_order_of_their_families(session: Session) -> None:
    for number in range(20):
        conversation = make_conversation(
            session, status=ConversationStatus.COMPLETED, family=family_of(f"Question {number}")
        )
        make_comparison(session, make_turn(session, conversation, text=f"Question {number}"))
    tranches = frozen(session)
    families = [line["family"] for line in conversations_of(session, tranches)]
    assert families == sorted(families)
    assert len(families) == 20
    assert list(conversations_of(session, tranches)) == list(conversations_of(session, tranches))
