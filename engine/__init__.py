"""The engine: recipes, the runtime that makes them durable, backends, and the command line."""

from typing import TYPE_CHECKING, Any

from engine.config.version import __version__ as __version__

if TYPE_CHECKING:
    from engine.client.workspace import Workspace as Workspace
    from engine.client.workspace import open_workspace as open_workspace


def __getattr__(name: str) -> Any:
    """The Python door, imported when it is first used, so that `--version` stays quick."""
    if name in {"open_workspace", "Workspace"}:
        from engine.client import workspace

        return getattr(workspace, name)
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
