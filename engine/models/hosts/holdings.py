"""Packages and weights of machines, compared with the needs of models."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine import __version__
from engine.contract.backend import Backend
from engine.contract.install import NAME
from engine.contract.model_host import HostedBackend, ModelNeeds
from engine.models.hosts.far_messages import MAX_WEIGHTS, Hello
from engine.models.weights.sources import parse_source


@dataclass(frozen=True, slots=True)
class Holdings:
    """Packages and weights of another machine, by its own word.

    Weights at a path, and a revision or a file of a repository, cannot be seen from here: they
    count as there, and a host that does not find them refuses the model.

    Attributes:
        packages: Modules that can be imported there.
        repos: Repositories whose weights its cache holds.
        has_more: True if it may hold repositories that it had no room to name.
    """

    packages: frozenset[str]
    repos: frozenset[str]
    has_more: bool = False

    @classmethod
    def of(cls, hello: Hello) -> "Holdings":
        """Return what the far side says that it has."""
        has_more = len(hello.weights) >= MAX_WEIGHTS
        return cls(frozenset(hello.packages), frozenset(hello.weights), has_more)

    def lacking(self, needs: ModelNeeds) -> "Lacking":
        """Return what is needed and not there, as far as it can be seen."""
        packages = [name for name in needs.packages if name not in self.packages]
        weights = [] if self.has_more else [one for one in needs.weights if not self._has(one[1])]
        return Lacking(tuple(packages), tuple(weights))

    def _has(self, source: str) -> bool:
        repo = parse_source(source).repo
        return repo is None or repo in self.repos


@dataclass(frozen=True, slots=True)
class Lacking:
    """Packages, and names and sources of weights, that a machine lacks."""

    packages: tuple[str, ...] = ()
    weights: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.packages or self.weights)

    def words(self) -> str:
        """Return what is lacking: `the packages torch, peft`; packages come first."""
        if self.packages:
            noun = "package" if len(self.packages) == 1 else "packages"
            return f"the {noun} {', '.join(self.packages)}"
        return f"the weights {', '.join(f'{name} ({source})' for name, source in self.weights)}"

    def remedy(self, machine: str) -> str:
        """Return what to do on a machine, as part of a sentence."""
        if "torch" in self.packages or "diffusers" in self.packages:
            return f"on {machine}: pip install '{NAME}[local]=={__version__}'"
        if self.packages:
            return f"on {machine}, install {', '.join(self.packages)}; safelight doctor says how"
        sources = dict.fromkeys(source for _, source in self.weights)
        return f"on {machine}: safelight models pull {' '.join(sources)}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Needs of a model, and whether this machine meets them."""

    needs: ModelNeeds
    is_here: bool

    def suits(self, machine: str, holdings: Holdings | None) -> bool:
        """Return whether a machine has it, as far as is known.

        Args:
            machine: Its name, empty for this one.
            holdings: What another machine has; None if it does not tell.
        """
        if not machine:
            return self.is_here
        return holdings is None or not holdings.lacking(self.needs)


def wanted_of(backend: Backend) -> Wanted | None:
    """Return what the models of a backend need; None if it does not tell."""
    if not isinstance(backend, HostedBackend):
        return None
    return Wanted(backend.needs(), not any(one.elsewhere for one in backend.missing()))


def either(remedies: Iterable[str]) -> str:
    """Return parts of a sentence as one that offers a choice."""
    text = "; or ".join(dict.fromkeys(remedy for remedy in remedies if remedy))
    return text[:1].upper() + text[1:]
