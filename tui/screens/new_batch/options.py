"""Options of a batch beside its recipe's settings: the model of the form's second half."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from engine.text.terminal import has_hidden


def _plain(name: str) -> str:
    if has_hidden(name):
        raise ValueError("has an invisible character; remove it")
    return name


BatchName = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_plain)
]


class BatchForm(BaseModel):
    """Name, seed and priority."""

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
