"""A text in the operator's own pager or editor, which has the terminal meanwhile."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from engine.text.errors import UserError
from engine.text.terminal import quoted

PAGER = ("PAGER",)
EDITOR = ("VISUAL", "EDITOR")
_USUAL = {PAGER: ("less", "more"), EDITOR: ("nano", "vi")}


def program(names: tuple[str, ...]) -> list[str]:
    """Return the command line of a pager or an editor.

    Args:
        names: Environment variables that may name it, the first one first.

    Raises:
        UserError: It is not installed.
    """
    named = next((value for name in names if (value := os.environ.get(name, "").strip())), "")
    try:
        words = shlex.split(named)
    except ValueError:
        words = [named]
    usual = _USUAL[names]
    words = words or next(([word] for word in usual if shutil.which(word)), [usual[0]])
    if shutil.which(words[0]) is None:
        variables = " or ".join(f"${name}" for name in names)
        raise UserError(f"There is no program {quoted(words[0])}. Set {variables}.")
    return words


def show_in(app: App[Any], names: tuple[str, ...], lines: Iterable[str], *, name: str) -> None:
    """Show a copy of a text in a program, until that ends.

    Args:
        app: The app, whose terminal the program gets.
        names: Environment variables that may name the program, the first one first.
        lines: The lines, cleaned.
        name: Name of the copy, whose ending tells editors its kind.

    Raises:
        UserError: The program could not be started.
    """
    with tempfile.TemporaryDirectory(prefix="safelight-") as folder:
        path = Path(folder) / name
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        _run(app, [*program(names), str(path)])


def edit_in(app: App[Any], text: str, *, name: str) -> str:
    """Return a text as the operator's editor leaves it; a program that fails leaves it as it is.

    Args:
        app: The app, whose terminal the program gets.
        text: The text, cleaned.
        name: Name of the file, whose ending tells editors its kind.

    Raises:
        UserError: The program could not be started, or what it left is no text.
    """
    with tempfile.TemporaryDirectory(prefix="safelight-") as folder:
        path = Path(folder) / name
        path.write_text(f"{text}\n", encoding="utf-8")
        if _run(app, [*program(EDITOR), str(path)]) != 0:
            return text
        try:
            edited = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UserError("Your editor left no text in UTF-8; nothing is changed.") from error
    return edited.removesuffix("\n")


def _run(app: App[Any], command: list[str]) -> int:
    """Run a program in the app's terminal; return its exit code."""
    try:
        with app.suspend():
            return subprocess.run(command, check=False).returncode  # noqa: S603 - the operator's own program
    except SuspendNotSupported:
        raise UserError("This terminal cannot be lent to another program.") from None
    except OSError as error:
        raise UserError(f"{quoted(command[0])} cannot be started: {error.strerror}.") from error
