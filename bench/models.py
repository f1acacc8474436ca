"""A model for hosts that takes a fixed time a batch, as an accelerator does; no processor time."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.contract import BatchReporter, LoadContext, ModelKey, Task


class FixedModel:
    """Takes `seconds` a batch, whatever is in it."""

    def __init__(self, seconds: float, most: int, answers: int) -> None:
        self.seconds = seconds
        self.most = most
        self.answer = bytes(answers)

    def run(
        self, operation: str, payloads: Sequence[Any], reporter: BatchReporter | None
    ) -> Sequence[Any]:
        """Wait, then answer each payload with the number of bytes that it requests."""
        time.sleep(self.seconds)
        return [self.answer for _ in payloads]

    def size(self) -> int:
        """Return a negligible size."""
        return 1

    def offload(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


def load(options: str, place: LoadContext) -> FixedModel:
    """Loads it, as a host does."""
    return FixedModel(**json.loads(options))


def load_uneven(options: str, place: LoadContext) -> FixedModel:
    """Load it four times slower in the process that is the first to load it."""
    fields = json.loads(options)
    try:
        with Path(fields.pop("first")).open("x"):
            fields["seconds"] *= 4
    except FileExistsError:
        pass
    return FixedModel(**fields)


def task(name: str, seconds: float, most: int, payload: bytes, answers: int) -> Task:
    """A task for such a model."""
    options = json.dumps({"answers": answers, "most": most, "seconds": seconds})
    return Task(ModelKey(f"{__name__}:load", options, name), "work", payload)
