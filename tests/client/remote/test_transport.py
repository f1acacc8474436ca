"""Clients of a server: which certificates they read."""

import httpx
import pytest

from engine.client.remote.server import Server
from engine.client.remote.transport import Transport


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The contexts of certificates that were read, with none kept from before."""
    from engine.client.remote import transport

    contexts: list[object] = []
    create = httpx.create_ssl_context
    monkeypatch.setattr(
        httpx, "create_ssl_context", lambda: contexts.append(context := create()) or context
    )
    transport._trust.cache_clear()
    return contexts


def test_a_server_of_this_machine_without_tls_needs_none(read: list[object]) -> None:
    Transport(Server("http://127.0.0.1:8000", "secret"))
    assert read == []


@pytest.mark.parametrize("url", ["https://127.0.0.1:8000", "https://far.example.com"])
def test_others_read_them_once(read: list[object], url: str) -> None:
    Transport(Server(url, "secret"))
    Transport(Server(url, "secret"))
    assert len(read) == 1
