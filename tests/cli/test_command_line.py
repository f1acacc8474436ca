"""Commands that messages give name the program that the user has started."""

from pathlib import Path

import pytest

from engine.client.command_text import command_line


@pytest.mark.parametrize(
    ("started", "program"),
    [
        ("/venv/bin/safelight", "safelight"),
        ("/site-packages/safelight/__main__.py", "python -m safelight"),
    ],
)
def test_a_command_is_named_by_the_started_program(
    monkeypatch: pytest.MonkeyPatch, started: str, program: str
) -> None:
    monkeypatch.setattr("sys.argv", [started, "status"])
    assert command_line(Path(), "engine") == f"{program} engine"
