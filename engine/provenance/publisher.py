"""Files on their way out of the store: signed once, and the same copy from then on."""

import hashlib
import io
import json
import shlex
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from db.queries.makers import has_materials
from engine.config.paths import WorkspacePaths
from engine.config.provenance_settings import ProvenanceSettings
from engine.config.trust.signing import untrusted_signing
from engine.contract import Artifact, Permanent
from engine.contract.backend import Material
from engine.contract.folder import Folder
from engine.contract.outputs import Draft
from engine.contract.recipe import Catalog
from engine.imaging import xmp as image_xmp
from engine.imaging.signed import is_signed_file
from engine.provenance import media_xmp
from engine.provenance.copies import SignedCopies, SignedCopy
from engine.provenance.errors import THEN, CannotSign
from engine.provenance.formats import FORMATS
from engine.provenance.identity import Identity, load_identity
from engine.provenance.materials import materials_of
from engine.provenance.origin import VOCABULARY, Input, Origin, Origins
from engine.provenance.signing import Ingredient, sign
from engine.provenance.statement import ingredient_of, label_of, statement_of
from engine.text.terminal import clean

FORM = 1
"""Raised when statements change so much that files have to be signed again."""

MAX_STATEMENTS = 32
"""Statements that one file carries, its own and those of what went into it, at most."""

_GIB = 1 << 30


