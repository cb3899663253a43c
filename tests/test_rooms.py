"""Who may know whom (docs/seams.md): the contracts of pyproject.toml hold, and light processes stay light.

A static contract does not see an import inside a function or by a third party, so each light process is also started in
a fresh interpreter and asked what it has loaded.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "transformers", "peft", "accelerate"}


def loaded_by(module: str, data_dir: Path) -> set[str]:
    """The top-level packages in memory after importing the module in a fresh interpreter."""
    script = f"import json, sys, {module}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    environment = os.environ | {"DATA_DIR": str(data_dir), "DATABASE_URL": "", "REDIS_URL": "redis://127.0.0.1:1/0"}
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", ["app.main", "app.cli", "worker.main", "crowd.crowd", "inference.scripted"])
def test_a_light_process_does_not_load_torch(module: str, tmp_path: Path) -> None:
    assert not HEAVY & loaded_by(module, tmp_path)


def test_the_web_process_loads_no_other_room(tmp_path: Path) -> None:
    assert not {"worker", "models", "inference", "crowd", "celery"} & loaded_by("app.main", tmp_path)


def test_the_crowd_knows_nothing_of_ours_but_the_public_api(tmp_path: Path) -> None:
    assert not {"app", "worker", "models", "inference", "sqlalchemy"} & loaded_by("crowd.crowd", tmp_path)


def test_the_contracts_between_the_rooms_are_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_a_contract_that_is_broken_is_noticed(tmp_path: Path) -> None:
    """Whoever renames a room must not leave contracts that check nothing."""
    for room in ("app", "worker", "models", "inference", "crowd"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "app" / "shortcut.py").write_text("import torch\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "app.shortcut -> torch" in result.stdout
