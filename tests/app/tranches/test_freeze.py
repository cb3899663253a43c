"""Freezing: what is settled and unspoilt goes into named, hashed tranches, once; the rest stays for next week."""

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import now
from app.tables import (
    CandidateStatus,
    ChoiceDirection,
    Comparison,
    ConversationStatus,
    Iteration,
    IterationStatus,
    Task,
    TaskKind,
    Tranche,
    TrancheKind,
    TrancheMember,
)
from app.tranches import service
from app.tranches.families import family_of, is_test
from app.tranches.import_hh import import_hh
from app.tranches.service import EmptyTranche, freeze
from tests.app.tranches.conftest import GROWING, write_hh
from tests.factories import make_account, make_comparison, make_conversation, make_task, make_turn


def make_iteration(session: Session, number: int = 1) -> Iteration:
    for open_one in session.scalars(select(Iteration).where(Iteration.status == IterationStatus.RUNNING)):
        open_one.status = IterationStatus.DEPLOYED
    session.flush()
    iteration = Iteration(number=number, name=f"2026-w{47 + number}", preset="toy", overrides={})
    session.add(iteration)
    session.flush()
    return iteration


def settled(session: Session, texts: tuple[str, str] = ("Yes.", "No."), **fields: Any) -> Comparison:
    conversation = make_conversation(session, status=ConversationStatus.COMPLETED)
    return make_comparison(session, make_turn(session, conversation, texts), **fields)


def tranche_names(session: Session, *comparisons: Comparison) -> list[str | None]:
    named = select(TrancheMember.comparison_id, Tranche.name).join(Tranche)
    names = dict(session.execute(named).tuples().all())
    return [names.get(comparison.id) for comparison in comparisons]


def content_hash(session: Session, comparison: Comparison) -> str:
    return session.get_one(TrancheMember, comparison.id).content_hash


def test_each_kind_becomes_a_named_tranche(session: Session) -> None:
    base, online = settled(session), settled(session, kind=TrancheKind.ONLINE, strength=1)
    tranches = freeze(session, make_iteration(session))
    assert [tranche.name for tranche in tranches] == ["2026-w48-base", "2026-w48-online"]
    assert tranche_names(session, base, online) == ["2026-w48-base", "2026-w48-online"]
    slug = session.get_one(Task, base.turn.conversation.task_id).slug
    assert tranches[1].counts["by_strength"] == {"1": 1}
    assert tranches[0].counts == {
        "comparisons": 1, "conversations": 1, "by_task": {slug: 1}, "by_strength": {"3": 1},
    }  # fmt: skip


def test_what_may_still_change_waits_for_the_next_week(session: Session) -> None:
    conversation = make_conversation(session)
    first = make_comparison(session, make_turn(session, conversation))
    last = make_comparison(session, make_turn(session, conversation))
    (tranche,) = freeze(session, make_iteration(session))
    assert tranche_names(session, first, last) == ["2026-w48-base", None], "a later turn settles the one before"
    assert tranche.exclusions == {"may still be changed": 1}

    conversation.status = ConversationStatus.WITHDRAWN
    session.flush()
    assert len(freeze(session, make_iteration(session, 2))) == 2
    assert tranche_names(session, first, last) == ["2026-w48-base", "2026-w49-base"]


def test_spoilt_comparisons_are_left_out_with_their_reason(session: Session) -> None:
    good = settled(session)
    stopped, failed, flagged, same, by_excluded = (settled(session) for _ in range(5))
    stopped.turn.candidates[0].status = CandidateStatus.STOPPED
    failed.turn.candidates[1].status = CandidateStatus.FAILED
    flagged.excluded_reason = "answered in two seconds"
    same.turn.candidates[0].text = same.turn.candidates[1].text + " "
    by_excluded.account_id = make_account(session, excluded_reason="always picks A").id
    session.flush()

    (tranche,) = freeze(session, make_iteration(session))
    assert tranche.counts["comparisons"] == 1
    assert tranche.exclusions == {
        "a candidate was stopped": 1,
        "a candidate failed": 1,
        "answered in two seconds": 1,
        "identical texts": 1,
        "crowdworker excluded": 1,
    }
    assert tranche_names(session, good, stopped, failed, flagged, same, by_excluded) == ["2026-w48-base"] + [None] * 5


def test_previews_superseded_picks_and_unfinished_imports_do_not_exist(session: Session) -> None:
    preview = settled(session)
    preview.turn.conversation.preview = True
    importing = settled(session)
    importing.turn.conversation.status = ConversationStatus.IMPORTING
    changed = settled(session)
    changed.superseded_at = now()
    session.flush()
    make_comparison(session, changed.turn, picked="b")
    (tranche,) = freeze(session, make_iteration(session))
    assert (tranche.counts["comparisons"], tranche.exclusions) == (1, {})
    assert tranche_names(session, preview, importing, changed) == [None, None, None]


def test_freezing_again_for_the_same_iteration_changes_nothing(session: Session) -> None:
    settled(session)
    iteration = make_iteration(session)
    first = freeze(session, iteration)
    late = settled(session)
    assert freeze(session, iteration) == first
    assert tranche_names(session, late) == [None]


def test_an_iteration_trains_on_every_tranche_so_far(session: Session) -> None:
    settled(session)
    freeze(session, make_iteration(session, 1))
    settled(session)
    second = make_iteration(session, 2)
    assert [tranche.name for tranche in freeze(session, second)] == ["2026-w48-base", "2026-w49-base"]
    third = make_iteration(session, 3)
    assert [tranche.iteration_id == third.id for tranche in freeze(session, third)] == [False, False], "nothing is new"