class Signing:
    """Signing of what leaves a workspace; shared by all that lets files out.

    Args:
        paths: The workspace.
        settings: Settings of provenance.
        catalog: Recipes and backends, for batches whose snapshots do not say what backends are.
        stored: Path of the stored file of a hash; raises `FileNotFoundError`.
        overrides: Settings that were given by Python.
    """

    def __init__(
        self,
        paths: WorkspacePaths,
        settings: ProvenanceSettings,
        catalog: Catalog,
        stored: Callable[[str], Path],
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self.settings = settings
        self.root = paths.root
        self.stored = stored
        self._paths, self._catalog, self._overrides = paths, catalog, overrides

    @cached_property
    def copies(self) -> SignedCopies:
        """The signed copies of the workspace."""
        return SignedCopies(self._paths.signed, int(self.settings.cache_gib * _GIB))

    @property
    def is_on(self) -> bool:
        """True if files are to be signed."""
        return self.settings.sign != "off"

    def identity(self) -> Identity:
        """Return the certificate and key; files that are signed need it.

        Raises:
            CannotSign: Something is missing, not valid, or not agreed to by the user.
        """
        if lacking := untrusted_signing(self.root, self.settings, self._overrides):
            raise CannotSign(
                f"This workspace's files ask to {clean(' and for '.join(lacking), 400)}, and you "
                "have not agreed to it.",
                remedy=f"If it is right, run: safelight trust {shlex.quote(str(self.root))}. "
                f"{THEN}",
            )
        return load_identity(self.settings, self.root)

    def check(self) -> None:
        """Check that files can be signed, if they are to be, before any is generated.

        Raises:
            CannotSign: They cannot be.
        """
        if self.is_on:
            self.identity()

    def sweep(self) -> None:
        """Remove half-written copies of processes that have ended."""
        self.copies.sweep()

    def forget(self, artifacts: Iterable[str]) -> None:
        """Remove the signed copies of stored files that are deleted, by their hashes."""
        self.copies.remove_of(artifacts)

    def declared(self, capability: str, name: str) -> str | None:
        """Return what an installed backend declares its results to be; None if it is not here."""
        with suppress(Exception):  # a backend of a package may raise anything
            return self._catalog.backend(capability, name, {}, {}).info.digital_source
        return None

    def publisher(self, connection: sqlite3.Connection) -> "StorePublisher":
        """Return the publisher of files, with a reader of the store."""
        return StorePublisher(self, connection)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A file that is about to be signed.

    Attributes:
        key: Key of its signed copy.
        origin: Its origin.
        draft: What is written.
        entries: Files that went into it, with a copy of each: signed, or None for the stored file.
        is_signed: True if the stored file has a signature of its own.
        statements: Number of statements that its copy carries.
    """

    key: str
    origin: Origin
    draft: Draft
    entries: tuple[tuple[Input, "_Prepared | None"], ...]
    is_signed: bool
    statements: int


class StorePublisher:
    """Publisher of a workspace's files; see `engine.contract.outputs.Publisher`.

    It reads the store when it is asked, by one connection and in one thread.
    """

    def __init__(self, signing: Signing, connection: sqlite3.Connection) -> None:
        self._signing = signing
        self._settings = signing.settings
        self._connection = connection
        self._origins = Origins(connection, signing.declared)
        self._prepared: dict[str, _Prepared | None] = {}

    def publish(self, folder: Folder, name: str, draft: Draft) -> bool:
        """Write a signed copy of a stored file into a folder, unless it is there."""
        prepared = self._prepare(draft)
        if prepared is None:
            return False
        copies = self._signing.copies
        copy = copies.find(draft.artifact.hash, prepared.key)
        is_there = copy is not None and (
            folder.is_linked(name, copy.path) or folder.holds(name, copy.sha256)
        )
        if not is_there:
            folder.put_file(name, self._copy(prepared).path)
        return True

    def copy_of(self, artifact: Artifact) -> SignedCopy | None:
        """Return the signed copy of a stored file as it is; None if it is not to be signed.

        Raises:
            CannotSign: It cannot be signed now.
            OSError: The stored file is gone, or the copy cannot be written.
        """
        prepared = self._prepare(Draft(artifact, artifact.media_type))
        return None if prepared is None else self._copy(prepared)

    def has_made(self, sha256: str) -> bool:
        """Return whether bytes of this hash are a signed copy of a stored file."""
        return self._signing.copies.has_made(sha256)

    def origin(self, artifact: Artifact) -> Origin:
        """Return the origin of a stored file."""
        return self._origins.of(artifact)

    def materials(self, artifact: Artifact) -> Sequence[Material]:
        """Return weights, LoRAs and songs behind a stored file."""
        if artifact.media_type.startswith("image/") and not self._has_materials:
            return ()
        return self._materials(self._origins.of(artifact))

    @cached_property
    def _has_materials(self) -> bool:
        """True if any batch has weights; an image has nothing else that has a licence."""
        return has_materials(self._connection)

    def _materials(self, origin: Origin) -> list[Material]:
        return materials_of(origin, self._settings.licences, self._signing.stored)

    # -- what a file's copy depends on ----------------------------------------------------------

    def _prepare(self, draft: Draft) -> _Prepared | None:
        if not self._signing.is_on or draft.media_type not in FORMATS:
            return None
        origin = self._origins.of(draft.artifact)
        return None if origin.step is None else self._prepared_of(origin, draft)

    def _prepared_of(self, origin: Origin, draft: Draft) -> _Prepared:
        stored = self._signing.stored(draft.artifact.hash)
        is_signed = draft.artifact.media_type in FORMATS and is_signed_file(stored)
        if is_signed:  # it leaves as it is stored, with our statement around its own
            draft = Draft(draft.artifact, draft.artifact.media_type)
            prepared = _Prepared("", origin, draft, (), is_signed, 2)
        else:
            entries, statements = self._entries(origin)
            prepared = _Prepared("", origin, draft, entries, is_signed, statements)
        return replace(prepared, key=self._key(prepared))

    def _entries(self, origin: Origin) -> tuple[tuple[tuple[Input, _Prepared | None], ...], int]:
        """Return the files that went into one, and the number of statements with theirs."""
        entries, statements = list[tuple[Input, _Prepared | None]](), 1
        for one in origin.inputs:
            artifact = one.origin.artifact
            if artifact.media_type not in FORMATS or not self._is_stored(artifact):
                continue
            prepared = self._prepared_input(artifact)
            if prepared and statements + prepared.statements > MAX_STATEMENTS:
                prepared = None
            statements += prepared.statements if prepared else 0
            entries.append((one, prepared))
        return tuple(entries), statements

    def _prepared_input(self, artifact: Artifact) -> _Prepared | None:
        if artifact.hash not in self._prepared:
            self._prepared[artifact.hash] = None  # while it is found out
            self._prepared[artifact.hash] = self._prepare(Draft(artifact, artifact.media_type))
        return self._prepared[artifact.hash]

    def _is_stored(self, artifact: Artifact) -> bool:
        try:
            self._signing.stored(artifact.hash)
        except (OSError, Permanent):  # gone, or damaged in an object store
            return False
        return True

    def _statement(self, prepared: _Prepared) -> dict[str, Any]:
        count = 1 if prepared.is_signed else len(prepared.entries)
        return statement_of(
            prepared.origin,
            self._settings,
            [label_of(number) for number in range(count)],
            self._materials(prepared.origin),
            is_signed=prepared.is_signed,
        )

    def _key(self, prepared: _Prepared) -> str:
        statement = self._statement(prepared)
        for generator in statement["claim_generator_info"]:
            generator.pop("version")  # a newer Safelight does not sign everything again
        inputs = [
            (one.field, one.origin.artifact.hash, inner.key if inner else "")
            for one, inner in prepared.entries
        ]
        signer = (self._signing.identity().fingerprint, self._settings.tsa)
        draft = prepared.draft
        content = (draft.artifact.hash, draft.media_type, draft.variant)
        text = json.dumps([FORM, content, statement, inputs, signer], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    # -- signing --------------------------------------------------------------------------------

    def _copy(self, prepared: _Prepared) -> SignedCopy:
        """Return the signed copy of a file, signed now if it is not there."""
        artifact = prepared.draft.artifact.hash
        known = self._signing.copies.find(artifact, prepared.key)
        if known is not None and known.is_there:
            return known
        identity = self._signing.identity()
        with ExitStack() as opened:
            ingredients = list(self._ingredients(prepared, opened))

            def write(target: BinaryIO) -> None:
                statement, media_type = self._statement(prepared), prepared.draft.media_type
                streams = (opened.enter_context(self._content(prepared)), target)
                sign(identity, self._settings.tsa, statement, ingredients, media_type, streams)

            return self._signing.copies.make(artifact, prepared.key, write)

    def _ingredients(self, prepared: _Prepared, opened: ExitStack) -> Iterator[Ingredient]:
        """Yield what went into a file, opened: a copy may be removed while the next is signed."""
        if prepared.is_signed:
            artifact = prepared.draft.artifact
            entry = Input("original", prepared.origin)
            described = ingredient_of(0, entry, artifact.media_type, is_parent=True)
            stream = self._signing.stored(artifact.hash).open("rb")
            yield Ingredient(described, opened.enter_context(stream))
        for number, (one, inner) in enumerate(prepared.entries):
            artifact = one.origin.artifact
            is_parent = one is prepared.origin.edits
            described = ingredient_of(number, one, artifact.media_type, is_parent=is_parent)
            path = self._copy(inner).path if inner else self._signing.stored(artifact.hash)
            yield Ingredient(described, opened.enter_context(path.open("rb")))

    def _content(self, prepared: _Prepared) -> BinaryIO:
        """Open what is signed, with its kind of source as XMP unless it has a signature."""
        draft, address = prepared.draft, f"{VOCABULARY}{prepared.origin.source_type}"
        stored = self._signing.stored(draft.artifact.hash)
        if prepared.is_signed:
            return stored.open("rb")
        if draft.media_type.startswith("image/"):
            data = draft.content() if draft.content else stored.read_bytes()
            return io.BytesIO(image_xmp.with_source_type(data, address))
        file = io.BytesIO(draft.content()) if draft.content else stored.open("rb")
        return media_xmp.with_source_type(file, draft.media_type, address)
