"""Checks of what a host says against what it was asked."""

import time

from engine.contract.model_host import ModelKey
from engine.models.hosts import codec, messages

CHATTER_PER_SECOND = 500
"""Log lines, progress and previews per second that are passed on; others are dropped."""


class ReportCheck:
    """Let through only reports that a host has a reason for."""

    def __init__(self) -> None:
        self._tasks: dict[int, int] = {}
        self._models: set[ModelKey] = set()
        self._second = 0.0
        self._chatter = 0

    def sent(self, command: messages.HostCommand) -> None:
        """Note a command before it is sent."""
        if isinstance(command, messages.RunBatch):
            self._tasks[command.number] = len(command.payloads)
        if isinstance(command, messages.RunBatch | messages.LoadModel):
            self._models.add(command.key)

    @property
    def batches(self) -> frozenset[int]:
        """Numbers of the batches that have no answer yet."""
        return frozenset(self._tasks.copy())

    def passes(self, report: messages.HostReport) -> bool:
        """Return whether a report is to be passed on.

        Raises:
            NotPlainData: No host of ours sends it.
        """
        match report:
            case messages.BatchDone():
                if self._tasks.pop(report.number, None) != len(report.answers):
                    raise codec.NotPlainData("it answers what it was not asked")
            case messages.ModelLoaded() | messages.ModelLoadFailed():
                self._require({report.key})
            case messages.LoadedModels():
                self._require({model.key for model in report.models})
            case messages.TaskProgress() | messages.TaskPreview():
                known = report.task < self._tasks.get(report.number, 0)
                return known and self._is_bearable()
            case messages.LogLine():
                return self._is_bearable()
        return True

    def _require(self, models: set[ModelKey]) -> None:
        if not models <= self._models:
            raise codec.NotPlainData("it names a model that it was not asked for")

    def _is_bearable(self) -> bool:
        now = time.monotonic()
        if now - self._second >= 1:
            self._second, self._chatter = now, 0
        self._chatter += 1
        return self._chatter <= CHATTER_PER_SECOND
