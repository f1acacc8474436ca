"""The command line: names and one-line helps here, each command in a module of its own.

Nothing heavy is imported before a command is called: `--help` and `--version` need click alone.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from engine.client.actions import action_of
from engine.config.version import __version__

_COMMANDS = {
    "run": ("engine.cli.run:run", "Queue an input and stay until it is done."),
    "queue": ("engine.cli.run:queue", "Queue an input, or append to a batch, and return."),
    "engine": ("engine.cli.engine:engine", "Run the engine; stop or restart one."),
    "status": ("engine.cli.status:status", "Engine, lanes and batches at a glance."),
    "jobs": ("engine.cli.jobs:jobs", "The jobs of a batch."),
    "show": ("engine.cli.show:show", "Everything about one job."),
    "pause": ("engine.cli.control:pause", action_of("pause").help),
    "resume": ("engine.cli.control:resume", action_of("resume").help),
    "cancel": ("engine.cli.control:cancel", action_of("cancel").help),
    "retry": ("engine.cli.control:retry", action_of("retry").help),
    "send": ("engine.cli.send:send", action_of("send").help),
    "priority": ("engine.cli.control:priority", action_of("priority").help),
    "decide": ("engine.cli.control:decide", action_of("decide").help),
    "approve": ("engine.cli.gates:approve", action_of("approve").help),
    "reject": ("engine.cli.gates:reject", action_of("reject").help),
    "lane": ("engine.cli.control:lane", action_of("lane").help),
    "budget": ("engine.cli.control:budget", action_of("budget").help),
    "costs": ("engine.cli.costs:costs", "What was spent, on whom and for what."),
    "events": ("engine.cli.events:events", "What happened."),
    "export": ("engine.cli.export:export", "Write a batch's results to a folder."),
    "import": ("engine.cli.imports:import_", "Take a folder of results into the store."),
    "recipes": ("engine.cli.catalog:recipes", "What can be run."),
    "backends": ("engine.cli.catalog:backends", "What can do the work, and what they lack."),
    "plugins": ("engine.cli.plugins:plugins", "What is installed, and from which package."),
    "models": ("engine.cli.models:models", "Weights of local models: list, fetch, find."),
    "schema": ("engine.cli.catalog:schema", "JSON schema of a recipe's input or settings."),
    "trust": ("engine.cli.trust:trust", "Let your keys go to a workspace's addresses."),
    "doctor": ("engine.cli.doctor:doctor", "Look for what is wrong."),
    "examples": ("engine.cli.examples:examples", "Write the example inputs to a folder."),
    "init": ("engine.cli.init:init", "Make a workspace."),
    "gc": ("engine.cli.gc:gc", "Disk use, and files that nothing names."),
    "db": ("engine.cli.db:db", "Check, back up or locate the store."),
    "completion": ("engine.cli.completion:completion", "Completion for your shell."),
}

EPILOG = (
    "Exit codes, worst first: 2 bad usage or input; 130 interrupted, can be resumed; 3 parked, "
    "something is needed; 1 some job failed or was cancelled; 0 every job done."
)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order in which they are used."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing one of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command; what an operator can mend is a sentence, never a traceback."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from engine.cli.trouble import as_click

            known = as_click(error)
            if known is None:
                raise
            raise known from error


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(__version__, prog_name="safelight")
def app() -> None:
    """Safelight: durable generate-evaluate-refine loops for generative media.

    Without a command, `safelight` opens the dashboard on the workspace of the current folder.
    `--workspace DIR` names another one, `--read-only` only watches. Without a terminal it prints
    this help.

    Every command takes --workspace DIR after its name; the default is the current folder.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    try:
        outcome = app.main(
            list(sys.argv[1:] if arguments is None else arguments),
            prog_name="safelight",
            standalone_mode=False,
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output is gone; nobody is left to tell
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - a defect: shown readably, with the way to report it
        from engine.cli.trouble import show_bug

        show_bug()
        return 70
    return outcome if isinstance(outcome, int) else 0
