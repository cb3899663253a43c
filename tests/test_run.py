"""`./run` for real: six processes on free ports, killed, restarted and stopped. Policies are scripted (`--demo`), and
this interpreter's packages are used as they are (`--python`), so that nothing is installed."""

import importlib.machinery
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import make_engine
from app.tables import Comparison, ConversationStatus

ROOT = Path(__file__).parent.parent
CHILDREN = {
    "broker": "valkey-server",
    "inference": "inference.scripted",
    "web": "app.main:app",
    "worker": "-Q default",
    "trainer": "-Q train",
    "beat": "beat --schedule",
}
pytestmark = pytest.mark.broker


def run_command(data: Path, *options: str, python: str = sys.executable) -> list[str]:
    return [sys.executable, str(ROOT / "run"), "--demo", "--python", python, "--data-dir", str(data), *options]


def refused(data: Path, *options: str, python: str = sys.executable, **environment: str) -> str:
    """The sentence with which a start ends that must not succeed."""
    command = run_command(data, *options, python=python)
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stdout
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("Turnwise stops: ")
    return sentence


@dataclass
class Running:
    process: "subprocess.Popen[bytes]"
    output: Path
    data: Path

    @property
    def url(self) -> str:
        found = re.search(r"Turnwise is at (\S+)", self.output.read_text())
        return found[1] if found else ""

    def children(self) -> dict[str, int]:
        """Process ids of the children by name."""
        return {
            name: pid
            for pid, parent, command in processes()
            for name, mark in CHILDREN.items()
            if parent == self.process.pid and mark in command
        }

    def descendants(self) -> set[int]:
        everybody, found = processes(), {self.process.pid}
        while more := {pid for pid, parent, _ in everybody if parent in found} - found:
            found |= more
        return found - {self.process.pid}

    def healthy(self) -> bool:
        return bool(self.url) and answers(f"{self.url}/health") and set(self.children()) == set(CHILDREN)


