"""The workspace for what a screen asks of it in a thread, and its refusals in words."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.text.terminal import clean

if TYPE_CHECKING:
    from engine.client.workspace import Workspace


def shown_root(root: Path) -> str:
    """Return the folder of a workspace as a crumb, with `~` for the operator's own folder."""
    whole = root.absolute()
    with suppress(RuntimeError, ValueError):  # nobody's folder is known, or it is elsewhere
        home = Path.home()
        if home != Path(home.anchor):  # of a container whose user has no folder
            return clean(str(Path("~") / whole.relative_to(home)))
    return clean(str(whole))


def open_workspace(root: Path) -> "Workspace":
    """Return a workspace; its modules are loaded by the first use."""
    from engine.client.workspace import Workspace

    return Workspace(root)


def refusal_words(error: Exception) -> str:
    """Return the sentences of a refusal; a bug is raised again."""
    from engine.client.inputs import refusal_of

    refusal = refusal_of(error)
    if refusal is None:
        raise error
    return " ".join([refusal.message, *refusal.problems[:3]])
