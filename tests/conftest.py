"""What all tests share."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import repeatable
from tests.support.effort import scaled

# The same examples on every run, however slow the machine is at the moment.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# Other examples on every run, and the same ones again for the same `--hypothesis-seed`.
settings.register_profile(
    "randomised",
    max_examples=scaled(100),
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Keep repeatable examples free of what else has been imported."""
    if config.getoption("--hypothesis-profile") != "randomised":
        repeatable.ignore_loaded_modules()


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Keeps tests out of the configuration of whoever runs them."""
    folder: Path = tmp_path_factory.getbasetemp() / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Takes off the handlers of a command that ran in this process, so that none adds up."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in root.handlers[:]:
        if not type(handler).__module__.startswith("_pytest."):
            root.removeHandler(handler)
            handler.close()
