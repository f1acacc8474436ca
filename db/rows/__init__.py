"""Typed rows, as returned by the queries. Field names and units are the columns' own.

Each is imported when it is first used: the dashboard's first image needs few of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from db.rows.row import Row as Row

if TYPE_CHECKING:
    from db.rows.batches import BatchRow as BatchRow
    from db.rows.batches import CommandRow as CommandRow
    from db.rows.batches import DecisionRow as DecisionRow
    from db.rows.callers import AnswerRow as AnswerRow
    from db.rows.callers import FileRow as FileRow
    from db.rows.callers import TokenRow as TokenRow
    from db.rows.calls import ApiCallRow as ApiCallRow
    from db.rows.calls import ErrorRow as ErrorRow
    from db.rows.engines import EngineRow as EngineRow
    from db.rows.engines import EventRow as EventRow
    from db.rows.engines import HostRow as HostRow
    from db.rows.engines import LaneRow as LaneRow
    from db.rows.engines import ProgressRow as ProgressRow
    from db.rows.jobs import IterationRow as IterationRow
    from db.rows.jobs import JobRow as JobRow
    from db.rows.jobs import StepRow as StepRow
    from db.rows.results import ArtifactRow as ArtifactRow
    from db.rows.results import CritiqueRow as CritiqueRow
    from db.rows.results import PromptRow as PromptRow
    from db.rows.results import ScoreRow as ScoreRow
    from db.rows.webhooks import DeliveryRow as DeliveryRow
    from db.rows.webhooks import WebhookRow as WebhookRow

_MODULES = {
    "batches": ("BatchRow", "CommandRow", "DecisionRow"),
    "callers": ("AnswerRow", "FileRow", "TokenRow"),
    "calls": ("ApiCallRow", "ErrorRow"),
    "engines": ("EngineRow", "EventRow", "HostRow", "LaneRow", "ProgressRow"),
    "jobs": ("IterationRow", "JobRow", "StepRow"),
    "results": ("ArtifactRow", "CritiqueRow", "PromptRow", "ScoreRow"),
    "webhooks": ("DeliveryRow", "WebhookRow"),
}
_HOME = {name: f"db.rows.{module}" for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a row when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'db.rows' has no attribute {name!r}")
    row = globals()[name] = getattr(import_module(_HOME[name]), name)
    return row
