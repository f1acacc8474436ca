"""Current work of a host, and how it may end."""

from dataclasses import dataclass, field

from engine.contract.model_host import ModelKey
from engine.models.hosts.tasks import BatchKey, PendingTask, moment


@dataclass(slots=True, eq=False)
class CurrentLoad:
    """A model is being loaded."""

    model: ModelKey
    since: float = field(default_factory=moment)


@dataclass(slots=True, eq=False)
class CurrentBatch:
    """A batch that was sent to its process."""

    number: int
    key: BatchKey
    tasks: list[PendingTask]
    since: float = field(default_factory=moment)

    @property
    def model(self) -> ModelKey:
        """Its model."""
        return self.key[0]

    @property
    def is_wanted(self) -> bool:
        """True if some of its tasks were not cancelled."""
        return any(not task.answer.done() for task in self.tasks)


@dataclass(frozen=True, slots=True)
class HostExit:
    """A host's process has ended.

    Attributes:
        work: Its current work.
        ahead: The batch that it had already been sent.
        how: Description of the end, for a sentence.
        is_crash: True if it died, False if it was killed because it hung, or the link was lost.
        is_lost: True if the link to it was lost: its tasks are done elsewhere and not to blame.
        for_memory: True if the system may have killed it for lack of memory.
    """

    work: "CurrentLoad | CurrentBatch | None"
    ahead: "CurrentBatch | None"
    how: str
    is_crash: bool
    for_memory: bool
    is_lost: bool = False


def growing_pause(times: int) -> float:
    """Return the seconds to wait after the same has happened some times in a row."""
    return 0.0 if times <= 1 else min(60.0, 0.5 * 2.0 ** (min(times, 20) - 2))
