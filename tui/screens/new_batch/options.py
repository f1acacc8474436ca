"""Options of a batch beside its recipe's settings: the model of the form's second half."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from engine.client.requests import BatchRequest
from engine.text.terminal import has_hidden


def _plain(name: str) -> str:
    if has_hidden(name):
        raise ValueError("has an invisible character; remove it")
    return name


BatchName = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_plain)
]


class BatchForm(BaseModel):
    """Name, seed, budget and priority."""

    model_config = ConfigDict(frozen=True)

    name: BatchName = Field("", description="Name of the batch. Empty: the file's name.")
    seed: int | None = Field(
        None,
        ge=0,
        lt=2**63,
        description="Seed; the same seed gives the same batch. Empty: a new one.",
    )
    priority: int = Field(
        0, ge=-1000, le=1000, description="Batches with a higher priority run first."
    )
    in_flight: int | None = Field(
        None, ge=1, le=1000, description="Maximum number of concurrent jobs. Empty: as many as fit."
    )
    budget: float | None = Field(
        None, ge=0, le=1_000_000, description="Maximum cost in dollars. Empty: none."
    )


def batch_options(form: BaseModel) -> dict[str, Any]:
    """Return the values of a form as fields of a request, with the budget in micro-dollars."""
    values = form.model_dump()
    budget = values["budget"]
    return {**values, "budget": None if budget is None else round(budget * 1_000_000)}


def batch_values(request: BatchRequest | None) -> dict[str, Any]:
    """Return the values of the form for a request; none without one."""
    if request is None:
        return {}
    budget = None if request.budget is None else request.budget / 1_000_000
    return {
        "name": request.name,
        "seed": request.seed,
        "budget": budget,
        "priority": request.priority,
        "in_flight": request.in_flight,
    }
