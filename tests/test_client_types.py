"""The front end's types are those of the API as it is: then a drift between the two is a compile error there."""

import json
import subprocess
from pathlib import Path

import pytest

from app.main import app

FRONTEND = Path(__file__).parents[1] / "frontend"
GENERATOR = FRONTEND / "node_modules" / ".bin" / "openapi-typescript"


def test_the_types_of_the_front_end_are_up_to_date(tmp_path: Path) -> None:
    if not GENERATOR.exists():
        pytest.skip("The front end's packages are not installed: cd frontend && npm ci.")
    description, written = tmp_path / "openapi.json", tmp_path / "schema.d.ts"
    description.write_text(json.dumps(app.openapi()))
    subprocess.run([GENERATOR, description, "--output", written], check=True, capture_output=True)
    committed = (FRONTEND / "src" / "api" / "schema.d.ts").read_text()
    assert written.read_text() == committed, "run `make client`, and adapt the front end to what changed"
