"""A text in the operator's own pager or editor."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

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


def show_in(command: list[str], lines: Iterable[str], *, name: str) -> None:
    """Show a copy of a text in a program of the terminal, until that ends.

    Args:
        command: The program.
        lines: The lines, cleaned.
        name: Name of the copy, whose ending tells editors its kind.

    Raises:
        UserError: The program could not be started.
    """
    with tempfile.TemporaryDirectory(prefix="safelight-") as folder:
        path = Path(folder) / name
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        try:
            subprocess.run([*command, str(path)], check=False)  # noqa: S603 - the operator's own program
        except OSError as error:
            raise UserError(f"{quoted(command[0])} cannot be started: {error.strerror}.") from error
