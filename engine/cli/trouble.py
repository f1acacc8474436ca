"""What goes wrong, as sentences."""

import click

BAD_USAGE = 2
PARKED = 3
FAILED = 1
INTERRUPTED = 130


class CliError(click.ClickException):
    """Bad usage or input: said in a sentence, exit code 2."""

    exit_code = BAD_USAGE

    def show(self, file: object = None) -> None:
        """Writes the sentence to standard error, cleaned of what could act on a terminal."""
        from engine.text.terminal import clean

        text = clean(self.message, limit=None, keep_newlines=True)
        click.echo(click.style("Error: ", fg="red") + text, err=True)


class ActionRequired(CliError):
    """Something that the user has to do first: said in a sentence, exit code 3."""

    exit_code = PARKED


def as_click(error: Exception) -> click.ClickException | None:
    """Return the sentence for an error that a user can put right; None for a bug."""
    from engine.client.errors import as_user_error

    found = as_user_error(error)
    if found is None:
        return None
    return (ActionRequired if found.waits else CliError)(str(found))


def show_bug() -> None:
    """Writes a readable traceback to standard error."""
    from rich.console import Console

    console = Console(stderr=True)
    console.print_exception(show_locals=False, word_wrap=True)
    console.print(
        "This is a defect of Safelight. Nothing that was finished is lost; please report it.",
        markup=False,
    )
