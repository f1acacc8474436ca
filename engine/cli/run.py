"""`safelight run` and `safelight queue`."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from db.rows import BatchRow
from engine.cli.completion import complete_file, complete_recipe
from engine.cli.doors import remote_door
from engine.cli.estimates import ask_about_cost, show_estimate
from engine.cli.first_input import kept, to_check
from engine.cli.grid_options import grid_of, grid_options
from engine.cli.lasting import outlive_upgrades
from engine.cli.live import Display, JsonDisplay, PlainDisplay, RichDisplay, duration
from engine.cli.namesakes import warn_of_namesakes
from engine.cli.options import F, budget_option, json_option, settings_option, workspace_option
from engine.cli.recipe_options import RECIPE_OPTIONS, RecipeCommand
from engine.cli.summary import print_summary
from engine.cli.trouble import FAILED, INTERRUPTED, PARKED, CliError
from engine.cli.trust import asking_for_trust
from engine.client.command_text import command_line
from engine.client.entered import entered_input, notes_of
from engine.client.hub import adopt_hub_variables
from engine.client.ids import batch_name
from engine.client.inputs import INPUT_FORMATS
from engine.client.logs import log_to_console, log_to_file
from engine.client.options import QueueOptions, Source
from engine.client.run_id import run_id
from engine.client.watch import BatchUpdate
from engine.client.workspace import Workspace
from engine.config.process.limits import refuse_too_little
from engine.config.process.signals import held_back
from engine.contract.recipe import AnyRecipe
from engine.text.plural import pluralize
from engine.text.terminal import clean

DEFAULT_INPUT = "prompts.json"


def _queue_options(function: F) -> F:
    """Add the options that `run` and `queue` share."""
    options: list[Callable[[Any], Any]] = [
        click.option(
            "--input-file", type=str, shell_complete=complete_file, help="The same as INPUT."
        ),
        click.option(
            "--output-dir",
            type=click.Path(file_okay=False, path_type=Path),
            help="Folder of the results, instead of the workspace's outputs/.",
        ),
        click.option("--name", default="", help="The batch's name (default: the file's)."),
        settings_option,
        click.option(
            "--batch-size", type=click.IntRange(1), help="Maximum number of jobs in flight."
        ),
        click.option("--priority", type=int, default=0, help="Priority; higher runs first."),
        budget_option,
        click.option("--dry-run", is_flag=True, help="Print an estimate; queue nothing."),
        click.option(
            "--format",
            "file_format",
            type=click.Choice(INPUT_FORMATS),
            help="The input's format (default: by its name or content).",
        ),
        grid_options,
        click.option("--yes", is_flag=True, help="Do not ask for confirmation, whatever the cost."),
        workspace_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command(cls=RecipeCommand)
@click.argument("recipe", shell_complete=complete_recipe)
@click.argument("input_", metavar="[INPUT]", required=False, shell_complete=complete_file)
@_queue_options
@click.option("--plain", is_flag=True, help="Plain lines instead of progress bars.")
@json_option
def run(
    recipe: str, input_: str | None, workspace: Path, plain: bool, as_json: bool, **flags: Any
) -> int:
    """Queue INPUT for RECIPE and wait until it is done.

    INPUT is a file of entries (JSON, YAML, JSONL, CSV or plain lines) or - for standard input;
    prompts.json by default. A recipe may have options of its own, which `safelight run RECIPE
    --help` lists, and take its one entry from them, as refine does (--prompt "a fox in snow").
    The workspace's running engine runs the batch, or this command if no engine runs. One Ctrl-C
    leaves the batch resumable.
    """
    if remote := remote_door():
        from engine.cli.remote.queueing import run_there

        return run_there(remote, recipe, _named(input_, flags), flags, as_json=as_json)
    ask = not (flags["yes"] or as_json)
    queue_ = partial(_queue, workspace, recipe, input_, flags, as_json=as_json, ask=ask)
    queued = asking_for_trust(queue_, ask=ask)
    if queued is None:
        return 0
    opened, batch, note = queued
    if note:
        click.echo(f"Queued {batch}. {note}", err=True)
    return attend(opened, batch, plain=plain, as_json=as_json)


@click.command(cls=RecipeCommand)
@click.argument("recipe", required=False, shell_complete=complete_recipe)
@click.argument("input_", metavar="[INPUT]", required=False, shell_complete=complete_file)
@_queue_options
@click.option("--append", metavar="BATCH", help="Add the entries to this batch instead.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run, print stable JSON.")
def queue(
    recipe: str | None,
    input_: str | None,
    workspace: Path,
    append: str | None,
    as_json: bool,
    **flags: Any,
) -> int:
    """Queue INPUT for RECIPE and return.

    With --append BATCH the entries go to that batch, with its recipe and settings; then the
    only argument is INPUT.
    """
    if append is not None:
        if recipe and input_:
            raise click.UsageError("With --append, give the input only: the batch has its recipe.")
        _refuse_what_the_batch_has(flags)
        if remote := remote_door():
            count = remote.append(append, _named(recipe or input_, flags) or _default_input())
            click.echo(f"{pluralize(count, 'job')} added to {append}.")
            return 0
        opened = Workspace(workspace)
        warn_of_namesakes(opened, [append])
        options = replace(_options(flags), grid=grid_of(opened, flags))
        count = opened.append(append, _named(recipe or input_, flags) or _default_input(), options)
        click.echo(f"{pluralize(count, 'job')} added to {append}.")
        return 0
    if not recipe:
        raise click.UsageError("Name a recipe; `safelight recipes` lists them.")
    if remote := remote_door():
        from engine.cli.remote.queueing import queue_there

        return queue_there(remote, recipe, _named(input_, flags), flags, as_json=as_json)
    ask = bool(flags["axis"] or flags["dynamic"]) and not (flags["yes"] or as_json)
    queue_ = partial(_queue, workspace, recipe, input_, flags, as_json=as_json, ask=ask)
    queued = asking_for_trust(queue_, ask=not as_json)
    if queued is None:
        return 0
    opened, batch, note = queued
    click.echo(f"Queued {batch}. {note}".rstrip())
    if opened.engine_process() is None:
        start = command_line(opened.shown_root, "engine")
        click.echo(f"No engine runs on this workspace; start one: {start}")
    return 0


def _queue(
    root: Path,
    recipe: str,
    input_: str | None,
    flags: dict[str, Any],
    *,
    as_json: bool,
    ask: bool = False,
) -> tuple[Workspace, str, str] | None:
    return queue_input(
        root,
        recipe,
        lambda opened: _asked(opened, recipe, input_, flags),
        as_json=as_json,
        ask=ask,
        dry_run=flags["dry_run"],
    )


def queue_input(
    root: Path,
    recipe: str,
    read: Callable[[Workspace], tuple[Callable[[], Source], QueueOptions]],
    *,
    as_json: bool,
    ask: bool,
    dry_run: bool,
) -> tuple[Workspace, str, str] | None:
    """Queue an input, creating the workspace once the input is known to be right.

    Args:
        root: The workspace's folder.
        recipe: Name of the recipe.
        read: Returns the input, as a function that opens it from its start, and the options.
        as_json: True to print the estimate of a dry run as JSON.
        ask: True to ask before what is expensive.
        dry_run: True to print an estimate only.

    Returns:
        The workspace, the batch's id and notes about it; None after a dry run, which has printed
        its estimate.
    """
    refuse_too_little()
    with to_check(root) as (opened, is_trial):
        named, options = read(opened)
        is_read_twice = is_trial or options.grid is not None
        with kept(named) if is_read_twice else nullcontext(named) as source:
            if dry_run:
                show_estimate(opened.estimate(recipe, source(), options=options), as_json=as_json)
                return None
            if ask and (is_read_twice or named() != "-"):
                ask_about_cost(opened, recipe, source(), options)
            if is_trial:
                opened.estimate(recipe, source(), options=options)
            workspace = Workspace(root, create=True) if is_trial else opened
            batch = workspace.queue(recipe, source(), options=options)
            return workspace, batch, notes_of(workspace, batch, source(), options)


def _refuse_what_the_batch_has(flags: dict[str, Any]) -> None:
    """Refuse options that the batch already has; appended entries run with its settings."""
    if flags["dry_run"] or flags["budget"] is not None:
        raise click.UsageError("With --append, the batch has its budget: safelight budget.")
    names = ("name", "output_dir", "overrides", "batch_size", "priority")
    asked = [name for name in names if flags[name]]
    if asked:
        option = "--set" if asked[0] == "overrides" else "--" + asked[0].replace("_", "-")
        raise click.UsageError(f"With --append, {option} has no effect: the batch has its own.")


def _asked(
    workspace: Workspace, recipe: str, input_: str | None, flags: dict[str, Any]
) -> tuple[Callable[[], Source], QueueOptions]:
    """Return the input, as a function that opens it from its start, and the options.

    A recipe's own options may give the input, in place of INPUT.
    """
    loaded = workspace.catalog.recipe(recipe)
    options = replace(_options(flags), grid=grid_of(workspace, flags))
    source, options = entered_input(workspace, recipe, _named(input_, flags), options)
    return source or partial(_default_input, loaded), options


def _named(input_: str | None, flags: dict[str, Any]) -> str | None:
    """Return the input that is named on the command line."""
    named: str | None = flags["input_file"]
    if input_ and named:
        raise click.UsageError("Give INPUT or --input-file, not both.")
    return input_ or named


def _default_input(recipe: AnyRecipe | None = None) -> str:
    if not Path(DEFAULT_INPUT).is_file():
        flag = next((o.flag for o in recipe.options if o.target != "setting"), "") if recipe else ""
        raise CliError(
            f"No input was given and there is no {DEFAULT_INPUT} here. Name a file of entries, "
            f"or - for standard input{f', or give {flag} ...' if flag else ''}."
        )
    return DEFAULT_INPUT


def _options(flags: dict[str, Any]) -> QueueOptions:
    return QueueOptions(
        name=flags["name"],
        output_dir=flags["output_dir"],
        overrides=flags["overrides"],
        flags=flags[RECIPE_OPTIONS],
        priority=flags["priority"],
        in_flight=flags["batch_size"],
        file_format=flags["file_format"],
        budget=flags["budget"],
    )


def attend(workspace: Workspace, batch: str, *, plain: bool, as_json: bool) -> int:
    """Follow or run a batch until it has ended; return the exit code."""
    output = _LastingConsole(highlight=False)
    messages = _LastingConsole(stderr=True, highlight=False)
    display = _display(output, plain=plain, as_json=as_json)
    log_to_file(workspace.paths.logs, run_id(), workspace.settings.log)
    log_to_console(output if isinstance(display, RichDisplay) else messages)
    batch_id = int(batch.removeprefix("b"))
    adopt_hub_variables(workspace.paths.root)
    outlive_upgrades("run", "The next one uses the new version.")
    with held_back():
        with _lenient(display) as show:
            ended, signal = asyncio.run(workspace.attend(batch_id, show))
        with contextlib.suppress(OSError):
            (messages if as_json else output).print(
                _closing(workspace, ended, signal), markup=False, soft_wrap=True
            )
            if ended.is_over and not signal:
                print_summary(workspace, ended, output, as_json=as_json)
        return exit_code_of(ended, signal)


class _LastingConsole(Console):
    """Console whose reader may go away: the run continues without output."""

    def on_broken_pipe(self) -> None:
        """Drop all further output; Rich would end the process in the middle of a batch."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())  # buffered output is written at the end
        os.close(nowhere)


