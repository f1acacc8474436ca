"""Suffixes of files are those of their kinds, and none that a program or desktop runs."""

import pytest

from engine.contract.kinds import Kind
from engine.kinds import file_names
from engine.kinds.file_names import suffix_of
from engine.kinds.registry import Kinds, kinds


@pytest.mark.parametrize(
    ("kind", "media_type", "suffix"),
    [
        ("audio", "audio/mpeg", ".mp3"),
        ("image", "image/svg+xml", ".svg"),
        ("notation", "text/vnd.abc", ".abc"),
        ("features", "application/json", ".json"),
        ("not-installed", "image/png", ".png"),
        ("midi", "audio/midi", ".mid"),
        ("file", "../../x", ".bin"),
    ],
)
def test_a_suffix_is_that_of_the_kind(kind: str, media_type: str, suffix: str) -> None:
    assert suffix_of(kind, media_type) == suffix


@pytest.mark.parametrize("suffix", [".desktop", ".sh", ".html", "../x", "", ".WAV", ".a b"])
def test_a_suffix_that_is_run_is_never_given(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    class Odd(Kind):
        name = "odd"
        suffixes = {"application/x-odd": suffix}  # noqa: RUF012

    all_kinds = Kinds({**kinds().named, "odd": Odd()}, kinds().order)
    monkeypatch.setattr(file_names, "kinds", lambda: all_kinds)
    assert suffix_of("odd", "application/x-odd") == ".bin"
