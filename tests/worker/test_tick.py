from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from app import db
from app.iterations import schedule as plans
from app.tables import ConversationStatus, Iteration, Schedule
from tests.factories import make_comparison, make_conversation, make_delivery, make_turn
from worker import iteration, main, schedule


@pytest.fixture
def sent(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    sent: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr(main.celery, "send_task", lambda name, ids=(), **options: sent.append((name, ids)))
    return sent


def plan(min_new_comparisons: int = 1, due: bool = True) -> None:
    with db.writing() as session:
        row = plans.put(session, plans.Plan(preset="toy", min_new_comparisons=min_new_comparisons))
        if due:
            row.next_run_at = db.now() - timedelta(minutes=1)


def compare(count: int) -> None:
    with db.writing() as session:
        for _ in range(count):
            conversation = make_conversation(session)
            make_comparison(session, make_turn(session, conversation))
            conversation.status = ConversationStatus.COMPLETED


def iterations() -> list[tuple[str, str | None]]:
    with db.reading() as session:
        rows = session.scalars(select(Iteration).order_by(Iteration.number))
        return [(str(row.status), row.reason) for row in rows]


def test_when_its_hour_has_come_an_iteration_starts_and_its_first_stage_is_sent(
    sent: list[tuple[str, tuple[str, ...]]],
) -> None:
    compare(2)
    plan(min_new_comparisons=2)
    main.tick()
    assert iterations() == [("running", None)]
    with db.reading() as session:
        row = session.scalars(select(Iteration)).one()
        assert ("run_stage", (row.stages[0].id,)) in sent
        assert (row.preset, row.started_by) == ("toy", None)
    schedule.start_due()
    assert len(iterations()) == 1  # its hour is a week away


def test_too_few_new_comparisons_are_recorded_as_skipped(engine: Engine) -> None:
    compare(2)
    plan(min_new_comparisons=3)
    schedule.start_due()
    assert iterations() == [("skipped", "Only 2 new comparisons; 3 are wanted.")]


def test_an_hour_during_an_open_iteration_is_recorded_as_skipped(engine: Engine) -> None:
    compare(1)
    plan()
    schedule.start_due()
    plan()
    schedule.start_due()
    (_, nothing), (skipped, reason) = iterations()
    assert nothing is None
    assert skipped == "skipped"
    assert str(reason).endswith("was still running.")


def test_nothing_happens_before_its_hour_and_without_a_plan_a_weekly_one_is_made(engine: Engine) -> None:
    schedule.start_due()
    assert iterations() == []
    with db.reading() as session:
        row = session.scalars(select(Schedule)).one()
        assert (row.name, row.enabled) == ("weekly", True)
        assert row.next_run_at > db.now()


def test_a_part_of_the_tick_that_fails_does_not_keep_the_others_from_their_work(
    sent: list[tuple[str, tuple[str, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("no")

    reconciled: list[int] = []
    compare(1)
    plan()
    schedule.start_due()
    monkeypatch.setattr(main.schedule, "start_due", fail)
    monkeypatch.setattr(main.scoring, "unscored_turns", fail)
    monkeypatch.setattr(main.snapshots, "reconcile", lambda: reconciled.append(1))
    main.tick()
    assert [name for name, _ in sent] == ["run_stage", "count_crowdworkers"]
    assert reconciled == [1]


def test_a_stage_at_work_is_not_sent_again(sent: list[tuple[str, tuple[str, ...]]]) -> None:
    compare(1)
    plan()
    schedule.start_due()
    (first,) = iteration.waiting_stages()
    assert iteration._claim(first)
    main.tick()
    assert [name for name, _ in sent] == ["count_crowdworkers"]


def test_a_delivery_whose_next_try_is_due_is_sent(sent: list[tuple[str, tuple[str, ...]]]) -> None:
    with db.writing() as session:
        due = make_delivery(session)
        make_delivery(session, next_try_at=db.now() + timedelta(minutes=5))
    main.tick()
    assert [ids for name, ids in sent if name == "deliver"] == [(due.id,)]


def test_jobs_reach_the_queue_that_the_web_sends_them_to() -> None:
    from app.jobs import QUEUES

    routes = {name: route["queue"] for name, route in main.celery.conf.task_routes.items()}
    assert routes == QUEUES
    assert {"tick", "run_stage", "score_turn", "deliver", "reconcile"} <= set(main.celery.tasks)
    entry = main.celery.conf.beat_schedule
    assert [row["task"] for row in entry.values()] == ["tick"]


def test_the_worker_never_loads_torch() -> None:
    import subprocess
    import sys

    code = "import sys, worker.main; assert not {'torch', 'transformers', 'peft'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
