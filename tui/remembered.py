"""What the dashboard remembers from one time to the next: theme, layout, sort and filter."""

import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError


def state_file() -> Path:
    """Where it is kept: `$XDG_STATE_HOME/safelight/dashboard.json`."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "safelight" / "dashboard.json"


class Remembered(BaseModel):
    """What is remembered.

    Attributes:
        theme: Name of the theme.
        order: Order of the list of jobs.
        filters: Filters of lists, by workspace and list.
        widths: Share of the width that the first panel of a screen has, in percent, by screen.
    """

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    theme: str = "safelight"
    order: str = "position"
    filters: dict[str, str] = Field(default_factory=dict)
    widths: dict[str, int] = Field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Remembered":
        """What was remembered; the defaults where nothing was, or where it cannot be read."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return cls()

    def save(self, path: Path) -> None:
        """Remembers it, whole or not at all; a place that cannot be written is no trouble."""
        name = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
                name = file.name
                file.write(self.model_dump_json(indent=1))
            Path(name).replace(path)
        except OSError:
            if name:
                Path(name).unlink(missing_ok=True)
