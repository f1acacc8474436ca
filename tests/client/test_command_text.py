"""The command line of a stored command is one that the command line takes."""

import shlex

import click
import pytest

from engine.cli.app import app
from engine.client.command_text import command_text


@pytest.mark.parametrize(
    ("verb", "targets", "arguments", "line"),
    [
        ("pause", [{"batch": 3}], {}, "safelight pause b3"),
        ("pause_all", [], {}, "safelight pause --all"),
        ("cancel", [{"job": 2}], {}, "safelight cancel j2 --yes"),
        ("priority", [{"job": 2}], {"change": -1}, "safelight priority -1 j2"),
        ("front", [{"job": 2}], {}, "safelight front j2"),
        ("budget", [{"batch": 1}], {"budget": 1_500_000}, "safelight budget b1 1.5"),
        ("budget", [{"batch": 1}], {"budget": None}, "safelight budget b1 none"),
        (
            "lane", [], {"lane": "fal", "concurrency": 3, "requests_per_minute": 0},
            "safelight lane fal --concurrency 3 --requests-per-minute 0",
        ),
        ("decide", [{"job": 1}], {"key": "select", "value": 2}, "safelight decide j1 select 2"),
        (
            "decide", [{"job": 1}], {"key": "iteration-1/prompt", "value": "it's $HOME; rm -rf"},
            """safelight decide j1 iteration-1/prompt 'it'"'"'s $HOME; rm -rf'""",
        ),
        (
            "reject", [{"job": 1}], {"key": "plan", "reason": "too dark"},
            "safelight reject j1 plan --reason 'too dark'",
        ),
        ("approve", [{"job": 1}], {"key": "", "value": {"a": 1}}, "safelight approve j1"),
        ("dance", [{"job": 1}], {"fast": True}, "safelight dance j1 --fast"),
    ],
)  # fmt: skip
def test_lines(verb: str, targets: list, arguments: dict, line: str) -> None:
    assert command_text(verb, targets, arguments) == line
    words = shlex.split(line)[1:]
    command = app.get_command(click.Context(app), words[0])
    if verb != "dance":
        assert command is not None
        command.make_context(words[0], words[1:])  # or a usage error
