"""Options of a batch beside its recipe's settings: the model of the form's second half."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from engine.client.requests import BatchRequest
from engine.text.terminal import has_hidden


def _plain(name: str) -> str:
    if has_hidden(name):
        raise ValueError("has an invisible character; remove it")
    return name


def _axes(text: str) -> str:
    from engine.client.inputs import axes_in

    axes_in(text)
    return text


Axes = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=20_000), AfterValidator(_axes)
]

BatchName = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_plain)
]


class BatchForm(BaseModel):
    """Name, seed, budget, priority, and the axes of a grid."""

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
    axes: Axes = Field(
        "",
        description="Axes of a grid, with semicolons between: seed=1..4; width+height=512+768.",
    )
    dynamic: bool = Field(
        False, description="Expand choices in prompts: {red|blue}, {2$$a|b|c}, __colours__."
    )


def batch_options(form: BaseModel) -> dict[str, Any]:
    """Return the values of a form as fields of a request, with the budget in micro-dollars."""
    from engine.client.inputs import axes_in

    values = form.model_dump()
    budget = values["budget"]
    micro = None if budget is None else round(budget * 1_000_000)
    return {**values, "budget": micro, "axes": axes_in(values["axes"])}


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
        "axes": "; ".join(request.axes),
        "dynamic": request.dynamic,
    }
