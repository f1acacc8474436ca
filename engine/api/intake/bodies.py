"""Bodies of requests that queue work."""

from typing import Annotated, Any, Literal

from pydantic import Field

from engine.api.endpoint import Body
from engine.api.money import Dollars

MAX_SEED = 2**63 - 1
MAX_PRIORITY = 1_000_000
MAX_IN_FLIGHT = 100_000

HASH = r"^sha256:[0-9a-f]{64}$"
"""Form in which bodies name a stored file."""

Entry = Annotated[dict[str, Any] | str, Field(description="An entry, or a prompt alone.")]


class EntriesBody(Body):
    """Entries of a recipe's input, inline or as an uploaded file."""

    entries: list[Entry] | None = Field(
        None, min_length=1, description="Entries of the recipe's input."
    )
    input: str | None = Field(
        None,
        pattern=HASH,
        description="An uploaded file of entries, JSON, JSONL, YAML, CSV or lines.",
    )


class WebhookBody(Body):
    """An address that gets events of a batch, by Standard Webhooks."""

    url: str = Field(min_length=1, max_length=2000, description="Its address, https.")
    events: list[
        Literal[
            "batch.finished",
            "job.finished",
            "job.parked",
            "budget.reached",
            "alert.parked",
            "alert.done",
            "alert.budget",
            "alert.error_rate",
        ]
    ] = Field(
        default_factory=list,
        max_length=8,
        description="Events that it gets; by default all but alerts.",
    )


class BatchBody(EntriesBody):
    """A batch to be queued or estimated."""

    recipe: str = Field(min_length=1, max_length=100, description="Name of the recipe.")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="Settings of the recipe that differ from its defaults."
    )
    name: str | None = Field(None, min_length=1, max_length=100, description="Its name.")
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="Source of all randomness.")
    priority: int = Field(0, ge=-MAX_PRIORITY, le=MAX_PRIORITY, description="Highest runs first.")
    in_flight: int | None = Field(
        None, ge=1, le=MAX_IN_FLIGHT, description="Maximum number of its jobs at once."
    )
    budget_usd: Dollars | None = Field(None, description="Maximum cost; jobs are parked at it.")
    webhook: WebhookBody | None = Field(
        None, description="Gets events of the batch; its host is in api.webhook_hosts."
    )
    max_cost_usd: Dollars | None = Field(
        None, description="Refuse the batch if it may cost more than this."
    )
