"""Origin of a generated sound, as its file carries it."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.text.terminal import clean

VERSION = 1
"""Version of the JSON."""


class SoundLineage(BaseModel):
    """Inputs that a sound was generated from, and the backend that generated it.

    It holds no time and no id of a run, so that the same generation gives the same bytes.

    Attributes:
        prompt: Words for the sound.
        negative_prompt: Words for sounds that were not wanted.
        seed: Source of its randomness; None if the backend has no seeds.
        seconds: Length that was asked for.
        backend: Name of the backend; empty if it is not known.
        model: Its model; likewise.
        steps: Number of denoising steps; None if it has none.
        guidance: Guidance scale; None if it has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    negative_prompt: str = ""
    seed: int | None = None
    seconds: float
    backend: str = ""
    model: str = ""
    steps: int | None = None
    guidance: float | None = None

    @property
    def document(self) -> str:
        """The lineage as JSON in ASCII, exact."""
        fields: dict[str, Any] = {"version": VERSION, **self.model_dump()}
        return json.dumps(fields)

    @property
    def title(self) -> str:
        """The prompt, safe to show in a terminal."""
        return clean(self.prompt, None)

    def tags(self) -> dict[str, str]:
        """Return the lineage as tags of a sound file."""
        return {"title": self.title, "comment": self.document}
