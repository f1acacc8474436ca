"""Addresses of servers and the file of tokens."""

import pytest

from engine.client.remote.server import (
    ServerError,
    checked_server,
    keep_token,
    kept_tokens,
    server_of,
    token_file,
)


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SAFELIGHT_TOKEN", raising=False)


@pytest.mark.parametrize(
    "url",
    ["http://gpu.example", "gpu.example:8000", "https://u:p@gpu.example", "https://g.example/?x=1",
     "file:///etc/passwd", "https://g\u0430.example"],
)  # fmt: skip
def test_tokens_go_to_https_and_this_machine_only(url) -> None:
    with pytest.raises(ServerError, match="The address of a server must"):
        checked_server(url)
    assert checked_server("HTTPS://GPU.example:8443/Prefix/") == "https://gpu.example:8443/Prefix"
    assert checked_server("http://localhost:8000") == "http://localhost:8000"


def test_a_token_is_kept_for_its_address_alone() -> None:
    keep_token("https://a.example", "sl_a")
    keep_token("https://b.example", "sl_b")
    assert token_file().stat().st_mode & 0o777 == 0o600
    assert server_of("https://A.example/").token == "sl_a"
    assert "sl_a" not in repr(server_of("https://a.example"))
    with pytest.raises(ServerError, match="There is no token") as caught:
        server_of("https://c.example")
    assert "safelight login https://c.example" in caught.value.remedy
    keep_token("https://a.example", None)
    assert kept_tokens() == {"https://b.example": "sl_b"}


def test_a_file_that_others_can_read_is_refused() -> None:
    keep_token("https://a.example", "sl_a")
    token_file().chmod(0o644)
    with pytest.raises(ServerError, match="Others can read") as caught:
        server_of("https://a.example")
    assert caught.value.remedy.startswith("Run: chmod 600")


def test_a_damaged_file_or_token_is_a_sentence(monkeypatch) -> None:
    keep_token("https://a.example", "sl_a")
    token_file().write_text('{"tokens": []}')
    with pytest.raises(ServerError, match="damaged"):
        kept_tokens()
    monkeypatch.setenv("SAFELIGHT_TOKEN", "sl_a\u2019b")
    with pytest.raises(ServerError, match="characters that no token has"):
        server_of("https://a.example")
