"""Runs against a real child process that keeps to the seam and does what a script says."""

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import db, settings
from app.iterations import service
from app.tables import (
    Iteration,
    IterationStatus,
    Metric,
    RunStatus,
    StageRun,
    StageStatus,
    TrainingRun,
    TurnStatus,
)
from tests.factories import make_turn
from tests.worker.conftest import CHILD, Stage
from worker import metrics, runs
from worker.runs import allowed_threads

MakeStage = Callable[[dict[str, object]], Stage]


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def in_background(work: Callable[[], None]) -> threading.Thread:
    """The condition is awaited elsewhere; only the main thread may run a child (it takes signals)."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_what_the_child_writes_reaches_rows(stage: MakeStage) -> None:
    week = stage({"steps": 5})
    week.carry_out()
    run = week.run()
    assert run.status == RunStatus.SUCCEEDED
    assert run.attempt == 1
    assert run.progress is not None
    assert (run.progress["done"], run.progress["total"]) == (5, 5)
    assert run.owner is None
    with db.reading() as session:
        points = session.execute(select(Metric.step, Metric.value).where(Metric.name == "pm/loss")).tuples().all()
        assert sorted(points) == [(step, pytest.approx(1 / step)) for step in range(1, 6)]
        assert session.get_one(StageRun, week.id).training_run_id == run.id
    assert (week.directory / "threads").read_text().strip() == str(os.cpu_count())


def test_a_child_hears_of_a_base_that_the_settings_have_from_a_file(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("BASE_MODEL=toy\n")
    monkeypatch.setitem(settings.Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.delenv("BASE_MODEL", raising=False)
    settings.get_settings.cache_clear()
    week = stage({"steps": 1, "tell": ["BASE_MODEL"]})
    week.carry_out()
    assert week.story() == ["started", "BASE_MODEL=toy", "step 1"]


def test_a_run_that_succeeded_is_not_started_again(stage: MakeStage) -> None:
    week = stage({"steps": 2})
    week.carry_out()
    week.carry_out()
    assert week.story() == ["started", "step 1", "step 2"]


def test_a_killed_child_goes_on_from_its_checkpoint_and_repeats_no_step(stage: MakeStage) -> None:
    week = stage({"steps": 4, "crash_at": [3]})
    week.carry_out()
    assert week.story() == ["started", "step 1", "step 2", "crashed", "started", "step 3", "step 4"]
    assert (week.run().status, week.run().attempt) == (RunStatus.SUCCEEDED, 2)
    with db.reading() as session:
        assert sorted(session.scalars(select(Metric.step))) == [1, 2, 3, 4]


def test_a_child_that_always_crashes_is_given_up_after_three_attempts(stage: MakeStage) -> None:
    week = stage({"steps": 4, "crash_at": [2], "crashes": 99})
    with pytest.raises(runs.RunFailed) as failed:
        week.carry_out()
    assert str(failed.value) == "models.train_pm ended unexpectedly (signal SIGKILL). That was attempt 3 of 3."
    assert week.story().count("started") == 3
    assert week.run().status == RunStatus.FAILED


def test_a_failed_run_that_is_tried_again_goes_on_with_fresh_attempts(stage: MakeStage) -> None:
    week = stage({"steps": 3, "crash_at": [2], "crashes": 3})
    with pytest.raises(runs.RunFailed):
        week.carry_out()
    week.carry_out()
    assert (week.run().status, week.run().attempt, week.run().error) == (RunStatus.SUCCEEDED, 1, None)
    assert week.story().count("step 1") == 1


def test_bad_input_is_the_last_line_of_stderr_and_is_not_tried_twice(stage: MakeStage) -> None:
    week = stage({"steps": 1, "refuse": "comparisons.jsonl:3: chosen is missing."})
    with pytest.raises(runs.RunFailed, match=r"^comparisons.jsonl:3: chosen is missing\.$"):
        week.carry_out()
    assert week.story() == ["started"]
    assert week.run().error == "comparisons.jsonl:3: chosen is missing."


def test_a_run_that_lost_what_it_needs_is_tried_again(stage: MakeStage) -> None:
    week = stage({"steps": 2, "lose": "The server at http://gpu-1 is gone."})
    week.carry_out()
    assert week.story() == ["started", "crashed", "started", "step 1", "step 2"]
    assert (week.run().status, week.run().attempt) == (RunStatus.SUCCEEDED, 2)


def test_a_run_that_lost_what_it_needs_says_in_the_end_what_that_was(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MAX_ATTEMPTS", 1)
    week = stage({"steps": 2, "lose": "The server at http://gpu-1 is gone."})
    with pytest.raises(runs.RunFailed, match=r"^The server at http://gpu-1 is gone\. .* That was attempt 1 of 1\.$"):
        week.carry_out()


@pytest.fixture
def swallowing(scripted: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A launcher that waits for its child, as torchrun does, and then always ends with the same exit code."""

    def launch(code: int) -> None:
        script = f'trap : TERM; "$@"; exit {code}'
        monkeypatch.setenv("TRAIN_LAUNCHER", shlex.join(["sh", "-c", script, "sh", sys.executable, str(CHILD)]))
        settings.get_settings.cache_clear()

    return launch


