"""How `make test` deals the tests out to processes that run side by side (pytest-xdist).

A file stays together, since its fixtures may be dear (a trained run, six processes). The longest begin first, so that
none of them is still running when everything else is done."""

import signal

import pytest

LONGEST_FIRST = (
    "tests/test_one_week.py",
    "tests/models/test_train_policy.py",
    "tests/models/test_train_pm.py",
    "tests/models/test_sharding.py",
    "tests/models/test_remote_sampling.py",
    "tests/test_run.py",
    "tests/worker/test_celery.py",
    "tests/browser",
)
SHARED_OUT = "tests/test_one_week.py"
"""Each test of this file may go to another process: minutes long, and without a fixture in common."""


def pytest_configure() -> None:
    """Whoever ends the tests with SIGTERM, as CI and `timeout` do, gets what Ctrl-C does: fixtures take down what they
    started, servers and databases."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.nodeid))  # stable: within a file nothing moves


def _place(nodeid: str) -> int:
    return next((place for place, path in enumerate(LONGEST_FIRST) if nodeid.startswith(path)), len(LONGEST_FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return nodeid if file == SHARED_OUT else file

    config.option.loadscopereorder = False  # it would begin with the files of many tests
    return ByFile(config, log)
