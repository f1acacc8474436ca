"""What a model that has no room is refused with, on both sides."""

from engine.capabilities.errors import Permanent
from engine.hosts.memory import in_words


class TooLarge(Permanent):
    """A model has no room on its device, whatever else is unloaded.

    Args:
        name: The model, as operators call it.
        size: Bytes that it takes, 0 where that was not seen.
        device: The device.
        budget: Bytes that models may fill there.
    """

    def __init__(self, name: str, size: int, device: str, budget: int) -> None:
        takes = f"takes {in_words(size)}" if size else "takes more memory than there is"
        super().__init__(
            f"{name} {takes}, and models may fill {in_words(budget)} of {device}.",
            remedy="Choose a smaller model, a lower precision or another device, "
            "or raise hosts.memory_share.",
        )
        self.size = size