def test_with_nothing_at_all_to_train_on_freezing_is_refused(session: Session) -> None:
    with pytest.raises(EmptyTranche, match="nobody has compared anything"):
        freeze(session, make_iteration(session))
    make_comparison(session)
    with pytest.raises(EmptyTranche, match=r"all 1 comparisons are left out \(1 × may still be changed\)"):
        freeze(session, make_iteration(session, 2))
    assert session.scalars(select(Tranche)).all() == []


def test_the_content_hash_knows_content_not_ids_order_or_time(session: Session) -> None:
    task = make_task(session)

    def freeze_these(number: int, contents: list[tuple[str, int]]) -> str:
        for said, strength in contents:
            conversation = make_conversation(session, task, status=ConversationStatus.COMPLETED)
            make_comparison(session, make_turn(session, conversation, (said, "No.")), strength=strength)
        tranche = freeze(session, make_iteration(session, number))[-1]
        return tranche.content_hash

    original = freeze_these(1, [("Yes.", 3), ("Maybe.", 2)])
    assert freeze_these(2, [("Maybe.", 2), ("Yes.", 3)]) == original
    assert freeze_these(3, [("Maybe.", 2), ("Yes!", 3)]) != original
    assert freeze_these(4, [("Maybe.", 2), ("Yes.", 4)]) != original
    hashes = session.scalars(select(TrancheMember.content_hash)).all()
    assert [len(one) for one in hashes] == [64] * 8


def test_the_hash_of_a_later_turn_depends_on_what_was_said_before(session: Session) -> None:
    def second_turn_hash(number: int, first_pick: str) -> str:
        conversation = make_conversation(session, status=ConversationStatus.COMPLETED)
        make_comparison(session, make_turn(session, conversation), picked=first_pick)
        second = make_comparison(session, make_turn(session, conversation))
        freeze(session, make_iteration(session, number))
        return content_hash(session, second)

    assert second_turn_hash(1, "a") != second_turn_hash(2, "b")
    assert second_turn_hash(3, "a") == second_turn_hash(4, "a")


def test_the_content_hash_is_of_the_json_that_its_docstring_shows(session: Session) -> None:
    task = make_task(session, TaskKind.RED_TEAM, system="Say “no”.\n")
    conversation = make_conversation(session, task, status=ConversationStatus.COMPLETED)
    make_comparison(session, make_turn(session, conversation, ('A "quote"', "B\\"), text="Où?"), picked="b")
    judged = {"choice_direction": ChoiceDirection.PICK_WORSE, "strength": None}
    second = make_comparison(session, make_turn(session, conversation, ("Ja.", "\u2028"), text="\u0001"), **judged)
    freeze(session, make_iteration(session))
    content = ["red-team", "Say “no”.\n", ["Où?", "B\\", "\u0001"], "Ja.", "\u2028", "pick-worse", None]
    assert content_hash(session, second) == sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def test_a_full_disk_in_the_middle_freezes_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite can be told how large its file may become; PostgreSQL, where it fails."""
    comparisons, iteration = [settled(session) for _ in range(60)], make_iteration(session)
    session.commit()
    if session.get_bind().dialect.name == "sqlite":
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
    else:

        def full(*_: object) -> str:
            session.execute(text("SELECT 1 / 0"))
            raise AssertionError

        monkeypatch.setattr(service, "content_hash_of", full)
    with pytest.raises(DBAPIError, match=r"is full|division by zero"):
        freeze(session, iteration)
    session.rollback()
    assert session.scalars(select(Tranche)).all() == []
    assert tranche_names(session, *comparisons) == [None] * 60


def test_a_finished_import_is_settled(session: Session, tmp_path: Path, tasks: dict[TaskKind, Task]) -> None:
    import_hh(write_hh(tmp_path / "helpful.jsonl", GROWING), TaskKind.HELPFULNESS)
    (tranche,) = freeze(session, make_iteration(session))
    assert tranche.name == "2026-w48-imported"
    assert tranche.counts == {
        "comparisons": 4, "conversations": 3, "by_task": {"helpfulness": 4}, "by_strength": {"none": 4},
    }  # fmt: skip


def test_the_sides_of_the_split_are_counted_by_task_without_what_was_erased(session: Session) -> None:
    test_side, train_side = "0" * 63 + "4", "0" * 63 + "5"
    helpfulness, red_team = make_task(session), make_task(session, TaskKind.RED_TEAM)
    of = helpfulness, helpfulness, helpfulness, red_team
    for family, turns, task in zip((test_side, train_side, None, train_side), (1, 2, 1, 1), of, strict=True):
        conversation = make_conversation(session, task, status=ConversationStatus.COMPLETED, family=family)
        for _ in range(turns):
            make_comparison(session, make_turn(session, conversation, text="Message 7"))
    tranches = [tranche.id for tranche in freeze(session, make_iteration(session))]
    expected = {"train": Counter({TaskKind.HELPFULNESS: 2, TaskKind.RED_TEAM: 1}), "test": Counter(helpfulness=1)}
    expected["test" if is_test(family_of("Message 7")) else "train"][TaskKind.HELPFULNESS] += 1
    assert service.count_by_split(session, tranches) == expected
    conversation.erased_at = now()
    session.flush()
    expected["train"] -= Counter([TaskKind.RED_TEAM])
    assert service.count_by_split(session, tranches) == expected
