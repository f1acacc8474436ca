"""Errors of a device without enough memory."""

from engine.contract.errors import Permanent, Retryable, StepError
from engine.models.hosts.memory import Memory, in_words

OTHERS_SHARE = 0.1
"""Share of a device held by other programs from which they count as the cause."""


class ModelTooLarge(Permanent):
    """A model does not fit on its device, even with all others unloaded.

    Args:
        name: The model's name for operators.
        size: Bytes that it takes, 0 if unknown.
        device: The device.
        budget: Bytes that models may fill there.
    """

    def __init__(self, name: str, size: int, device: str, budget: int) -> None:
        takes = f"takes {in_words(size)}" if size else "takes more memory than there is"
        super().__init__(
            f"{name} {takes}, and models may fill {in_words(budget)} of {device}.",
            remedy="Choose a smaller model, a lower precision or another device, or let models "
            "fill more of it (hosts.memory_gib).",
        )
        self.size = size
        self.lacks_device = True


def no_room_to_load(name: str, device: str, budget: int, memory: Memory) -> StepError:
    """Return why a model could not be loaded although nothing else is."""
    return _held_by_others(name, device, memory) or ModelTooLarge(name, 0, device, budget)


def no_room_to_run(name: str, operation: str, device: str, memory: Memory) -> StepError:
    """Return why a model could not do one task although nothing else is loaded."""
    error = _held_by_others(name, device, memory) or Permanent(
        f"{name}: {operation} needs more memory for one task than {device} has "
        f"({in_words(memory.total())}), with everything else unloaded.",
        remedy="Ask for less at once (a smaller size, fewer frames or images), choose a lower "
        "precision or a smaller model, or another device.",
    )
    error.lacks_device = True
    return error


def _held_by_others(name: str, device: str, memory: Memory) -> StepError | None:
    others = memory.others()
    if others < OTHERS_SHARE * memory.total():
        return None
    error = Retryable(
        f"{name} has no room on {device}, where other programs hold {in_words(others)}.",
        remedy="End them, or let models run on another device (hosts.devices).",
    )
    error.lacks_device = True
    return error
