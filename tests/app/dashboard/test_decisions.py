from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.dashboard import decisions, training
from app.dashboard.first_steps import Step, first_steps
from app.iterations import schedule
from app.tables import (
    Account,
    EloFit,
    EloFitStatus,
    Import,
    ImportStatus,
    Invitation,
    IterationStatus,
    Message,
    QualificationAttempt,
    QualificationDecision,
    Report,
    ReportReason,
    Role,
    StageRun,
    StageStatus,
    TrainingRun,
)
from tests.app.dashboard.test_alarms import finished, make_iteration, minutes
from tests.factories import (
    make_account,
    make_conversation,
    make_deployment,
    make_snapshot,
    make_task,
    make_turn,
)


def waiting(session: Session) -> list[tuple[str, str | None]]:
    session.flush()
    return [(one.sentence, one.link) for one in decisions.decisions(session)]


def test_a_held_iteration_waits_until_the_next_one_begins(session: Session) -> None:
    held = make_iteration(session, status=IterationStatus.HELD, reason="It refuses 40% of the prompts.")
    make_iteration(session, status=IterationStatus.SKIPPED, number=2)
    assert waiting(session) == [
        (
            "Iteration 2026-w48 is held. Overrule the gate and say why, or leave it: the next week starts all the "
            "same.",
            f"/admin/iterations/{held.id}",
        )
    ]
    make_iteration(session, number=3)
    assert waiting(session) == []


def test_a_failed_iteration_waits_with_the_stage_and_the_reason(session: Session) -> None:
    stage = StageRun(stage="train_pm", status=StageStatus.FAILED, finished_at=minutes(1))
    failed = make_iteration(session, stage, status=IterationStatus.FAILED, reason="The disk is full.")
    assert waiting(session) == [
        (
            "Iteration 2026-w48 failed in train_pm: The disk is full. Resume it there, or leave it.",
            f"/admin/iterations/{failed.id}",
        )
    ]


def test_messages_that_nobody_has_read_and_reports_that_nobody_has_handled(session: Session) -> None:
    ada, ben, researcher = make_account(session), make_account(session), make_account(session, Role.RESEARCHER)
    for account, author, read in ((ada, ada, 0), (ada, ada, 0), (ben, ben, 0), (ben, ben, 1), (ada, researcher, 0)):
        session.add(Message(account_id=account.id, author_id=author.id, text="?", read_at=db.now() if read else None))
    for handled in (None, db.now()):
        candidate = make_turn(session).candidates[0]
        session.add(
            Report(candidate_id=candidate.id, account_id=ada.id, reason=ReportReason.BROKEN, handled_at=handled)
        )
    assert waiting(session) == [
        ("1 report of a response is not looked at yet.", "/admin/inbox/reports"),
        ("3 messages from 2 crowdworkers are not read yet.", "/admin/inbox/messages"),
    ]


def test_crowdworkers_without_tries_are_those_who_never_passed_and_tried_as_often_as_they_may(session: Session) -> None:
    task = make_task(session, slug="talk", qualification_tries=2)
    for tries in ([False, False], [False, True], [False]):
        person = make_account(session)
        for passed in tries:
            session.add(
                QualificationAttempt(
                    account_id=person.id, task_id=task.id, text_version=1, picked=[], correct=0, passed=passed
                )
            )
    assert [sentence for sentence, _ in waiting(session)] == [
        "1 crowdworker has used up the tries of “talk” in the last seven days. Let them take it all the same, "
        "or leave it."
    ]
    stuck = session.scalars(select(Account).order_by(Account.created_at)).first()
    assert stuck is not None
    session.add(
        QualificationDecision(
            account_id=stuck.id, task_id=task.id, qualified=False, decided_by=make_account(session).id
        )
    )
    assert waiting(session) == []


