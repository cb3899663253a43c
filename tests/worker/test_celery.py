"""Real Celery workers on a real Valkey: what they leave behind when somebody kills them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app import db, jobs, settings
from app.iterations import service
from app.tables import Base, Iteration, IterationStatus, StageRun, StageStatus
from tests.conftest import free_port, valkey_binary
from tests.factories import make_comparison, make_conversation, make_turn
from tests.worker.conftest import CHILD

pytestmark = pytest.mark.broker
ROOT = CHILD.parents[2]
STALE_AFTER = 1.5


class House:
    """A broker and workers that can be killed, over one SQLite file; training is the scripted child."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.log = (data / "workers.log").open("ab")
        self.broker = self.start_broker()

    def start_broker(self) -> "subprocess.Popen[bytes]":
        command = [str(valkey_binary()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.data)]
        self.broker = self._start([*command, "--save", "", "--appendonly", "yes"])
        return self.broker

    def start_worker(self, queues: str = "default,train") -> "subprocess.Popen[bytes]":
        name = f"{queues.replace(',', '-')}-{len(self.processes)}@%h"
        command = [sys.executable, "-m", "celery", "-A", "worker.main", "--quiet", "worker", "-Q", queues, "-c", "2"]
        alone = ["--without-mingle", "--without-gossip"]  # a second faster
        return self._start([*command, *alone, "-n", name, "--loglevel", "INFO"])

    def _start(self, command: list[str]) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(command, cwd=ROOT, stdout=self.log, stderr=self.log, start_new_session=True)
        self.processes.append(process)
        return process

    def tell(self) -> str:
        return (self.data / "workers.log").read_text(errors="replace")[-6000:]

    def until(self, condition: Callable[[], object], what: str, seconds: float = 90, ticking: bool = False) -> None:
        deadline, last_tick = time.monotonic() + seconds, time.monotonic()
        while not condition():
            assert time.monotonic() < deadline, f"{what}: did not happen\n{self.tell()}"
            if ticking and time.monotonic() - last_tick > 1:
                jobs.send("tick")
                last_tick = time.monotonic()
            time.sleep(0.05)

    def close(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.log.close()


@pytest.fixture
def house(
    database_url: str, configured: settings.Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[House]:
    if not database_url.startswith("sqlite"):
        pytest.skip("one database is enough to see processes die; rows are tested on both elsewhere")
    house = House(tmp_path)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{house.port}/0")
    monkeypatch.setenv("TRAIN_LAUNCHER", f"{sys.executable} {CHILD}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("INFERENCE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("STALE_AFTER", str(STALE_AFTER))
    monkeypatch.setenv("BASE_MODEL", "toy")
    monkeypatch.setenv("CHILD_SCRIPT", json.dumps({"steps": 30, "seconds": 0.1}))
    settings.get_settings.cache_clear()
    Base.metadata.create_all(db.get_engine())
    yield house
    house.close()


@pytest.fixture
def iteration_id(house: House) -> str:
    """An iteration that trains on three comparisons of training families."""
    with db.writing() as session:
        for text in ("How do I boil an egg?", "Name a river.", "What is rain?"):
            conversation = make_conversation(session)
            make_comparison(session, make_turn(session, conversation, text=text))
            make_turn(session, conversation)  # the choice before it can no longer be changed
        return service.start(session, "toy").id


def story(house: House) -> list[str]:
    found = list((house.data / "runs").glob("*/pm-*/story.txt"))
    return found[0].read_text().splitlines() if found else []


def steps(house: House) -> list[str]:
    return [line for line in story(house) if line.startswith("step")]


def stage(name: str) -> StageRun | None:
    with db.reading() as session:
        rows = select(StageRun).where(StageRun.stage == name).order_by(StageRun.attempt.desc())
        return session.scalars(rows.limit(1)).one_or_none()


def trained() -> bool:
    row = stage("train_pm")
    return row is not None and row.status == StageStatus.SUCCEEDED


def each_step_once(house: House) -> bool:
    return steps(house) == [f"step {number}" for number in range(1, 31)]


def test_a_killed_child_and_jobs_that_arrive_again(house: House, iteration_id: str) -> None:
    house.start_worker()
    house.until(lambda: len(steps(house)) > 3, "training")
    row = stage("train_pm")
    assert row is not None
    for _ in range(3):
        jobs.send("run_stage", row.id)
    os.kill(child_of(house), signal.SIGKILL)
    house.until(trained, "the training's end")
    assert each_step_once(house)
    assert story(house).count("started") == 2


def test_a_cancelled_iteration_stops_its_training_within_seconds(house: House, iteration_id: str) -> None:
    house.start_worker()
    house.until(lambda: len(steps(house)) > 3, "training")
    child = child_of(house)
    assert is_alive(child)
    with db.writing() as session:
        service.cancel(session, session.get_one(Iteration, iteration_id))
    house.until(lambda: found(iteration_id) == IterationStatus.CANCELLED, "cancelling", seconds=10)
    assert not is_alive(child)


def child_of(house: House) -> int:
    (pid,) = (house.data / "runs").glob("*/pm-*/pid")
    return int(pid.read_text())


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def found(iteration_id: str) -> IterationStatus:
    with db.reading() as session:
        return session.get_one(Iteration, iteration_id).status


def test_workers_that_are_asked_to_leave_or_killed(house: House, iteration_id: str) -> None:
    worker = house.start_worker()
    house.until(lambda: len(steps(house)) > 3, "training")
    worker.send_signal(signal.SIGTERM)  # its main process alone
    house.until(lambda: worker.poll() is not None, "the worker's end", seconds=20)
    row = stage("train_pm")
    assert row is not None
    assert row.status == StageStatus.PENDING
    worker = house.start_worker()
    done = len(steps(house))
    house.until(lambda: len(steps(house)) > done, "more training")  # without a tick: the job was sent again
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    house.start_worker()
    house.until(trained, "the training's end", ticking=True)
    assert each_step_once(house)
    assert story(house).count("started") == 3


def test_a_killed_broker(house: House, iteration_id: str) -> None:
    worker = house.start_worker()
    house.until(lambda: len(steps(house)) > 3, "training")
    house.broker.kill()
    house.broker.wait()
    time.sleep(1)
    house.start_broker()

    def supervised(condition: Callable[[], object]) -> object:
        """Celery does not always survive its broker's restart (kombu: KeyError); its supervisor starts it anew."""
        nonlocal worker
        if worker.poll() is not None:
            worker = house.start_worker()
        return condition()

    house.until(lambda: supervised(trained), "the training's end", ticking=True)
    house.until(lambda: supervised(lambda: stage("train_policy")), "two stages later", ticking=True)
    assert each_step_once(house)
