from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app import db, seed
from app.main import create_app
from app.settings import get_settings
from tests.app.servers import scripted, served


@pytest.fixture
def policies(engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fresh installation whose policies are scripted."""
    with db.writing() as session:
        seed.ensure_defaults(session)
    with scripted(tokens_per_second=200) as inference:
        monkeypatch.setenv("INFERENCE_URL", inference)
        get_settings.cache_clear()
        yield


@pytest.fixture
def url(policies: None) -> Iterator[str]:
    with served(create_app()) as url:
        yield url