def test_behind_a_launcher_bad_input_is_still_its_sentence_and_not_tried_twice(
    stage: MakeStage, swallowing: Callable[[int], None]
) -> None:
    swallowing(1)
    week = stage({"steps": 1, "refuse": "comparisons.jsonl:3: chosen is missing."})
    with pytest.raises(runs.RunFailed, match=r"^comparisons.jsonl:3: chosen is missing\.$"):
        week.carry_out()
    assert week.story() == ["started"]


def test_behind_a_launcher_a_run_that_is_done_is_done_and_a_crash_is_a_crash(
    stage: MakeStage, swallowing: Callable[[int], None]
) -> None:
    swallowing(0)
    week = stage({"steps": 3, "crash_at": [2]})
    week.carry_out()
    assert week.story() == ["started", "step 1", "crashed", "started", "step 2", "step 3"]
    assert (week.run().status, week.run().attempt) == (RunStatus.SUCCEEDED, 2)
    swallowing(1)
    (week.directory / "script.json").write_text('{"steps": 4}')
    with db.writing() as session:
        session.get_one(TrainingRun, week.run().id).status = RunStatus.QUEUED
    week.carry_out()
    assert week.story()[-2:] == ["started", "step 4"]
    assert week.run().status == RunStatus.SUCCEEDED


def test_behind_a_launcher_a_preempted_child_costs_no_attempt(
    stage: MakeStage, swallowing: Callable[[int], None]
) -> None:
    swallowing(1)
    week = stage({"steps": 40, "seconds": 0.05})

    def preempt() -> None:
        until(lambda: "step 2" in week.story())
        os.kill(int((week.directory / "pid").read_text()), signal.SIGTERM)

    in_background(preempt)
    week.carry_out()
    assert week.story().count("started") == 2
    assert (week.run().status, week.run().attempt) == (RunStatus.SUCCEEDED, 1)


