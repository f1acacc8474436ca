"""What a backend wants: weights by name, so that `safelight models` can list and fetch them."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pydantic import Field

from engine.contract.backend import FrozenModel
from engine.models.weights.sources import WeightsSource, parse_source

SAFE_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
"""Patterns of files that hold no code: weights, configurations, vocabularies, chat templates.

Files pickled by torch (`.bin`, `.pt`, `.pth`, `.ckpt`) are not among them; one is fetched only
where a source names it, and is then loaded with `weights_only=True`.
"""


class RequiredWeights(FrozenModel):
    """Weights that a backend wants.

    Attributes:
        name: What `safelight models pull` calls them, for example `pickscore`.
        source: Where they come from, as `parse_source` reads it.
        needs: Files that have to be there, in a folder, such as `config.json`.
        has_weights: Whether the folder holds weights, all of which have to be there too.
        files: Patterns of the files that are fetched of a model.
        leave: Patterns of the files that are not fetched all the same.
        sha256: What the file's hash has to be, 64 lower-case hexadecimal digits; empty for any.
        offline: Whether a setting forbids to fetch them.
    """

    name: str = Field(pattern=r"^[\w.-]{1,60}$")
    source: str
    needs: tuple[str, ...] = ("config.json",)
    has_weights: bool = True
    files: tuple[str, ...] = SAFE_FILES
    leave: tuple[str, ...] = ()
    sha256: str = ""
    offline: bool = False

    @property
    def where(self) -> WeightsSource:
        """Its source, parsed."""
        return parse_source(self.source)


@runtime_checkable
class BackendWithWeights(Protocol):
    """A backend that runs models of its own and says which weights they need."""

    def weights(self) -> Sequence[RequiredWeights]:
        """The weights that its settings ask for."""
        ...
