"""What goes wrong, as sentences."""

import click

BAD_USAGE = 2
PARKED = 3
FAILED = 1
INTERRUPTED = 130


class Trouble(click.ClickException):
    """Bad usage or input: said in a sentence, exit code 2."""

    exit_code = BAD_USAGE

    def show(self, file: object = None) -> None:
        """Writes the sentence to standard error, cleaned of what could act on a terminal."""
        from engine.text import clean

        text = clean(self.message, limit=None, keep_newlines=True)
        click.echo(click.style("Error: ", fg="red") + text, err=True)


def as_click(error: Exception) -> click.ClickException | None:
    """The sentence for an error that an operator can mend; None for a defect."""
    from db.errors import StoreError
    from engine.catalog import BackendSettingsError, UnknownName
    from engine.ids import UnknownId
    from engine.intake import InputError
    from engine.queueing import QueueError
    from engine.runtime.engine import StoreGone
    from engine.runtime.lock import WorkspaceBusy
    from engine.settings import SettingsError

    known = (
        StoreError,
        UnknownName,
        BackendSettingsError,
        UnknownId,
        InputError,
        QueueError,
        StoreGone,
        WorkspaceBusy,
        SettingsError,
    )
    if isinstance(error, known):
        return Trouble(str(error))
    if isinstance(error, OSError) and error.filename is not None:
        return Trouble(f"{error.filename}: {error.strerror}")
    return None


def show_bug() -> None:
    """Writes a readable traceback to standard error."""
    from rich.console import Console

    console = Console(stderr=True)
    console.print_exception(show_locals=False, word_wrap=True)
    console.print(
        "This is a defect of Safelight. Nothing that was finished is lost; please report it.",
        markup=False,
    )