def test_the_outcome_of_an_earlier_start_is_not_taken_for_that_of_the_last(
    stage: MakeStage, swallowing: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    week = stage({"steps": 1})
    (week.directory / "outcome.json").write_text('{"code": 75, "sentence": ""}')
    monkeypatch.setenv("TRAIN_LAUNCHER", "false")  # never comes so far as to have the directory
    settings.get_settings.cache_clear()
    with pytest.raises(runs.RunFailed, match=r"ended unexpectedly \(exit code 1\)"):
        week.carry_out()


def test_cancelling_the_iteration_stops_even_a_deaf_child(stage: MakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "CANCEL_GRACE", 0.2)
    week = stage({"steps": 1000, "seconds": 0.05, "deaf": True})

    def cancel() -> None:
        until(lambda: "step 1" in week.story())
        with db.writing() as session:
            session.get_one(Iteration, week.iteration.id).cancel_requested = True

    in_background(cancel)
    with pytest.raises(runs.RunCancelled):
        week.carry_out()
    steps = len(week.story())
    time.sleep(0.2)
    assert len(week.story()) == steps  # nobody works there any more
    assert week.run().status == RunStatus.CANCELLED


def test_a_database_that_is_away_for_a_moment_costs_a_run_nothing(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    week, store, away = stage({"steps": 3}), metrics.store, []

    def fail_twice(session: Session, run_id: str, points: Sequence[metrics.Point]) -> None:
        if points and len(away) < 2:
            away.append(points)
            raise OperationalError("UPDATE", None, Exception("the database system is starting up"))
        store(session, run_id, points)

    monkeypatch.setattr(metrics, "store", fail_twice)
    week.carry_out()
    assert week.story() == ["started", "step 1", "step 2", "step 3"]
    with db.reading() as session:
        assert sorted(session.scalars(select(Metric.step))) == [1, 2, 3]


def test_a_database_that_stays_away_ends_the_run_when_it_may_be_anothers(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("UPDATE", None, Exception("the database system is shutting down"))

    week = stage({"steps": 1000, "seconds": 0.02})
    monkeypatch.setenv("STALE_AFTER", "0.3")
    settings.get_settings.cache_clear()
    monkeypatch.setattr(metrics, "store", fail)
    with pytest.raises(OperationalError):
        week.carry_out()


def test_a_worker_that_shuts_down_preempts_its_child_and_the_next_one_goes_on(stage: MakeStage) -> None:
    week = stage({"steps": 40, "seconds": 0.05})

    def shut_down() -> None:
        until(lambda: "step 2" in week.story())
        os.kill(os.getpid(), signal.SIGTERM)  # as a supervisor signals the whole process group

    before = signal.getsignal(signal.SIGTERM)
    in_background(shut_down)
    with pytest.raises(runs.RunPreempted):
        week.carry_out()
    assert signal.getsignal(signal.SIGTERM) == before
    assert (week.run().status, week.run().attempt) == (RunStatus.QUEUED, 0)
    runs._stopping[0] = 0
    week.carry_out()
    assert [line for line in week.story() if line != "started"] == [f"step {n}" for n in range(1, 41)]
    assert (week.run().status, week.run().attempt) == (RunStatus.SUCCEEDED, 1)


def test_a_worker_that_was_only_stalled_lets_go_when_another_one_has_its_run(stage: MakeStage) -> None:
    week = stage({"steps": 1000, "seconds": 0.02})

    def take_up() -> None:
        until(lambda: "step 1" in week.story())
        with db.writing() as session:
            session.get_one(TrainingRun, week.run().id).owner = "other:1"

    in_background(take_up)
    with pytest.raises(runs.TakenOver):
        week.carry_out()
    assert (week.run().status, week.run().owner) == (RunStatus.RUNNING, "other:1")
    with (week.directory / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its child is gone


def test_one_run_at_a_time_in_a_slot(stage: MakeStage) -> None:
    week = stage({"steps": 1})
    with db.writing() as session:
        session.add(TrainingRun(module="train_pm", directory="other", status=RunStatus.RUNNING, heartbeat_at=db.now()))
    with pytest.raises(runs.SlotTaken):
        week.carry_out()
    assert week.story() == []
    assert week.run().status == RunStatus.QUEUED


def test_a_run_whose_worker_is_lost_is_taken_up_again(stage: MakeStage) -> None:
    week = stage({"steps": 2})
    run = runs.find_or_create("train_pm", week.directory, week.id)
    with db.writing() as session:
        row = session.get_one(TrainingRun, run.id)
        row.status, row.owner, row.attempt = RunStatus.RUNNING, "gone:1", 1
        row.heartbeat_at = db.now() - timedelta(seconds=61)
    week.carry_out()
    assert (week.run().status, week.run().attempt) == (RunStatus.SUCCEEDED, 2)


@pytest.mark.parametrize("left", [RunStatus.QUEUED, RunStatus.LOST])
def test_a_run_that_was_cancelled_while_nobody_had_it_goes_on_when_resumed(stage: MakeStage, left: RunStatus) -> None:
    week = stage({"steps": 2})
    run = runs.find_or_create("train_pm", week.directory, week.id)
    with db.writing() as session:
        session.get_one(TrainingRun, run.id).status = left
        service.cancel(session, session.get_one(Iteration, week.iteration.id))
    with db.writing() as session:  # a waiting stage ends at once, a lost one with the tick
        session.get_one(StageRun, week.id).status = StageStatus.CANCELLED
        iteration = session.get_one(Iteration, week.iteration.id)
        iteration.status = IterationStatus.CANCELLED
        week.id = service.resume(session, iteration).id
    week.carry_out()
    assert week.run().status == RunStatus.SUCCEEDED


def test_a_child_ends_when_its_worker_is_killed(stage: MakeStage, tmp_path: Path) -> None:
    week = stage({"steps": 1000, "seconds": 0.02})
    code = (
        "import sys; from worker import runs; from pathlib import Path\n"
        "run = runs.find_or_create('train_pm', Path(sys.argv[1]), sys.argv[2])\n"
        "runs.carry_out(run, sys.argv[2], [sys.argv[1]])\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(week.directory), week.id], cwd=CHILD.parents[2])
    until(lambda: "step 3" in week.story())
    worker.kill()
    worker.wait()
    (week.directory / "script.json").write_text('{"steps": 5}')
    with db.writing() as session:
        session.get_one(TrainingRun, week.run().id).heartbeat_at = db.now() - timedelta(seconds=61)
    week.carry_out()  # waits for the directory's lock, which the first child would hold for twenty seconds
    steps = [line for line in week.story() if line.startswith("step")]
    assert len(steps) == len(set(steps))
    written = [json.loads(line)["step"] for line in (week.directory / "metrics.jsonl").read_text().splitlines()]
    assert written == list(range(1, len(written) + 1))


def test_the_trainer_leaves_a_core_to_the_chat_for_a_minute_after_a_turn() -> None:
    now = db.now()
    assert allowed_threads(4, None, now) == 4
    assert allowed_threads(4, now, now) == 3
    assert allowed_threads(4, now - timedelta(seconds=59), now) == 3
    assert allowed_threads(4, now - timedelta(seconds=61), now) == 4
    assert allowed_threads(1, now, now) == 1


def test_the_threads_file_follows_turns_that_are_sampled(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    threads = runs.Threads(tmp_path / "threads")
    threads.write()
    assert (tmp_path / "threads").read_text() == "8\n"
    with db.writing() as session:
        make_turn(session).status = TurnStatus.GENERATING
    threads.write()
    assert (tmp_path / "threads").read_text() == "7\n"