def processes() -> list[tuple[int, int, str]]:
    """(process id, parent's id, command) of everything that runs; zombies have ended."""
    table = subprocess.run(["ps", "-axwwo", "pid=,ppid=,stat=,command="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 3) for line in table.stdout.splitlines()]
    return [(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and "Z" not in row[2]]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def eventually(true: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)


def begin(data: Path, *options: str) -> Running:
    output = data.parent / f"{data.name}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(run_command(data, *options), stdout=log, stderr=subprocess.STDOUT)
    running = Running(process, output, data)
    try:
        eventually(lambda: running.healthy() or process.poll() is not None)
        assert process.poll() is None, "it ended by itself"
    except AssertionError as failure:
        end(running)
        raise AssertionError(f"{failure}\n{output.read_text()}") from None
    return running


def end(running: Running) -> int:
    running.process.terminate()
    try:
        return running.process.wait(60)
    except subprocess.TimeoutExpired:
        running.process.kill()
        raise


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = begin(tmp_path_factory.mktemp("run") / "data")
    yield running
    if running.process.poll() is None:
        end(running)


def test_the_page_answers_and_the_first_admin_gets_a_link(running: Running) -> None:
    assert answers(f"{running.url}/health")
    link = re.search(r"Become the first one: (\S+)", running.output.read_text())
    assert link
    assert link[1].startswith(f"{running.url}/")


def test_the_demo_has_rows_to_look_at_that_were_made_through_the_api(running: Running) -> None:
    engine = make_engine(f"sqlite:///{running.data / 'turnwise.db'}")
    with Session(engine) as session:
        comparisons = session.scalars(select(Comparison).where(Comparison.superseded_at.is_(None))).all()
        assert len(comparisons) == 4 * 2
        assert {comparison.turn.conversation.status for comparison in comparisons} == {ConversationStatus.COMPLETED}
    engine.dispose()


def test_secrets_are_for_their_owner_alone(running: Running) -> None:
    assert running.data.stat().st_mode & 0o777 == 0o700
    for path in (running.data / "secret-key", running.data / "run.env", running.data / "valkey/valkey.conf"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_start_on_the_same_data_is_refused_and_told_where_the_first_is(running: Running) -> None:
    sentence = refused(running.data)
    assert running.url in sentence
    assert f"process {running.process.pid}" in sentence
    assert running.healthy()


def test_a_command_in_another_terminal_meets_the_same_broker(running: Running) -> None:
    question = "from app.settings import get_settings; print(get_settings().redis_url)"
    environment = os.environ | {"DATA_DIR": str(running.data)}
    url = subprocess.run(
        [sys.executable, "-c", question], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert redis_answers(url)
    assert not redis_answers(re.sub(r"//.*@", "//", url)), "without the password nobody is let in"


def redis_answers(url: str) -> bool:
    import redis

    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.RedisError:
        return False


def test_whoever_is_killed_comes_back_and_the_broker_remembers(running: Running) -> None:
    import redis

    url = re.findall(r"^REDIS_URL='(.*)'$", (running.data / "run.env").read_text(), flags=re.MULTILINE)[0]
    redis.Redis.from_url(url).set("promise", "kept")
    time.sleep(1.1)  # the append-only file is synced every second
    before = running.children()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: running.healthy() and not set(before.values()) & set(running.children().values()))
    eventually(lambda: redis_answers(url))
    assert redis.Redis.from_url(url).get("promise") == b"kept"
    assert "broker was killed by signal 9; starting it again" in running.output.read_text()


def test_when_the_supervisor_itself_is_killed_nobody_is_left_and_it_starts_again(running: Running) -> None:
    family, port = running.descendants(), int(running.url.rpartition(":")[2])
    running.process.kill()
    running.process.wait()
    eventually(lambda: not family & {pid for pid, _, _ in processes()})
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        again = begin(running.data)
    assert int(again.url.rpartition(":")[2]) > port, "a port that is taken is passed over"
    running.process = again.process


def test_sigterm_ends_everything_in_order_and_leaves_nobody(running: Running) -> None:
    family = running.descendants()
    assert len(family) > len(CHILDREN)  # the pools of the two workers too
    assert end(running) == 0
    assert not family & {pid for pid, _, _ in processes()}
    assert not (running.data / "run.env").exists()
    assert "does not end by itself" not in running.output.read_text()


def test_a_port_asked_for_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is in use" in refused(tmp_path, "--port", str(port))


def test_a_child_that_refuses_its_input_ends_everything_with_its_sentence(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(
        f"""#!/bin/sh
case "$*" in *inference.scripted*) echo "BASE_MODEL no/such-model is neither a path nor a hub id."; exit 3;; esac
exec {sys.executable} "$@"
"""
    )
    python.chmod(0o755)
    assert "BASE_MODEL no/such-model is neither" in refused(tmp_path / "data", python=str(python))
    assert not any(str(tmp_path / "data") in command for _, _, command in processes())


def without_demo(data: Path, **environment: str) -> str:
    """As `refused`, but with the settings of a real start, which the demo never looks at."""
    command = [word for word in run_command(data) if word != "--demo"]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stdout
    return done.stderr.strip().splitlines()[-1]


def test_an_unreachable_broker_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    sentence = without_demo(tmp_path, REDIS_URL="redis://:hidden@127.0.0.1:1/0")
    assert "nothing answers at REDIS_URL redis://…@127.0.0.1:1/0" in sentence
    assert "hidden" not in sentence


def test_an_unreachable_database_is_one_sentence(tmp_path: Path) -> None:
    sentence = without_demo(tmp_path, DATABASE_URL="postgresql://somebody:hidden@127.0.0.1:1/nowhere")
    assert "127.0.0.1:1/nowhere cannot be reached" in sentence
    assert "hidden" not in sentence


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The file `run` as a module."""
    loader = importlib.machinery.SourceFileLoader("run", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("run", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.modules["run"] = module  # its dataclass looks itself up there
    loader.exec_module(module)
    return module


def test_a_full_disk_is_one_sentence(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))  # type: ignore[attr-defined]
    with pytest.raises(script.Refused, match="full: 0 MiB are free"):
        script.check_disk(tmp_path)


def test_data_that_cannot_be_a_directory_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be made a directory for data" in refused(tmp_path / "file")


def test_settings_come_from_the_environment_over_the_env_file(script: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# a comment\nREDIS_URL='redis://elsewhere:6379/0'\n\nexport BASE_MODEL=toy\n")
    assert script.dotenv(file) == {"REDIS_URL": "redis://elsewhere:6379/0", "BASE_MODEL": "toy"}
    assert script.dotenv(tmp_path / "none") == {}


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.4", False),
        ("v20.18.9", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v24.1.0", True),
    ],
)
def test_node_must_be_one_that_vite_runs_on(script: ModuleType, tmp_path: Path, version: str, enough: bool) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    assert script.node_is_new_enough(str(node)) is enough


def test_an_older_python_is_told_what_is_needed() -> None:
    """The file must at least compile there, so its syntax stays that of Python 3.8."""
    import ast

    ast.parse((ROOT / "run").read_text(), feature_version=(3, 8))
