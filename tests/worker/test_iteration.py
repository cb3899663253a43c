"""The week's machine with stages that take no time; what real stages do is tested with them."""

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app import db, jobs
from app.iterations import service
from app.settings import get_settings
from app.tables import Iteration, IterationStatus, Snapshot, SnapshotKind, StageRun, StageStatus
from worker import iteration, runs
from worker.iteration import NAMES, Stage, run_stage
from worker.week import Result, Week

Record = Callable[[Session, Week], Result]


class Story:
    """What the stages did, and the jobs that were sent after their commits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.worked: list[str] = []
        self.sent: list[tuple[str, ...]] = []
        self.passed = True
        self.works: dict[str, Callable[[Week], None]] = {}
        self.records: dict[str, Record] = {}
        monkeypatch.setattr(jobs, "send", lambda *job: self.sent.append(job))
        stages = tuple(Stage(name, ("gate",) if name == "gate" else (), self._record, self._work) for name in NAMES)
        monkeypatch.setattr(iteration, "STAGES", stages)

    def _work(self, week: Week) -> None:
        name = stage_of(week)
        self.worked.append(name)
        self.works.get(name, lambda week: None)(week)

    def _record(self, session: Session, week: Week) -> Result:
        name = stage_of(week)
        if name in self.records:
            return self.records[name](session, week)
        if name == "gate":
            return {"passed": self.passed, "reason": None if self.passed else "It moved too far."}
        return {"of": name}

    def run_all(self) -> None:
        """As a worker does: each job until none follows."""
        while True:
            waiting = [job for job in self.sent if job[0] == "run_stage"]
            self.sent = [job for job in self.sent if job[0] != "run_stage"]
            if not waiting:
                return
            for _, stage_run_id in waiting:
                run_stage(stage_run_id)


def stage_of(week: Week) -> str:
    with db.reading() as session:
        return session.get_one(StageRun, week.stage_run_id).stage


@pytest.fixture
def story(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Story:
    return Story(monkeypatch)


def start() -> str:
    with db.writing() as session:
        return service.start(session, "toy").id


def found(id: str) -> Iteration:
    with db.reading() as session:
        iteration = session.get_one(Iteration, id)
        assert iteration.stages is not None
        return iteration


def attempts(id: str) -> list[tuple[str, int, str]]:
    rows = sorted(found(id).stages, key=lambda row: (NAMES.index(row.stage), row.attempt))
    return [(row.stage, row.attempt, str(row.status)) for row in rows]


def test_a_week_runs_its_stages_in_order_and_ends_deployed(story: Story) -> None:
    id = start()
    story.run_all()
    assert story.worked == NAMES
    assert found(id).status == IterationStatus.DEPLOYED
    assert found(id).finished_at is not None
    assert attempts(id) == [(name, 1, "succeeded") for name in NAMES]
    assert story.sent == [("reconcile",)]


def test_a_job_that_arrives_again_finds_nothing_to_do(story: Story) -> None:
    id = start()
    first = found(id).stages[0].id
    run_stage(first)
    run_stage(first)
    run_stage("unknown")
    assert story.worked == ["freeze_tranche"]
    assert len([job for job in story.sent if job[0] == "run_stage"]) == 2  # start's own and the next stage's


def test_of_two_workers_that_get_the_same_job_at_once_one_works(story: Story) -> None:
    id = start()
    together = threading.Barrier(4)

    def deliver() -> None:
        together.wait()
        run_stage(first)

    first = found(id).stages[0].id
    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert story.worked == ["freeze_tranche"]
    assert attempts(id) == [("freeze_tranche", 1, "succeeded"), ("train_pm", 1, "pending")]


def test_a_stage_whose_worker_was_killed_is_taken_up_when_its_heartbeat_is_stale(story: Story) -> None:
    id = start()
    with db.writing() as session:
        row = session.scalars(select(StageRun)).one()
        row.status, row.heartbeat_at = StageStatus.RUNNING, db.now() - timedelta(seconds=30)
    run_stage(row.id)
    assert story.worked == []
    assert iteration.waiting_stages() == []
    with db.writing() as session:
        session.get_one(StageRun, row.id).heartbeat_at = db.now() - timedelta(seconds=61)
    assert iteration.waiting_stages() == [row.id]
    story.run_all()
    run_stage(row.id)
    assert story.worked == NAMES
    assert attempts(id) == [(name, 1, "succeeded") for name in NAMES]


def test_two_workers_that_both_finish_a_stage_record_it_once(story: Story) -> None:
    id = start()

    def finish_it_behind_my_back(week: Week) -> None:
        story.works.clear()
        with db.writing() as session:
            session.get_one(StageRun, week.stage_run_id).heartbeat_at = db.now() - timedelta(seconds=61)
        run_stage(week.stage_run_id)

    def register(session: Session, week: Week) -> Result:
        session.add(Snapshot(name="only-once", kind=SnapshotKind.PM))
        return {}

    story.works["freeze_tranche"], story.records["freeze_tranche"] = finish_it_behind_my_back, register
    run_stage(found(id).stages[0].id)
    assert story.worked == ["freeze_tranche"] * 2
    assert attempts(id) == [("freeze_tranche", 1, "succeeded"), ("train_pm", 1, "pending")]


def test_rows_of_a_stage_that_dies_while_recording_are_not_there(story: Story) -> None:
    id = start()

    def die(session: Session, week: Week) -> Result:
        session.add(Snapshot(name="half", kind=SnapshotKind.PM))
        session.flush()
        raise SystemExit

    story.records["freeze_tranche"] = die
    first = found(id).stages[0].id
    with pytest.raises(SystemExit):
        run_stage(first)
    with db.reading() as session:
        assert session.scalars(select(Snapshot)).all() == []
    assert attempts(id) == [("freeze_tranche", 1, "running")]  # until its heartbeat is stale


def test_a_failing_stage_ends_the_iteration_with_one_sentence_and_resume_goes_on_there(story: Story) -> None:
    id = start()

    def refuse(week: Week) -> None:
        raise runs.RunFailed("comparisons.jsonl:3: chosen is missing.")

    story.works["train_pm"] = refuse
    story.run_all()
    assert (found(id).status, found(id).reason) == (IterationStatus.FAILED, "comparisons.jsonl:3: chosen is missing.")
    assert attempts(id)[-1] == ("train_pm", 1, "failed")
    story.works.clear()
    with db.writing() as session:
        service.resume(session, session.get_one(Iteration, id))
    story.run_all()
    assert (found(id).status, found(id).reason) == (IterationStatus.DEPLOYED, None)
    assert story.worked == [*NAMES[:2], *NAMES[1:]]
    assert ("train_pm", 2, "succeeded") in attempts(id)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device", "/data/x"), "No space left on device: /data/x."),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused."),
        (TimeoutError("timed out"), "timed out."),
        (
            shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'"), ("c", "d", "again")]),
            "[Errno 28] No space left on device: 'b'.",
        ),
        (
            IntegrityError("INSERT", {"text": "secret"}, Exception("not unique\nDETAIL: (secret)")),
            "Unexpected Exception: not unique. The worker's log has the details.",
        ),
        (ValueError("odd"), "Unexpected ValueError: odd. The worker's log has the details."),
        (
            OperationalError("UPDATE", None, Exception("database or disk is full")),
            "The disk of the database sqlite:///rows.db is full; what was not acknowledged is not stored.",
        ),
    ],
)
def test_what_nobody_expected_ends_in_a_sentence_too(
    story: Story, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    id = start()
    monkeypatch.setattr(get_settings(), "database_url", "sqlite:///rows.db")  # the engine is open already

    def fail(week: Week) -> None:
        raise error

    story.works["freeze_tranche"] = fail
    story.run_all()
    assert (found(id).status, found(id).reason) == (IterationStatus.FAILED, sentence)


def test_a_result_that_is_no_number_fails_its_stage_and_says_which(story: Story) -> None:
    story.records["train_policy"] = lambda session, week: {"final": {"kl": float("nan")}}
    id = start()
    story.run_all()
    assert attempts(id)[-1] == ("train_policy", 1, "failed")
    assert found(id).reason == "final.kl is nan, and only a finite number can be stored."


def test_a_wrong_override_fails_in_the_first_stage_naming_the_field(story: Story) -> None:
    with db.writing() as session:
        id = service.start(session, "toy", {"policy.rollout": 8}).id
    story.run_all()
    assert story.worked == []
    assert found(id).reason == "policy: unknown field 'rollout'; did you mean 'rollouts'?"


def test_a_gate_that_says_no_holds_the_iteration_and_next_week_can_start(story: Story) -> None:
    id = start()
    story.passed = False
    story.run_all()
    assert (found(id).status, found(id).reason) == (IterationStatus.HELD, "It moved too far.")
    assert "deploy" not in story.worked
    assert start() != id


def test_overruling_a_held_iteration_runs_only_deploy(story: Story) -> None:
    id = start()
    story.passed = False
    story.run_all()
    story.worked.clear()
    with db.writing() as session:
        service.overrule(session, session.get_one(Iteration, id), "We looked.")
    story.run_all()
    assert story.worked == ["deploy"]
    assert (found(id).status, found(id).reason) == (IterationStatus.DEPLOYED, "Overruled: We looked.")


def test_an_overruled_deploy_that_fails_is_resumed_without_asking_the_gate(story: Story) -> None:
    id = start()
    story.passed = False
    story.run_all()

    def refuse(week: Week) -> None:
        raise runs.RunFailed("No room.")

    story.works["deploy"] = refuse
    with db.writing() as session:
        service.overrule(session, session.get_one(Iteration, id), "We looked.")
    story.run_all()
    assert found(id).status == IterationStatus.FAILED
    story.works.clear()
    with db.writing() as session:
        service.resume(session, session.get_one(Iteration, id))
    story.run_all()
    assert found(id).status == IterationStatus.DEPLOYED


def test_cancelling_while_a_stage_works_ends_before_its_rows_are_written(story: Story) -> None:
    id = start()

    def cancel(week: Week) -> None:
        with db.writing() as session:
            service.cancel(session, session.get_one(Iteration, id))

    story.works["train_pm"] = cancel
    story.run_all()
    assert found(id).status == IterationStatus.CANCELLED
    assert attempts(id) == [("freeze_tranche", 1, "succeeded"), ("train_pm", 1, "cancelled")]


def test_a_cancelled_stage_whose_worker_is_gone_is_ended_by_the_tick(story: Story) -> None:
    id = start()
    with db.writing() as session:
        row = session.scalars(select(StageRun)).one()
        row.status, row.heartbeat_at = StageStatus.RUNNING, db.now()
        service.cancel(session, session.get_one(Iteration, id))
    iteration.cancel_abandoned()
    assert found(id).status == IterationStatus.RUNNING
    with db.writing() as session:
        session.get_one(StageRun, row.id).heartbeat_at = db.now() - timedelta(seconds=61)
    assert iteration.waiting_stages() == []
    iteration.cancel_abandoned()
    assert found(id).status == IterationStatus.CANCELLED


def test_a_preempted_stage_waits_and_is_sent_again(story: Story) -> None:
    id = start()

    def leave(week: Week) -> None:
        raise runs.RunPreempted

    story.works["freeze_tranche"] = leave
    first = found(id).stages[0].id
    story.sent.clear()
    run_stage(first)
    assert attempts(id) == [("freeze_tranche", 1, "pending")]
    assert story.sent == [("run_stage", first)]

    def wait(week: Week) -> None:
        raise runs.SlotTaken

    story.works["freeze_tranche"] = wait
    story.sent.clear()
    run_stage(first)
    assert story.sent == []  # the tick asks again
    assert iteration.waiting_stages() == [first]

    def lose(week: Week) -> None:
        raise runs.TakenOver

    story.works["freeze_tranche"] = lose
    run_stage(first)
    assert attempts(id) == [("freeze_tranche", 1, "running")]  # it is the other worker's now


def test_a_success_with_other_inputs_does_not_count(story: Story) -> None:
    """A stage before it was tried again and gave something else: what follows is done anew, what is untouched stays."""
    id = start()
    story.run_all()
    with db.writing() as session:
        row = session.get_one(Iteration, id)
        row.status = IterationStatus.RUNNING
        session.scalars(select(StageRun).where(StageRun.stage == "evaluate_pm")).one().status = StageStatus.FAILED
        again = StageRun(iteration_id=id, stage="evaluate_pm", attempt=2)
        session.add(again)
    story.worked.clear()
    run_stage(again.id)
    story.run_all()
    assert story.worked == ["evaluate_pm"]  # the same result: the four stages after it still hold
    assert found(id).status == IterationStatus.DEPLOYED
    with db.writing() as session:
        row = session.get_one(Iteration, id)
        row.status = IterationStatus.RUNNING
        third = StageRun(iteration_id=id, stage="evaluate_pm", attempt=3)
        session.add(third)
    story.records["evaluate_pm"] = lambda session, week: {"of": "something else"}
    story.worked.clear()
    run_stage(third.id)
    story.run_all()
    assert story.worked == NAMES[2:]
    assert ("train_policy", 2, "succeeded") in attempts(id)


def test_a_stage_keeps_the_config_it_went_by(story: Story) -> None:
    with db.writing() as session:
        id = service.start(session, "toy", {"gate.max_kl": 7}).id
    story.run_all()
    kept = {row.stage: row.config for row in found(id).stages}
    assert kept["gate"] is not None
    assert kept["gate"]["gate"]["max_kl"] == 7
    assert kept["gate"]["gate"]["min_length_ratio"] == 0.5  # nobody overrode it
    assert kept["deploy"] == {}
