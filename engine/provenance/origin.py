"""The origin of a stored file, as the store has it: its step, and the files that went into it."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from db.queries.makers import Maker, maker_of
from engine.contract import Artifact
from engine.contract.backend import Material
from engine.contract.files import TEMPORARY

SourceType = Literal[
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicMedia",
    "composite",
]
"""Term of IPTC's vocabulary of digital source types."""

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

MAX_INPUTS = 64
"""Number of files that went into another and are stated, at most."""

MAX_DEPTH = 24
"""Steps that are followed back from a file, at most."""

MAX_FILES = 2000
"""Files that are looked up for one file, at most."""

Declared = Callable[[str, str], str | None]
"""Returns what a backend of a capability and a name declares its results to be."""

_MEDIA = ("image/", "audio/", "video/")


@dataclass(frozen=True, slots=True)
class Input:
    """A file that went into another.

    Attributes:
        field: Field of the request that held it.
        origin: Its origin.
    """

    field: str
    origin: "Origin"


@dataclass(frozen=True, slots=True)
class Step:
    """The step that created a file.

    Attributes:
        maker: Its row.
        version: Version of its backend, or of the function that ran.
        declared: What its backend declares; None for a computation of the recipe itself.
        materials: Weights and the like of its backend.
        fields: The request as plain data.
    """

    maker: Maker
    version: str
    declared: str | None
    materials: tuple[Material, ...]
    fields: Mapping[str, Any]

    @property
    def is_own(self) -> bool:
        """True for a computation of the recipe itself, such as a film of its clips."""
        return self.declared is None


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a stored file.

    Attributes:
        artifact: The file.
        step: The step that created it; None if it came from outside.
        inputs: Images, sounds and films that went into it.
        omitted: Number of further ones.
    """

    artifact: Artifact
    step: Step | None = None
    inputs: tuple[Input, ...] = ()
    omitted: int = 0

    @property
    def source_type(self) -> SourceType | None:
        """Term for its kind of source; None if it came from outside."""
        if self.step is None:
            return None
        if self.step.declared is not None:
            is_trained = self.step.declared == "trained"
            return "trainedAlgorithmicMedia" if is_trained else "algorithmicMedia"
        return _mixed(self)

    @property
    def edits(self) -> Input | None:
        """The one file of the same sort that a recipe has changed; None for any other step."""
        if self.step is None or not self.step.is_own or len(self.inputs) != 1:
            return None
        (only,) = self.inputs
        sorts = {one.media_type.partition("/")[0] for one in (self.artifact, only.origin.artifact)}
        return only if len(sorts) == 1 else None


def _mixed(origin: Origin) -> SourceType:
    """Return the term for what a recipe has composed of other files."""
    terms = {one.origin.source_type for one in origin.inputs}
    trained = {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"}
    if terms & trained:
        is_pure = terms == {"trainedAlgorithmicMedia"}
        return "trainedAlgorithmicMedia" if is_pure else "compositeWithTrainedAlgorithmicMedia"
    seen = {
        one.origin.source_type
        for one in origin.inputs
        if not one.origin.artifact.media_type.startswith("audio/")
    }
    is_heard_only = origin.artifact.media_type.startswith("audio/")
    has_others = None in (terms if is_heard_only else seen) or "composite" in terms
    return "composite" if has_others else "algorithmicMedia"


class Origins:
    """Origins of files, read from the store.

    Args:
        connection: A reader.
        declared: Returns what a backend declares; for batches whose snapshot does not say.
    """

    def __init__(self, connection: sqlite3.Connection, declared: Declared) -> None:
        self._connection = connection
        self._declared = declared
        self._known: dict[str, Origin] = {}

    def of(self, artifact: Artifact, depth: int = 0) -> Origin:
        """Return the origin of a file."""
        known = self._known.get(artifact.hash)
        if known is None:
            known = self._known[artifact.hash] = Origin(artifact)  # while it is read
            known = self._known[artifact.hash] = self._read(artifact, depth)
        return known

    def _read(self, artifact: Artifact, depth: int) -> Origin:
        maker = maker_of(self._connection, artifact.hash)
        step = self._step(maker) if maker else None
        if maker is None or step is None:
            return Origin(artifact)
        if depth >= MAX_DEPTH or len(self._known) >= MAX_FILES:
            return Origin(artifact, step)
        inputs = {one.origin.artifact.hash: one for one in self._inputs(step.fields, depth + 1)}
        listed = tuple(inputs.values())
        return Origin(artifact, step, listed[:MAX_INPUTS], len(listed[MAX_INPUTS:]))

    def _inputs(self, fields: Mapping[str, Any], depth: int) -> Iterator[Input]:
        """Yield the files of a request; in place of temporary ones, what went into those."""
        for field, handle in _handles(fields):
            origin = self.of(handle, depth)
            is_temporary = origin.step is not None and origin.step.maker.role == TEMPORARY
            if is_temporary:
                yield from origin.inputs
            elif handle.media_type.startswith(_MEDIA):
                yield Input(field, origin)

    def _step(self, maker: Maker) -> Step | None:
        """Return the step of a row; None for one that was imported: it is another program's."""
        snapshot = json.loads(maker.snapshot)
        if "safelight" not in snapshot:
            return None
        capability, described = _described(snapshot, maker)
        fields = json.loads(maker.request)
        declared = None
        if described:
            declared = described.get("digital_source") or self._declared(capability, maker.backend)
            declared = declared or "trained"
        return Step(maker, str(described.get("version", "")), declared, _materials(maker), fields)


def _described(snapshot: Mapping[str, Any], maker: Maker) -> tuple[str, Mapping[str, Any]]:
    """Return the backend of a step in a batch's snapshot, and its capability."""
    for capability, first in snapshot.get("backends", {}).items():
        for one in (first, *first.get("fallbacks", ())):
            if (one.get("name"), one.get("model")) == (maker.backend, maker.model):
                return str(capability), one
    return "", {}


def _materials(maker: Maker) -> tuple[Material, ...]:
    try:
        return tuple(Material.model_validate(one) for one in json.loads(maker.materials or "[]"))
    except (ValueError, ValidationError):
        return ()


def _handles(value: Any, field: str = "") -> Iterator[tuple[str, Artifact]]:
    """Yield the handles of files in plain data, each with the name of its field."""
    if isinstance(value, dict):
        if "hash" in value and "media_type" in value:
            try:
                yield field, Artifact.model_validate(value)
            except ValidationError:
                return
            return
        for name, inner in value.items():
            yield from _handles(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _handles(inner, field)