def _display(console: Console, *, plain: bool, as_json: bool) -> Display:
    if as_json:
        return JsonDisplay(console)
    if plain or not console.is_terminal or console.is_dumb_terminal:
        return PlainDisplay(console)
    return RichDisplay(console)


@contextlib.contextmanager
def _lenient(display: Display) -> Any:
    """Yield the display's `show`, which ignores a terminal or reader that has gone away."""
    gone = False

    def show(update: BatchUpdate) -> None:
        nonlocal gone
        if not gone:
            try:
                display.show(update)
            except OSError:
                gone = True

    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            stack.enter_context(display)
        try:
            yield show
        finally:
            with contextlib.suppress(OSError):
                stack.close()


def _closing(workspace: Workspace, batch: BatchRow, signal: int) -> str:
    name = f"{batch_name(batch.id)} ({clean(batch.name, 60)})"
    counts = ", ".join(f"{count} {state}" for state, count in batch.jobs.items())
    if signal:
        left = command_line(workspace.shown_root, "engine --until-idle")
        if workspace.engine_process() is not None:
            look = command_line(workspace.shown_root, "status")
            return f"Left {name}; the engine keeps running it. See: {look}"
        return f"Stopped {name}: {counts}. Nothing is lost. To continue: {left}"
    if not batch.is_over:
        look = command_line(workspace.shown_root, "status")
        return f"{name} is waiting: {counts}. For the reasons: {look}"
    state, took = batch.state.replace("_", " "), _took(batch)
    outputs = workspace.catalog.recipe(batch.recipe).outputs
    if not (outputs.write_job or outputs.write_batch or outputs.write_progress):
        where = f"Look: {command_line(workspace.shown_root, f'jobs {batch_name(batch.id)}')}"
    else:
        where = f"Results: {_results(workspace, batch)}"
    return f"{name} is {state}: {counts}{took}. {where}"


def _results(workspace: Workspace, batch: BatchRow) -> Path:
    """Return the folder that holds the batch's folders; that of all results if they are spread."""
    from db.queries.jobs import jobs_page

    with workspace.reading() as connection:
        first_and_last = [
            *jobs_page(connection, batch.id, limit=1),
            *jobs_page(connection, batch.id, after=batch.total - 1, limit=1),
        ]
    parents = {Path(job.output).parent for job in first_and_last}
    return workspace.shown_root / (parents.pop() if len(parents) == 1 else batch.outputs)


def _took(batch: BatchRow) -> str:
    from db.clock import seconds_between

    seconds = seconds_between(batch.started_at, batch.finished_at)
    return "" if seconds is None else f" in {duration(seconds)}"


def exit_code_of(batch: BatchRow, signal: int = 0) -> int:
    """Return the exit code for a batch, and for the number of a signal that cut it short."""
    if signal:
        return INTERRUPTED
    if not batch.is_over:
        return PARKED
    return 0 if batch.state == "done" else FAILED
