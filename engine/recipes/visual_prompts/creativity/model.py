"""The measures of one prompt."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DIMENSIONS = ("fluency", "flexibility", "originality", "elaboration", "fit", "coherence")
"""Measured dimensions."""

SCORES = (*DIMENSIONS, "alignment", "overall")
"""Numbers of a prompt, as the documents have them; `alignment` is another name of `fit`."""

WEIGHTS = {
    "originality": 0.25,
    "fit": 0.25,
    "elaboration": 0.2,
    "fluency": 0.15,
    "flexibility": 0.15,
}
"""Weights of the dimensions in the overall score."""

Compared = Literal["prompts", "stock"]


class Creativity(BaseModel):
    """Creativity of a prompt, after Torrance (1966). Numbers are 0 to 100.

    A number is None if it is not defined, and `undefined` has the reason by its name.

    Attributes:
        fluency: Number of distinct image ideas.
        flexibility: Spread of the images over categories and sentences.
        originality: Distance from the sample's other prompts and from those of other samples.
        elaboration: Detail: content words and qualified heads.
        fit: Nearness to its own music's imagery against that of other music.
        coherence: Prose whose sentences take up what was there before.
        overall: Weighted mean of all but coherence, less what is copied.
        at_length: The same numbers with length held constant: less what the logarithm of the word
            count explains over the measured prompts.
        words: Number of words.
        copied: Share of six-word runs that stand in other prompts, 0 to 1.
        compared: `prompts`, or `stock` if there were none and stock images took their place.
        undefined: Reasons, by the name of the number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fluency: float | None = Field(ge=0, le=100)
    flexibility: float | None = Field(ge=0, le=100)
    originality: float | None = Field(ge=0, le=100)
    elaboration: float | None = Field(ge=0, le=100)
    fit: float | None = Field(ge=0, le=100)
    coherence: float | None = Field(ge=0, le=100)
    overall: float | None = Field(ge=0, le=100)
    at_length: Mapping[str, float | None] = Field(default_factory=dict)
    words: int = Field(ge=0)
    copied: float = Field(ge=0, le=1)
    compared: Compared = "prompts"
    undefined: Mapping[str, str] = Field(default_factory=dict)

    @property
    def alignment(self) -> float | None:
        """`fit` under the name that other tools use."""
        return self.fit

    def scores(self) -> dict[str, Any]:
        """Return the numbers by name, as the documents have them."""
        return {name: getattr(self, name) for name in SCORES}
