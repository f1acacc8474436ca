"""Settings of the folders that people read; recipes get them when they write one."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class OutputSettings(BaseModel):
    """The folders that people read."""

    model_config = ConfigDict(extra="forbid")

    folder: str = Field("outputs", description="Where they are, relative to the workspace.")
    formats: list[Literal["json", "yaml"]] = Field(
        ["json", "yaml"], description="Formats of `iteration_N_results`."
    )
