"""Fixtures of all tests of backends."""

from collections.abc import Iterator
from typing import Any

import pytest

from engine.backends.comfyui import running
from engine.backends.common import download
from engine.backends.fal import queue as fal_queue
from engine.backends.gemini_video import interactions
from engine.backends.runway import tasks as runway_tasks
from tests.support.providers.server import ProviderServer


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps proxies and keys of whoever runs the tests out of them."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OLLAMA_HOST", "OLLAMA_API_KEY", "OPENAI_BASE_URL", "FAL_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("RUNWAYML_API_SECRET", raising=False)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries and polls at once."""
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(fal_queue, "FIRST_POLL_SECONDS", 0.001)
    monkeypatch.setattr(interactions, "FIRST_POLL_SECONDS", 0.001)
    monkeypatch.setattr(runway_tasks, "FIRST_POLL_SECONDS", 0.001)
    monkeypatch.setattr(running, "SETTLE_SECONDS", 0.0)


@pytest.fixture
def one_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetches a finished file once per call: a test in which that stalls waits out each."""
    monkeypatch.setattr(download, "FETCHES", 1)


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> Any:
    """Routes of the module's `SELLER`, or of the test's `seller`."""
    if "seller" in request.fixturenames:
        return request.getfixturevalue("seller").provider()
    return request.module.SELLER.provider()


@pytest.fixture
def server(provider: Any) -> Iterator[ProviderServer]:
    """Server on a loopback port that answers as `provider`."""
    with ProviderServer(provider) as running:
        yield running
