"""Each action of an operator is described once, and everything that offers it follows that."""

import subprocess
import sys

import click
import pytest

from engine.cli.app import app
from engine.client.actions import ACTIONS, UnknownAction, action_of
from engine.client.workspace import open_workspace
from engine.runtime.commands import HANDLERS, WITHOUT_TARGET
from tui.actions import BY_ID

COMMANDS = [action for action in ACTIONS if action.is_command]


def test_the_engine_carries_out_exactly_the_commands_of_the_registry() -> None:
    handlers = {**HANDLERS, **WITHOUT_TARGET}
    assert {action.verb for action in COMMANDS} == set(handlers)
    for action in COMMANDS:
        assert action.load_handler() is handlers[action.verb]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.verb)
def test_every_action_can_be_loaded_and_says_what_it_does(action) -> None:
    assert callable(action.load_handler())
    assert action.help.endswith(".")
    assert action.applies_to


@pytest.mark.parametrize("action", COMMANDS, ids=lambda action: action.verb)
def test_the_command_line_has_it_with_its_help(action) -> None:
    context = app.make_context("safelight", ["--help"], resilient_parsing=True)
    name, *options = action.command_line.split()
    command = app.get_command(context, name)
    assert command is not None
    assert command.help is not None
    if options:
        flags = {flag: o for o in command.params for flag in o.opts if isinstance(o, click.Option)}
        assert flags[options[0]].help == action.help
        return
    assert command.help.startswith(action.help)
    assert command.short_help == action.help


@pytest.mark.parametrize(
    ("key", "verb"),
    [(verb, verb) for verb in ("pause", "resume", "retry", "cancel", "cancel_waiting", "branch")]
    + [("undo_decision", "undo")],
)
def test_the_dashboard_has_it_with_its_title_and_help(key: str, verb: str) -> None:
    shown, action = BY_ID[key], action_of(verb)
    assert (shown.title, shown.help) == (action.title, action.help)


def test_an_unknown_verb_is_refused_before_anything_is_written(tmp_path) -> None:
    workspace = open_workspace(tmp_path)
    with pytest.raises(UnknownAction, match="Unknown command: dance"):
        workspace.command("dance", [])
    with pytest.raises(UnknownAction, match="not a command"):
        workspace.command("stop", [])
    with workspace.reading() as connection:
        assert connection.execute("SELECT count(*) FROM commands").fetchone()[0] == 0


def test_to_know_the_actions_and_to_open_a_workspace_costs_no_model_library() -> None:
    heavy = {"pydantic", "click", "numpy", "PIL", "textual", "engine.plugins.catalog"}
    code = "import sys\nimport engine.client.workspace, engine.client.actions\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy.isdisjoint(ran.stdout.split())
