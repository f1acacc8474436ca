"""The command line: names and one-line helps here, each command in a module of its own.

Nothing heavy is imported before a command is called: `--help` and `--version` need click alone.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from engine import __version__
from engine.client.actions import action_of

_COMMANDS = {
    "run": ("engine.cli.run:run", "Queue an input and wait until it is done."),
    "queue": ("engine.cli.run:queue", "Queue an input, or append to a batch, and return."),
    "generate": ("engine.cli.single:generate", "Generate images of prompts, and nothing more."),
    "evaluate": ("engine.cli.single:evaluate", "Say what is in images, and score them."),
    "refine-prompt": (
        "engine.cli.single:refine_prompt",
        "Write a prompt from an evaluation.",
    ),
    "engine": ("engine.cli.engine:engine", "Run the engine; stop or restart one."),
    "stop": ("engine.cli.engine:stop", action_of("stop").help),
    "api": ("engine.cli.api:api", "Serve the HTTP API of a workspace."),
    "gallery": ("engine.cli.gallery:gallery", "Serve the gallery, for a browser, and the API."),
    "token": ("engine.cli.tokens:token", "Create, list and revoke tokens of the HTTP API."),
    "status": ("engine.cli.status:status", "Show the engine, the lanes and the batches."),
    "hosts": (
        "engine.cli.hosts:hosts",
        "Show machines and devices: links, load, models, speed.",
    ),
    "jobs": ("engine.cli.jobs:jobs", "List the jobs of a batch."),
    "show": ("engine.cli.show:show", "Show everything about one job."),
    "grid": ("engine.cli.grid:grid", "Show a grid as tables, and draw it as a labelled sheet."),
    "open": ("engine.cli.open:open_", action_of("open").help),
    "pause": ("engine.cli.control:pause", action_of("pause").help),
    "resume": ("engine.cli.control:resume", action_of("resume").help),
    "cancel": ("engine.cli.control:cancel", action_of("cancel").help),
    "retry": ("engine.cli.control:retry", action_of("retry").help),
    "send": ("engine.cli.send:send", action_of("send").help),
    "again": ("engine.cli.again:again", action_of("again").help),
    "priority": ("engine.cli.control:priority", action_of("priority").help),
    "front": ("engine.cli.control:front", action_of("front").help),
    "decide": ("engine.cli.control:decide", action_of("decide").help),
    "undo": ("engine.cli.undo:undo", action_of("undo").help),
    "branch": ("engine.cli.branch:branch", action_of("branch").help),
    "approve": ("engine.cli.gates:approve", action_of("approve").help),
    "reject": ("engine.cli.gates:reject", action_of("reject").help),
    "lane": ("engine.cli.control:lane", action_of("lane").help),
    "budget": ("engine.cli.control:budget", action_of("budget").help),
    "learned": ("engine.cli.learned:learned", action_of("learned").help),
    "rate": ("engine.cli.keeping:rate", action_of("rate").help),
    "search": ("engine.cli.search:search", "Search prompts, critiques and notes of all jobs."),
    "star": ("engine.cli.keeping:star", action_of("star").help),
    "note": ("engine.cli.keeping:note", action_of("note").help),
    "archive": ("engine.cli.keeping:archive", action_of("archive").help),
    "unarchive": ("engine.cli.keeping:unarchive", action_of("unarchive").help),
    "delete": ("engine.cli.keeping:delete", action_of("delete").help),
    "costs": ("engine.cli.costs:costs", "Show spending by provider, model and purpose."),
    "events": ("engine.cli.events:events", "Show the history of events."),
    "metrics": ("engine.cli.metrics:metrics", "Print metrics for Prometheus, or write a textfile."),
    "spans": ("engine.cli.spans:spans", "Export what was done as OpenTelemetry spans."),
    "login": ("engine.cli.login:login", "Keep the token for another machine's workspace."),
    "logout": ("engine.cli.login:logout", "Forget the token for another machine's workspace."),
    "webhooks": ("engine.cli.webhooks:webhooks", "Send events to addresses, and retry them."),
    "export": ("engine.cli.export:export", "Write a batch's results to a folder."),
    "import": ("engine.cli.imports:import_", "Import a folder of results."),
    "recipes": ("engine.cli.catalog:recipes", "List the available recipes."),
    "backends": ("engine.cli.catalog:backends", "List the backends and missing requirements."),
    "plugins": ("engine.cli.plugins:plugins", "List the installed plugins and their packages."),
    "models": ("engine.cli.models:models", "List, download and locate weights of local models."),
    "schema": ("engine.cli.catalog:schema", "Print the JSON schema of inputs or settings."),
    "trust": ("engine.cli.trust:trust", "Allow your keys to be sent to a workspace's addresses."),
    "provenance": (
        "engine.cli.provenance:provenance",
        "Make keys for signed files; show and verify what files state.",
    ),
    "measure": ("engine.cli.measure:measure", "Measure sounds: loudness, phase, faults."),
    "doctor": ("engine.cli.doctor:doctor", "Diagnose problems."),
    "demo": ("engine.cli.demo:demo", "Paint the example prompts, and watch them."),
    "examples": ("engine.cli.examples:examples", "Write the example inputs to a folder."),
    "init": ("engine.cli.init:init", "Create a workspace."),
    "artifacts": (
        "engine.cli.artifacts:artifacts",
        "Show where stored files live; move them to an object store and back.",
    ),
    "gc": ("engine.cli.gc:gc", "Show disk usage and delete unreferenced files."),
    "db": ("engine.cli.db:db", "Check, back up, prune or locate the store."),
    "completion": ("engine.cli.completion:completion", "Print the completion script for a shell."),
}

WITH_SERVER = frozenset(
    {
        "run", "queue", "status", "jobs", "show", "pause", "resume", "cancel", "retry", "priority",
        "front", "decide", "undo", "approve", "reject", "lane", "budget", "rate", "star", "note",
        "archive", "unarchive", "costs", "events", "export", "recipes", "backends", "schema",
        "search",
    }
)  # fmt: skip
"""Commands that `--server` has too."""

EPILOG = (
    "Exit codes, worst first: 2 bad usage or input; 130 interrupted, can be resumed; 3 parked, "
    "action required; 1 some job failed or was cancelled; 0 every job done."
)


class LazyGroup(click.Group):
    """Group of commands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands in the order in which they are shown."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it; None if its name is unknown."""
        if cmd_name not in _COMMANDS:
            return None
        if ctx.params.get("server") and cmd_name not in WITH_SERVER:
            raise click.UsageError(
                f"safelight {cmd_name} is about a workspace of this machine; with --server there "
                f"are: {', '.join(sorted(WITH_SERVER))}."
            )
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that an operator can fix is one sentence, not a traceback."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from engine.cli.trouble import as_click

            known = as_click(error)
            if known is None and ctx.params.get("server"):
                from engine.cli.doors import of_another_version

                known = of_another_version(error)
            if known is None:
                raise
            raise known from error


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(__version__, prog_name="safelight")
@click.option(
    "--server", metavar="URL", help="Work on another machine's workspace by its HTTP API."
)
def app(server: str | None) -> None:
    """Safelight: durable generate-evaluate-refine loops for generative media.

    Without a command, `safelight` opens the dashboard on the workspace of the current folder.
    `--workspace DIR` selects another one, `--read-only` disables all actions. Without a terminal it
    prints this help.

    Every command takes --workspace DIR after its name; the default is the current folder.
    `safelight --server URL COMMAND` works on another machine's workspace, over its HTTP API; see
    `safelight login`.
    """
    del server  # commands ask for it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
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
        sys.stderr.close()  # the reader of our output is gone
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - a bug: shown readably, with a request to report it
        from engine.cli.trouble import show_bug

        show_bug()
        return 70
    return outcome if isinstance(outcome, int) else 0
