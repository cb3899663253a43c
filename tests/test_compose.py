"""docker-compose.yml and the Dockerfile cannot be run in the tests (that takes a Docker engine), so they are read: what
they name must exist, and each command must start in this environment."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = ["migrate", "inference", "web", "worker", "trainer", "beat"]


def test_all_processes_are_there() -> None:
    assert set(COMPOSE["services"]) == {"postgresql", "valkey", *OURS}


@pytest.mark.parametrize("name", OURS)
def test_every_environment_name_is_a_setting(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields}
    assert set(COMPOSE["services"][name]["environment"]) <= known


def test_what_the_image_sets_is_a_setting_or_for_python_itself() -> None:
    (line,) = re.findall(r"^ENV (.*)$", DOCKERFILE, flags=re.MULTILINE)
    names = {pair.partition("=")[0] for pair in line.split()}
    known = {field.upper() for field in Settings.model_fields}
    assert {name for name in names if not name.startswith(("PYTHON", "PIP_"))} <= known


def test_settings_of_compose_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPOSE["services"]["web"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", str(value)))
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    assert settings.database.startswith("postgresql+psycopg://turnwise:")
    assert settings.inference_url == "http://inference:8100"


def commands(name: str) -> list[list[str]]:
    words = shlex.split(COMPOSE["services"][name]["command"])
    parts = words[2].split(" && ") if words[:2] == ["sh", "-c"] else [COMPOSE["services"][name]["command"]]
    return [shlex.split(part) for part in parts]


@pytest.mark.parametrize("name", OURS)
def test_every_command_starts(name: str, tmp_path: Path) -> None:
    """With `--help` behind it, each program imports what it names and reads its options, but does nothing."""
    environment = os.environ | {"DATA_DIR": str(tmp_path), "DATABASE_URL": "", "OMP_NUM_THREADS": "1"}
    for command in commands(name):
        program, *rest = command
        module = rest[1:] if program == "python" else [program, *rest]
        if module[0] == "uvicorn":  # its --help does not import the application
            subprocess.run([sys.executable, "-c", f"import {module[1].partition(':')[0]}"], cwd=ROOT, check=True)
        result = subprocess.run(
            [sys.executable, "-m", *module, "--help"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert "usage" in result.stdout.lower()


@pytest.mark.parametrize("name", ["inference", "web", "worker", "trainer", "beat"])
def test_compose_and_run_start_the_same_entry_points(name: str) -> None:
    """The word that names the program, and the queue where there is one, are in ./run too."""
    script = (ROOT / "run").read_text()
    (command,) = commands(name)
    entry = [word for word in command if re.fullmatch(r"[a-z_]+\.main(:app)?|default|train|--concurrency", word)]
    assert entry
    for word in entry:
        assert f'"{word}"' in script


def test_images_are_pinned_to_a_version() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    images += [service["image"] for service in COMPOSE["services"].values() if "build" not in service]
    stages = re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, flags=re.MULTILINE)
    for image in set(images) - set(stages):
        assert re.search(r":\d+\.\d+\.?\d*-", image), image


def test_nothing_runs_as_root() -> None:
    for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[
        2:
    ]:  # the first builds the page and is thrown away
        assert re.findall(r"^USER (\S+)", stage, flags=re.MULTILINE)[-1] == "turnwise"


def test_what_the_dockerfile_copies_exists_and_is_sent_to_the_engine() -> None:
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, flags=re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert Path(source).parts[0] in sent


def test_the_web_image_has_no_torch() -> None:
    web = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[2]
    assert "web.txt" in web
    assert "ml.txt" not in web
    for process in ("web", "worker", "beat", "migrate"):
        assert COMPOSE["services"][process]["build"]["target"] == "web"
    for process in ("inference", "trainer"):
        assert COMPOSE["services"][process]["build"]["target"] == "ml"
