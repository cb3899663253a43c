"""The toy base and one thread: more only fight at this size."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from models.backbone import Backbone
from models.dialogue import Renderer

REAL_DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(autouse=True)
def toy_world(model_store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MODEL_STORE", str(model_store))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("TURNWISE_WATCH_STDIN", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def toy(toy_world: None) -> tuple[Backbone, Renderer]:
    """A backbone of the toy base of its own, and its renderer."""
    backbone, tokenizer = Backbone.load("toy")
    return backbone, Renderer(tokenizer)


@pytest.fixture(scope="session")
def real_store() -> Path:
    """The model store of this checkout: importing SmolLM2 takes a while, so it is kept between test sessions."""
    return Path(os.environ.get("MODEL_STORE") or Path(__file__).parents[2] / "data" / "models")


@pytest.fixture
def real_hh() -> Path:
    """The folder of real HH comparisons; the test is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("needs the real comparisons in ../shared/data/hh")
    return REAL_DATA / "hh"
