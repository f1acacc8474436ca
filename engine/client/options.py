"""Options of a batch, and the errors by which the queue refuses one, for other doors."""

from engine.intake import InputError
from engine.plugins.catalog import UnknownName
from engine.queueing.overrides import SettingError
from engine.queueing.queue import KnownIds, QueueError, QueueOptions, Source

__all__ = [
    "InputError",
    "KnownIds",
    "QueueError",
    "QueueOptions",
    "SettingError",
    "Source",
    "UnknownName",
]
