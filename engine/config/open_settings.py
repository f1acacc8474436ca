"""Settings of opening files in other programs."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class OpenSettings(BaseModel):
    """Programs that open files: `safelight open`, and `o` in the dashboard.

    A workspace may come from somebody else, so a setting never names a program that is not known.
    """

    model_config = ConfigDict(extra="forbid")

    player: Literal["auto", "mpv", "ffplay", "afplay", "pw-play", "paplay", "aplay", "none"] = (
        Field(
            "auto",
            description="Player of sounds and films; `auto` for the first that is installed, "
            "`none` for none. `SAFELIGHT_PLAYER` in the environment is a command of your own.",
        )
    )
    viewer: Literal["auto", "none"] = Field(
        "auto",
        description="Viewer of other files; `auto` for the system's, `none` for none. "
        "`SAFELIGHT_VIEWER` in the environment is a command of your own.",
    )