def test_a_canary_waits_until_it_is_promoted_or_rolled_back(session: Session) -> None:
    task, initial, new = (
        make_task(session, slug="talk"),
        make_snapshot(session, "initial"),
        make_snapshot(session, "new"),
    )
    make_deployment(session, task, initial, 95, full_share=50)
    canary = make_deployment(session, task, new, 5, full_share=50, created_at=minutes(125))
    make_deployment(session, task, new, 5, full_share=50, generation=2, active=False)
    assert waiting(session) == [
        (
            "“new” has answered 5 % of “talk” as a canary for 2 hours. Promote it, or roll back.",
            "/admin/deployments",
        )
    ]
    canary.full_share = None
    assert waiting(session) == []


def test_what_is_being_trained_has_a_stage_with_progress_and_the_time_left_of_all(session: Session) -> None:
    run = TrainingRun(
        module="train_pm", directory="d", progress={"phase": "train", "done": 3, "total": 10, "seconds_left": 5.0}
    )
    session.add(run)
    session.flush()
    iteration = make_iteration(session, finished("freeze_tranche"))
    iteration.stages.append(StageRun(stage="train_pm", status=StageStatus.RUNNING, training_run_id=run.id))
    session.flush()
    now = training.training(session)
    assert now is not None
    assert (now.stages_done, now.stages, now.stage, now.waiting) == (1, 7, "train_pm", False)
    assert now.progress is not None
    assert (now.progress.done, now.progress.total) == (3, 10)
    # Its own five seconds, and what two cores take for the rest of the toy week: 15 + 20 + 15, gate and deploy 1 each.
    assert now.seconds_left == 57


def test_an_iteration_that_is_over_has_no_stage_and_no_time_left(session: Session) -> None:
    make_iteration(session, finished("freeze_tranche"), status=IterationStatus.HELD, reason="No.")
    now = training.training(session)
    assert now is not None
    assert (now.stages_done, now.stage, now.progress, now.seconds_left) == (1, None, None, None)


def test_the_next_week_is_the_schedules_while_it_is_switched_on(session: Session) -> None:
    schedule.put(session, schedule.Plan(enabled=False))
    assert training.next_run(session) is None
    planned = schedule.put(session, schedule.Plan(min_new_comparisons=7))
    following = training.next_run(session)
    assert following is not None
    assert (following.at, following.min_new_comparisons) == (planned.next_run_at, 7)


def test_the_first_steps_are_ticked_by_what_has_happened(session: Session) -> None:
    def done() -> list[str]:
        session.flush()
        return [step.step for step in first_steps(session) if step.done]

    admin, task = make_account(session, Role.ADMIN), make_task(session)
    session.add(Invitation(token_hash="first", role=Role.ADMIN, expires_at=db.now()))  # the first admin's own link
    make_iteration(session, status=IterationStatus.SKIPPED)
    imported = Import(file_name="f", sha256="", format="hh", task_id=task.id)
    session.add(imported)
    session.flush()
    make_turn(session, make_conversation(session, task, import_id=imported.id))
    assert done() == []
    make_turn(session, make_conversation(session, task, admin, preview=True))
    assert done() == [Step.TRY_A_TURN]
    session.add(Invitation(token_hash="x", role=Role.CROWDWORKER, created_by=admin.id, expires_at=db.now()))
    imported.status = ImportStatus.DONE
    assert done() == [Step.TRY_A_TURN, Step.INVITE_SOMEBODY, Step.IMPORT_DATA]
    week = make_iteration(session, number=2)
    assert done()[3:] == [Step.RUN_A_WEEK]
    week.stages.append(finished("evaluate_policy"))
    session.add(EloFit(status=EloFitStatus.DONE, finished_at=db.now() - timedelta(minutes=1), comparisons=0))
    assert done()[3:] == [Step.RUN_A_WEEK, Step.WATCH_IT]
    session.add(EloFit(status=EloFitStatus.DONE, finished_at=db.now(), comparisons=4))
    assert done() == list(Step)
