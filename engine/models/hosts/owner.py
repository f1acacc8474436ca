"""Interface of the owner of hosts, as a host sees it."""

from typing import Protocol, TypeVar

from engine.models.hosts import messages
from engine.models.hosts.current_task import CurrentBatch, HostExit

H_contra = TypeVar("H_contra", contravariant=True)


class Owner(Protocol[H_contra]):
    """Owner of hosts, which gives them work."""

    def loaded(self, host: H_contra, report: messages.ModelLoaded) -> None:
        """Handle a loaded model."""
        ...

    def not_loaded(self, host: H_contra, report: messages.ModelLoadFailed) -> None:
        """Handle a model that could not be loaded."""
        ...

    def answered(self, host: H_contra, running: CurrentBatch, report: messages.BatchDone) -> None:
        """Handle a batch that has ended."""
        ...

    def ended(self, host: H_contra, end: HostExit) -> None:
        """Handle a process that has ended without being closed, or whose link was lost."""
        ...
