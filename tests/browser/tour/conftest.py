"""The policies of the tour say what is written in `said.py`."""

import pytest

from inference.scripted import Script
from tests.browser.tour.said import Written


@pytest.fixture
def policies() -> Written:
    return Written(Script())
