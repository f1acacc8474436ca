"""Rows of what steps leave behind: files, scores, critiques, prompts."""

from dataclasses import dataclass

from db.rows.row import Row


@dataclass(frozen=True, slots=True)
class ArtifactRow(Row):
    """One stored file and its role in its step."""

    id: int
    batch_id: int
    job_id: int | None
    step_id: int | None
    role: str
    hash: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    created_at: str
    kind: str
    facts: str


@dataclass(frozen=True, slots=True)
class ScoreRow(Row):
    """One score."""

    id: int
    job_id: int | None
    step_id: int
    metric: str
    value: float
    raw: float | None
    scorer: str
    image: str | None = None


@dataclass(frozen=True, slots=True)
class CritiqueRow(Row):
    """One critique; `missing` and `measurements` are JSON."""

    id: int
    job_id: int | None
    step_id: int
    text: str
    missing: str
    measurements: str


@dataclass(frozen=True, slots=True)
class PromptRow(Row):
    """One version of a prompt."""

    id: int
    job_id: int | None
    step_id: int | None
    parent_id: int | None
    text: str
    negative: str
    author: str
    reason: str
    created_at: str
