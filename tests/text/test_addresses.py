"""Addresses that a workspace or a user may name."""

import pytest

from engine.text.addresses import checked_url


@pytest.mark.parametrize(
    "url", ["https://gateway.example/v1/", "http://127.0.0.1:8188", "http://[::1]:1", " https://a "]
)
def test_an_address_is_kept_without_its_last_slash(url: str) -> None:
    assert checked_url(url) == url.strip().rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.\u043epenai.com",
        "https://api.openai.com\u200b.evil.example",
        "http://local\thost",
        "https://ex\nample.com",
        "https://a b.example",
        "https://a.example\\b",
        "https://@evil.example",
        "http://localhost:99999",
        "https://gateway.example:port",
        "https://gateway.example/?",
        "https://gateway.example/#",
        "http://127.0.0.1.evil.example",
        "http://localhost.",
    ],
)
def test_what_could_be_read_as_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must "):
        checked_url(url)
