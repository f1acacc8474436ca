"""Settings of the output folders; recipes get them when they write one."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class OutputSettings(BaseModel):
    """Folders and files of results."""

    model_config = ConfigDict(extra="forbid")

    folder: str = Field("outputs", description="Folder of the results, relative to the workspace.")
    formats: list[Literal["json", "yaml"]] = Field(
        ["json", "yaml"], description="Formats of `iteration_N_results`."
    )
