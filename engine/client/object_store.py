"""Files of a workspace in an object store: which are there, and moving them there and back."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from db.queries.history import named_hashes
from db.queries.upkeep import held_results, mentioned_hashes
from engine.client.opened import OpenedWorkspace
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.lock import EngineLock
from engine.runtime.objects import moving
from engine.runtime.objects.cached import CachedArtifacts
from engine.text.errors import UserError

FEW = 5

Done = Callable[[str], object]
"""Called with the hash of each file that has been moved or read."""


class NoObjectStore(UserError):
    """The settings name no object store."""


class FarFiles:
    """Files of a workspace in the object store of its settings.

    Args:
        workspace: The workspace.

    Attributes:
        place: The object store.
        cache: Folder of the files that are here.

    Raises:
        NoObjectStore: The settings name none.
        Blocked: It cannot be used.
    """

    def __init__(self, workspace: OpenedWorkspace) -> None:
        files = workspace.artifacts
        if not isinstance(files, CachedArtifacts):
            raise NoObjectStore(
                "No object store is set. Write its url into [artifacts] of safelight.toml, as "
                '"s3://bucket/prefix".'
            )
        self._workspace = workspace
        self._files = files
        self._at_once = workspace.settings.artifacts.uploads
        self._own_folder = ArtifactStore(workspace.paths.artifacts)
        self.place = files.remote.place
        self.cache = files.folder

    @cached_property
    def state(self) -> moving.Standing:
        """Places of the files that the workspace names; the object store is listed once.

        Raises:
            StepError: It cannot be reached.
        """
        return moving.standing(self._files, named_files(self._workspace))

    @cached_property
    def missing(self) -> list[str]:
        """Files that are in the object store or the cache, and not in the workspace's folder."""
        gone = set(self.state.gone)
        has = self._own_folder.has
        return [hash_ for hash_ in self.state.named if hash_ not in gone and not has(hash_)]

    def held_results(self) -> int:
        """Return the number of results that wait to be uploaded."""
        with self._workspace.reading() as connection:
            return held_results(connection)

    def cache_use(self) -> tuple[int, int]:
        """Return the number of the cached files, and their bytes."""
        return moving.cache_use(self._files.folder)

    def bytes_here(self, hashes: Iterable[str]) -> int:
        """Return the bytes of files as they are here; those that are not count nothing."""
        total = 0
        for hash_ in hashes:
            with contextlib.suppress(OSError):
                total += self._files.path(hash_).stat().st_size
        return total

    def push(self, hashes: Sequence[str], done: Done) -> list[str]:
        """Upload files; return those that are gone or damaged here.

        Raises:
            StepError: The object store does not take one.
        """
        return moving.push(self._files, hashes, self._at_once, done)

    def pull(self, hashes: Sequence[str], done: Done) -> list[str]:
        """Bring files into the workspace's folder; return those that are gone or damaged.

        Raises:
            WorkspaceBusy: An engine runs.
            StepError: The object store cannot be read.
        """
        files, target = self._files.unlimited(), self._own_folder
        with EngineLock(self._workspace.paths.lock):
            return moving.pull(files, target, hashes, self._at_once, done)

    def verify(self, hashes: Sequence[str], done: Done) -> list[str]:
        """Read files in the object store to their end; return those with other bytes, or none."""
        return moving.verify(self._files, hashes, self._at_once, done)


def count_own_files(workspace: OpenedWorkspace) -> int:
    """Return the number of stored files in the workspace's folder."""
    return len(ArtifactStore(workspace.paths.artifacts).hashes())


def named_files(workspace: OpenedWorkspace) -> dict[str, int | None]:
    """Return the files that a workspace names, with their sizes as far as it knows them."""
    with workspace.reading() as connection:
        sizes: dict[str, int | None] = dict.fromkeys(mentioned_hashes(connection))
        sizes.update(named_hashes(connection))
    return sizes


def some(hashes: Sequence[str]) -> str:
    """Return the beginnings of a few hashes."""
    more = f" and {len(hashes) - FEW} more" if len(hashes) > FEW else ""
    return ", ".join(hash_[:12] for hash_ in hashes[:FEW]) + more
