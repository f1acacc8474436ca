"""Typed rows, as returned by the queries. Field names and units are the columns' own."""

from db.rows.batches import BatchRow, CommandRow, DecisionRow
from db.rows.callers import AnswerRow, FileRow, TokenRow
from db.rows.calls import ApiCallRow, ErrorRow
from db.rows.engines import EngineRow, EventRow, HostRow, LaneRow, ProgressRow
from db.rows.jobs import IterationRow, JobRow, StepRow
from db.rows.results import ArtifactRow, CritiqueRow, PromptRow, ScoreRow
from db.rows.row import Row
from db.rows.webhooks import DeliveryRow, WebhookRow

__all__ = [
    "AnswerRow",
    "ApiCallRow",
    "ArtifactRow",
    "BatchRow",
    "CommandRow",
    "CritiqueRow",
    "DecisionRow",
    "DeliveryRow",
    "EngineRow",
    "ErrorRow",
    "EventRow",
    "FileRow",
    "HostRow",
    "IterationRow",
    "JobRow",
    "LaneRow",
    "ProgressRow",
    "PromptRow",
    "Row",
    "ScoreRow",
    "StepRow",
    "TokenRow",
    "WebhookRow",
]
