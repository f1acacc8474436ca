"""Weights that a backend needs, by name, so that `safelight models` can list and fetch them."""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from pydantic import Field

from engine.contract.backend import FrozenModel
from engine.contract.model_host import ModelNeeds
from engine.models.weights.sources import WeightsSource, parse_source

SAFE_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
"""Patterns of files that hold no code: weights, configurations, vocabularies, chat templates.

Files pickled by torch (`.bin`, `.pt`, `.pth`, `.ckpt`) are not among them; one is fetched only
if a source names it, and is then loaded with `weights_only=True`.
"""


class RequiredWeights(FrozenModel):
    """Weights that a backend needs.

    Attributes:
        name: Their name for `safelight models pull`, for example `pickscore`.
        source: Their source, as `parse_source` reads it.
        needs: Files that a folder has to contain, such as `config.json`.
        has_weights: True if the folder has to contain weights, all of them.
        files: Patterns of the files of a model to fetch.
        leave: Patterns of exceptions, which are not fetched.
        sha256: Required hash of the file, 64 lower-case hexadecimal digits; empty for any.
        offline: True if a setting forbids fetching them.
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


def model_needs(packages: Iterable[str], wanted: Iterable[RequiredWeights]) -> ModelNeeds:
    """Return what a machine needs for models.

    Args:
        packages: Modules that they import.
        wanted: Their weights.
    """
    return ModelNeeds(tuple(packages), tuple((one.name, one.source) for one in wanted))


@runtime_checkable
class BackendWithWeights(Protocol):
    """A backend that runs its own models and declares the weights that they need."""

    def weights(self) -> Sequence[RequiredWeights]:
        """Return the weights that its settings require."""
        ...
