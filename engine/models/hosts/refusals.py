"""Models that a host could not load, each tried there again after a growing pause."""

import time
from dataclasses import dataclass

from engine.contract.model_host import ModelKey
from engine.models.hosts.messages import ModelLoadFailed

FIRST_PAUSE = 30.0
"""Seconds until a model is tried again on a host that has refused it once."""
LONGEST_PAUSE = 900.0
"""Maximum seconds until it is tried again."""


@dataclass(slots=True)
class _Refusal:
    report: ModelLoadFailed
    times: int = 0
    until: float = 0.0


class Refusals:
    """Refusals of one host, by model."""

    def __init__(self) -> None:
        self._of: dict[ModelKey, _Refusal] = {}

    def add(self, report: ModelLoadFailed) -> None:
        """Note that a model could not be loaded."""
        refusal = self._of.setdefault(report.key, _Refusal(report))
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(refusal.times, 10))
        refusal.report, refusal.times = report, refusal.times + 1
        refusal.until = time.monotonic() + pause

    def holds(self, model: ModelKey) -> bool:
        """Return whether a model is not to be tried now."""
        refusal = self._of.get(model)
        return refusal is not None and time.monotonic() < refusal.until

    def answer(self, model: ModelKey) -> ModelLoadFailed | None:
        """Return why a model could not be loaded when it was last tried."""
        refusal = self._of.get(model)
        return None if refusal is None else refusal.report

    def forget(self, model: ModelKey) -> None:
        """Forget a model, since it was loaded."""
        self._of.pop(model, None)

    def forget_all(self) -> None:
        """Forget all: what was lacking may be there now."""
        self._of.clear()
