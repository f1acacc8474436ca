"""Errors of the command line, and their exit codes."""

import click

BAD_USAGE = 2
PARKED = 3
FAILED = 1
INTERRUPTED = 130


class CliError(click.ClickException):
    """Bad usage or input, reported in one sentence; exit code 2."""

    exit_code = BAD_USAGE

    def show(self, file: object = None) -> None:
        """Write the sentence to standard error without terminal escapes."""
        from engine.text.terminal import clean

        text = clean(self.message, limit=None, keep_newlines=True)
        click.echo(click.style("Error: ", fg="red") + text, err=True)


class ActionRequired(CliError):
    """Action that the user has to take first, in one sentence; exit code 3."""

    exit_code = PARKED


def as_click(error: Exception) -> click.ClickException | None:
    """Return the sentence for an error that a user can fix; None for a bug."""
    from engine.client.errors import as_user_error

    known = as_user_error(error)
    if known is None:
        return None
    return (ActionRequired if known.waits else CliError)(str(known))


def show_bug() -> None:
    """Write a readable traceback to standard error."""
    from rich.console import Console

    console = Console(stderr=True)
    console.print_exception(show_locals=False, word_wrap=True)
    console.print(
        "This is a bug in Safelight. No finished work is lost; please report it.",
        markup=False,
    )
