"""Jobs leave after the commit, or not at all; and a dead broker costs nobody's request anything."""

import json
import subprocess
import sys
import time

import pytest
import redis
from sqlalchemy import Engine

from app import db, jobs, settings
from tests.factories import make_account

Sent = list[tuple[str, ...]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    collected: Sent = []
    monkeypatch.setattr(jobs, "send", lambda *job: collected.append(job))
    return collected


def test_a_job_is_sent_when_its_transaction_is_committed(engine: Engine, sent: Sent) -> None:
    with db.writing() as session:
        make_account(session)
        jobs.send_after_commit(session, "score_turn", "t1")
        assert sent == []
    assert sent == [("score_turn", "t1")]


def test_a_job_of_a_transaction_that_failed_is_forgotten(engine: Engine, sent: Sent) -> None:
    def broken() -> None:
        with db.writing() as session:
            make_account(session)
            jobs.send_after_commit(session, "score_turn", "t1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with db.writing() as session:
        make_account(session)
    assert sent == []


def test_a_savepoint_is_no_commit(engine: Engine, sent: Sent) -> None:
    with db.writing() as session:
        jobs.send_after_commit(session, "score_turn", "t1")
        with session.begin_nested():
            make_account(session)
        assert sent == []
    assert sent == [("score_turn", "t1")]


@pytest.mark.broker
def test_a_job_reaches_its_queue_by_name_and_id(redis_url: str) -> None:
    assert jobs.send("score_turn", "t1")
    assert jobs.send("run_stage", "s1")
    broker = redis.Redis.from_url(redis_url)
    for queue, name, id in (("default", "score_turn", "t1"), ("train", "run_stage", "s1")):
        message = json.loads(broker.lpop(queue))  # type: ignore[arg-type]
        assert message["headers"]["task"] == name
        assert message["headers"]["argsrepr"] == f"('{id}',)"


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis://10.255.255.1:6379/0"])
def test_a_dead_broker_costs_no_more_than_a_moment(
    configured: settings.Settings, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Nothing listens at the first; the second swallows every packet."""
    monkeypatch.setenv("REDIS_URL", url)
    settings.get_settings.cache_clear()
    jobs.send("warm-up")  # imports Celery
    began = time.monotonic()
    assert jobs.send("score_turn", "t1") is False
    assert time.monotonic() - began < 1.5


EIGHT_AT_ONCE = """
import sys, threading
from app import jobs

sys.setswitchinterval(1e-6)
together, answers = threading.Barrier(8), []
def send():
    together.wait()
    answers.append(jobs.send("tick"))
threads = [threading.Thread(target=send) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(answers)
"""


def test_the_first_jobs_of_a_process_may_be_sent_by_several_threads_at_once(redis_url: str) -> None:
    """Celery replaces its own module while it is imported, so that a second thread found half of it."""
    sender = subprocess.run([sys.executable, "-c", EIGHT_AT_ONCE], capture_output=True, text=True, check=True)
    assert sender.stdout.strip() == str([True] * 8), sender.stderr
