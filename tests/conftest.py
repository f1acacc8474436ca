"""Fixtures of all tests."""

import gc
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import db.connect
import db.schema
import db.store
from engine.runtime.lanes import adaptive_rate
from tests.support import repeatable, shared_rewriting
from tests.support.effort import scaled
from tests.support.one_process import compute_here

# The same examples on every run, however slow the machine is at the moment; the long run has
# more of them, and others.
settings.register_profile(
    "repeatable",
    max_examples=35,
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

_SPANS = {
    "SPANS": (adaptive_rate.SPANS, (0.01, 0.1, 0.6)),
    "SLACK": (adaptive_rate.SLACK, (0.001, 0.002, 0.005)),
    "TRIAL_SLACK": (adaptive_rate.TRIAL_SLACK, 0.003),
}
"""Times in which a lane learns what a provider allows: in use, and in tests."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep repeatable examples free of what else has been imported, and let SIGINT end programs.

    A shell starts what runs in its background with SIGINT ignored, and so are all programs of it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--hypothesis-profile") != "randomised":
        repeatable.ignore_loaded_modules()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Share the work of a first run in a checkout."""
    shared_rewriting.import_tests(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that share a costly fixture run in one process, which then makes it once."""
    for item in items:
        place = _shared_by(item)
        if place and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(place))


def pytest_collection_finish() -> None:
    """Collect garbage less often, and leave out what collecting the tests has created.

    A process that has collected all tests holds a million objects; looking through them again and
    again was a sixth of its work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _shared_by(item: pytest.Item) -> str:
    """The file or folder of the widest fixture that some tests share; empty if there is none.

    Fixtures of this file are of all tests, and those of plugins have no place.
    """
    info = getattr(item, "_fixtureinfo", None)
    if info is None:
        return ""
    definitions = (each[-1] for each in info.name2fixturedefs.values())
    places = (one.baseid for one in definitions if one.scope in ("module", "session"))
    return min((place for place in places if "/" in place), key=len, default="")


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Keeps tests out of the configuration of whoever runs them."""
    folder: Path = tmp_path_factory.getbasetemp() / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))


@pytest.fixture(scope="session", autouse=True)
def _quick_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Makes a new store by copying an empty one, and lets no commit or file wait for the disk.

    Migrating each store and waiting took longer than most tests of it. Processes that tests start
    do both, and a test of migrations does not go through here.
    """
    empty = tmp_path_factory.mktemp("empty") / "store.db"
    db.schema.migrate(str(empty))
    content = empty.read_bytes()

    def migrate(path: str) -> None:
        if Path(path).stat().st_size:
            db.schema.migrate(path)
        else:
            Path(path).write_bytes(content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db.store, "migrate", migrate)
        patch.setattr(db.connect, "DURABILITY", "OFF")
        patch.setattr(os, "fsync", lambda _handle: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_lanes() -> Iterator[None]:
    """Lets lanes learn the limits of providers in moments.

    A lane whose call is refused waits a second, ten and a minute to learn within which of them the
    provider counts. Tests of that take `true_spans`.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, (_, moments) in _SPANS.items():
            patch.setattr(adaptive_rate, name, moments)
        yield


@pytest.fixture
def true_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets lanes learn in the time that it takes outside of tests."""
    for name, (seconds, _) in _SPANS.items():
        monkeypatch.setattr(adaptive_rate, name, seconds)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets engines of this process start no worker processes."""
    compute_here(monkeypatch)


@pytest.fixture(scope="module")
def module_in_one_process() -> Iterator[None]:
    """Lets engines of this process start no worker processes, for what a module shares too."""
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        yield


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
