"""The usual run draws the same examples of every property, whatever ran before it."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[tuple[int, str, str]]:
    """The examples of a property."""
    examples = []

    @settings(derandomize=True, database=None)
    @given(st.integers(), st.floats(), st.text())
    def property_(number: int, share: float, text: str) -> None:
        examples.append((number, share, text))

    property_()
    return [(number, repr(share), text) for number, share, text in examples]


def test_examples_are_the_same_after_another_module_was_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--hypothesis-profile") == "randomised":
        pytest.skip("Examples are meant to differ.")
    before = drawn()
    numbers = ", ".join(f"{number}, {number}.5, 'word {number}'" for number in range(7001, 7100))
    (tmp_path / "full_of_constants.py").write_text(f"THINGS = [{numbers}]\n")
    monkeypatch.syspath_prepend(tmp_path)
    __import__("full_of_constants")
    try:
        assert drawn() == before
    finally:
        del sys.modules["full_of_constants"]
