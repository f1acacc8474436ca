"""Settings of alerts: a command of the user's for what happens while nobody looks."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

AlertKind = Literal["parked", "done", "budget", "error_rate"]


class AlertSettings(BaseModel):
    """A command that the engine runs when something needs its user."""

    model_config = ConfigDict(extra="forbid")

    command: str = Field(
        "",
        description="Command that gets each alert as JSON on its standard input; run without a "
        "shell. If only the workspace's files name it, `safelight trust` has to allow it.",
    )
    on: list[AlertKind] = Field(
        ["parked", "done", "budget", "error_rate"],
        description="Alerts: `parked` (something waits for you), `done` (a batch has ended), "
        "`budget` (a budget is used up), `error_rate` (too many jobs of a batch fail).",
    )
    error_rate: float = Field(
        0.25, gt=0, le=1, description="Share of failed jobs of a batch from which it is an alert."
    )
    min_jobs: int = Field(
        8, ge=1, description="Ended jobs of a batch before its share of failed ones counts."
    )
    every_minutes: float = Field(
        10, ge=0, description="Minutes in which a batch has at most one alert of a kind."
    )
    seconds: float = Field(
        10, gt=0, le=600, description="Seconds after which the command is ended."
    )
