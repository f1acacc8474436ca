"""The workspace for what a screen asks of it in a thread, and its refusals in words."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.client.workspace import Workspace


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
