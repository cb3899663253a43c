"""Each alarm by rows that can be counted by eye; the same rows a little better are silent."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import db
from app.dashboard import alarms
from app.tables import (
    DeliveryStatus,
    EloFit,
    EloFitStatus,
    Erasure,
    Evaluation,
    Heartbeat,
    Iteration,
    IterationStatus,
    Report,
    ReportReason,
    SnapshotKind,
    StageRun,
    StageStatus,
    TrainingRun,
    Turn,
    TurnStatus,
)
from tests.factories import (
    make_account,
    make_conversation,
    make_delivery,
    make_deployment,
    make_snapshot,
    make_task,
    make_turn,
)


def sentences(session: Session) -> list[str]:
    session.flush()
    return [alarm.sentence for alarm in alarms.alarms(session)]


def make_iteration(session: Session, stage: StageRun | None = None, **fields: Any) -> Iteration:
    fields = {"number": 1, "name": "2026-w48", "preset": "toy", "overrides": {}} | fields
    iteration = Iteration(**fields)
    iteration.stages = [stage] if stage else []
    session.add(iteration)
    session.flush()
    return iteration


def minutes(count: float) -> Any:
    return db.now() - timedelta(minutes=count)


def make_quiet_turn(session: Session, **fields: Any) -> Turn:
    """In a task that nobody needs to answer any more."""
    return make_turn(session, make_conversation(session, make_task(session, active=False)), **fields)


def test_nothing_is_wrong_with_an_empty_installation(session: Session) -> None:
    make_snapshot(session, "initial")
    assert sentences(session) == []


def test_a_clock_that_has_not_ticked_for_five_minutes(session: Session) -> None:
    beat = Heartbeat(name=alarms.TICK, at=minutes(4))
    session.add(beat)
    assert sentences(session) == []
    beat.at = minutes(7.5)
    assert sentences(session) == [
        "Jobs stand still: the clock has not ticked for 7 minutes. Are the worker and beat running?"
    ]


def test_a_clock_that_never_ticked(session: Session) -> None:
    make_snapshot(session, "initial", created_at=minutes(180))
    assert sentences(session) == [
        "Jobs stand still: the clock has not ticked for 3 hours. Are the worker and beat running?"
    ]


def test_a_stage_whose_worker_shows_no_life_and_one_that_nobody_takes(session: Session) -> None:
    at_work = StageRun(stage="train_pm", status=StageStatus.RUNNING, created_at=minutes(90), heartbeat_at=minutes(1))
    make_iteration(session, at_work)
    assert sentences(session) == []
    at_work.heartbeat_at = minutes(12)
    assert sentences(session) == [
        "train_pm of 2026-w48 has shown no sign of life for 12 minutes. A trainer takes it up again by itself; is one "
        "running?"
    ]
    at_work.status, at_work.heartbeat_at = StageStatus.PENDING, None
    assert sentences(session) == [
        "train_pm of 2026-w48 has waited for a trainer for 90 minutes: is one running, and free?"
    ]


def test_a_run_that_crashed_and_was_started_again(session: Session) -> None:
    run = TrainingRun(module="train_policy", directory="d", attempt=1)
    session.add(run)
    session.flush()
    make_iteration(
        session,
        StageRun(stage="train_policy", status=StageStatus.RUNNING, heartbeat_at=minutes(0), training_run_id=run.id),
    )
    assert sentences(session) == []
    run.attempt = 2
    assert sentences(session) == [
        "train_policy of 2026-w48 ended unexpectedly and was started again from its last checkpoint: attempt 2. Its "
        "log says why."
    ]


def test_turns_that_wait_for_more_than_two_minutes(session: Session) -> None:
    make_quiet_turn(session, created_at=minutes(60))
    make_quiet_turn(session, created_at=minutes(1)).status = TurnStatus.GENERATING
    assert sentences(session) == []
    make_quiet_turn(session, created_at=minutes(3)).status = TurnStatus.GENERATING
    assert sentences(session) == ["1 turn has waited for responses for more than two minutes."]


def test_a_task_that_nobody_answers(session: Session) -> None:
    answered, silent = make_task(session, slug="talk"), make_task(session, slug="attack")
    make_task(session, slug="over", active=False)
    initial = make_snapshot(session, "initial")
    make_deployment(session, answered, initial)
    make_deployment(session, silent, initial, active=False)
    assert sentences(session) == ["Nobody answers “attack”: no snapshot is deployed there."]


def test_a_pm_that_scored_and_was_replaced_by_none(session: Session) -> None:
    pm = make_snapshot(session, "the-pm", SnapshotKind.PM)
    assert sentences(session) == []  # it waits for its week's end
    scoring = make_deployment(session, None, pm)
    assert sentences(session) == []
    scoring.active = False
    assert sentences(session) == ["No PM is deployed: new responses get no score, and best-of-k cannot choose."]


def finished(stage: str, **result: Any) -> StageRun:
    return StageRun(stage=stage, status=StageStatus.SUCCEEDED, result=result)


def test_what_the_newest_training_and_the_newest_gate_said(session: Session) -> None:
    over = IterationStatus.DEPLOYED
    first = make_iteration(session, finished("train_policy", warnings=["An old story."]), status=over)
    line = {"check": "refusals", "verdict": "fail", "sentence": "It refuses 40% of the prompts."}
    passed = line | {"check": "kl", "verdict": "pass", "sentence": "It moved 3 nats."}
    first.stages.append(finished("gate", lines=[passed, line]))
    second = finished("train_policy", warnings=["The policy exploits its PM."], stopped=None)
    make_iteration(session, second, status=over, number=2, name="2026-w49")
    assert sentences(session) == [
        "2026-w49: The policy exploits its PM.",
        "2026-w48: It refuses 40% of the prompts.",  # the newest gate there is
    ]
    make_iteration(session, finished("gate", lines=[passed]), status=over, number=3, name="2026-w50")
    assert sentences(session) == ["2026-w49: The policy exploits its PM."]


def test_what_the_evaluation_of_the_weeks_own_pm_said(session: Session) -> None:
    iteration = make_iteration(session, status=IterationStatus.DEPLOYED)
    own = make_snapshot(session, "new", SnapshotKind.PM, iteration_id=iteration.id)
    for snapshot, said in ((own, ["It prefers the longer response."]), (make_snapshot(session), ["Not this one."])):
        session.add(
            Evaluation(snapshot_id=snapshot.id, iteration_id=iteration.id, kind="evaluate_pm", result={"alarms": said})
        )
    assert sentences(session) == ["2026-w48: It prefers the longer response."]


def test_reports_of_private_data_and_of_what_is_illegal_until_somebody_has_looked(session: Session) -> None:
    reports = []
    for reason in (ReportReason.PRIVACY, ReportReason.ILLEGAL, ReportReason.BROKEN):
        candidate = make_quiet_turn(session).candidates[0]
        reports.append(Report(candidate_id=candidate.id, account_id=make_account(session).id, reason=reason))
    session.add_all(reports)
    assert sentences(session) == [
        "2 responses are reported as illegal or as holding private data, and nobody has looked."
    ]
    reports[0].handled_at = reports[1].handled_at = db.now()
    assert sentences(session) == []


def test_a_skipped_week_until_the_next_one_begins(session: Session) -> None:
    make_iteration(session, status=IterationStatus.SKIPPED, reason="Only 12 new comparisons; 100 are wanted.")
    assert sentences(session) == ["No iteration was started in 2026-w48: Only 12 new comparisons; 100 are wanted."]
    make_iteration(session, number=2)
    assert sentences(session) == []


def test_a_leaderboard_that_could_not_be_fitted(session: Session) -> None:
    failed = EloFit(status=EloFitStatus.FAILED, error="Too little memory.", finished_at=minutes(5))
    session.add(failed)
    assert sentences(session) == ["The leaderboard could not be fitted: Too little memory."]
    session.add(EloFit(status=EloFitStatus.DONE, finished_at=minutes(1)))
    assert sentences(session) == []


def test_notifications_that_nobody_got_this_week(session: Session) -> None:
    make_delivery(session)
    make_delivery(session, status=DeliveryStatus.GIVEN_UP, created_at=minutes(8 * 1440))
    assert sentences(session) == []
    make_delivery(session, status=DeliveryStatus.GIVEN_UP)
    assert sentences(session) == ["1 notification could not be delivered."]


def test_an_erasure_that_is_not_done_after_a_day(session: Session) -> None:
    session.add(Erasure(conversations=[], created_at=minutes(1000)))
    assert sentences(session) == []
    session.add(Erasure(conversations=[], created_at=minutes(1500)))
    assert sentences(session) == [
        "1 erasure asked for more than a day ago is not done: copies wait until no run is at work on them."
    ]


def test_what_halts_comes_first(session: Session) -> None:
    make_delivery(session, status=DeliveryStatus.GIVEN_UP)
    make_task(session, slug="talk")
    assert [alarm.kind for alarm in alarms.alarms(session)] == ["task-without-policy", "not-told"]
