"""What a tranche's datasheet counts, on rows that can be counted by eye."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.db import now
from app.tables import (
    Account,
    ChoiceDirection,
    Comparison,
    ConversationStatus,
    Deployment,
    Import,
    Task,
    TaskKind,
    Tranche,
    TrancheKind,
)
from app.tranches.facts import script_of
from app.tranches.service import freeze
from tests.app.tranches.test_freeze import make_iteration
from tests.factories import (
    make_account,
    make_comparison,
    make_conversation,
    make_deployment,
    make_snapshot,
    make_task,
    make_turn,
)


def choose(
    session: Session, texts: tuple[str, str], *, task: Task | None = None, account: Account | None = None, **fields: Any
) -> Comparison:
    conversation = make_conversation(session, task, account, status=ConversationStatus.COMPLETED)
    return make_comparison(session, make_turn(session, conversation, texts), **fields)


def facts_of(session: Session) -> dict[str, Any]:
    (tranche,) = freeze(session, make_iteration(session))
    session.refresh(tranche)
    assert tranche.facts is not None
    return tranche.facts


def test_who_chose_is_told_as_shares_without_names(session: Session) -> None:
    task, ada, bob = make_task(session), make_account(session), make_account(session)
    for account, times in ((bob, 1), (ada, 3)):
        for _ in range(times):
            choose(session, ("Yes.", "No."), task=task, account=account)
    facts = facts_of(session)
    assert facts["crowdworkers"] == {"count": 2, "largest": [3, 1], "of_nobody": 0}
    assert ada.id not in str(facts)
    assert ada.username not in str(facts)


def test_lengths_are_of_training_s_direction(session: Session) -> None:
    worse = {"choice_direction": ChoiceDirection.PICK_WORSE}
    choose(session, ("four", "two"), task=make_task(session), picked="a")  # the longer one is chosen
    choose(session, ("four", "two"), task=make_task(session, TaskKind.RED_TEAM), picked="a", **worse)
    choose(session, ("same", "size"), task=make_task(session), picked="b")
    facts = facts_of(session)
    assert (facts["longer_chosen"], facts["equally_long"], facts["first_picked"]) == (1, 1, 2)
    assert facts["by_direction"] == {"pick-better": 2, "pick-worse": 1}
    assert facts["lengths"]["message"] == {"count": 3, "p5": 6, "p50": 6, "p95": 6, "most": 6}
    assert facts["lengths"]["chosen"] == {"count": 3, "p5": 3, "p50": 4, "p95": 4, "most": 4}
    assert facts["lengths"]["rejected"] == {"count": 3, "p5": 3, "p50": 4, "p95": 4, "most": 4}


def test_the_time_to_choose_is_of_those_that_have_one(session: Session) -> None:
    for seconds in (3.04, 8.0, 100.0, None):
        choose(session, ("Yes.", "No."), seconds_to_choose=seconds)
    assert facts_of(session)["seconds_to_choose"] == {"count": 3, "p5": 3.0, "p50": 8.0, "p95": 100.0, "most": 100.0}


def test_without_any_time_there_is_no_median(session: Session) -> None:
    choose(session, ("Yes.", "No."))
    assert facts_of(session)["seconds_to_choose"] is None


def test_the_same_two_policies_are_one_pair_whatever_their_shares_were(session: Session) -> None:
    task, new, old = make_task(session), make_snapshot(session, "new"), make_snapshot(session, "old")
    first, second = (
        [make_deployment(session, task, snapshot, 50, generation=generation) for snapshot in (new, old)]
        for generation in (1, 2)
    )
    best = make_deployment(session, task, old, 50, generation=3, best_of=16)

    def met(picked: Deployment, other: Deployment, propensity: float) -> None:
        ids = {"picked_deployment_id": picked.id, "other_deployment_id": other.id}
        choose(session, ("Yes.", "No."), task=task, propensity=propensity, **ids)

    met(first[0], first[1], 0.5)
    met(second[1], second[0], 0.2)
    met(second[0], second[0], 0.1)
    met(best, first[0], 0.4)
    choose(session, ("Yes.", "No."), task=task)
    facts = facts_of(session)
    assert facts["pairs"] == [
        {"policies": ["new", "old"], "comparisons": 2, "propensity": [0.2, 0.5]},
        {"policies": ["new", "new"], "comparisons": 1, "propensity": [0.1, 0.1]},
        {"policies": ["new", "old, best of 16"], "comparisons": 1, "propensity": [0.4, 0.4]},
    ]
    assert (facts["pairs_more"], facts["comparisons_more"], facts["of_no_two_policies"]) == (0, 0, 1)


def test_turns_texts_and_sides_of_the_split_are_counted(session: Session) -> None:
    task = make_task(session, slug="talk")
    conversation = make_conversation(session, task, status=ConversationStatus.COMPLETED, family="0" * 63 + "4")
    for version in (1, 1, 2):
        make_comparison(session, make_turn(session, conversation), text_version=version)
    alone = make_conversation(session, task, status=ConversationStatus.COMPLETED, family="0" * 63 + "5")
    make_comparison(session, make_turn(session, alone), text_version=2)
    facts = facts_of(session)
    assert facts["by_split"] == {"train": 1, "test": 3}
    assert facts["by_turn"] == {"1": 2, "2": 1, "3": 1}
    assert facts["conversations_by_comparisons"] == {"1": 1, "3": 1}
    assert facts["texts"] == [
        {"task": "talk", "version": 1, "comparisons": 2},
        {"task": "talk", "version": 2, "comparisons": 2},
    ]


def test_imported_files_are_named_with_their_hash(session: Session) -> None:
    task = make_task(session)
    file = Import(file_name="helpful.jsonl.gz", sha256="ab12", format="hh", task_id=task.id, status="done")
    session.add(file)
    session.flush()
    imported = choose(session, ("Yes.", "No."), task=task, import_id=file.id, kind=TrancheKind.IMPORTED)
    imported.account_id = None
    session.flush()
    facts = facts_of(session)
    assert facts["imports"] == [{"file": "helpful.jsonl.gz", "sha256": "ab12", "comparisons": 1}]
    assert facts["crowdworkers"] == {"count": 0, "largest": [], "of_nobody": 1}


def test_two_tranches_of_one_conversation_count_their_own(session: Session) -> None:
    conversation = make_conversation(session, status=ConversationStatus.COMPLETED)
    make_comparison(session, make_turn(session, conversation))
    make_comparison(session, make_turn(session, conversation), kind=TrancheKind.ONLINE)
    tranches: list[Tranche] = freeze(session, make_iteration(session))
    assert [(one.kind, one.counts["comparisons"], one.counts["conversations"]) for one in tranches] == [
        ("base", 1, 1),
        ("online", 1, 1),
    ]
    assert [one.facts and one.facts["by_turn"] for one in tranches] == [{"1": 1}, {"2": 1}]


def test_the_time_of_the_first_and_the_last_choice_is_kept(session: Session) -> None:
    at = now()
    choose(session, ("Yes.", "No."), created_at=at)
    facts = facts_of(session)
    assert facts["first_at"] == facts["last_at"] == at.isoformat()


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("How are you?", "Latin"),
        ("Où est la gare ?", "Latin"),
        ("오늘 서울 날씨는 LED처럼 밝아요", "Hangul"),
        ("今日天気很好", "CJK"),
        ("ひらがなで", "Hiragana"),
        ("Привет, world", "Cyrillic"),
        ("12 + 30 = ?", "none"),
        ("…", "none"),
    ],
)
def test_the_script_of_a_text_is_that_of_most_of_its_letters(text: str, script: str) -> None:
    assert script_of(text) == script
